//! A request's body while it comes: what is kept of it grows by pieces, so that a slow one costs what it sent and no more.
//!
//! A buffer that doubles leaves its smaller selves behind, and an allocator gives those back late.

use bytes::{Bytes, BytesMut};

use crate::limits::BODY_PIECE_BYTES;

/// What has come of a body.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    /// Each full, but for the last one.
    pieces: Vec<BytesMut>,
    bytes: usize,
}

impl Pieces {
    /// How much has come.
    pub(crate) const fn len(&self) -> usize {
        self.bytes
    }

    /// Keeps what came next.
    pub(crate) fn push(&mut self, mut data: &[u8]) {
        self.bytes += data.len();
        if let Some(last) = self.pieces.last_mut() {
            let room = last.capacity() - last.len();
            let (fits, rest) = data.split_at(room.min(data.len()));
            last.extend_from_slice(fits);
            data = rest;
        }
        if !data.is_empty() {
            // Most bodies come at once, and then are a piece of just their size.
            let least = if self.pieces.is_empty() { data.len() } else { BODY_PIECE_BYTES };
            let mut piece = BytesMut::with_capacity(least.max(data.len()));
            piece.extend_from_slice(data);
            self.pieces.push(piece);
        }
    }

    /// The body. Only one that came in several pieces is copied.
    pub(crate) fn whole(mut self) -> Bytes {
        match self.pieces.len() {
            0 => Bytes::new(),
            1 => self.pieces.remove(0).freeze(),
            _ => self.pieces.concat().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_came_and_little_more() {
        for piece_bytes in [1, 1_000, BODY_PIECE_BYTES - 1, BODY_PIECE_BYTES, BODY_PIECE_BYTES + 1, 100_000] {
            let sent: Vec<u8> = (0..200_000_u32).map(|index| (index % 251) as u8).collect();
            let mut pieces = Pieces::default();
            for data in sent.chunks(piece_bytes) {
                pieces.push(data);
                let kept: usize = pieces.pieces.iter().map(BytesMut::capacity).sum();
                assert!(kept <= pieces.len() + BODY_PIECE_BYTES, "{kept} bytes for {}", pieces.len());
            }
            assert_eq!(pieces.len(), sent.len());
            assert_eq!(pieces.whole(), sent, "in pieces of {piece_bytes}");
        }
    }

    #[test]
    fn nothing_is_an_empty_body() {
        assert!(Pieces::default().whole().is_empty());
    }
}
