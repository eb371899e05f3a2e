//! One packet's text: a digit for its kind, the count of its attachments, its namespace, its acknowledgement id and its
//! JSON. Strict: what the reference parser would not write is refused.

use bytes::Bytes;

use super::json::{self, Arguments};
use super::namespace::Namespace;
use super::placeholder;
use crate::limits::{
    SOCKETIO_ACK_ID_MAX, SOCKETIO_ATTACHMENTS_MAX, SOCKETIO_EVENT_NAME_BYTES_MAX, SOCKETIO_NAMESPACE_BYTES_MAX,
};

/// Names that clients keep for themselves: an event of that name would fool its handlers.
const RESERVED_EVENTS: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// Why a packet is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPacket {
    /// The first character is no kind that a client may send.
    #[error("unknown packet type")]
    UnknownKind,
    /// A count that is missing, zero, above the bound, or on a packet without attachments.
    #[error("bad count of attachments")]
    BadAttachmentCount,
    /// A namespace that is too long.
    #[error("bad namespace")]
    BadNamespace,
    /// An acknowledgement id that is missing where there must be one, stands where there must be none, or is too large.
    #[error("bad acknowledgement id")]
    BadAckId,
    /// No JSON, or not of the shape of this kind.
    #[error("bad payload")]
    BadPayload,
    /// An event without a proper name.
    #[error("bad event name")]
    BadEventName,
    /// Placeholders that do not match the attachments.
    #[error("bad placeholder")]
    BadPlaceholder,
}

/// What a packet says apart from its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `0`, with the JSON object that authenticates the client.
    Connect(Option<Bytes>),
    /// `1`.
    Disconnect,
    /// `2` or `5`: an event's name, arguments and the id of the acknowledgement it asks for.
    Event(Box<str>, Arguments, Option<u64>),
    /// `3` or `6`: the id of the event that is acknowledged, and arguments.
    Ack(u64, Arguments),
}

/// A decoded packet, whose attachments follow as messages of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The namespace it belongs to.
    pub namespace: Namespace,
    /// What it says.
    pub kind: Kind,
    /// How many binary messages complete it.
    pub attachments: u32,
}

impl Header {
    /// Decodes a packet's text, which must be valid UTF-8 already.
    ///
    /// # Errors
    /// [`InvalidPacket`]; the connection is to be closed then.
    pub fn decode(text: &Bytes) -> Result<Self, InvalidPacket> {
        let (digit, mut rest) = text.split_first().ok_or(InvalidPacket::UnknownKind)?;
        let attachments = match digit {
            b'5' | b'6' => take_attachment_count(&mut rest)?,
            b'0'..=b'3' => 0,
            _ => return Err(InvalidPacket::UnknownKind),
        };
        let namespace = take_namespace(&mut rest, text)?;
        let id = take_ack_id(&mut rest)?;
        let payload = text.slice_ref(rest);
        let kind = match (digit, id) {
            (b'0', None) => decode_connect(payload)?,
            (b'1', None) if payload.is_empty() => Kind::Disconnect,
            (b'1', None) => return Err(InvalidPacket::BadPayload),
            (b'2' | b'5', id) => decode_event(&payload, id, attachments)?,
            (b'3' | b'6', Some(id)) => decode_ack(&payload, id, attachments)?,
            _ => return Err(InvalidPacket::BadAckId),
        };
        Ok(Self { namespace, kind, attachments })
    }
}

fn take_attachment_count(rest: &mut &[u8]) -> Result<u32, InvalidPacket> {
    let count = take_digits(rest, u64::from(SOCKETIO_ATTACHMENTS_MAX)).ok_or(InvalidPacket::BadAttachmentCount)?;
    let Some(count) = count.filter(|count| *count > 0) else { return Err(InvalidPacket::BadAttachmentCount) };
    *rest = rest.strip_prefix(b"-").ok_or(InvalidPacket::BadAttachmentCount)?;
    u32::try_from(count).map_err(|_| InvalidPacket::BadAttachmentCount)
}

fn take_namespace(rest: &mut &[u8], text: &Bytes) -> Result<Namespace, InvalidPacket> {
    if rest.first() != Some(&b'/') {
        return Ok(Namespace::main());
    }
    let (name, after) = match memchr::memchr(b',', rest) {
        Some(comma) => {
            let (name, after) = rest.split_at(comma);
            (name, after.strip_prefix(b",").unwrap_or_default())
        }
        None => (*rest, <&[u8]>::default()),
    };
    *rest = after;
    if name.len() > SOCKETIO_NAMESPACE_BYTES_MAX {
        return Err(InvalidPacket::BadNamespace);
    }
    Namespace::from_valid(text.slice_ref(name)).ok_or(InvalidPacket::BadNamespace)
}

fn take_ack_id(rest: &mut &[u8]) -> Result<Option<u64>, InvalidPacket> {
    take_digits(rest, SOCKETIO_ACK_ID_MAX).ok_or(InvalidPacket::BadAckId)
}

/// The number that starts here: `Some(None)` if none does, `None` if it is above `max`.
fn take_digits(rest: &mut &[u8], max: u64) -> Option<Option<u64>> {
    let mut number = None;
    while let Some((digit @ b'0'..=b'9', after)) = rest.split_first() {
        let next = number.unwrap_or(0_u64).checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        if next > max {
            return None;
        }
        number = Some(next);
        *rest = after;
    }
    Some(number)
}

fn decode_connect(payload: Bytes) -> Result<Kind, InvalidPacket> {
    if payload.is_empty() {
        return Ok(Kind::Connect(None));
    }
    // The reference parser takes whitespace here for an acknowledgement id.
    if payload.first() == Some(&b'{') && json::is_json(&payload) {
        Ok(Kind::Connect(Some(payload)))
    } else {
        Err(InvalidPacket::BadPayload)
    }
}

fn decode_event(payload: &Bytes, id: Option<u64>, attachments: u32) -> Result<Kind, InvalidPacket> {
    check(payload, attachments)?;
    let (first, arguments) = json::split_first(payload).ok_or(InvalidPacket::BadPayload)?;
    let name: Box<str> = serde_json::from_slice(&first).map_err(|_| InvalidPacket::BadEventName)?;
    if name.len() > SOCKETIO_EVENT_NAME_BYTES_MAX || RESERVED_EVENTS.contains(&&*name) {
        return Err(InvalidPacket::BadEventName);
    }
    Ok(Kind::Event(name, arguments, id))
}

fn decode_ack(payload: &Bytes, id: u64, attachments: u32) -> Result<Kind, InvalidPacket> {
    check(payload, attachments)?;
    let arguments = json::inside(payload).ok_or(InvalidPacket::BadPayload)?;
    Ok(Kind::Ack(id, Arguments::from_checked(arguments)))
}

fn check(payload: &Bytes, attachments: u32) -> Result<(), InvalidPacket> {
    if payload.first() != Some(&b'[') || !json::is_json(payload) {
        return Err(InvalidPacket::BadPayload);
    }
    if attachments > 0 && !placeholder::are_exact(payload, attachments) {
        return Err(InvalidPacket::BadPlaceholder);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<Header, InvalidPacket> {
        Header::decode(&Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn connect_carries_an_object_or_nothing() {
        let connect = |text| decode(text).map(|header| (header.namespace.as_str().to_owned(), header.kind));
        assert_eq!(connect("0"), Ok(("/".into(), Kind::Connect(None))));
        assert_eq!(connect("0/custom"), Ok(("/custom".into(), Kind::Connect(None))));
        assert_eq!(connect("0/custom,"), Ok(("/custom".into(), Kind::Connect(None))));
        assert_eq!(connect(r#"0/é,{"a":1}"#), Ok(("/é".into(), Kind::Connect(Some(r#"{"a":1}"#.into())))));
        for bad in ["0[]", "0null", "0\"x\"", "0{", "0/custom,[1]", "07{}", "0 {}", "0/custom,\n{}"] {
            assert!(decode(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_event_gives_name_arguments_and_ack_id() {
        let event = decode(r#"2/ns,12["na\u006de",1, {"a":[]}]"#).unwrap();
        let Kind::Event(name, arguments, id) = event.kind else { panic!("an event") };
        assert_eq!((&*name, id, event.namespace.as_str()), ("name", Some(12), "/ns"));
        assert_eq!(arguments.iter().collect::<Vec<_>>(), vec!["1", r#"{"a":[]}"#]);
    }

    #[test]
    fn events_of_wrong_shape_are_refused() {
        use InvalidPacket::*;
        for (text, why) in [
            ("2", BadPayload),
            ("2{}", BadPayload),
            ("2[]", BadPayload),
            ("2[1]", BadEventName),
            ("2[null]", BadEventName),
            (r#"2["a""#, BadPayload),
            (r#"2["a"]x"#, BadPayload),
            (r#"2abc["a"]"#, BadPayload),
            (r#"2["connect"]"#, BadEventName),
            (r#"2["dis\u0063onnect"]"#, BadEventName),
            (r#"29007199254740992["a"]"#, BadAckId),
            (r#"299999999999999999999999999["a"]"#, BadAckId),
            ("3[]", BadAckId),
            ("31{}", BadPayload),
            ("1x", BadPayload),
            ("15", BadAckId),
            ("4{}", UnknownKind),
            ("7", UnknownKind),
            ("abc", UnknownKind),
            ("", UnknownKind),
            ("é", UnknownKind),
        ] {
            assert_eq!(decode(text).err(), Some(why), "{text}");
        }
        let long = format!(r#"2["{}"]"#, "x".repeat(SOCKETIO_EVENT_NAME_BYTES_MAX + 1));
        assert_eq!(decode(&long).err(), Some(BadEventName));
        let long = format!("0/{}", "x".repeat(SOCKETIO_NAMESPACE_BYTES_MAX));
        assert_eq!(decode(&long).err(), Some(BadNamespace));
    }

    #[test]
    fn the_largest_ack_id_is_accepted() {
        let Kind::Ack(id, arguments) = decode("39007199254740991[]").unwrap().kind else { panic!("an ack") };
        assert_eq!((id, arguments.is_empty()), (9_007_199_254_740_991, true));
    }

    #[test]
    fn a_binary_packet_needs_a_count_from_one_to_ten() {
        use InvalidPacket::*;
        for text in ["5", "5-", "5x-", r#"5["a"]"#, r#"50-["a"]"#, r#"511-["a"]"#, r#"51["a"]"#, "6", "60-1[]"] {
            assert_eq!(decode(text).err(), Some(BadAttachmentCount), "{text}");
        }
        assert_eq!(decode(r#"51-["a"]"#).err(), Some(BadPlaceholder));
        let one = decode(r#"51-["a",{"_placeholder":true,"num":0}]"#).unwrap();
        assert_eq!(one.attachments, 1);
    }

    #[test]
    fn a_placeholder_outside_a_binary_packet_is_data() {
        assert!(decode(r#"2["a",{"_placeholder":true,"num":7}]"#).is_ok());
    }
}
