//! Pages from the store, for followers that have fallen out of the tail and for the changes call.
//!
//! A page never brings back what was since replaced or deleted (I4): an `add` or `update` comes with the item's present
//! data and is left out when the item is gone; a `delete` or `clear` always comes. So that "present" means something,
//! a page never reaches beyond the projections.

use bytes::Bytes;
use journal::{Action, Content, Entry, Filter, Position, Principal, Sight, Span};
use store::{TopicRow, ViewsSnapshot};

use crate::{
    Space,
    limits::{PAGE_BYTES_MAX, PAGE_ENTRIES_MAX, SCAN_ENTRIES_MAX, TOPICS_LOOKED_UP_MAX},
};

/// Encoded messages after a position.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The messages, one after the other.
    pub bytes: Bytes,
    /// Where each lies.
    pub spans: Vec<Span>,
    /// The position of each.
    pub positions: Vec<Position>,
    /// Everything up to here is in the page, or not for this reader.
    pub through: Position,
}

impl Space {
    /// The next page for a reader, encoded. It may be empty and yet move `through`; it ends before `until`, the
    /// projections and its bounds, whichever comes first.
    pub fn page(
        &self,
        after: Position,
        until: Position,
        who: &Principal,
        filter: &Filter,
    ) -> Result<Page, store::ReadError> {
        let snapshot = self.views.snapshot()?;
        let until = until.min(snapshot.at().position);
        if until <= after {
            return Ok(Page { through: after, ..Page::default() });
        }
        let (entries, through) = self.entries_for(&snapshot, after, until, who, filter)?;
        let present = self.present(&snapshot, entries)?;
        // The snapshot ends here: encoding may take a while, and no read transaction waits for it.
        drop(snapshot);
        Ok(self.encode(present, through))
    }

    /// What is readable after a position, and how far that reaches.
    fn entries_for(
        &self,
        snapshot: &ViewsSnapshot,
        after: Position,
        until: Position,
        who: &Principal,
        filter: &Filter,
    ) -> Result<(Vec<Entry>, Position), store::ReadError> {
        if until.0 - after.0 > SCAN_ENTRIES_MAX {
            let mut topics = self.readable_topics(snapshot, who, filter)?;
            topics.retain(|topic| topic.last_position > after);
            if topics.len() <= TOPICS_LOOKED_UP_MAX {
                return self.looked_up(snapshot, &topics, after, until, who);
            }
        }
        let entries = self.journal.page(after, until, PAGE_ENTRIES_MAX, PAGE_BYTES_MAX)?;
        let through = entries.last().map_or(until, |entry| entry.position);
        let readable = entries.into_iter().filter(|entry| self.may_read(entry, who, filter)).collect();
        Ok((readable, through))
    }

    /// The entries of a few topics, in journal order, without reading what lies between them.
    fn looked_up(
        &self,
        snapshot: &ViewsSnapshot,
        topics: &[TopicRow],
        after: Position,
        until: Position,
        who: &Principal,
    ) -> Result<(Vec<Entry>, Position), store::ReadError> {
        let mut positions = Vec::new();
        for topic in topics {
            positions.extend(snapshot.positions(&topic.name, after, PAGE_ENTRIES_MAX)?);
        }
        positions.sort_unstable();
        positions.retain(|position| *position <= until);
        let is_cut = positions.len() > PAGE_ENTRIES_MAX;
        positions.truncate(PAGE_ENTRIES_MAX);
        let entries = self.journal.entries(&positions)?;
        let mut bytes = 0;
        let fits = |entry: &&Entry| {
            let fits = bytes < PAGE_BYTES_MAX;
            bytes += entry.data().map_or(0, |data| data.as_bytes().len());
            fits
        };
        let count = entries.iter().take_while(fits).count();
        let is_cut = is_cut || count < entries.len() || positions.len() == PAGE_ENTRIES_MAX;
        let through = if is_cut { positions.get(count - 1).copied().unwrap_or(until) } else { until };
        let readable = |entry: &Entry| self.may_read(entry, who, &Filter::Everything);
        Ok((entries.into_iter().take(count).filter(readable).collect(), through))
    }

    /// Gives every `add` and `update` its item's present data; drops those whose item is gone.
    fn present(&self, snapshot: &ViewsSnapshot, entries: Vec<Entry>) -> Result<Vec<Entry>, store::ReadError> {
        let mut kept = Vec::with_capacity(entries.len());
        for mut entry in entries {
            if matches!(entry.action, Action::Add | Action::Update) {
                let Some(item) = snapshot.item(&entry.topic, entry.item.as_ref())? else { continue };
                if item.position != entry.position {
                    let Some(present) = self.journal.entry(item.position)? else { continue };
                    entry.content = present.content;
                }
                if matches!(entry.content, Content::Erased { .. }) {
                    continue;
                }
            }
            kept.push(entry);
        }
        Ok(kept)
    }

    fn encode(&self, entries: Vec<Entry>, through: Position) -> Page {
        let mut bytes = Vec::new();
        let mut page = Page { through, ..Page::default() };
        for entry in entries {
            let cursor = self.keys.cursor(entry.position, &entry.tag);
            page.spans.push(self.encoder.encode(&entry, &cursor, &mut bytes));
            page.positions.push(entry.position);
        }
        page.bytes = bytes.into();
        page
    }

    /// Whether somebody who follows so may read an entry (I10).
    #[must_use]
    pub fn may_read(&self, entry: &Entry, who: &Principal, filter: &Filter) -> bool {
        filter.wants(&entry.topic)
            && self.rules.sight(&entry.topic, who.role()).sees(who, entry.owner(), entry.action == Action::Clear)
    }

    /// The topics of which somebody sees anything, in the order of their first entry.
    pub(crate) fn readable_topics(
        &self,
        snapshot: &ViewsSnapshot,
        who: &Principal,
        filter: &Filter,
    ) -> Result<Vec<TopicRow>, store::ReadError> {
        let mut topics = snapshot.topics()?;
        topics.retain(|topic| filter.wants(&topic.name) && self.rules.sight(&topic.name, who.role()) != Sight::None);
        Ok(topics)
    }
}
