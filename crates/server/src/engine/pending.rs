//! The rest of the one frame that a full socket cut.

use std::io::IoSlice;

use bytes::{Buf, Bytes};
use wire::websocket::FrameHeader;

use crate::limits::ENGINE_PENDING_COPY_BYTES_MAX;

/// What is left of a begun frame: of its header, then of its body.
#[derive(Debug)]
pub(super) struct Pending {
    header: Option<FrameHeader>,
    header_sent: usize,
    body: Bytes,
}

impl Pending {
    /// The rest of shared bytes. A short rest is copied, so that it does not keep the whole shared buffer alive.
    pub(super) fn of_shared(rest: Bytes) -> Self {
        let short = rest.len() <= ENGINE_PENDING_COPY_BYTES_MAX;
        let body = if short { Bytes::copy_from_slice(&rest) } else { rest };
        Self { header: None, header_sent: 0, body }
    }

    /// A frame of which `sent` bytes, at least one and not all, are written.
    pub(super) fn of_frame(header: FrameHeader, body: Bytes, sent: usize) -> Self {
        let mut pending = Self { header: Some(header), header_sent: 0, body };
        pending.advance(sent);
        pending
    }

    /// What is to be written.
    pub(super) fn slices(&self) -> [IoSlice<'_>; 2] {
        let header = self.header.as_ref().and_then(|header| header.as_bytes().get(self.header_sent..));
        [IoSlice::new(header.unwrap_or_default()), IoSlice::new(&self.body)]
    }

    /// `sent` more bytes are written. Whether all are.
    pub(super) fn advance(&mut self, sent: usize) -> bool {
        let header_left = self.slices()[0].len();
        self.header_sent += sent.min(header_left);
        self.body.advance(sent.saturating_sub(header_left));
        self.body.is_empty() && header_left <= sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::websocket::Opcode;

    #[test]
    fn a_frame_cut_anywhere_continues_where_it_was_cut() {
        let header = FrameHeader::server(Opcode::Text, 300);
        let body = Bytes::from(vec![7; 300]);
        let whole = [header.as_bytes(), &body].concat();
        for cut in 1..whole.len() {
            let pending = Pending::of_frame(header, body.clone(), cut);
            let rest: Vec<u8> = pending.slices().iter().flat_map(|slice| slice.to_vec()).collect();
            assert_eq!(rest, whole[cut..], "cut at {cut}");
        }
    }

    #[test]
    fn it_is_done_with_its_last_byte() {
        let mut pending = Pending::of_shared(Bytes::from_static(b"abc"));
        assert!(!pending.advance(2));
        assert!(pending.advance(1));
    }
}
