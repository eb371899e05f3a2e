//! What the operating system or SQLite answered, in words that name the file.

use std::path::{Path, PathBuf};

use crate::sqlite;

/// Something outside this process said no. What was being done, to which file, and the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing} {}: {reason}", path.display())]
pub struct Failure {
    doing: &'static str,
    path: PathBuf,
    reason: String,
    is_malformed: bool,
    is_of_sync: bool,
}

impl Failure {
    pub(crate) fn new(doing: &'static str, path: &Path, reason: impl ToString) -> Self {
        Self { doing, path: path.to_owned(), reason: reason.to_string(), is_malformed: false, is_of_sync: false }
    }

    pub(crate) fn sqlite(doing: &'static str, path: &Path, error: &rusqlite::Error) -> Self {
        let (is_malformed, is_of_sync) = (sqlite::is_malformed(error), sqlite::is_of_sync(error));
        Self { is_malformed, is_of_sync, ..Self::new(doing, path, error) }
    }

    /// The file or folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a sync failed. What was written before it may never reach the disk, and no later sync will say so: only who
    /// reads the file again, from the disk, knows what is there.
    #[must_use]
    pub fn is_of_sync(&self) -> bool {
        self.is_of_sync
    }

    /// Whether the file's own content is at fault, rather than the disk, the moment or the permissions.
    pub(crate) fn is_malformed(&self) -> bool {
        self.is_malformed
    }
}
