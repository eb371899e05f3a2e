//! What the operating system or SQLite answered, in words that name the file.

use std::path::{Path, PathBuf};

/// Something outside this process said no. What was being done, to which file, and the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing} {}: {reason}", path.display())]
pub struct Failure {
    doing: &'static str,
    path: PathBuf,
    reason: String,
}

impl Failure {
    pub(crate) fn new(doing: &'static str, path: &Path, reason: impl ToString) -> Self {
        Self { doing, path: path.to_owned(), reason: reason.to_string() }
    }

    /// The file or folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
