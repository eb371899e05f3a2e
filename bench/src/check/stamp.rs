//! What a pushed message says about itself, in a fixed number of bytes at the beginning of its item id:
//! `b000003-000000017-000000123456789` is the 17th push of lane 3, due 123 456 789 ns after the run began. A lane is one
//! pusher's pushes to one topic: they are sent, and have to arrive, in order.
//!
//! Peers may order the members of an object anew, but they leave an id as it is.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// The bytes of a stamp.
pub(crate) const STAMP_BYTES: usize = 33;

const LANE_DIGITS: usize = 6;
const NUMBER_DIGITS: usize = 9;
const TIME_DIGITS: usize = 15;

static BEFORE_STAMP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"id\":\"b"));
static BEFORE_TOPIC: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"type\":\"bench/"));
static BEFORE_SEQ: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"seq\":"));

/// Which push a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The lane: who pushed it, and to which topic.
    pub(crate) lane: u32,
    /// Which of that lane's pushes it is, from 1.
    pub(crate) number: u32,
    /// When it was due, in nanoseconds since the run began.
    pub(crate) due_ns: u64,
}

impl Stamp {
    /// Writes the stamp over the first [`STAMP_BYTES`] of `id`.
    pub(crate) fn write(self, id: &mut [u8]) {
        id[0] = b'b';
        write_digits(&mut id[1..1 + LANE_DIGITS], u64::from(self.lane));
        id[7] = b'-';
        write_digits(&mut id[8..8 + NUMBER_DIGITS], u64::from(self.number));
        id[17] = b'-';
        write_digits(&mut id[18..18 + TIME_DIGITS], self.due_ns);
    }

    /// The stamp in a message, or `None` in one that carries none.
    pub(crate) fn find(message: &[u8]) -> Option<Self> {
        let after = BEFORE_STAMP.find(message)? + BEFORE_STAMP.needle().len();
        let rest = message.get(after..after + STAMP_BYTES - 1)?;
        Some(Self {
            lane: u32::try_from(digits(&rest[..6])?).ok()?,
            number: u32::try_from(digits(&rest[7..16])?).ok()?,
            due_ns: digits(&rest[17..32])?,
        })
    }
}

/// The name of a topic by its number.
pub(crate) fn topic_name(topic: usize) -> String {
    format!("bench/{topic:04}")
}

/// The number of the topic of a message.
pub(crate) fn find_topic(message: &[u8]) -> Option<usize> {
    let after = BEFORE_TOPIC.find(message)? + BEFORE_TOPIC.needle().len();
    usize::try_from(digits(message.get(after..after + 4)?)?).ok()
}

/// The seq of a message; stock peers send none.
pub(crate) fn find_seq(message: &[u8]) -> Option<u64> {
    let after = BEFORE_SEQ.find(message)? + BEFORE_SEQ.needle().len();
    let rest = message.get(after..)?;
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits(&rest[..length])
}

/// Writes `value` over `place`, with zeros before it.
pub(crate) fn write_digits(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).expect("a remainder of 10 is below 10");
        value /= 10;
    }
}

fn digits(bytes: &[u8]) -> Option<u64> {
    let digit = |value: u64, byte: &u8| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0'));
    if bytes.is_empty() || bytes.len() > 18 { None } else { bytes.iter().try_fold(0, digit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_found_as_it_was_written() {
        let stamp = Stamp { lane: 3, number: 17, due_ns: 123_456_789 };
        let mut id = [0; STAMP_BYTES];
        stamp.write(&mut id);
        assert_eq!(&id, b"b000003-000000017-000000123456789");
        let message = [&b"42[\"sync_update\",{\"data\":{\"a\":1,\"id\":\""[..], &id, b"\"},\"seq\":90}]"].concat();
        assert_eq!(Stamp::find(&message), Some(stamp));
        assert_eq!(find_seq(&message), Some(90));
    }

    #[test]
    fn a_message_without_one_has_none() {
        for message in
            [&b""[..], b"42[\"connected\",{}]", b"\"id\":\"b000003-0000", b"\"id\":\"b00000x-000000017-000000123456789"]
        {
            assert_eq!(Stamp::find(message), None);
        }
    }

    #[test]
    fn a_topic_is_known_by_its_number() {
        let message = format!("{{\"type\":\"{}\",\"action\":\"add\"}}", topic_name(42));
        assert_eq!(find_topic(message.as_bytes()), Some(42));
    }
}
