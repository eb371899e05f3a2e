//! The checks, each one walk over the record: the journal, the answers, what followers were told, the states.
//!
//! The time they take grows with the record and with the number of different kinds of readers (who, which topics, which
//! rules), not with readers times entries.

mod answers;
mod asks;
mod audience;
mod followers;
mod journal;
mod life;
mod rules;
mod states;

use crate::{Anomaly, Event};
use asks::Asks;
use journal::Journal;

/// Everything that is wrong with a run, nothing when all is well. The journal's own entries must be in the record, or
/// everything counts as lost.
#[must_use]
pub fn check(events: &[Event]) -> Vec<Anomaly> {
    let asks = Asks::of(events);
    let mut found = Vec::new();
    let journal = Journal::of(events, &asks, &mut found);
    answers::check(events, &journal, &asks, &mut found);
    followers::check(events, &journal, &mut found);
    states::check(events, &journal, &mut found);
    found
}
