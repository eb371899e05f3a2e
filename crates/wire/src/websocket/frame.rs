//! Frame headers of RFC 6455 §5.2, written for both roles and read for both, and masking.

use super::decoder::{ProtocolError, Role};
use crate::limits::WEBSOCKET_CONTROL_BYTES_MAX;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// The next part of a message whose first frame named its kind.
    Continuation,
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
    /// The end of the connection.
    Close,
    /// A question whether the peer lives.
    Ping,
    /// The answer to a ping.
    Pong,
}

impl Opcode {
    const fn number(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    pub(super) const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// An encoded frame header.
#[derive(Debug, Clone, Copy)]
pub struct FrameHeader {
    bytes: [u8; 14],
    len: u8,
}

impl FrameHeader {
    /// Most bytes that a server's header takes.
    pub const SERVER_BYTES_MAX: usize = 10;

    /// The header of an unfragmented frame from a server.
    #[must_use]
    pub fn server(opcode: Opcode, payload_bytes: usize) -> Self {
        Self::encode(opcode, true, payload_bytes, None)
    }

    /// The header of an unfragmented frame from a client; the payload must be masked with the same key.
    #[must_use]
    pub fn client(opcode: Opcode, payload_bytes: usize, key: [u8; 4]) -> Self {
        Self::encode(opcode, true, payload_bytes, Some(key))
    }

    /// The header of any frame: `last` is the FIN bit, `key` the mask of a client.
    #[must_use]
    pub fn encode(opcode: Opcode, last: bool, payload_bytes: usize, key: Option<[u8; 4]>) -> Self {
        let mut header = Self { bytes: [0; 14], len: 0 };
        header.push(&[if last { FIN } else { 0 } | opcode.number()]);
        let mask_bit = if key.is_some() { MASKED } else { 0 };
        match (u8::try_from(payload_bytes), u16::try_from(payload_bytes)) {
            (Ok(short @ 0..=125), _) => header.push(&[mask_bit | short]),
            (_, Ok(medium)) => {
                header.push(&[mask_bit | 126]);
                header.push(&medium.to_be_bytes());
            }
            _ => {
                header.push(&[mask_bit | 127]);
                header.push(&(payload_bytes as u64).to_be_bytes());
            }
        }
        if let Some(key) = key {
            header.push(&key);
        }
        header
    }

    fn push(&mut self, more: &[u8]) {
        let start = usize::from(self.len);
        let room = self.bytes.get_mut(start..start + more.len()).expect("a header takes at most 1 + 1 + 8 + 4 bytes");
        room.copy_from_slice(more);
        self.len += more.len() as u8;
    }

    /// The encoded bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).expect("the length never exceeds the array")
    }
}

/// A header as read from the peer.
#[derive(Debug, Clone, Copy)]
pub(super) struct ParsedHeader {
    pub(super) last: bool,
    pub(super) opcode: Opcode,
    pub(super) payload_bytes: u64,
    pub(super) key: [u8; 4],
}

/// Bytes that the header starting with these two takes in all.
pub(super) const fn header_bytes(second: u8) -> usize {
    let extended = match second & !MASKED {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    2 + extended + if second & MASKED != 0 { 4 } else { 0 }
}

/// Reads a whole header; what it holds is judged by `role`, except that nothing is known of earlier frames here.
pub(super) fn parse_header(bytes: &[u8], role: Role) -> Result<ParsedHeader, ProtocolError> {
    let [first, second, rest @ ..] = bytes else { return Err(ProtocolError::Malformed) };
    if first & RESERVED != 0 {
        return Err(ProtocolError::ReservedBits);
    }
    let opcode = Opcode::from_number(first & 0x0f).ok_or(ProtocolError::UnknownOpcode)?;
    let masked = second & MASKED != 0;
    if masked != (role == Role::Server) {
        return Err(ProtocolError::WrongMasking);
    }
    let (payload_bytes, rest) = parse_length(second & !MASKED, rest)?;
    let key = if masked { *rest.first_chunk::<4>().ok_or(ProtocolError::Malformed)? } else { [0; 4] };
    let last = first & FIN != 0;
    if opcode.is_control() && (!last || payload_bytes > WEBSOCKET_CONTROL_BYTES_MAX as u64) {
        return Err(ProtocolError::BadControlFrame);
    }
    Ok(ParsedHeader { last, opcode, payload_bytes, key })
}

/// The payload length, which must be written in the shortest form and below 2^63 (RFC 6455 §5.2).
fn parse_length(short: u8, rest: &[u8]) -> Result<(u64, &[u8]), ProtocolError> {
    let (length, least, rest) = match short {
        126 => {
            let (bytes, rest) = rest.split_first_chunk::<2>().ok_or(ProtocolError::Malformed)?;
            (u64::from(u16::from_be_bytes(*bytes)), 126, rest)
        }
        127 => {
            let (bytes, rest) = rest.split_first_chunk::<8>().ok_or(ProtocolError::Malformed)?;
            (u64::from_be_bytes(*bytes), 1 << 16, rest)
        }
        short => (u64::from(short), 0, rest),
    };
    if length < least || length > i64::MAX as u64 { Err(ProtocolError::BadLength) } else { Ok((length, rest)) }
}

/// Masks or unmasks `payload`, whose first byte is byte `offset` of the frame's payload (RFC 6455 §5.3).
pub fn mask(payload: &mut [u8], key: [u8; 4], offset: usize) {
    let mut key = key;
    key.rotate_left(offset % 4);
    let wide = u64::from_ne_bytes([key, key].concat().try_into().expect("two keys are eight bytes"));
    let mut words = payload.chunks_exact_mut(8);
    for word in &mut words {
        let value = u64::from_ne_bytes((&*word).try_into().expect("chunks_exact_mut(8) gives eight bytes"));
        word.copy_from_slice(&(value ^ wide).to_ne_bytes());
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_takes_the_shortest_form_at_each_border() {
        for (payload, bytes) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            assert_eq!(FrameHeader::server(Opcode::Text, payload).as_bytes().len(), bytes, "{payload}");
            assert_eq!(FrameHeader::client(Opcode::Text, payload, [1; 4]).as_bytes().len(), bytes + 4, "{payload}");
        }
    }

    #[test]
    fn a_header_reads_back_as_written() {
        for payload in [0, 1, 125, 126, 65_535, 65_536, 1 << 40] {
            let header = FrameHeader::encode(Opcode::Binary, false, payload, Some([1, 2, 3, 4]));
            let parsed = parse_header(header.as_bytes(), Role::Server).unwrap();
            assert_eq!(header_bytes(header.as_bytes()[1]), header.as_bytes().len());
            assert_eq!((parsed.last, parsed.opcode, parsed.payload_bytes), (false, Opcode::Binary, payload as u64));
            assert_eq!(parsed.key, [1, 2, 3, 4]);
        }
    }

    #[test]
    fn masking_in_pieces_equals_masking_at_once() {
        let plain: Vec<u8> = (0..100).collect();
        let mut whole = plain.clone();
        mask(&mut whole, [9, 8, 7, 6], 0);
        for cut in 0..100 {
            let mut pieces = plain.clone();
            let (head, tail) = pieces.split_at_mut(cut);
            mask(head, [9, 8, 7, 6], 0);
            mask(tail, [9, 8, 7, 6], cut);
            assert_eq!(pieces, whole, "cut at {cut}");
        }
    }
}
