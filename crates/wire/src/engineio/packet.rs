//! The packet: one digit for its type, then its data. Binary messages travel bare on WebSocket and as base64 behind a
//! `b` in polling payloads.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

/// Padding is accepted and not demanded: some clients omit it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The digit that opens an encoded packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PacketType {
    /// The server's handshake.
    Open = b'0',
    /// The session ends.
    Close = b'1',
    /// The server's heartbeat, or a client's probe of a new transport.
    Ping = b'2',
    /// The answer to a ping.
    Pong = b'3',
    /// A message of the application.
    Message = b'4',
    /// The client has moved to the transport that carries this.
    Upgrade = b'5',
    /// Nothing: it ends a poll.
    Noop = b'6',
}

/// A message of the application, without the packet's digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Valid UTF-8.
    Text(Bytes),
    /// Bytes.
    Binary(Bytes),
}

/// A decoded packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// `0` and the handshake's JSON.
    Open(Bytes),
    /// `1`.
    Close,
    /// `2`, with `probe` on a transport that is being tried.
    Ping(Bytes),
    /// `3`, with what the ping held.
    Pong(Bytes),
    /// `4` and text, or bytes.
    Message(Message),
    /// `5`.
    Upgrade,
    /// `6`.
    Noop,
}

/// Not a packet of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Engine.IO packet")]
pub struct InvalidPacket;

impl Packet {
    /// Decodes a packet from text, which must be valid UTF-8 already.
    ///
    /// # Errors
    /// If it is empty or its type is unknown.
    pub fn from_text(text: &Bytes) -> Result<Self, InvalidPacket> {
        let data = || text.slice(1..);
        Ok(match text.first().ok_or(InvalidPacket)? {
            b'0' => Self::Open(data()),
            b'1' => Self::Close,
            b'2' => Self::Ping(data()),
            b'3' => Self::Pong(data()),
            b'4' => Self::Message(Message::Text(data())),
            b'5' => Self::Upgrade,
            b'6' => Self::Noop,
            _ => return Err(InvalidPacket),
        })
    }

    /// Decodes one packet of a polling payload, in which bytes are base64 behind a `b`.
    ///
    /// # Errors
    /// As [`Packet::from_text`], and if the base64 is none.
    pub fn from_payload(text: &Bytes) -> Result<Self, InvalidPacket> {
        match text.split_first() {
            Some((b'b', encoded)) => {
                let decoded = BASE64.decode(encoded).map_err(|_| InvalidPacket)?;
                Ok(Self::Message(Message::Binary(decoded.into())))
            }
            _ => Self::from_text(text),
        }
    }
}

/// Appends bytes as they stand in a polling payload: `b` and base64.
pub(super) fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'b');
    let start = out.len();
    let encoded_bytes = bytes.len().div_ceil(3) * 4;
    out.resize(start + encoded_bytes, 0);
    let room = out.get_mut(start..).expect("the buffer was just made this long");
    BASE64.encode_slice(bytes, room).expect("the room is base64's exact size");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_decodes_and_nothing_else_does() {
        let text = |text: &'static str| Packet::from_text(&Bytes::from_static(text.as_bytes()));
        assert_eq!(text("0{}"), Ok(Packet::Open("{}".into())));
        assert_eq!(text("1"), Ok(Packet::Close));
        assert_eq!(text("2probe"), Ok(Packet::Ping("probe".into())));
        assert_eq!(text("3"), Ok(Packet::Pong(Bytes::new())));
        assert_eq!(text("4hé"), Ok(Packet::Message(Message::Text("hé".into()))));
        assert_eq!(text("5"), Ok(Packet::Upgrade));
        assert_eq!(text("6"), Ok(Packet::Noop));
        for bad in ["", "7", "8x", "abc", "bAAAA", "é", "-1"] {
            assert_eq!(text(bad), Err(InvalidPacket), "{bad:?}");
        }
    }

    #[test]
    fn base64_decodes_with_and_without_padding() {
        let payload = |text: &'static str| Packet::from_payload(&Bytes::from_static(text.as_bytes()));
        let bytes = Ok(Packet::Message(Message::Binary(vec![1, 2, 3, 4].into())));
        assert_eq!(payload("bAQIDBA=="), bytes);
        assert_eq!(payload("bAQIDBA"), bytes);
        assert_eq!(payload("b"), Ok(Packet::Message(Message::Binary(Bytes::new()))));
        assert_eq!(payload("b*"), Err(InvalidPacket));
    }
}
