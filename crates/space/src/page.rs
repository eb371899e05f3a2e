//! Pages from the store, for followers that have fallen out of the tail and for the changes call.
//!
//! A page never brings back what was since replaced or deleted (I4): an `add` or `update` comes with the item's present
//! data and is left out when the item is gone; a `delete` or `clear` always comes. So that "present" means something,
//! a page never reaches beyond the projections.

use bytes::Bytes;
use journal::{Action, Bug, Content, Entry, Filter, Position, Principal, Sight, Span};
use store::{Topic, ViewsSnapshot};

use crate::{
    ReadError, Space,
    limits::{TOPICS_LOOKED_UP_MAX, TOPICS_PER_READ},
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
    /// The next page for a reader, encoded. It may be empty and yet move `through`; it ends at `until`, the projections
    /// or its bounds, whichever comes first.
    pub fn page(&self, after: Position, until: Position, who: &Principal, filter: &Filter) -> Result<Page, ReadError> {
        self.bounded_page(after, until, self.bounds.page_entries, who, filter)
    }

    /// Like [`Space::page`], looking at no more than `entries_max` entries.
    pub fn bounded_page(
        &self,
        after: Position,
        until: Position,
        entries_max: usize,
        who: &Principal,
        filter: &Filter,
    ) -> Result<Page, ReadError> {
        let entries_max = entries_max.clamp(1, self.bounds.page_entries);
        let snapshot = self.views.snapshot().map_err(ReadError::views)?;
        let projected = snapshot.at().map_err(ReadError::views)?.0;
        let until = if Bug::PageBeyondViews.is_planted() { until } else { until.min(projected) };
        if until <= after {
            return Ok(Page { through: after, ..Page::default() });
        }
        let (entries, through) = self.entries_for(&snapshot, after, until, entries_max, who, filter)?;
        let (present, through) = self.present(&snapshot, entries, through, who, filter)?;
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
        entries_max: usize,
        who: &Principal,
        filter: &Filter,
    ) -> Result<(Vec<Entry>, Position), ReadError> {
        if until.0 - after.0 > self.bounds.scan_entries {
            let mut topics = self.readable_topics(snapshot, who, filter)?;
            topics.retain(|topic| topic.last_position > after);
            if topics.len() <= TOPICS_LOOKED_UP_MAX {
                return self.looked_up(snapshot, &topics, after, until, entries_max, who);
            }
        }
        let entries =
            self.journal.page(after, until, entries_max, self.bounds.page_bytes).map_err(ReadError::journal)?;
        let through = entries.last().map_or(until, |entry| entry.position);
        let readable = entries.into_iter().filter(|entry| self.may_read(entry, who, filter)).collect();
        Ok((readable, through))
    }

    /// The entries of a few topics, in journal order, without reading what lies between them.
    fn looked_up(
        &self,
        snapshot: &ViewsSnapshot,
        topics: &[Topic],
        after: Position,
        until: Position,
        entries_max: usize,
        who: &Principal,
    ) -> Result<(Vec<Entry>, Position), ReadError> {
        let mut positions = Vec::new();
        for topic in topics {
            positions.extend(snapshot.positions(&topic.name, after, entries_max).map_err(ReadError::views)?);
        }
        positions.sort_unstable();
        positions.retain(|position| *position <= until);
        positions.truncate(entries_max);
        let entries = self.journal.entries(&positions).map_err(ReadError::journal)?;
        let mut bytes = 0;
        let fits = |entry: &&Entry| {
            let fits = bytes < self.bounds.page_bytes;
            bytes += entry.data().map_or(0, |data| data.as_bytes().len());
            fits
        };
        let count = entries.iter().take_while(fits).count();
        let is_cut = count < entries.len() || positions.len() == entries_max;
        let through = if is_cut && !Bug::PageCutSaysWhole.is_planted() {
            positions.get(count - 1).copied().unwrap_or(until)
        } else {
            until
        };
        let readable = |entry: &Entry| self.may_read(entry, who, &Filter::Everything);
        Ok((entries.into_iter().take(count).filter(readable).collect(), through))
    }

    /// Gives every `add` and `update` its item's present data; drops those whose item is gone, or is by now one that this
    /// reader may not read. Small entries may have grown large, so it stops once there is enough; it returns how far.
    fn present(
        &self,
        snapshot: &ViewsSnapshot,
        entries: Vec<Entry>,
        through: Position,
        who: &Principal,
        filter: &Filter,
    ) -> Result<(Vec<Entry>, Position), ReadError> {
        let presence = snapshot.present(&entries).map_err(ReadError::views)?;
        let (mut kept, mut bytes) = (Vec::with_capacity(entries.len()), 0);
        for (mut entry, present) in entries.into_iter().zip(presence) {
            if bytes >= self.bounds.page_bytes {
                return Ok((kept, entry.position.previous()));
            }
            if entry.action == Action::Delete && Bug::PageWithoutDeletes.is_planted() {
                continue;
            }
            if matches!(entry.action, Action::Add | Action::Update) {
                let Some(position) = present else { continue };
                if position != entry.position && !Bug::PageOfReplaced.is_planted() {
                    let present = self.journal.entry(position).map_err(ReadError::journal)?;
                    let Some(present) = present.filter(|present| self.may_read(present, who, filter)) else { continue };
                    entry.content = present.content;
                }
                if matches!(entry.content, Content::Erased { .. }) {
                    continue;
                }
            }
            bytes += entry.data().map_or(0, |data| data.as_bytes().len());
            kept.push(entry);
        }
        Ok((kept, through))
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
        let sees_all = Bug::PageWithoutPermission.is_planted();
        filter.wants(&entry.topic)
            && (sees_all
                || self.rules.sight(&entry.topic, who.role()).sees(who, entry.owner(), entry.action == Action::Clear))
    }

    /// The topics of which somebody sees anything, in the order of their first entry.
    pub(crate) fn readable_topics(
        &self,
        snapshot: &ViewsSnapshot,
        who: &Principal,
        filter: &Filter,
    ) -> Result<Vec<Topic>, ReadError> {
        let mut topics = all_topics(snapshot)?;
        topics.retain(|topic| filter.wants(&topic.name) && self.rules.sight(&topic.name, who.role()) != Sight::None);
        Ok(topics)
    }
}

/// Every topic, in the order of their first entry.
pub(crate) fn all_topics(snapshot: &ViewsSnapshot) -> Result<Vec<Topic>, ReadError> {
    let mut topics: Vec<Topic> = Vec::new();
    loop {
        let after = topics.last().map_or(Position::START, |topic| topic.first_position);
        let more = snapshot.topics(after, TOPICS_PER_READ).map_err(ReadError::views)?;
        let is_last = more.len() < TOPICS_PER_READ;
        topics.extend(more);
        if is_last {
            return Ok(topics);
        }
    }
}
