//! What can be wrong with a journal on disk, and where.

use std::path::{Path, PathBuf};

use journal::Position;

use super::{Discontinuity, row};
use crate::Failure;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// An entry does not continue the one before it.
    #[error("the entry does not continue the one before it ({0})")]
    Chain(Discontinuity),
    /// An entry's place in its topic does not continue.
    #[error("the entry has seq {found} in its topic where {expected} should be")]
    Seq {
        /// The seq after the topic's entry before.
        expected: u64,
        /// The seq on disk.
        found: u64,
    },
    /// An entry is missing where others follow.
    #[error("the entry is missing")]
    Hole,
    /// A field of an entry is not what this version writes.
    #[error("the field `{0}` cannot be read")]
    Field(&'static str),
    /// A segment does not begin where the one before it ends.
    #[error("the segment does not continue the one before it")]
    Joint,
    /// A segment's description of itself is not that of a segment in this place.
    #[error("the segment's description is wrong: {0}")]
    Meta(&'static str),
    /// Another version of Tidings wrote the segment.
    #[error("it has format {0}, this version of Tidings reads format {reads}", reads = row::FORMAT)]
    Format(i64),
    /// SQLite itself finds the file malformed.
    #[error("the file is malformed")]
    Malformed,
}

/// Damage with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is damaged at position {position}: {damage}", segment.display())]
pub struct Fault {
    /// The segment's file.
    pub segment: PathBuf,
    /// The first position that cannot be trusted.
    pub position: Position,
    /// What is wrong there.
    pub damage: Damage,
}

/// Why a segment could not be read: it is damaged, or something outside said no.
#[derive(Debug)]
pub(super) enum Trouble {
    Damaged(Fault),
    Failed(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Trouble {
    /// A failure at a place: damage, where the file's content is at fault.
    pub(super) fn of(failure: Failure, segment: &Path, position: Position) -> Self {
        if failure.is_malformed() {
            Self::Damaged(Fault { segment: segment.to_owned(), position, damage: Damage::Malformed })
        } else {
            Self::Failed(failure)
        }
    }
}

/// Whose fault an error of SQLite is: the file's, or the moment's.
pub(super) fn judge(segment: &Path, position: Position, error: &rusqlite::Error) -> Trouble {
    Trouble::of(Failure::sqlite("reading", segment, error), segment, position)
}
