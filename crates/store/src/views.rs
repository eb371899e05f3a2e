//! The projection of a journal that answers by topic, item and key: written by one owner, read by everybody.
//!
//! It follows the journal with its own position and tag, and everything in it follows from the entries up to there. It may
//! lag, and it may be deleted while the server is stopped: then it is built again. An item's data is not in it; that is the
//! data of the journal's entry at the item's [`Item::last_position`].

mod absence;
mod apply;
mod fold;
mod layers;
mod load;
mod memory;
mod open;
mod query;
mod read;
mod view;

use std::path::Path;

use journal::{Entry, ItemId, Key, Position, Seq, Tag, TopicKind, TopicName, UserId};

pub use open::{Discarded, ViewsStart};
pub use read::{ViewsReader, ViewsSnapshot};

use crate::{Failure, JournalReader, ReadError};

/// A topic as its entries left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: TopicName,
    /// A document when its first entry was an update without an item, otherwise a list.
    pub kind: TopicKind,
    /// The seq of its last entry.
    pub seq: Seq,
    /// Its first entry; topics stand in this order.
    pub first_position: Position,
    /// Its last entry.
    pub last_position: Position,
    /// Its last `clear`, or the start.
    pub cleared_position: Position,
}

/// An item that is present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its id; none in a document topic.
    pub id: Option<ItemId>,
    /// The entry that created it; items stand in this order.
    pub first_position: Position,
    /// The entry whose data it has.
    pub last_position: Position,
    /// The owner of the entry that created it.
    pub owner: Option<UserId>,
}

/// A key that somebody used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// In which topic.
    pub topic: TopicName,
    /// Who; none when anonymous.
    pub author: Option<UserId>,
    /// The key.
    pub key: Key,
    /// The entry that it made.
    pub position: Position,
}

/// Why views cannot be opened, written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewsError {
    /// The batch does not continue the views. Nothing was written; the caller is at fault.
    #[error("entry {found} does not continue the views, which are at {at}")]
    NotNext {
        /// The first entry that does not fit.
        found: Position,
        /// How far the views are.
        at: Position,
    },
    /// All read-only connections stayed in use. Ask again later.
    #[error("too many readers at once")]
    Busy,
    /// The file is broken. Stop, and open the views again: they are built anew.
    #[error("the views are damaged and have to be built again: {0}")]
    Damaged(Failure),
    /// The journal, against which the views are held at open, cannot be read.
    #[error(transparent)]
    Journal(ReadError),
    /// The operating system or SQLite said no. Nothing was written; the same batch may be tried again.
    #[error(transparent)]
    Failed(Failure),
}

impl From<Failure> for ViewsError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The one owner of views: folds entries in, and makes readers.
pub struct Views {
    arm: Arm,
    at: (Position, Tag),
}

enum Arm {
    Memory(memory::MemoryViews),
    Sqlite(apply::SqliteViews),
}

impl Views {
    /// Opens or creates the views of the space in folder `space` (`space/views.db`) and holds them against the journal.
    /// What is missing, damaged, of another format or from another journal begins anew at position 0 and says so. The
    /// caller owns the space's journal, whose lock keeps other writers away from this file too.
    pub fn open(space: &Path, journal: &JournalReader) -> Result<(Self, ViewsStart), ViewsError> {
        let opened = apply::SqliteViews::open(space, journal)?;
        Ok((Self { arm: Arm::Sqlite(opened.views), at: opened.at }, opened.start))
    }

    /// Empty views in memory, for the journal behind this reader.
    pub fn memory(journal: &JournalReader) -> Result<Self, ViewsError> {
        let at = open::start_of(journal)?;
        Ok(Self { arm: Arm::Memory(memory::MemoryViews::new(at)), at })
    }

    /// How far the journal is folded in.
    #[must_use]
    pub fn at(&self) -> (Position, Tag) {
        self.at
    }

    /// A reader of everything whose apply returned.
    #[must_use]
    pub fn reader(&self) -> ViewsReader {
        match &self.arm {
            Arm::Memory(memory) => ViewsReader::memory(memory.clone()),
            Arm::Sqlite(sqlite) => ViewsReader::sqlite(sqlite.shared()),
        }
    }

    /// Folds in the journal's next entries, all or none, in one transaction. Thousands at once are far cheaper than one
    /// by one. After a crash the last batches may be missing, but what is there is whole. [`Views::tidy`] belongs to it,
    /// once those who wait for the batch have been told.
    pub fn apply(&mut self, entries: &[Entry]) -> Result<(), ViewsError> {
        let Some(last) = entries.last() else { return Ok(()) };
        fold::check_continues(self.at, entries)?;
        match &mut self.arm {
            Arm::Memory(memory) => memory.apply(entries),
            Arm::Sqlite(sqlite) => sqlite.apply(entries)?,
        }
        self.at = (last.position, last.tag);
        Ok(())
    }

    /// Moves the write-ahead log into the file when applies have made it long.
    pub fn tidy(&mut self) -> Result<(), ViewsError> {
        match &mut self.arm {
            Arm::Memory(_) => Ok(()),
            Arm::Sqlite(sqlite) => sqlite.checkpoint_if_long(),
        }
    }

    /// Forgets everything and begins anew at position 0; readers see it at once.
    pub fn reset(&mut self, journal: &JournalReader) -> Result<(), ViewsError> {
        let start = open::start_of(journal)?;
        match &mut self.arm {
            Arm::Memory(memory) => memory.reset(start),
            Arm::Sqlite(sqlite) => sqlite.reset(start)?,
        }
        self.at = start;
        Ok(())
    }

    /// Moves the write-ahead log into the file as far as no reader needs it; [`Views::tidy`] does so when the log is long.
    pub fn checkpoint(&mut self) -> Result<(), ViewsError> {
        match &mut self.arm {
            Arm::Memory(_) => Ok(()),
            Arm::Sqlite(sqlite) => sqlite.checkpoint(),
        }
    }

    /// Moves the whole write-ahead log into the file and cuts it: the next open would have to read all of it before anything
    /// else. A reader in the way for long leaves it as it is.
    pub fn end(self) -> Result<(), ViewsError> {
        match self.arm {
            Arm::Memory(_) => Ok(()),
            Arm::Sqlite(sqlite) => sqlite.end(),
        }
    }
}
