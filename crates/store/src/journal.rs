//! The journal on disk or in memory: appended by one owner, read by everybody.
//!
//! Promises: an append is all or nothing, continues the chain, and is durable when it returns; after one failed append or
//! checkpoint nothing is written until the journal was reopened and verified; a read answers only what the chain proves.

mod append;
mod damage;
mod memory;
mod open;
mod read;
mod row;
mod segment;
mod verify;

use std::path::Path;

use journal::{Bug, Entry, Position, Tag};

pub use append::{AppendError, CheckpointError, Discontinuity};
pub use damage::{Damage, Fault};
pub use open::{JournalOptions, OpenError};
pub use read::{JournalReader, ReadError};
pub use verify::{Verification, verify, verify_on};

use crate::{Failure, Faults};

/// Where a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last entry's position; 0 when there is none.
    pub position: Position,
    /// The last entry's tag, or the genesis tag.
    pub tag: Tag,
    /// The last entry's time in milliseconds since 1970; 0 when there is none.
    pub time_ms: u64,
}

/// The one owner of a journal: appends, and makes readers.
pub struct Journal {
    arm: Arm,
    identity: [u8; 16],
    head: Head,
    poisoned: bool,
    faults: Faults,
}

enum Arm {
    Memory(memory::MemoryJournal),
    Sqlite(Box<append::SqliteJournal>),
}

impl Journal {
    /// Opens or creates the journal of the space in folder `space` (under `space/journal`), takes the space's lock,
    /// makes durable what a killed process left, and verifies the joints of the segments and the last entries.
    pub fn open(space: &Path, options: JournalOptions) -> Result<Self, OpenError> {
        let faults = options.faults.clone();
        let opened = append::SqliteJournal::open(space, &options)?;
        Ok(Self {
            identity: opened.identity,
            head: opened.head,
            arm: Arm::Sqlite(Box::new(opened.journal)),
            poisoned: false,
            faults,
        })
    }

    /// An empty journal that lives as long as its owner and readers.
    #[must_use]
    pub fn memory(options: JournalOptions) -> Self {
        let identity = options.identity_if_new;
        let head = Head { position: Position::START, tag: Tag::genesis(identity), time_ms: 0 };
        let arm = Arm::Memory(memory::MemoryJournal::new(head));
        Self { arm, identity, head, poisoned: false, faults: options.faults }
    }

    /// The random bytes that this journal was created with; they make its genesis tag.
    #[must_use]
    pub fn identity(&self) -> [u8; 16] {
        self.identity
    }

    /// Where the next entry continues.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// A reader of everything whose append returned. Readers outlive a [`Journal::reopen`].
    #[must_use]
    pub fn reader(&self) -> JournalReader {
        match &self.arm {
            Arm::Memory(memory) => JournalReader::memory(memory.clone()),
            Arm::Sqlite(sqlite) => JournalReader::sqlite(sqlite.shared()),
        }
    }

    /// Writes a batch that the caller numbered and chained: all of it, durably, or nothing. An empty batch is nothing.
    ///
    /// # Errors
    /// [`AppendError::NotNext`] when it does not continue the head: nothing was written and nothing is wrong with the
    /// disk. [`AppendError::Failed`] when the disk said no: whether the batch is there is unknown until the journal was
    /// reopened, and until then every append answers [`AppendError::Poisoned`].
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), AppendError> {
        if self.poisoned && !Bug::WritesAfterFailure.is_planted() {
            return Err(AppendError::Poisoned);
        }
        let head = self.head.continued_by(entries)?;
        self.write(entries, head).map_err(|failure| AppendError::Failed(self.poisoned_by(failure)))?;
        self.head = head;
        Ok(())
    }

    /// Moves what the write-ahead log holds into the segment, as far as no reader needs it, and waits for nobody. To be
    /// called when there is nothing to append; an append does it by itself only when the log has become long.
    pub fn checkpoint(&mut self) -> Result<(), CheckpointError> {
        if self.poisoned {
            return Err(CheckpointError::Poisoned);
        }
        let result = match &mut self.arm {
            Arm::Memory(memory) => memory.checkpoint(&self.faults),
            Arm::Sqlite(sqlite) => sqlite.checkpoint(&self.faults),
        };
        result.map_err(|failure| CheckpointError::Failed(self.poisoned_by(failure)))
    }

    /// Whether an append, a sync or a checkpoint failed since the journal was opened.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// Reads and verifies the journal from disk again, keeping the lock, and writes again when that succeeds. The head
    /// may have moved: a failed append may be there or not.
    pub fn reopen(&mut self) -> Result<(), OpenError> {
        self.poisoned = true;
        self.head = match &mut self.arm {
            Arm::Memory(memory) => memory.head(),
            Arm::Sqlite(sqlite) => sqlite.reopen()?,
        };
        self.poisoned = false;
        Ok(())
    }

    fn poisoned_by(&mut self, failure: Failure) -> Failure {
        self.poisoned = true;
        if let Arm::Sqlite(sqlite) = &mut self.arm {
            sqlite.fail();
        }
        failure
    }

    fn write(&mut self, entries: &[Entry], head: Head) -> Result<(), Failure> {
        match &mut self.arm {
            Arm::Memory(memory) => memory.append(entries, head, &self.faults),
            Arm::Sqlite(sqlite) => sqlite.append(entries, self.head, &self.faults),
        }
    }
}

impl Head {
    /// The head after these entries, if they continue this one: position by position, tag by tag, never back in time.
    pub(crate) fn continued_by(mut self, entries: &[Entry]) -> Result<Self, AppendError> {
        for entry in entries {
            if let Some(why) = self.refuses(entry) {
                return Err(AppendError::NotNext { position: entry.position, why });
            }
            self = Self::of(entry);
        }
        Ok(self)
    }

    /// The head of a journal that ends with this entry.
    pub(crate) fn of(entry: &Entry) -> Self {
        Self { position: entry.position, tag: entry.tag, time_ms: entry.time_ms }
    }

    /// Why an entry is not the next one, unless it is.
    pub(crate) fn refuses(&self, entry: &Entry) -> Option<Discontinuity> {
        if entry.position != self.position.next() {
            Some(Discontinuity::Position)
        } else if entry.time_ms < self.time_ms && !Bug::TimeGoesBack.is_planted() {
            Some(Discontinuity::Time)
        } else if entry.tag != self.tag.then(entry) {
            Some(Discontinuity::Tag)
        } else {
            None
        }
    }
}
