//! The overlay: what is committed, or decided in the present batch, and not yet in the projections.
//!
//! The writer asks here first. So an `add` and its `delete` in one batch, or a key used twice in one batch, are right,
//! while the projections may lag. Facts leave when the projection has passed the entry that made them.

use std::collections::{HashMap, VecDeque, hash_map::Entry};

use journal::{Action, ItemId, Key, Position, TopicName, UserId};

/// What the overlay knows of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OverlayItem {
    /// It is present; its data is that of the entry at this position.
    Present { position: Position, owner: Option<UserId> },
    /// It was deleted or cleared.
    Gone,
}

type ItemKey = (TopicName, Option<ItemId>);
type AuthorKey<K> = (TopicName, Option<UserId>, K);

/// Facts by what they are about, each with the position that made it.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    items: HashMap<ItemKey, (Position, OverlayItem)>,
    keys: HashMap<AuthorKey<Key>, Position>,
    adds: HashMap<AuthorKey<ItemId>, Position>,
    clears: HashMap<TopicName, Position>,
    entries: VecDeque<Trace>,
}

/// What one entry left in the maps.
#[derive(Debug)]
struct Trace {
    position: Position,
    topic: TopicName,
    item: Option<ItemId>,
    author: Option<UserId>,
    key: Option<Key>,
}

impl Overlay {
    /// Entries that are not yet projected.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What is known of an item; nothing means that the projections know.
    pub(crate) fn item(&self, topic: &TopicName, item: Option<&ItemId>) -> Option<OverlayItem> {
        let cleared = self.clears.get(topic).copied();
        match self.items.get(&(topic.clone(), item.cloned())) {
            Some((position, fact)) if cleared.is_none_or(|cleared| *position > cleared) => Some(fact.clone()),
            _ => cleared.map(|_| OverlayItem::Gone),
        }
    }

    /// Where that author used that key.
    pub(crate) fn key(&self, topic: &TopicName, author: Option<&UserId>, key: &Key) -> Option<Position> {
        self.keys.get(&(topic.clone(), author.cloned(), key.clone())).copied()
    }

    /// Where that author last added that id.
    pub(crate) fn last_add(&self, topic: &TopicName, author: Option<&UserId>, item: &ItemId) -> Option<Position> {
        self.adds.get(&(topic.clone(), author.cloned(), item.clone())).copied()
    }

    /// Takes in an entry that was decided. `owner` is who first added the item it leaves behind.
    pub(crate) fn record(&mut self, entry: &journal::Entry, owner: Option<UserId>) {
        let (position, topic) = (entry.position, entry.topic.clone());
        match entry.action {
            Action::Add | Action::Update => {
                let fact = OverlayItem::Present { position, owner };
                self.items.insert((topic.clone(), entry.item.clone()), (position, fact));
            }
            Action::Delete => {
                self.items.insert((topic.clone(), entry.item.clone()), (position, OverlayItem::Gone));
            }
            Action::Clear => {
                self.clears.insert(topic.clone(), position);
            }
        }
        if let Some(key) = &entry.key {
            self.keys.insert((topic.clone(), entry.author.clone(), key.clone()), position);
        }
        if let (Action::Add, Some(item)) = (entry.action, &entry.item) {
            self.adds.insert((topic.clone(), entry.author.clone(), item.clone()), position);
        }
        self.entries.push_back(Trace {
            position,
            topic,
            item: entry.item.clone(),
            author: entry.author.clone(),
            key: entry.key.clone(),
        });
    }

    /// Forgets what the projections know by now.
    pub(crate) fn forget(&mut self, projected: Position) {
        while self.entries.front().is_some_and(|trace| trace.position <= projected) {
            if let Some(trace) = self.entries.pop_front() {
                self.forget_entry(trace);
            }
        }
    }

    /// A later entry's fact about the same thing stays: it was recorded under its own position.
    fn forget_entry(&mut self, trace: Trace) {
        let Trace { position, topic, item, author, key } = trace;
        if let Entry::Occupied(fact) = self.items.entry((topic.clone(), item.clone()))
            && fact.get().0 == position
        {
            fact.remove();
        }
        if self.clears.get(&topic) == Some(&position) {
            self.clears.remove(&topic);
        }
        if let Some(item) = item {
            remove_if(&mut self.adds, (topic.clone(), author.clone(), item), position);
        }
        if let Some(key) = key {
            remove_if(&mut self.keys, (topic, author, key), position);
        }
    }
}

fn remove_if<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Position>, key: K, position: Position) {
    if let Entry::Occupied(made) = map.entry(key)
        && *made.get() == position
    {
        made.remove();
    }
}
