//! Snapshots: the present state of what somebody may read, and the cursor from which following leaves no gap.
//!
//! A snapshot is a list of positions taken in one short read transaction. The data is read from the journal while the
//! answer is streamed: entries never change, so no transaction waits for a client, however slow.

use journal::{Bug, Cursor, Filter, Json, Position, Principal, Sight, TopicKind, TopicName};
use store::{Item, Topic, ViewsSnapshot};

use crate::{
    ReadError, Space,
    limits::{SNAPSHOT_BYTES_PER_READ, SNAPSHOT_ROWS_PER_READ},
};

/// The state of a topic.
#[derive(Clone, Debug)]
pub struct TopicSnapshot {
    /// Its name.
    pub name: TopicName,
    /// What it holds.
    pub kind: TopicKind,
    /// Where the data of each item stands, items in their order. A document has one or none.
    pub items: Vec<Position>,
}

impl Space {
    /// The present state, from projections that have reached at least the head of the caller's arrival. `begun` is told
    /// the cursor as soon as it is fixed: an answer may begin while a long list is still being walked.
    pub fn snapshot(
        &self,
        who: &Principal,
        filter: &Filter,
        begun: impl FnOnce(Cursor),
    ) -> Result<Vec<TopicSnapshot>, ReadError> {
        let snapshot = self.views.snapshot().map_err(ReadError::views)?;
        begun(self.cursor_of(&snapshot)?);
        let topics = self.readable_topics(&snapshot, who, filter)?;
        topics.into_iter().map(|topic| self.topic_snapshot(&snapshot, topic, who)).collect()
    }

    /// The present state of one topic; none if it has no entry or nothing of it may be seen, and then `begun` is not told.
    pub fn topic(
        &self,
        name: &TopicName,
        who: &Principal,
        begun: impl FnOnce(Cursor),
    ) -> Result<Option<TopicSnapshot>, ReadError> {
        if self.rules.sight(name, who.role()) == Sight::None {
            return Ok(None);
        }
        let snapshot = self.views.snapshot().map_err(ReadError::views)?;
        let Some(topic) = snapshot.topic(name).map_err(ReadError::views)? else { return Ok(None) };
        begun(self.cursor_of(&snapshot)?);
        self.topic_snapshot(&snapshot, topic, who).map(Some)
    }

    fn cursor_of(&self, snapshot: &ViewsSnapshot) -> Result<Cursor, ReadError> {
        let (position, tag) = snapshot.at().map_err(ReadError::views)?;
        if Bug::StateCursorTooLate.is_planted() {
            return Ok(self.head_cursor());
        }
        Ok(self.keys.cursor(position, &tag))
    }

    /// The data of the first of these items, in the order of the list, and how many positions that covers: no more once
    /// their data has reached [`SNAPSHOT_BYTES_PER_READ`], but always some. What was erased since is left out.
    pub fn items(&self, positions: &[Position]) -> Result<(Vec<Json>, usize), ReadError> {
        let (mut items, mut bytes, mut covered) = (Vec::new(), 0, 0);
        while let Some(rest) = positions.get(covered..).filter(|rest| !rest.is_empty())
            && bytes < SNAPSHOT_BYTES_PER_READ
        {
            // An update keeps an item's place in the list and moves its data on in the journal.
            let ascending = rest.chunk_by(|one, other| one < other).next().unwrap_or(rest);
            let read = self.journal.first_of(ascending, SNAPSHOT_BYTES_PER_READ - bytes).map_err(ReadError::journal)?;
            covered += read.len().max(1);
            for data in read.iter().filter_map(|entry| entry.data()) {
                bytes += data.as_bytes().len();
                items.push(data.clone());
            }
        }
        Ok((items, covered))
    }

    fn topic_snapshot(
        &self,
        snapshot: &ViewsSnapshot,
        topic: Topic,
        who: &Principal,
    ) -> Result<TopicSnapshot, ReadError> {
        let sight = self.rules.sight(&topic.name, who.role());
        let mut items = Vec::new();
        let mut after = Position::START;
        loop {
            let rows = snapshot.items(&topic.name, after, SNAPSHOT_ROWS_PER_READ).map_err(ReadError::views)?;
            let Some(last) = rows.last() else { break };
            after = last.first_position;
            let seen = |row: &&Item| sight.sees(who, row.owner.as_ref(), false);
            items.extend(rows.iter().filter(seen).map(|row| row.last_position));
        }
        Ok(TopicSnapshot { name: topic.name, kind: topic.kind, items })
    }
}
