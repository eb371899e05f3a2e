//! Views in memory: ordered maps, copied when a snapshot still looks at them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    convert::Infallible,
    ops::Bound,
    sync::Arc,
};

use journal::{Entry, ItemId, Key, Position, Tag, TopicName, UserId};
use parking_lot::RwLock;

use super::{
    Item, KeyUse, Topic,
    fold::{Fold, ItemKey, ItemRow, Slot, TopicId},
};

/// Shared by the owner and all readers.
#[derive(Clone)]
pub(super) struct MemoryViews(Arc<RwLock<Arc<State>>>);

/// One consistent state.
#[derive(Clone)]
pub(super) struct State {
    at: (Position, Tag),
    names: HashMap<TopicName, TopicId>,
    topics: BTreeMap<TopicId, Topic>,
    items: BTreeMap<(TopicId, Position), (Option<ItemId>, ItemRow)>,
    ids: HashMap<ItemKey, Position>,
    entries: BTreeSet<(TopicId, Position)>,
    keys: BTreeMap<(TopicId, Option<UserId>, Key), Position>,
    adds: HashMap<(TopicId, Option<UserId>, Option<ItemId>), Position>,
}

impl MemoryViews {
    pub(super) fn new(at: (Position, Tag)) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(State::new(at)))))
    }

    pub(super) fn state(&self) -> Arc<State> {
        Arc::clone(&self.0.read())
    }

    pub(super) fn reset(&self, at: (Position, Tag)) {
        *self.0.write() = Arc::new(State::new(at));
    }

    pub(super) fn apply(&self, entries: &[Entry]) {
        let mut guard = self.0.write();
        let state = Arc::make_mut(&mut guard);
        let Ok(mut fold) = Fold::topics(entries, |name| Ok::<_, Infallible>(state.topic(name).cloned()));
        let Ok(()) = fold.items(entries, |key, _| Ok::<_, Infallible>(state.row(key).cloned()));
        fold.run(entries);
        state.store(fold, entries);
    }
}

impl State {
    fn new(at: (Position, Tag)) -> Self {
        Self {
            at,
            names: HashMap::new(),
            topics: BTreeMap::new(),
            items: BTreeMap::new(),
            ids: HashMap::new(),
            entries: BTreeSet::new(),
            keys: BTreeMap::new(),
            adds: HashMap::new(),
        }
    }

    fn store(&mut self, fold: Fold, entries: &[Entry]) {
        for entry in entries {
            let topic = fold.topic_id(entry);
            self.entries.insert((topic, entry.position));
            if let Some(key) = &entry.key {
                self.keys.entry((topic, entry.author.clone(), key.clone())).or_insert(entry.position);
            }
            self.at = (entry.position, entry.tag);
        }
        for (name, topic) in fold.topics {
            self.names.insert(name, topic.first_position);
            self.topics.insert(topic.first_position, topic);
        }
        for (key, slot) in fold.items {
            self.store_item(key, slot);
        }
        self.adds.extend(fold.adds);
    }

    fn store_item(&mut self, key: ItemKey, slot: Slot) {
        if let Some(row) = slot.before {
            self.items.remove(&(key.0, row.first));
            self.ids.remove(&key);
        }
        if let Some(row) = slot.now {
            self.items.insert((key.0, row.first), (key.1.clone(), row.clone()));
            self.ids.insert(key, row.first);
        }
    }

    pub(super) fn at(&self) -> (Position, Tag) {
        self.at
    }

    pub(super) fn topic(&self, name: &TopicName) -> Option<&Topic> {
        self.topics.get(self.names.get(name)?)
    }

    /// An item that was not deleted; it may have been cleared.
    fn row(&self, key: &ItemKey) -> Option<&ItemRow> {
        let first = self.ids.get(key)?;
        self.items.get(&(key.0, *first)).map(|(_, row)| row)
    }

    pub(super) fn item(&self, topic: &TopicName, id: Option<&ItemId>) -> Option<Item> {
        let topic = self.topic(topic)?;
        let row = self.row(&(topic.first_position, id.cloned()))?;
        (row.first > topic.cleared_position).then(|| item(id.cloned(), row))
    }

    pub(super) fn key(&self, topic: &TopicName, author: Option<&UserId>, key: &Key) -> Option<Position> {
        let topic = self.topic(topic)?.first_position;
        self.keys.get(&(topic, author.cloned(), key.clone())).copied()
    }

    pub(super) fn last_add(&self, topic: &TopicName, author: Option<&UserId>, id: &ItemId) -> Option<Position> {
        let topic = self.topic(topic)?.first_position;
        let own = self.row(&(topic, Some(id.clone()))).filter(|row| row.is_added && row.owner.as_ref() == author);
        let ended = || self.adds.get(&(topic, author.cloned(), Some(id.clone()))).copied();
        own.map(|row| row.first).or_else(ended)
    }

    pub(super) fn topics(&self, after: Position, limit: usize) -> Vec<Topic> {
        let rest = self.topics.range((Bound::Excluded(after), Bound::Unbounded));
        rest.take(limit).map(|(_, topic)| topic.clone()).collect()
    }

    pub(super) fn items(&self, topic: &TopicName, after: Position, limit: usize) -> Vec<Item> {
        let Some(topic) = self.topic(topic) else { return Vec::new() };
        let (id, after) = (topic.first_position, after.max(topic.cleared_position));
        let rest = self.items.range((Bound::Excluded((id, after)), Bound::Included((id, LAST))));
        rest.take(limit).map(|(_, (id, row))| item(id.clone(), row)).collect()
    }

    pub(super) fn positions(&self, topic: &TopicName, after: Position, limit: usize) -> Vec<Position> {
        let Some(topic) = self.topic(topic) else { return Vec::new() };
        let id = topic.first_position;
        let rest = self.entries.range((Bound::Excluded((id, after)), Bound::Included((id, LAST))));
        rest.take(limit).map(|(_, position)| *position).collect()
    }

    pub(super) fn keys(&self, after: Option<&KeyUse>, limit: usize) -> Vec<KeyUse> {
        let after = after.and_then(|use_| {
            let topic = self.topic(&use_.topic)?.first_position;
            Some((topic, use_.author.clone(), use_.key.clone()))
        });
        let rest = self.keys.range((after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded));
        let used = |((topic, author, key), position): (&(TopicId, Option<UserId>, Key), &Position)| KeyUse {
            topic: self.topics[topic].name.clone(),
            author: author.clone(),
            key: key.clone(),
            position: *position,
        };
        rest.take(limit).map(used).collect()
    }
}

const LAST: Position = Position(u64::MAX);

fn item(id: Option<ItemId>, row: &ItemRow) -> Item {
    Item { id, first_position: row.first, last_position: row.last, owner: row.owner.clone() }
}
