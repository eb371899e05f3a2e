//! What the views certainly do not have: filters over every item and every key that ever was in them, so that what is new
//! needs no look-up on disk.
//!
//! A filter may say "perhaps" of what is not there, and never "no" of what is. Whoever folds a batch in tells the filters
//! before it commits. What older runs left is loaded once, in the background ([`Absence::is_loaded`]); until then, and
//! beyond [`FILTERED_MAX`], the answer is always "perhaps".

use std::{
    hash::{BuildHasher, Hash},
    sync::atomic::{AtomicBool, Ordering},
};

use fastbloom::BloomFilter;
use foldhash::quality::FixedState;
use journal::{ItemId, Key, TopicName, UserId};
use parking_lot::RwLock;

use crate::limits::{FILTER_FALSE_POSITIVES, FILTER_LAYER_MIN, FILTERED_MAX};

/// Filters over the items and keys of a space.
#[derive(Default)]
pub(super) struct Absence {
    items: RwLock<Layers>,
    keys: RwLock<Layers>,
    is_loaded: AtomicBool,
}

/// Filters that together hold everything so far; each new one is twice as large as the one before.
#[derive(Default)]
struct Layers {
    layers: Vec<Layer>,
    count: usize,
}

struct Layer {
    filter: BloomFilter,
    room: usize,
}

/// What the filters know an item by. Ids are never given to another item of the topic, whatever becomes of it.
pub(super) fn item_hash(topic: &TopicName, id: Option<&ItemId>) -> u64 {
    hash_of(&(topic, id))
}

/// What the filters know a key by.
pub(super) fn key_hash(topic: &TopicName, author: Option<&UserId>, key: &Key) -> u64 {
    hash_of(&(topic, author, key))
}

/// The same in every process. Somebody who makes hashes collide gets the look-up that everybody had without filters.
fn hash_of(what: &impl Hash) -> u64 {
    FixedState::default().hash_one(what)
}

impl Absence {
    /// Filters of views that hold nothing yet.
    pub(super) fn of_nothing() -> Self {
        let absence = Self::default();
        absence.loaded();
        absence
    }

    /// Whether everything that is in the views is in the filters.
    pub(super) fn is_loaded(&self) -> bool {
        self.is_loaded.load(Ordering::Acquire)
    }

    /// Everything that was in the views is in the filters by now.
    pub(super) fn loaded(&self) {
        self.is_loaded.store(true, Ordering::Release);
    }

    /// Whether no such item was ever in the views.
    pub(super) fn of_item(&self, hash: u64) -> bool {
        self.is_loaded() && self.items.read().lacks(hash)
    }

    /// Whether no such key was ever in the views.
    pub(super) fn of_key(&self, hash: u64) -> bool {
        self.is_loaded() && self.keys.read().lacks(hash)
    }

    /// These items are about to be in the views.
    pub(super) fn add_items(&self, hashes: impl Iterator<Item = u64>) {
        self.items.write().extend(hashes);
    }

    /// These keys are about to be in the views.
    pub(super) fn add_keys(&self, hashes: impl Iterator<Item = u64>) {
        self.keys.write().extend(hashes);
    }
}

impl Layers {
    fn lacks(&self, hash: u64) -> bool {
        self.count <= FILTERED_MAX && !self.layers.iter().any(|layer| layer.filter.contains_hash(hash))
    }

    fn extend(&mut self, hashes: impl Iterator<Item = u64>) {
        for hash in hashes {
            self.count += 1;
            if self.count > FILTERED_MAX {
                // They would prove nothing any more: the memory is better used.
                self.layers = Vec::new();
                continue;
            }
            self.layer_with_room().add(hash);
        }
    }

    fn layer_with_room(&mut self) -> &mut Layer {
        if self.layers.last().is_none_or(|layer| layer.room == 0) {
            let room = self.count.next_power_of_two().max(FILTER_LAYER_MIN);
            self.layers.push(Layer::new(room));
        }
        self.layers.last_mut().expect("one was pushed if there was none")
    }
}

impl Layer {
    fn new(room: usize) -> Self {
        let filter = BloomFilter::with_false_pos(FILTER_FALSE_POSITIVES).seed(&0).expected_items(room);
        Self { filter, room }
    }

    fn add(&mut self, hash: u64) {
        self.filter.insert_hash(hash);
        self.room -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_added_is_ever_called_absent_and_little_else_is_called_present() {
        let absence = Absence::of_nothing();
        // Spread over several layers.
        let count = 5 * FILTER_LAYER_MIN as u64;
        absence.add_items((0..count).map(|number| hash_of(&number)));
        assert!((0..count).all(|number| !absence.of_item(hash_of(&number))));
        let mistaken = (count..2 * count).filter(|number| !absence.of_item(hash_of(number))).count() as f64;
        assert!(mistaken < count as f64 * FILTER_FALSE_POSITIVES * 6.0, "{mistaken} of {count}");
        assert!(absence.of_key(hash_of(&0)), "items and keys are apart");
    }

    #[test]
    fn nothing_is_proved_before_everything_is_loaded_and_beyond_the_bound() {
        let absence = Absence::default();
        assert!(!absence.of_item(1));
        absence.loaded();
        assert!(absence.of_item(1));
        absence.items.write().count = FILTERED_MAX;
        absence.add_items([2].into_iter());
        assert!(!absence.of_item(1));
        assert!(absence.items.read().layers.is_empty(), "filters that prove nothing are given up");
    }
}
