//! Why a text is refused, where, and what its sender can do. Shown to the client as it stands.

use crate::limits::JSON_DEPTH_MAX;

/// A text that is not the strict JSON we take. `at` counts bytes from 0 in the text as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Nothing came, or the text stops inside a value.
    #[error("byte {at}: the JSON ends too early; send the whole value")]
    EndsEarly {
        /// The length of the text.
        at: usize,
    },
    /// A byte that the grammar does not allow there.
    #[error("byte {at}: not valid JSON; {expected} must stand here")]
    Unexpected {
        /// Where it stands.
        at: usize,
        /// What should stand there instead.
        expected: &'static str,
    },
    /// Bytes that are not UTF-8.
    #[error("byte {at}: not valid UTF-8; send JSON in UTF-8")]
    NotUtf8 {
        /// Where the invalid sequence begins.
        at: usize,
    },
    /// U+FEFF before the value.
    #[error("byte {at}: a byte order mark; send the JSON without it")]
    ByteOrderMark {
        /// Always 0.
        at: usize,
    },
    /// A raw byte below 0x20 inside a string.
    #[error("byte {at}: a raw control character in a string; write it as an escape such as \\n or \\u0000")]
    ControlCharacter {
        /// Where it stands.
        at: usize,
    },
    /// A backslash that does not begin an escape of JSON.
    #[error("byte {at}: not an escape of JSON; write a backslash itself as \\\\")]
    BadEscape {
        /// Where the backslash stands.
        at: usize,
    },
    /// Half of a surrogate pair, which no text can hold.
    #[error("byte {at}: half of a surrogate pair; send whole characters, or replace it by \\ufffd")]
    LoneSurrogate {
        /// Where the escape begins.
        at: usize,
    },
    /// A number that a double cannot hold.
    #[error("byte {at}: a number beyond the range of a double; send it as a string")]
    NumberOutOfRange {
        /// Where the number begins.
        at: usize,
    },
    /// Too many arrays and objects inside each other.
    #[error("byte {at}: nested deeper than {JSON_DEPTH_MAX} levels; send a flatter value")]
    TooDeep {
        /// Where the bracket too many stands.
        at: usize,
    },
    /// The same key again in one object.
    #[error("byte {at}: this key stands twice in one object; send it once")]
    DuplicateKey {
        /// Where the second key begins.
        at: usize,
    },
    /// A key that changes objects behind a program's back in JavaScript.
    #[error("byte {at}: the key __proto__ is not accepted; use another name")]
    ForbiddenKey {
        /// Where the key begins.
        at: usize,
    },
}

impl JsonError {
    /// Where in the text, in bytes from 0.
    #[must_use]
    pub fn at(&self) -> usize {
        match *self {
            Self::EndsEarly { at }
            | Self::Unexpected { at, .. }
            | Self::NotUtf8 { at }
            | Self::ByteOrderMark { at }
            | Self::ControlCharacter { at }
            | Self::BadEscape { at }
            | Self::LoneSurrogate { at }
            | Self::NumberOutOfRange { at }
            | Self::TooDeep { at }
            | Self::DuplicateKey { at }
            | Self::ForbiddenKey { at } => at,
        }
    }
}
