//! What each decoder makes of a case, in JSON that a program in another language can compare with what its own made of it.
//! The fuzzer's differential targets use it too.

use std::time::Instant;

use bytes::Bytes;
use serde_json::{Value, json};
use wire::engineio::{self, Message, Packet};
use wire::socketio::{Header, Kind};
use wire::websocket::{Decoder, Event, Role};

/// The largest WebSocket message that is taken: small, so that cases find the bound.
const MESSAGE_BYTES_MAX: usize = 512;

/// What the decoder behind a letter makes of a case: `s`, the text of a Socket.IO packet; `e`, an Engine.IO polling payload;
/// `c` and `w`, what a client and what a server reads of a WebSocket.
pub(crate) fn of(kind: u8, case: &[u8]) -> Value {
    match kind {
        b's' => packet(&Bytes::copy_from_slice(case)),
        b'e' => payload(Bytes::copy_from_slice(case)),
        b'c' => frames(Role::Client, case),
        _ => frames(Role::Server, case),
    }
}

fn packet(text: &Bytes) -> Value {
    let Header { namespace, kind, attachments } = match Header::decode(text) {
        Ok(header) => header,
        Err(error) => return json!({ "refused": error.to_string() }),
    };
    let (kind, id, data) = match kind {
        Kind::Connect(auth) => (0, None, auth),
        Kind::Disconnect => (1, None, None),
        Kind::Event(name, arguments, id) => {
            let name = Value::from(&*name);
            let comma = if arguments.is_empty() { "" } else { "," };
            (2, id, Some(format!("[{name}{comma}{}]", utf8(arguments.as_bytes())).into()))
        }
        Kind::Ack(id, arguments) => (3, Some(id), Some(format!("[{}]", utf8(arguments.as_bytes())).into())),
    };
    let data = data.map(|data: Bytes| utf8(&data));
    json!({ "type": kind, "nsp": namespace.as_str(), "id": id, "attachments": attachments, "data": data })
}

fn payload(payload: Bytes) -> Value {
    let Ok(packets) = engineio::packets(payload) else { return json!([{ "type": "error" }]) };
    packets.map(|packet| packet.map_or_else(|_| json!({ "type": "error" }), |packet| described(&packet))).collect()
}

fn described(packet: &Packet) -> Value {
    let (kind, data) = match packet {
        Packet::Open(data) => ("open", Some(data)),
        Packet::Close => ("close", None),
        Packet::Ping(data) => ("ping", Some(data)),
        Packet::Pong(data) => ("pong", Some(data)),
        Packet::Message(Message::Text(data)) => ("message", Some(data)),
        Packet::Message(Message::Binary(data)) => return json!({ "type": "message", "bytes": data.to_vec() }),
        Packet::Upgrade => ("upgrade", None),
        Packet::Noop => ("noop", None),
    };
    json!({ "type": kind, "data": data.map(utf8) })
}

/// Everything up to the peer's close frame, or up to what was refused.
fn frames(role: Role, mut input: &[u8]) -> Value {
    let (mut decoder, now, mut events) = (Decoder::new(role, MESSAGE_BYTES_MAX), Instant::now(), Vec::new());
    loop {
        match decoder.decode(now, &mut input) {
            Ok(Some(Event::Close(code))) => {
                events.push(json!({ "close": code.map_or(1005, |code| code.number()) }));
                return json!({ "events": events });
            }
            Ok(Some(Event::Text(text))) => events.push(json!({ "text": utf8(&text) })),
            Ok(Some(Event::Binary(bytes))) => events.push(json!({ "binary": bytes.to_vec() })),
            Ok(Some(Event::Ping(bytes))) => events.push(json!({ "ping": bytes.to_vec() })),
            Ok(Some(Event::Pong(bytes))) => events.push(json!({ "pong": bytes.to_vec() })),
            Ok(None) => return json!({ "events": events }),
            Err(error) => {
                let code = error.close_code().number();
                return json!({ "events": events, "refused": error.to_string(), "code": code });
            }
        }
    }
}

fn utf8(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}
