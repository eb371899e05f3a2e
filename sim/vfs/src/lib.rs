//! SQLite over a file system that is a safe Rust trait, so that a simulation sees every write and sync and can make them
//! fail. The one crate of the house with `unsafe` in it; nothing of the product depends on it.
//!
//! [`register`] makes a [`FileSystem`] SQLite's default, for the whole process and for ever. Time, sleep and randomness
//! come from it too.

mod files;
mod shared_memory;
mod system;

use std::{ffi::c_int, time::Duration};

use rusqlite::ffi;

pub use shared_memory::SharedMemory;
pub use system::{forget_randomness, register};

/// An open file, as the file system numbers it.
pub type FileId = u64;

/// What a call was answered with, when not with success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody else has the lock.
    Busy,
    /// The file was opened for reading, and cannot be locked for writing.
    Lock,
    /// There is no such file, or it cannot be opened.
    CannotOpen,
    /// There is no such file to delete.
    Absent,
    /// Reading failed.
    Read,
    /// Writing failed.
    Write,
    /// There is no room.
    Full,
    /// The sync failed.
    Sync,
    /// Cutting failed.
    Truncate,
    /// Deleting failed.
    Delete,
    /// The file is of a process that is no more.
    Dead,
}

impl Refusal {
    /// SQLite's number for it.
    fn code(self) -> c_int {
        match self {
            Self::Busy => ffi::SQLITE_BUSY,
            Self::Lock => ffi::SQLITE_IOERR_LOCK,
            Self::CannotOpen => ffi::SQLITE_CANTOPEN,
            Self::Absent => ffi::SQLITE_IOERR_DELETE_NOENT,
            Self::Read => ffi::SQLITE_IOERR_READ,
            Self::Write => ffi::SQLITE_IOERR_WRITE,
            Self::Full => ffi::SQLITE_FULL,
            Self::Sync => ffi::SQLITE_IOERR_FSYNC,
            Self::Truncate => ffi::SQLITE_IOERR_TRUNCATE,
            Self::Delete => ffi::SQLITE_IOERR_DELETE,
            Self::Dead => ffi::SQLITE_IOERR,
        }
    }
}

/// How a file is to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Make it if it is not there.
    pub creates: bool,
    /// It must not be there.
    pub is_new: bool,
    /// It will not be written.
    pub is_read_only: bool,
    /// Its name goes when it is closed.
    pub is_temporary: bool,
    /// It is a write-ahead log: the first sync after this makes its name durable too, as SQLite's own file system for Unix does.
    pub is_log: bool,
}

/// A lock on a database file, weakest first (<https://sqlite.org/lockingv3.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lock {
    /// None.
    None,
    /// Reading.
    Shared,
    /// Going to write.
    Reserved,
    /// Waiting for readers to end.
    Pending,
    /// Writing.
    Exclusive,
}

/// A file system. Calls come from whichever threads use SQLite.
pub trait FileSystem: Send + Sync + 'static {
    /// Opens a file; without a path, a temporary one.
    fn open(&self, path: Option<&str>, how: Opening) -> Result<FileId, Refusal>;

    /// Closes a file and gives up its locks.
    fn close(&self, file: FileId);

    /// Takes a file's name away, durably if asked to.
    fn delete(&self, path: &str, durably: bool) -> Result<(), Refusal>;

    /// Whether there is a file of that name.
    fn exists(&self, path: &str) -> bool;

    /// Reads from an offset; fewer bytes than asked for only at the end.
    fn read(&self, file: FileId, offset: u64, into: &mut [u8]) -> Result<usize, Refusal>;

    /// Writes all of it, or says no.
    fn write(&self, file: FileId, offset: u64, bytes: &[u8]) -> Result<(), Refusal>;

    /// Cuts or extends a file.
    fn truncate(&self, file: FileId, bytes: u64) -> Result<(), Refusal>;

    /// Makes durable what was written.
    fn sync(&self, file: FileId) -> Result<(), Refusal>;

    /// How long a file is.
    fn bytes(&self, file: FileId) -> Result<u64, Refusal>;

    /// Takes a stronger lock.
    fn lock(&self, file: FileId, lock: Lock) -> Result<(), Refusal>;

    /// Goes back to a weaker lock.
    fn unlock(&self, file: FileId, lock: Lock);

    /// Whether anybody is going to write.
    fn is_reserved(&self, file: FileId) -> bool;

    /// The memory that everybody who has this database open shares.
    fn shared_memory(&self, file: FileId) -> Result<SharedMemory, Refusal>;

    /// Fills a buffer with what passes for random bytes.
    fn random(&self, into: &mut [u8]);

    /// Somebody waits for a lock.
    fn sleep(&self, duration: Duration);

    /// Milliseconds since 1970.
    fn now_ms(&self) -> u64;
}
