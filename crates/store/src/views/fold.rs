//! Folding a batch of entries over what it touches, in memory; the arms load what is touched and store what changed.
//!
//! A topic is known by the position of its first entry. `clear` only moves the topic's cleared position: items that began
//! before it are gone without being looked at. The latest `add` of an item by the author who added it is the item's own
//! first position; only when that item ends is it written down apart.

use std::collections::{BTreeMap, HashMap};

use journal::{Action, Bug, Entry, ItemId, Position, Seq, Tag, TopicKind, TopicName, UserId};

use super::{Topic, ViewsError};

/// A topic's number: the position of its first entry.
pub(super) type TopicId = Position;

/// An item's place in its topic; none for the document.
pub(super) type ItemKey = (TopicId, Option<ItemId>);

/// What the views keep of an item, present or cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ItemRow {
    pub(super) first: Position,
    pub(super) last: Position,
    pub(super) owner: Option<UserId>,
    /// Whether its owner created it by an `add`.
    pub(super) is_added: bool,
}

/// An item before and after the batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    pub(super) before: Option<ItemRow>,
    pub(super) now: Option<ItemRow>,
}

impl Slot {
    pub(super) fn place_before(&self) -> Option<Position> {
        self.before.as_ref().map(|row| row.first)
    }

    /// The place that the item had before and has no longer.
    pub(super) fn place_left(&self) -> Option<Position> {
        let place = self.place_before();
        place.filter(|place| self.now.as_ref().is_none_or(|row| row.first != *place))
    }
}

/// Everything that a batch touches.
#[derive(Default)]
pub(super) struct Fold {
    pub(super) topics: BTreeMap<TopicName, Topic>,
    pub(super) items: HashMap<ItemKey, Slot>,
    /// Latest `add`s of items that ended, by author.
    pub(super) adds: HashMap<(TopicId, Option<UserId>, Option<ItemId>), Position>,
}

/// Refuses entries that are not the next ones, before anything is touched.
pub(super) fn check_continues(at: (Position, Tag), entries: &[Entry]) -> Result<(), ViewsError> {
    let mut end = at.0;
    for entry in entries {
        let follows = entry.position == end.next() && (end != at.0 || entry.tag == at.1.then(entry));
        if !follows {
            return Err(ViewsError::NotNext { found: entry.position, at: at.0 });
        }
        end = entry.position;
    }
    Ok(())
}

impl Fold {
    /// The topics of a batch, each as stored or as its first entry makes it.
    pub(super) fn topics<E>(
        entries: &[Entry],
        mut load: impl FnMut(&TopicName) -> Result<Option<Topic>, E>,
    ) -> Result<Self, E> {
        let mut fold = Self::default();
        for entry in entries {
            if !fold.topics.contains_key(&entry.topic) {
                let topic = load(&entry.topic)?.unwrap_or_else(|| new_topic(entry));
                fold.topics.insert(entry.topic.clone(), topic);
            }
        }
        Ok(fold)
    }

    /// The items that a batch touches, as stored, loaded in the order in which they are stored. `load` is told one of the
    /// entries that touch it.
    pub(super) fn items<E>(
        &mut self,
        entries: &[Entry],
        mut load: impl FnMut(&ItemKey, &Entry) -> Result<Option<ItemRow>, E>,
    ) -> Result<(), E> {
        let touched = entries.iter().filter(|entry| entry.action != Action::Clear);
        let keys: BTreeMap<ItemKey, &Entry> =
            touched.map(|entry| ((self.topic_id(entry), entry.item.clone()), entry)).collect();
        for (key, entry) in keys {
            let before = load(&key, entry)?;
            self.items.insert(key, Slot { now: before.clone(), before });
        }
        Ok(())
    }

    pub(super) fn topic_id(&self, entry: &Entry) -> TopicId {
        self.topics.get(&entry.topic).map_or(entry.position, |topic| topic.first_position)
    }

    /// Folds the entries over what was loaded.
    pub(super) fn run(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.entry(entry);
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let topic = self.topics.entry(entry.topic.clone()).or_insert_with(|| new_topic(entry));
        topic.seq = entry.seq;
        topic.last_position = entry.position;
        if entry.action == Action::Clear {
            if !Bug::ClearKeepsItems.is_planted() {
                topic.cleared_position = entry.position;
            }
            return;
        }
        let cleared = topic.cleared_position;
        let key = (topic.first_position, entry.item.clone());
        let slot = self.items.entry(key.clone()).or_default();
        let is_present = slot.now.as_ref().is_some_and(|row| row.first > cleared);
        match (entry.action, &mut slot.now) {
            (Action::Update, Some(row)) if is_present => row.last = entry.position,
            (action, now) => {
                let next = (action != Action::Delete).then(|| ItemRow::new(entry));
                let ended = std::mem::replace(now, next);
                self.remember_adds(key, ended, entry);
            }
        }
    }

    /// Writes down what can no longer be read off the item: the `add` of an item that ended, and an `add` whose author
    /// is not the owner.
    fn remember_adds(&mut self, (topic, item): ItemKey, ended: Option<ItemRow>, entry: &Entry) {
        if let Some(row) = ended.filter(|row| row.is_added) {
            self.adds.insert((topic, row.owner, item.clone()), row.first);
        }
        if entry.action == Action::Add && entry.owner() != entry.author.as_ref() {
            self.adds.insert((topic, entry.author.clone(), item), entry.position);
        }
    }
}

impl ItemRow {
    /// The item that this entry creates.
    fn new(entry: &Entry) -> Self {
        let owner = entry.owner();
        let is_added = entry.action == Action::Add && owner == entry.author.as_ref();
        Self { first: entry.position, last: entry.position, owner: owner.cloned(), is_added }
    }
}

fn new_topic(entry: &Entry) -> Topic {
    let is_document = entry.action == Action::Update && entry.item.is_none();
    Topic {
        name: entry.topic.clone(),
        kind: if is_document { TopicKind::Document } else { TopicKind::List },
        seq: Seq(0),
        first_position: entry.position,
        last_position: entry.position,
        cleared_position: Position::START,
    }
}
