//! Opening: the lock, the leftovers of a crash, the joints of the segments, and the last entries against the chain.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use journal::{Position, Tag};
use parking_lot::RwLock;

use super::{
    Damage, Fault, Head,
    append::{SqliteJournal, Writer},
    damage::Trouble,
    read::{Run, Shared},
    segment::{self, Segment},
};
use crate::{
    Disk, Failure, Faults,
    folder::LockError,
    limits::{SEGMENT_ENTRIES_MAX, VERIFIED_AT_OPEN_ENTRIES},
    sqlite::{self, PoolError},
};

/// How to open a journal.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// Random bytes that become the identity of the journal if it has to be created.
    pub identity_if_new: [u8; 16],
    /// Entries after which a new segment begins; small in tests.
    pub segment_entries_max: u64,
    /// Lets tests make writes fail.
    pub faults: Faults,
    /// Where it lies.
    pub disk: Disk,
}

impl JournalOptions {
    /// What production uses.
    #[must_use]
    pub fn new(identity_if_new: [u8; 16]) -> Self {
        Self {
            identity_if_new,
            segment_entries_max: SEGMENT_ENTRIES_MAX,
            faults: Faults::default(),
            disk: Disk::System,
        }
    }
}

/// Why a journal cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "{} is in use by another tidings server{}: stop that one first, or give this one another data folder",
        folder.display(),
        holder.map(|id| format!(" (process {id})")).unwrap_or_default()
    )]
    Locked {
        /// The folder of the space.
        folder: PathBuf,
        /// The other process, where it left its id.
        holder: Option<u32>,
    },
    /// What is on disk is not what was written.
    #[error("{0}; restore the folder from a backup, or see what `tidings verify` says")]
    Damaged(Fault),
    /// The operating system or SQLite said no.
    #[error(transparent)]
    Failed(Failure),
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Trouble> for OpenError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Damaged(fault) => Self::Damaged(fault),
            Trouble::Failed(failure) => Self::Failed(failure),
        }
    }
}

/// What opening found.
pub(super) struct Opened {
    pub(super) journal: SqliteJournal,
    pub(super) identity: [u8; 16],
    pub(super) head: Head,
}

impl SqliteJournal {
    pub(super) fn open(space: &Path, options: &JournalOptions) -> Result<Opened, OpenError> {
        let folder = journal_folder(space);
        let disk = options.disk.clone();
        disk.create_folders(&folder)?;
        let lock = disk.lock(space).map_err(|error| match error {
            LockError::Held(holder) => OpenError::Locked { folder: space.to_owned(), holder },
            LockError::Failed(failure) => failure.into(),
        })?;
        let segments = prepare(&disk, &folder, options.identity_if_new)?;
        let identity = segments[0].identity;
        let shared = Arc::new(Shared { disk: disk.clone(), segments: RwLock::new(segments), pool: Arc::default() });
        let segment_entries_max = options.segment_entries_max;
        let mut journal = Self {
            disk,
            folder,
            identity,
            segment_entries_max,
            shared,
            hot: None,
            cooling: None,
            has_failed: false,
            _lock: lock,
        };
        let head = journal.recover()?;
        Ok(Opened { journal, identity, head })
    }

    /// Opens the files anew under the lock that is held already.
    pub(super) fn reopen(&mut self) -> Result<Head, OpenError> {
        let pool = Arc::clone(&self.shared.pool);
        let _pause = pool.pause().map_err(|error| match error {
            PoolError::Busy => Failure::new("reopening", &self.folder, "its readers do not come to an end"),
            PoolError::Failed(failure) => failure,
        })?;
        self.abandon();
        let segments = prepare(&self.disk, &self.folder, self.identity)?;
        *self.shared.segments.write() = segments;
        self.recover()
    }

    /// Checks what opening must not trust (that the segments join, and the chain of the last entries), and opens the
    /// last segment for appending.
    fn recover(&mut self) -> Result<Head, OpenError> {
        let segments = self.shared.segments.read().clone();
        let hot = Writer::open(&self.disk, Arc::clone(segments.last().expect("an open journal has a segment")))?;
        hot.empty_log()?;
        let head = joined(&segments)?;
        verify_last(&segments, head)?;
        self.hot = Some(hot);
        self.has_failed = false;
        Ok(head)
    }
}

/// Where the segments of a space lie.
pub(super) fn journal_folder(space: &Path) -> PathBuf {
    space.join("journal")
}

/// Cleans up after a crash and describes the segments, of which there is at least one afterwards.
fn prepare(disk: &Disk, folder: &Path, identity_if_new: [u8; 16]) -> Result<Vec<Arc<Segment>>, OpenError> {
    segment::delete_unfinished(disk, folder)?;
    let paths = segment::list(disk, folder)?;
    if paths.is_empty() {
        let start = Head { position: Position::START, tag: Tag::genesis(identity_if_new), time_ms: 0 };
        return Ok(vec![Arc::new(Segment::create(disk, folder, identity_if_new, start)?)]);
    }
    paths.iter().map(|path| settle(disk, path).map(Arc::new)).collect()
}

/// Describes a segment after making its log what it is on disk. A log that a crash left beside a cold segment is emptied
/// on the way.
fn settle(disk: &Disk, path: &Path) -> Result<Segment, OpenError> {
    let has_log = sqlite::settle_log(disk, path)?;
    let connection = if has_log { segment::open_writer(path)? } else { segment::open_reader(path)? };
    Ok(Segment::describe(path, &connection)?)
}

/// Holds each segment against the end of the one before it; answers where the last one ends.
fn joined(segments: &[Arc<Segment>]) -> Result<Head, OpenError> {
    let mut end: Option<Head> = None;
    for segment in segments {
        let fits = end.is_none_or(|end| end == segment.before) && segment.identity == segments[0].identity;
        if !fits {
            return Err(segment.damaged(segment.first, Damage::Joint).into());
        }
        let connection = segment::open_reader(&segment.path)?;
        end = Some(segment.end(&connection)?);
    }
    Ok(end.expect("an open journal has a segment"))
}

/// Verifies the last entries, across segments, however many the journal has.
fn verify_last(segments: &[Arc<Segment>], head: Head) -> Result<(), OpenError> {
    let oldest = Position(head.position.0.saturating_sub(VERIFIED_AT_OPEN_ENTRIES)).next();
    let mut last = head.position;
    for segment in segments.iter().rev() {
        let connection = segment::open_reader(&segment.path)?;
        let run = Run { segment, connection: &connection };
        run.verify(segment.first.max(oldest), last, |_| Ok(()))?;
        last = segment.before.position;
        if last < oldest {
            break;
        }
    }
    Ok(())
}
