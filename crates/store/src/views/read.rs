//! The reading half: point look-ups, and snapshots that see one state for as long as they live.

use std::{path::PathBuf, sync::Arc};

use journal::{Entry, ItemId, Key, Position, Tag, TopicName, UserId};

use super::{
    Item, KeyUse, Topic, ViewsError,
    absence::{Absence, item_hash, key_hash},
    load,
    memory::{MemoryViews, State},
    open::judge,
    view::View,
};
use crate::sqlite::{Pool, PoolError, Pooled};

/// Reads everything whose apply returned. Cheap to clone; every call sees the newest state.
#[derive(Clone)]
pub struct ViewsReader(ReaderArm);

#[derive(Clone)]
enum ReaderArm {
    Memory(MemoryViews),
    Sqlite(Arc<Shared>),
}

/// What the owner and the readers of views on disk share.
pub(super) struct Shared {
    pub(super) path: PathBuf,
    pub(super) pool: Arc<Pool>,
    pub(super) absence: Absence,
}

/// One state of the views. It holds one of a bounded number of connections and keeps the file's log from starting over:
/// take what is needed and drop it, never wait for a client with it, and ask no [`ViewsReader`] meanwhile.
pub struct ViewsSnapshot(SnapshotArm);

enum SnapshotArm {
    Memory(Arc<State>),
    Sqlite(Transaction),
}

/// A read transaction on a connection of the pool.
struct Transaction {
    connection: Pooled,
    path: PathBuf,
}

/// The number under which the pool knows the one file.
const FILE: u64 = 0;

impl ViewsReader {
    pub(super) fn memory(memory: MemoryViews) -> Self {
        Self(ReaderArm::Memory(memory))
    }

    pub(super) fn sqlite(shared: Arc<Shared>) -> Self {
        Self(ReaderArm::Sqlite(shared))
    }

    /// How far the journal is folded in.
    pub fn at(&self) -> Result<(Position, Tag), ViewsError> {
        self.look(|view| view.at())
    }

    /// A topic, if it has entries.
    pub fn topic(&self, name: &TopicName) -> Result<Option<Topic>, ViewsError> {
        self.look(|view| view.topic(name))
    }

    /// An item, if it is present; without an id, the document.
    pub fn item(&self, topic: &TopicName, id: Option<&ItemId>) -> Result<Option<Item>, ViewsError> {
        if self.absence().is_some_and(|absence| absence.of_item(item_hash(topic, id))) {
            return Ok(None);
        }
        self.look(|view| view.item(topic, id))
    }

    /// The entry that this author made with this key in this topic.
    pub fn key(&self, topic: &TopicName, author: Option<&UserId>, key: &Key) -> Result<Option<Position>, ViewsError> {
        if self.absence().is_some_and(|absence| absence.of_key(key_hash(topic, author, key))) {
            return Ok(None);
        }
        self.look(|view| view.key(topic, author, key))
    }

    /// This author's latest `add` of this id, whether the item is still there or not.
    pub fn last_add(
        &self,
        topic: &TopicName,
        author: Option<&UserId>,
        id: &ItemId,
    ) -> Result<Option<Position>, ViewsError> {
        if self.absence().is_some_and(|absence| absence.of_item(item_hash(topic, Some(id)))) {
            return Ok(None);
        }
        self.look(|view| view.last_add(topic, author, id))
    }

    /// Holds on to the present state.
    pub fn snapshot(&self) -> Result<ViewsSnapshot, ViewsError> {
        match &self.0 {
            ReaderArm::Memory(memory) => Ok(ViewsSnapshot(SnapshotArm::Memory(memory.state()))),
            ReaderArm::Sqlite(shared) => {
                let (connection, path) = (shared.connect()?, shared.path.clone());
                Ok(ViewsSnapshot(SnapshotArm::Sqlite(Transaction::begin(connection, path)?)))
            }
        }
    }

    /// Loads the filters that tell what is new without a look at the disk. Views that were there before the start answer
    /// more slowly until this has run; it takes about a second for a million items, and may run beside everything else.
    pub fn load_filters(&self) -> Result<(), ViewsError> {
        match &self.0 {
            ReaderArm::Sqlite(shared) if !shared.absence.is_loaded() => load::load(shared),
            _ => Ok(()),
        }
    }

    /// Memory needs no filter.
    fn absence(&self) -> Option<&Absence> {
        match &self.0 {
            ReaderArm::Memory(_) => None,
            ReaderArm::Sqlite(shared) => Some(&shared.absence),
        }
    }

    fn look<T>(&self, ask: impl FnOnce(&View<'_>) -> rusqlite::Result<T>) -> Result<T, ViewsError> {
        match &self.0 {
            ReaderArm::Memory(memory) => {
                ask(&View::Memory(&memory.state())).map_err(|error| judge(MEMORY.as_ref(), &error))
            }
            ReaderArm::Sqlite(shared) => {
                let connection = shared.connect()?;
                ask(&View::Sqlite(&connection)).map_err(|error| judge(&shared.path, &error))
            }
        }
    }
}

/// What an error would name instead of a file; asking memory never fails.
const MEMORY: &str = "memory";

impl Shared {
    pub(super) fn connect(&self) -> Result<Pooled, ViewsError> {
        self.pool.take(FILE, &self.path).map_err(|error| match error {
            PoolError::Busy => ViewsError::Busy,
            PoolError::Failed(failure) => ViewsError::Failed(failure),
        })
    }
}

impl ViewsSnapshot {
    /// The state this is: everything up to this position.
    pub fn at(&self) -> Result<(Position, Tag), ViewsError> {
        self.look(|view| view.at())
    }

    /// A topic, if it has entries.
    pub fn topic(&self, name: &TopicName) -> Result<Option<Topic>, ViewsError> {
        self.look(|view| view.topic(name))
    }

    /// An item, if it is present; without an id, the document.
    pub fn item(&self, topic: &TopicName, id: Option<&ItemId>) -> Result<Option<Item>, ViewsError> {
        self.look(|view| view.item(topic, id))
    }

    /// At most `limit` topics in the order of their first entry, those whose first entry comes after `after`.
    pub fn topics(&self, after: Position, limit: usize) -> Result<Vec<Topic>, ViewsError> {
        self.look(|view| view.topics(after, limit))
    }

    /// At most `limit` present items in their places, those whose first entry comes after `after`.
    pub fn items(&self, topic: &TopicName, after: Position, limit: usize) -> Result<Vec<Item>, ViewsError> {
        self.look(|view| view.items(topic, after, limit))
    }

    /// The positions of at most `limit` entries of a topic, those after `after`, in order.
    pub fn positions(&self, topic: &TopicName, after: Position, limit: usize) -> Result<Vec<Position>, ViewsError> {
        self.look(|view| view.positions(topic, after, limit))
    }

    /// For each entry, the last position of the item it is about, or none if that item is gone. An `add` or `update`
    /// whose answer is not its own position was replaced since.
    pub fn present(&self, entries: &[Entry]) -> Result<Vec<Option<Position>>, ViewsError> {
        self.look(|view| view.present(entries))
    }

    /// At most `limit` keys in an order of their own, those after `after`: to load a filter over all of them.
    pub fn keys(&self, after: Option<&KeyUse>, limit: usize) -> Result<Vec<KeyUse>, ViewsError> {
        self.look(|view| view.keys(after, limit))
    }

    fn look<T>(&self, ask: impl FnOnce(&View<'_>) -> rusqlite::Result<T>) -> Result<T, ViewsError> {
        match &self.0 {
            SnapshotArm::Memory(state) => ask(&View::Memory(state)).map_err(|error| judge(MEMORY.as_ref(), &error)),
            SnapshotArm::Sqlite(transaction) => {
                ask(&View::Sqlite(&transaction.connection)).map_err(|error| judge(&transaction.path, &error))
            }
        }
    }
}

impl Transaction {
    /// Begins, and reads once: only a read fixes the state.
    fn begin(connection: Pooled, path: PathBuf) -> Result<Self, ViewsError> {
        let begun = connection.execute_batch("BEGIN").and_then(|()| super::query::at(&connection));
        match begun {
            Ok(_) => Ok(Self { connection, path }),
            Err(error) => Err(judge(&path, &error)),
        }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // A connection whose transaction does not end is closed by the pool.
        let _ = self.connection.execute_batch("ROLLBACK");
    }
}
