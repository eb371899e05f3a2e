//! Snapshots: the present state of what somebody may read, and the cursor from which following leaves no gap.
//!
//! A snapshot is a list of positions taken in one short read transaction. The data is read from the journal while the
//! answer is streamed: entries never change, so no transaction waits for a client, however slow.

use journal::{Cursor, Filter, Json, Position, Principal, Sight, TopicKind, TopicName};
use store::{Item, Topic, ViewsSnapshot};

use crate::{
    ReadError, Space,
    limits::{SNAPSHOT_BYTES_PER_READ, SNAPSHOT_ROWS_PER_READ},
};

/// The state of a space as somebody may read it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Following from here leaves no gap and no overlap.
    pub cursor: Cursor,
    /// The topics, in the order of their first entry.
    pub topics: Vec<TopicSnapshot>,
}

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
    /// The present state, from projections that have reached at least the head of the caller's arrival.
    pub fn snapshot(&self, who: &Principal, filter: &Filter) -> Result<Snapshot, ReadError> {
        let snapshot = self.views.snapshot().map_err(ReadError::views)?;
        let (position, tag) = snapshot.at().map_err(ReadError::views)?;
        let mut topics = Vec::new();
        for topic in self.readable_topics(&snapshot, who, filter)? {
            topics.push(self.topic_snapshot(&snapshot, topic, who)?);
        }
        Ok(Snapshot { cursor: self.keys.cursor(position, &tag), topics })
    }

    /// The present state of one topic; none if it has no entry or nothing of it may be seen.
    pub fn topic(&self, name: &TopicName, who: &Principal) -> Result<Option<(Cursor, TopicSnapshot)>, ReadError> {
        if self.rules.sight(name, who.role()) == Sight::None {
            return Ok(None);
        }
        let snapshot = self.views.snapshot().map_err(ReadError::views)?;
        let Some(topic) = snapshot.topic(name).map_err(ReadError::views)? else { return Ok(None) };
        let (position, tag) = snapshot.at().map_err(ReadError::views)?;
        let cursor = self.keys.cursor(position, &tag);
        Ok(Some((cursor, self.topic_snapshot(&snapshot, topic, who)?)))
    }

    /// The data of the first of these items, in the order of the list, and how many positions that covers: no more once
    /// their data has reached [`SNAPSHOT_BYTES_PER_READ`], but always some. What was erased since is left out.
    pub fn items(&self, positions: &[Position]) -> Result<(Vec<Json>, usize), ReadError> {
        let (mut items, mut bytes, mut covered) = (Vec::new(), 0, 0);
        // One by one, because each may be as large as a push.
        for position in positions {
            let entry = self.journal.entry(*position).map_err(ReadError::journal)?;
            if let Some(data) = entry.as_ref().and_then(|entry| entry.data()) {
                bytes += data.as_bytes().len();
                items.push(data.clone());
            }
            covered += 1;
            if bytes >= SNAPSHOT_BYTES_PER_READ {
                break;
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
