//! The writing half on disk: one transaction per batch, synced; segments rolled; the log emptied by its writer alone.

use std::{path::PathBuf, sync::Arc, time::Duration};

use journal::{Bug, Entry, Position};
use rusqlite::Connection;

use super::{Head, read::Shared, row, segment::Segment};
use crate::{
    Disk, Failure, Faults,
    folder::FolderLock,
    limits::{BUSY_WAIT_MS_MAX, COOLING_WAIT_MS_MAX, JOURNAL_CACHE_KIB, WAL_FRAMES_MAX},
    sqlite::{self, Checkpoint, Sync, Writing},
};

/// How an entry fails to continue the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Discontinuity {
    /// Its position is not the next one.
    #[error("its position is not the next one")]
    Position,
    /// Its tag does not follow.
    #[error("its tag does not follow")]
    Tag,
    /// Its time lies before.
    #[error("its time lies before")]
    Time,
}

/// Why a batch was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The batch does not continue the journal. Nothing was written; the caller is at fault.
    #[error("entry {position} does not continue the journal: {why}")]
    NotNext {
        /// The first entry that does not fit.
        position: Position,
        /// How it does not.
        why: Discontinuity,
    },
    /// The disk said no. Whether the batch is there is unknown; nothing more is written until a reopen.
    #[error("the journal cannot be written: {0}")]
    Failed(Failure),
    /// An earlier write failed.
    #[error("an earlier write failed; the journal has to be reopened and verified")]
    Poisoned,
}

/// Why the write-ahead log was not emptied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The disk said no; nothing more is written until a reopen.
    #[error("the journal cannot be checkpointed: {0}")]
    Failed(Failure),
    /// An earlier write failed.
    #[error("an earlier write failed; the journal has to be reopened and verified")]
    Poisoned,
}

/// Every append is synced before it returns.
pub(super) const WRITING: Writing = Writing { sync: Sync::Full, cache_kib: JOURNAL_CACHE_KIB };

/// The writer's side of a journal on disk.
pub(super) struct SqliteJournal {
    pub(super) disk: Disk,
    pub(super) folder: PathBuf,
    pub(super) identity: [u8; 16],
    pub(super) segment_entries_max: u64,
    pub(super) shared: Arc<Shared>,
    /// The segment that is appended to. Closed only while a reopen has not yet succeeded, and the journal is poisoned.
    pub(super) hot: Option<Writer>,
    /// The segment before, until its log could be cut.
    pub(super) cooling: Option<Writer>,
    /// Whether a write, a sync or a checkpoint failed since the last open.
    pub(super) has_failed: bool,
    pub(super) _lock: FolderLock,
}

/// A segment with the one connection that writes and checkpoints it.
pub(super) struct Writer {
    segment: Arc<Segment>,
    connection: Connection,
}

impl SqliteJournal {
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Writes a checked batch that leads from `before` to the next head.
    pub(super) fn append(&mut self, mut entries: &[Entry], before: Head, faults: &Faults) -> Result<(), Failure> {
        if entries.is_empty() {
            return Ok(());
        }
        if self.is_full(entries.len(), before) {
            self.roll(before)?;
            entries = if Bug::RollLosesEntry.is_planted() { entries.get(1..).unwrap_or_default() } else { entries };
        }
        let hot = self.hot();
        hot.write(entries, faults)?;
        hot.checkpoint_if_long()
    }

    /// From here on nothing is written. The connections stay open: a reader that came to a closed file would find there,
    /// and serve, what was written and never synced.
    pub(super) fn fail(&mut self) {
        self.has_failed = true;
    }

    /// Closes without another write or sync.
    pub(super) fn abandon(&mut self) {
        let writers = [self.hot.take(), self.cooling.take()];
        writers.into_iter().flatten().for_each(|writer| sqlite::abandon(writer.connection));
    }

    fn hot(&mut self) -> &mut Writer {
        self.hot.as_mut().expect("a journal that is not poisoned has its last segment open")
    }

    /// A batch is never split; one that is larger than a segment gets a segment of its own.
    fn is_full(&mut self, more: usize, before: Head) -> bool {
        let present = before.position.0 - self.hot().segment.before.position.0;
        present > 0 && present + more as u64 > self.segment_entries_max
    }

    /// Begins a new segment behind `before`. A crash leaves either no new segment or an empty one; both are whole.
    fn roll(&mut self, before: Head) -> Result<(), Failure> {
        let segment = Arc::new(Segment::create(&self.disk, &self.folder, self.identity, before)?);
        let writer = Writer::open(&self.disk, Arc::clone(&segment))?;
        self.cooling = self.hot.replace(writer);
        self.shared.segments.write().push(segment);
        self.cool()
    }

    /// Cuts the log of the segment before. Readers in the way are waited for only shortly; then the next checkpoint
    /// tries again, and the next open at the latest.
    fn cool(&mut self) -> Result<(), Failure> {
        if let Some(old) = &self.cooling
            && old.truncate_log()?
        {
            self.cooling = None;
        }
        Ok(())
    }

    fn cut_logs(&mut self) -> Result<(), Failure> {
        self.cool()?;
        self.hot.as_ref().map_or(Ok(true), Writer::truncate_log).map(|_| ())
    }

    pub(super) fn checkpoint(&mut self, faults: &Faults) -> Result<(), Failure> {
        if faults.take_checkpoint() {
            return Err(self.hot().failed("checkpointing", "a fault was injected"));
        }
        self.cool()?;
        self.hot().checkpoint()
    }
}

/// A log that stays behind would be read before the segment, and SQLite takes a damaged byte in it for its end: what it held
/// behind that, moved or not, would be gone without a word. So a writer that ends well leaves none, unless a reader is in
/// the way for long.
impl Drop for SqliteJournal {
    fn drop(&mut self) {
        if self.has_failed || self.cut_logs().is_err() {
            self.abandon();
        }
    }
}

impl Writer {
    pub(super) fn open(disk: &Disk, segment: Arc<Segment>) -> Result<Self, Failure> {
        let connection = sqlite::open_writer(&segment.path, WRITING)?;
        // SQLite does not notice when the name of its log fails to reach the disk.
        segment.path.parent().map_or(Ok(()), |folder| disk.sync_folder(folder))?;
        Ok(Self { segment, connection })
    }

    fn write(&mut self, entries: &[Entry], faults: &Faults) -> Result<(), Failure> {
        let path = &self.segment.path;
        let failed = |error: rusqlite::Error| Failure::new("appending to", path, error);
        let transaction = self.connection.transaction().map_err(failed)?;
        {
            let mut statement = transaction.prepare_cached(row::INSERT).map_err(failed)?;
            for entry in entries {
                row::insert(&mut statement, entry).map_err(failed)?;
            }
        }
        if faults.take_append() {
            return Err(Failure::new("appending to", path, "a fault was injected"));
        }
        transaction.commit().map_err(failed)
    }

    fn checkpoint_if_long(&self) -> Result<(), Failure> {
        let log = sqlite::checkpoint(&self.connection, Checkpoint::Count);
        let log = log.map_err(|error| self.failed("measuring the log of", error))?;
        if log.is_longer_than(WAL_FRAMES_MAX) { self.checkpoint() } else { Ok(()) }
    }

    fn checkpoint(&self) -> Result<(), Failure> {
        let done = sqlite::checkpoint(&self.connection, Checkpoint::Passive);
        done.map(|_| ()).map_err(|error| self.failed("checkpointing", error))
    }

    /// Moves everything into the segment and cuts its log; answers whether no reader was in the way.
    fn truncate_log(&self) -> Result<bool, Failure> {
        let failed = |error: rusqlite::Error| self.failed("cutting the log of", error);
        self.connection.busy_timeout(Duration::from_millis(COOLING_WAIT_MS_MAX)).map_err(failed)?;
        let log = sqlite::checkpoint(&self.connection, Checkpoint::Truncate).map_err(failed)?;
        self.connection.busy_timeout(Duration::from_millis(BUSY_WAIT_MS_MAX)).map_err(failed)?;
        Ok(log.is_done())
    }

    /// Moves everything into the segment, synced, or says who is in the way: nothing is served from a log that an earlier
    /// process wrote.
    pub(super) fn empty_log(&self) -> Result<(), Failure> {
        let log = sqlite::checkpoint(&self.connection, Checkpoint::Truncate);
        let log = log.map_err(|error| self.failed("checkpointing", error))?;
        if log.is_moved() { Ok(()) } else { Err(self.failed("checkpointing", "another process keeps reading it")) }
    }

    fn failed(&self, doing: &'static str, reason: impl ToString) -> Failure {
        Failure::new(doing, &self.segment.path, reason)
    }
}
