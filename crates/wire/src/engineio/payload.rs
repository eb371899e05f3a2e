//! Polling payloads: packets joined by the record separator. Split without copying, joined up to a bound.

use bytes::Bytes;

use super::packet::{InvalidPacket, Packet, PacketType, write_base64};

/// The record separator between packets, U+001E.
const SEPARATOR: u8 = 0x1e;

/// The packets of a payload, in order. The iteration ends after the first error.
///
/// # Errors
/// [`InvalidPacket`] at once if the payload is not UTF-8, and in place of each packet that is none.
pub fn packets(payload: Bytes) -> Result<impl Iterator<Item = Result<Packet, InvalidPacket>> + Send, InvalidPacket> {
    if std::str::from_utf8(&payload).is_err() {
        return Err(InvalidPacket);
    }
    let mut rest = Some(payload);
    Ok(std::iter::from_fn(move || {
        let mut current = rest.take()?;
        if let Some(at) = memchr::memchr(SEPARATOR, &current) {
            let mut tail = current.split_off(at);
            rest = Some(tail.split_off(1));
        }
        let packet = Packet::from_payload(&current);
        if packet.is_err() {
            rest = None;
        }
        Some(packet)
    }))
}

/// Joins packets into one payload of at most a given size, except that one packet always fits.
#[derive(Debug)]
pub struct PayloadWriter {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl PayloadWriter {
    /// An empty payload that will hold at most `bytes_max` bytes, or a single larger packet.
    #[must_use]
    pub const fn new(bytes_max: usize) -> Self {
        Self { bytes: Vec::new(), bytes_max }
    }

    /// Whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Appends an encoded text packet, digit included. `false`: it does not fit and was not taken.
    #[must_use]
    pub fn text(&mut self, packet: &[u8]) -> bool {
        let room = self.room(packet.len());
        if room {
            self.bytes.extend_from_slice(packet);
        }
        room
    }

    /// Appends a binary message. `false`: it does not fit and was not taken.
    #[must_use]
    pub fn binary(&mut self, message: &[u8]) -> bool {
        let room = self.room(1 + message.len().div_ceil(3) * 4);
        if room {
            write_base64(message, &mut self.bytes);
        }
        room
    }

    /// A payload of one packet without data.
    #[must_use]
    pub fn bare(packet: PacketType) -> Bytes {
        Bytes::copy_from_slice(&[packet as u8])
    }

    /// The payload as it is sent.
    #[must_use]
    pub fn finish(self) -> Bytes {
        self.bytes.into()
    }

    fn room(&mut self, packet_bytes: usize) -> bool {
        if self.bytes.is_empty() {
            return true;
        }
        if self.bytes.len() + 1 + packet_bytes > self.bytes_max {
            return false;
        }
        self.bytes.push(SEPARATOR);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engineio::Message;

    fn split(payload: &'static [u8]) -> Vec<Result<Packet, InvalidPacket>> {
        packets(Bytes::from_static(payload)).map_or_else(|_| Vec::new(), Iterator::collect)
    }

    #[test]
    fn a_payload_splits_into_its_packets() {
        let expected: Vec<_> = vec![
            Ok(Packet::Message(Message::Text("hello".into()))),
            Ok(Packet::Message(Message::Binary(vec![1, 2, 3, 4].into()))),
            Ok(Packet::Pong(Bytes::new())),
        ];
        assert_eq!(split(b"4hello\x1ebAQIDBA==\x1e3"), expected);
    }

    #[test]
    fn the_first_bad_packet_ends_the_payload() {
        assert_eq!(split(b"4a\x1exx\x1e4b"), vec![Ok(Packet::Message(Message::Text("a".into()))), Err(InvalidPacket)]);
        assert_eq!(split(b""), vec![Err(InvalidPacket)]);
        assert_eq!(split(b"4a\x1e").last(), Some(&Err(InvalidPacket)));
        assert!(packets(Bytes::from_static(b"4\xff")).is_err());
    }

    #[test]
    fn a_writer_stops_at_its_bound_and_always_takes_one() {
        let mut writer = PayloadWriter::new(6);
        assert!(writer.text(b"4ab") && writer.text(b"4c") && !writer.text(b"4"));
        assert_eq!(writer.finish(), "4ab\x1e4c");
        let mut small = PayloadWriter::new(2);
        assert!(small.binary(&[1, 2, 3, 4]) && !small.text(b"4"));
        assert_eq!(small.finish(), "bAQIDBA==");
    }
}
