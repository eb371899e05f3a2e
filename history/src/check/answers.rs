//! The answers to pushes against the journal: lost, contradicted, differing, written though refused, before their time.

use std::collections::HashMap;

use super::{
    asks::{Asks, Identity, Moment, becomes},
    journal::Journal,
};
use crate::{Ack, Action, Anomaly, Change, Event, Push, PushId};

pub(super) fn check(events: &[Event], journal: &Journal<'_>, asks: &Asks<'_>, found: &mut Vec<Anomaly>) {
    let mut answers = Answers { journal, asks, pushes: HashMap::new(), first: HashMap::new(), acked: 0, found };
    let contents = journal.kept.iter().filter(|kept| kept.entry.key.is_none());
    let contents = contents.map(|kept| &kept.entry.change).collect();
    let first_asks = first_asks(journal);
    for (moment, event) in events.iter().enumerate() {
        match event {
            Event::Push(push) => answers.asked(push, first_asks.get(&moment).map_or(&[], Vec::as_slice)),
            Event::Ack(ack) => answers.acked(ack, moment, &contents),
            Event::Refused { push, code } => answers.refused(*push, code),
            _ => {}
        }
    }
    answers.refused_and_written(events);
}

/// The positions of the entries that were first asked for at each moment.
fn first_asks(journal: &Journal<'_>) -> HashMap<Moment, Vec<u64>> {
    let mut asks: HashMap<Moment, Vec<u64>> = HashMap::new();
    for kept in &journal.kept {
        if let Some(moment) = kept.asked {
            asks.entry(moment).or_default().push(kept.entry.position);
        }
    }
    asks
}

struct Answers<'r, 'a> {
    journal: &'a Journal<'r>,
    asks: &'a Asks<'r>,
    pushes: HashMap<PushId, &'a Push>,
    /// The first answer to each keyed wish that changed something.
    first: HashMap<Identity<'a>, &'a Ack>,
    /// The last position that was acknowledged so far.
    acked: u64,
    found: &'a mut Vec<Anomaly>,
}

/// Entries without a key, by what they say.
type Contents<'r> = std::collections::HashSet<&'r Change>;

impl<'a> Answers<'_, 'a> {
    fn asked(&mut self, push: &'a Push, became: &[u64]) {
        self.pushes.insert(push.push, push);
        let early = became.iter().filter(|position| **position <= self.acked);
        let acked = self.acked;
        self.found.extend(early.map(|position| Anomaly::OutOfTime { position: *position, acked }));
    }

    fn acked(&mut self, ack: &'a Ack, moment: Moment, contents: &Contents<'_>) {
        let Some(push) = self.pushes.get(&ack.push).copied() else {
            return self.found.push(Anomaly::Unasked { push: ack.push });
        };
        if !ack.changed {
            return self.unchanged(ack, push);
        }
        let wrong = Anomaly::WrongAck { push: ack.push, position: ack.position };
        let is_new_as_duplicate = |identity| ack.duplicate && self.asks.times_before(identity, moment) == 1;
        if !self.matches(ack, push) {
            let is_kept = match push.identity() {
                Some(identity) => self.journal.of_key(identity).is_some(),
                None => push.change.action == Action::Patch || contents.contains(&push.change),
            };
            self.found.push(if is_kept { wrong } else { Anomaly::Lost { push: ack.push } });
        } else if push.identity().is_some_and(is_new_as_duplicate) {
            self.found.push(wrong);
        } else {
            self.acked = self.acked.max(ack.position);
        }
        if let Some(identity) = push.identity() {
            self.again(identity, ack);
        }
    }

    /// Only where there is nothing to remove does nothing change.
    fn unchanged(&mut self, ack: &Ack, push: &Push) {
        let may_be = matches!(push.change.action, Action::Delete | Action::Clear);
        if !may_be || ack.duplicate || ack.position > self.journal.head() {
            self.found.push(Anomaly::WrongAck { push: ack.push, position: ack.position });
        }
    }

    /// Whether the journal says what the acknowledgement says.
    fn matches(&self, ack: &Ack, push: &Push) -> bool {
        let Some(kept) = self.journal.at(ack.position) else { return false };
        let entry = kept.entry;
        // A wish without a key may be recognised as one that somebody made with a key.
        let same_key = push.key.is_none() || push.key == entry.key;
        same_key && becomes(&push.change, &entry.change) && ack.seq == entry.seq && ack.cursor == ack.position
    }

    fn again(&mut self, identity: Identity<'a>, ack: &'a Ack) {
        let first = *self.first.entry(identity).or_insert(ack);
        if std::ptr::eq(first, ack) {
            return;
        }
        if (first.position, first.seq) != (ack.position, ack.seq) || !(first.duplicate || ack.duplicate) {
            self.found.push(Anomaly::AcksDiffer { push: ack.push, position: ack.position });
        }
    }

    fn refused(&mut self, push: PushId, _code: &str) {
        if !self.pushes.contains_key(&push) {
            self.found.push(Anomaly::Unasked { push });
        }
    }

    /// A keyed wish that was refused for good and stands in the journal, although it was asked for only once: of several
    /// askings, one that was on its way may have come after the one that was refused.
    fn refused_and_written(&mut self, events: &[Event]) {
        for event in events {
            let Event::Refused { push, .. } = event else { continue };
            let Some(push) = self.pushes.get(push) else { continue };
            let is_only = |identity: &Identity<'_>| self.asks.times_before(*identity, events.len()) == 1;
            let Some(identity) = push.identity().filter(is_only) else { continue };
            let written = self.journal.of_key(identity).filter(|entry| becomes(&push.change, &entry.change));
            if let Some(entry) = written {
                self.found.push(Anomaly::WrittenThoughRefused { push: push.push, position: entry.position });
            }
        }
    }
}
