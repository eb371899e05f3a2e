//! The cursor: how far a follower has come, in a form that a client can carry and cannot make up.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{Position, Tag, limits::POSITION_MAX};

/// The first byte of a cursor. Other versions are refused as unknown.
const VERSION: u8 = 1;

/// Version, position, code.
const CURSOR_BYTES: usize = 1 + 8 + 8;

/// The characters of a printed cursor: 17 bytes in unpadded base64.
pub const CURSOR_TEXT_BYTES: usize = 23;

/// The secret by which a server knows its own cursors.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

/// A position with a 64-bit code over that position's tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// How far its holder has come.
    pub position: Position,
    code: [u8; 8],
}

/// Text that is not a cursor of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor")]
pub struct BadCursor;

impl CursorKey {
    /// A key from 32 secret bytes.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The cursor of a position with that tag.
    #[must_use]
    pub fn cursor(&self, position: Position, tag: &Tag) -> Cursor {
        Cursor { position, code: self.code(position, tag) }
    }

    /// Whether the cursor was made for this position *and* this tag.
    #[must_use]
    pub fn verifies(&self, cursor: &Cursor, tag: &Tag) -> bool {
        self.cursor(cursor.position, tag).is(cursor)
    }

    fn code(&self, position: Position, tag: &Tag) -> [u8; 8] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&position.0.to_le_bytes()).update(&tag.0);
        let mut code = [0; 8];
        hasher.finalize_xof().fill(&mut code);
        code
    }
}

impl Cursor {
    /// Whether a cursor that somebody brought is this one.
    #[must_use]
    pub fn is(&self, brought: &Self) -> bool {
        // A 64-bit code that only protects against accidents and guesses of one's own place needs no constant time,
        // but it costs nothing: compare without an early end.
        let differs = self.code.iter().zip(brought.code).fold(0, |differs, (a, b)| differs | (a ^ b));
        self.position == brought.position && differs == 0
    }

    /// The opaque URL-safe text, always [`CURSOR_TEXT_BYTES`] long.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = [VERSION; CURSOR_BYTES];
        bytes[1..9].copy_from_slice(&self.position.0.to_be_bytes());
        bytes[9..].copy_from_slice(&self.code);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what [`Cursor::encode`] wrote.
    pub fn decode(text: &str) -> Result<Self, BadCursor> {
        if text.len() != CURSOR_TEXT_BYTES {
            return Err(BadCursor);
        }
        let mut bytes = [0; CURSOR_BYTES + 2];
        let count = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| BadCursor)?;
        let [VERSION, rest @ ..] = &bytes[..count] else { return Err(BadCursor) };
        let (position, code) = rest.split_first_chunk::<8>().ok_or(BadCursor)?;
        let position = Position(u64::from_be_bytes(*position));
        let code = code.try_into().map_err(|_| BadCursor)?;
        if position.0 > POSITION_MAX { Err(BadCursor) } else { Ok(Self { position, code }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> CursorKey {
        CursorKey::new([7; 32])
    }

    #[test]
    fn a_cursor_survives_its_text_form() {
        for position in [0, 1, 77, POSITION_MAX] {
            let cursor = key().cursor(Position(position), &Tag([9; 32]));
            let text = cursor.encode();
            assert_eq!(text.len(), CURSOR_TEXT_BYTES);
            assert_eq!(Cursor::decode(&text), Ok(cursor));
        }
    }

    #[test]
    fn a_cursor_fits_only_its_own_position_tag_and_key() {
        let (tag, other) = (Tag([1; 32]), Tag([2; 32]));
        let cursor = key().cursor(Position(5), &tag);
        assert!(key().verifies(&cursor, &tag));
        assert!(!key().verifies(&cursor, &other));
        assert!(!key().verifies(&Cursor { position: Position(6), ..cursor }, &tag));
        assert!(!CursorKey::new([8; 32]).verifies(&cursor, &tag));
    }

    #[test]
    fn what_is_not_a_cursor_is_refused() {
        let good = key().cursor(Position(5), &Tag([1; 32])).encode();
        let foreign_version = good.replacen('A', "B", 1);
        let long = format!("{good}A");
        let spaced = good.replacen('A', " ", 1);
        for bad in ["", "a", "__proto__", &long, &spaced, &foreign_version, &"é".repeat(12)] {
            assert_eq!(Cursor::decode(bad), Err(BadCursor), "{bad}");
        }
    }
}
