//! Item ids: strings or integers, never confused with each other.

use std::fmt;

use crate::limits::{ITEM_ID_BYTES_MAX, ITEM_ID_INTEGER_MAX};

/// The id of an item inside its topic. `3` and `"3"` are two ids.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemId {
    /// An integer that JavaScript keeps exactly.
    Integer(i64),
    /// Text of 1 to [`ITEM_ID_BYTES_MAX`] bytes, decoded (not its JSON spelling).
    Text(Box<str>),
}

/// An id that is neither a bounded string nor an exact integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is a string of 1 to {ITEM_ID_BYTES_MAX} bytes or an integer between ±{ITEM_ID_INTEGER_MAX}")]
pub struct BadItemId;

impl ItemId {
    /// A text id within its bounds.
    pub fn text(id: &str) -> Result<Self, BadItemId> {
        if (1..=ITEM_ID_BYTES_MAX).contains(&id.len()) { Ok(Self::Text(id.into())) } else { Err(BadItemId) }
    }

    /// An integer id within its bounds.
    pub fn integer(id: i64) -> Result<Self, BadItemId> {
        if (-ITEM_ID_INTEGER_MAX..=ITEM_ID_INTEGER_MAX).contains(&id) { Ok(Self::Integer(id)) } else { Err(BadItemId) }
    }
}

impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(id) => id.fmt(f),
            Self::Text(id) => id.fmt(f),
        }
    }
}
