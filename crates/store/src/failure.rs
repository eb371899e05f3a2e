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
}

impl Failure {
    pub(crate) fn new(doing: &'static str, path: &Path, reason: impl ToString) -> Self {
        Self { doing, path: path.to_owned(), reason: reason.to_string(), is_malformed: false }
    }

    pub(crate) fn sqlite(doing: &'static str, path: &Path, error: &rusqlite::Error) -> Self {
        Self { is_malformed: sqlite::is_malformed(error), ..Self::new(doing, path, error) }
    }

    /// The file or folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file's own content is at fault, rather than the disk, the moment or the permissions.
    pub(crate) fn is_malformed(&self) -> bool {
        self.is_malformed
    }
}
