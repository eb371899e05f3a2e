//! What the views certainly do not have: filters over every item and every key that ever was in them, so that what is new
//! needs no look-up on disk.
//!
//! A filter may say "perhaps" of what is not there, and never "no" of what is. Whoever folds a batch in tells the filters
//! before it commits. What older runs left is loaded once, in the background ([`Absence::is_loaded`]); until then, and
//! beyond [`FILTERED_MAX`](crate::limits::FILTERED_MAX), the answer is always "perhaps".
//!
//! The writer, the projector and whoever loads meet here; `interleave/tests/knowing.rs` tries every order of their steps.

use std::hash::{BuildHasher, Hash};

use foldhash::quality::FixedState;
use journal::{ItemId, Key, TopicName, UserId};

use super::layers::Layers;
use crate::threads::{AtomicBool, Ordering, RwLock};

/// Filters over the items and keys of a space.
#[derive(Default)]
pub(super) struct Absence {
    items: RwLock<Layers>,
    keys: RwLock<Layers>,
    is_loaded: AtomicBool,
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
