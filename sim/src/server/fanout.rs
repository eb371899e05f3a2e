//! The fan-out's shards: whom a batch concerns, told in chunks with everything else in between. Mirrors
//! `crates/server/src/sync/fanout.rs`; its pacing is a random pause.

use std::collections::BTreeMap;

use journal::{Audience, Concerned, Filter, Position, TopicName};
use space::Committed;

use crate::network::LineId;

/// One loop of the fan-out and the followers that it serves.
#[derive(Default)]
pub(super) struct Shard {
    audience: Audience<LineId>,
    touched: BTreeMap<TopicName, Position>,
    touched_head: Position,
    /// Whoever is concerned by a batch up to here has been told.
    told: Position,
    round: Option<Round>,
}

/// A round under way: who is still to be told of batches from `first` on.
struct Round {
    head: Position,
    waiting: Vec<Concerned<LineId>>,
}

/// A follower's place in the fan-out.
pub(super) struct Seat {
    pub(super) shard: usize,
    pub(super) id: u64,
    pub(super) filter: Filter,
}

impl Shard {
    pub(super) fn new(head: Position) -> Self {
        Self { told: head, touched_head: head, ..Self::default() }
    }

    pub(super) fn told(&self) -> Position {
        self.told
    }

    pub(super) fn join(&mut self, id: u64, filter: &Filter, line: LineId) {
        self.audience.join(id, filter, &line);
    }

    pub(super) fn leave(&mut self, seat: &Seat) {
        self.audience.leave(seat.id, &seat.filter);
    }

    pub(super) fn touch(&mut self, committed: &Committed) {
        for topic in &committed.topics {
            // The earliest batch since the last round counts: a follower looks at everything from there.
            self.touched.entry(topic.clone()).or_insert(committed.first);
        }
        self.touched_head = committed.head;
    }

    /// The next followers to be told, at most so many, each with where on; a round begins when none is under way.
    pub(super) fn next(&mut self, chunk: usize) -> Option<Vec<Concerned<LineId>>> {
        if self.round.is_none() {
            let topics: Vec<(TopicName, Position)> = std::mem::take(&mut self.touched).into_iter().collect();
            if topics.is_empty() {
                return None;
            }
            let mut waiting = Vec::new();
            self.audience.concerned(&topics, &mut waiting);
            waiting.reverse();
            self.round = Some(Round { head: self.touched_head, waiting });
        }
        let round = self.round.as_mut()?;
        let rest = round.waiting.len().saturating_sub(chunk);
        let mut now = round.waiting.split_off(rest);
        now.reverse();
        Some(now)
    }

    /// The chunk was served. Whether there is more to do.
    pub(super) fn served(&mut self) -> bool {
        if let Some(round) = self.round.take_if(|round| round.waiting.is_empty()) {
            self.told = round.head;
        }
        self.round.is_some() || !self.touched.is_empty()
    }
}
