//! The newest entries on their way from the writer to the projector, so that it need not read them back from the disk.
//!
//! Only a short cut: what does not fit is left out, and the projector reads the journal where something is missing.

use std::collections::VecDeque;

use journal::{Entry, Position};

use crate::limits::RECENT_BYTES_MAX;

/// Batches that are durable and perhaps not yet projected, in order.
#[derive(Debug)]
pub(crate) struct Recent {
    batches: VecDeque<Vec<Entry>>,
    entries: usize,
    entries_max: usize,
    bytes: usize,
}

impl Recent {
    /// Room for so many entries.
    pub(crate) fn bounded(entries_max: usize) -> Self {
        Self { batches: VecDeque::new(), entries: 0, entries_max, bytes: 0 }
    }

    /// Takes in a batch that is durable. The oldest leave when the bounds are reached.
    pub(crate) fn push(&mut self, batch: Vec<Entry>) {
        self.entries += batch.len();
        self.bytes += data_bytes(&batch);
        self.batches.push_back(batch);
        while self.entries > self.entries_max || self.bytes > RECENT_BYTES_MAX {
            self.pop();
        }
    }

    /// Hands over the entries right behind `after`, whole batches up to about so many entries and bytes; nothing if they
    /// are not here. What lies before is dropped.
    pub(crate) fn take(&mut self, after: Position, entries_max: usize, bytes_max: usize) -> Vec<Entry> {
        while self.batches.front().and_then(|batch| batch.last()).is_some_and(|last| last.position <= after) {
            self.pop();
        }
        let mut taken = Vec::new();
        let (mut end, mut bytes) = (after, 0);
        while taken.len() < entries_max
            && bytes < bytes_max
            && self.batches.front().and_then(|batch| batch.first()).is_some_and(|first| first.position == end.next())
            && let Some(mut batch) = self.pop()
        {
            bytes += data_bytes(&batch);
            end = batch.last().map_or(end, |last| last.position);
            if taken.is_empty() { taken = batch } else { taken.append(&mut batch) }
        }
        taken
    }

    fn pop(&mut self) -> Option<Vec<Entry>> {
        let batch = self.batches.pop_front()?;
        self.entries -= batch.len();
        self.bytes -= data_bytes(&batch);
        Some(batch)
    }
}

fn data_bytes(batch: &[Entry]) -> usize {
    batch.iter().filter_map(Entry::data).map(|data| data.as_bytes().len()).sum()
}

#[cfg(test)]
mod tests {
    use journal::{Action, Content, Seq, Tag, TopicName};

    use super::*;
    use crate::limits::RECENT_ENTRIES_MAX;

    fn batch(positions: std::ops::RangeInclusive<u64>) -> Vec<Entry> {
        let entry = |position| Entry {
            position: Position(position),
            topic: TopicName::new("chat").unwrap(),
            seq: Seq(position),
            action: Action::Clear,
            item: None,
            content: Content::Present { salt: [0; 16], data: None },
            author: None,
            owner: None,
            key: None,
            client_time: None,
            request: None,
            time_ms: 0,
            tag: Tag([0; 32]),
        };
        positions.map(entry).collect()
    }

    fn taken(recent: &mut Recent, after: u64, entries_max: usize) -> Vec<u64> {
        let taken = recent.take(Position(after), entries_max, usize::MAX);
        taken.iter().map(|entry| entry.position.0).collect()
    }

    #[test]
    fn what_follows_is_handed_over_in_whole_batches_and_only_once() {
        let mut recent = Recent::bounded(RECENT_ENTRIES_MAX);
        [1..=2, 3..=3, 4..=6].into_iter().for_each(|positions| recent.push(batch(positions)));
        assert_eq!(taken(&mut recent, 0, 3), [1, 2, 3]);
        assert_eq!(taken(&mut recent, 3, 1), [4, 5, 6]);
        assert_eq!(taken(&mut recent, 6, 1), []);
        assert_eq!((recent.entries, recent.bytes), (0, 0));
    }

    #[test]
    fn where_something_is_missing_nothing_is_handed_over_and_what_is_behind_is_dropped() {
        let mut recent = Recent::bounded(RECENT_ENTRIES_MAX);
        [3..=4, 5..=8].into_iter().for_each(|positions| recent.push(batch(positions)));
        assert_eq!(taken(&mut recent, 1, 9), [], "2 is missing");
        assert_eq!(taken(&mut recent, 6, 9), [], "a batch is never begun in its middle");
        assert_eq!(recent.entries, 4);
        assert_eq!(taken(&mut recent, 4, 9), [5, 6, 7, 8]);
    }

    #[test]
    fn the_oldest_leave_when_there_are_too_many() {
        let mut recent = Recent::bounded(RECENT_ENTRIES_MAX);
        let half = RECENT_ENTRIES_MAX as u64 / 2;
        recent.push(batch(1..=half));
        recent.push(batch(half + 1..=2 * half));
        recent.push(batch(2 * half + 1..=2 * half + 1));
        assert_eq!(taken(&mut recent, 0, 1), []);
        assert_eq!(taken(&mut recent, half, usize::MAX).len(), RECENT_ENTRIES_MAX / 2 + 1);
    }
}
