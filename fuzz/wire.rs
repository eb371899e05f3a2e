//! What the fuzzer asks of `wire`, one function per target. The committed seeds run through the same functions as plain
//! tests (`crates/wire/tests/seeds.rs`), so that what was found once stays found.

use std::time::{Duration, Instant};

use bytes::Bytes;
use wire::engineio::{self, CloseReason, Message, Packet, PayloadWriter, Query, Received, Tick, Transport};
use wire::socketio::{self, Header, Incoming, Kind, Namespace};
use wire::websocket::{self, Decoder, Event, ProtocolError, Role};

/// Largest message that the targets allow: small, so that the fuzzer finds the bound.
const BYTES_MAX: usize = 512;

/// The first byte is the size of the pieces that the others arrive in. Cut or whole, they must mean the same.
pub(crate) fn websocket(data: &[u8]) {
    let Some((piece, stream)) = data.split_first() else { return };
    if let Ok(answer) = websocket::accept(stream) {
        assert_eq!(answer.len(), 28, "base64 of a SHA-1");
    }
    for role in [Role::Server, Role::Client] {
        let whole = decode(role, stream, stream.len().max(1));
        let pieces = decode(role, stream, usize::from(*piece).max(1));
        assert_eq!(whole, pieces);
        for event in whole.0 {
            let bytes = match &event {
                Event::Text(bytes) | Event::Binary(bytes) | Event::Ping(bytes) | Event::Pong(bytes) => bytes.len(),
                Event::Close(_) => 0,
            };
            assert!(bytes <= BYTES_MAX);
        }
    }
}

fn decode(role: Role, stream: &[u8], piece: usize) -> (Vec<Event>, Option<ProtocolError>) {
    let (mut decoder, now, mut events) = (Decoder::new(role, BYTES_MAX), Instant::now(), Vec::new());
    for mut input in stream.chunks(piece) {
        loop {
            match decoder.decode(now, &mut input) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => return (events, Some(error)),
            }
        }
        assert!(input.is_empty());
    }
    (events, None)
}

/// A polling payload, also read as a query. What decodes is written back and must decode to the same.
pub(crate) fn engineio_payload(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Query::parse(text).and_then(|query| query.transport());
    }
    let Ok(packets) = engineio::packets(Bytes::copy_from_slice(data)) else { return };
    let messages: Vec<Message> = packets
        .map_while(Result::ok)
        .filter_map(|packet| match packet {
            Packet::Message(message) => Some(message),
            _ => None,
        })
        .collect();
    let mut writer = PayloadWriter::new(usize::MAX);
    for message in &messages {
        assert!(match message {
            Message::Text(text) => writer.text(&[b"4", &text[..]].concat()),
            Message::Binary(bytes) => writer.binary(bytes),
        });
    }
    if !writer.is_empty() {
        let again = engineio::packets(writer.finish()).expect("what was written is UTF-8");
        let again: Result<Vec<_>, _> = again.collect();
        assert_eq!(again, Ok(messages.into_iter().map(Packet::Message).collect()));
    }
}

/// A Socket.IO packet. What decodes must come apart into JSON and encode to something that decodes to the same.
pub(crate) fn socketio_packet(data: &[u8]) {
    if std::str::from_utf8(data).is_err() {
        return;
    }
    let Ok(header) = Header::decode(&Bytes::copy_from_slice(data)) else { return };
    let Header { namespace, kind, attachments } = &header;
    let count = *attachments as usize;
    let encoded = match kind {
        Kind::Event(name, arguments, id) if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            socketio::event(namespace, name, &join(arguments), *id, count)
        }
        Kind::Ack(id, arguments) => socketio::ack(namespace, *id, &join(arguments), count),
        _ => return,
    };
    let again = Header::decode(&Bytes::from(encoded).slice(1..)).expect("what was encoded decodes");
    assert_eq!((&again.namespace, again.attachments), (namespace, *attachments));
    match (&again.kind, kind) {
        (Kind::Event(name, arguments, id), Kind::Event(first_name, first, first_id)) => {
            assert_eq!((name, id), (first_name, first_id));
            assert!(arguments.iter().eq(first.iter()));
        }
        (Kind::Ack(id, arguments), Kind::Ack(first_id, first)) => {
            assert_eq!(id, first_id);
            assert!(arguments.iter().eq(first.iter()));
        }
        _ => panic!("the kind changed"),
    }
}

fn join(arguments: &socketio::Arguments) -> Vec<u8> {
    arguments.iter().map(|argument| argument.to_vec()).collect::<Vec<_>>().join(&b","[..])
}

/// Lines are what a client does: `<` begins a text message, `#` a binary one, `+` lets that many hundred milliseconds
/// pass; `a`, `r` and `e` accept, refuse and end the namespace named behind them.
pub(crate) fn socketio_session(data: &[u8]) {
    const CONFIG: socketio::Config = socketio::Config {
        connect_timeout: Duration::from_secs(10),
        attachments_timeout: Duration::from_secs(10),
        packet_bytes_max: BYTES_MAX,
    };
    let mut now = Instant::now();
    let mut session = socketio::Session::open(now, &CONFIG);
    for line in data.split(|byte| *byte == b'\n') {
        let Some((operation, rest)) = line.split_first() else { continue };
        let named = || std::str::from_utf8(rest).ok().and_then(Namespace::new);
        let bytes = Bytes::copy_from_slice(rest);
        let message = match operation {
            b'<' if std::str::from_utf8(rest).is_ok() => Message::Text(bytes),
            b'#' => Message::Binary(bytes),
            b'+' => {
                now += Duration::from_millis(100 * u64::from(rest.first().copied().unwrap_or(0)));
                if session.advance(now).is_err() {
                    return;
                }
                continue;
            }
            operation => {
                if let Some(namespace) = named() {
                    let _ = match operation {
                        b'a' => session.accept(&namespace),
                        b'r' => session.refuse(&namespace),
                        b'e' => session.end(now, &namespace, &CONFIG),
                        _ => session.await_ack(&namespace).is_some(),
                    };
                }
                continue;
            }
        };
        match session.receive(now, message, &CONFIG) {
            Ok(Some(Incoming::Event(event))) => assert!(session.is_in(&event.namespace)),
            Ok(Some(Incoming::Ack(ack))) => assert!(session.is_in(&ack.namespace)),
            Ok(Some(Incoming::Disconnect(namespace))) => assert!(!session.is_in(&namespace)),
            Ok(Some(Incoming::Connect { namespace, .. })) => assert!(!session.is_in(&namespace)),
            Ok(None) => {}
            Err(_) => return,
        }
    }
}

/// Each byte is one thing that happens to an Engine.IO session. Closed stays closed, an open session has a deadline,
/// and a session that has moved to a WebSocket never goes back.
pub(crate) fn engineio_session(data: &[u8]) {
    const CONFIG: engineio::Config = engineio::Config {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        upgrade_timeout: Duration::from_secs(1),
        max_payload_bytes: BYTES_MAX,
    };
    let mut now = Instant::now();
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    let transport = if first % 2 == 0 { Transport::Polling } else { Transport::WebSocket };
    let mut session = engineio::Session::open(now, transport, &CONFIG);
    let (mut probes, mut closed) = (Vec::new(), None);
    for byte in rest {
        let was = session.transport();
        match byte % 16 {
            0 => drop(session.poll_begins(now)),
            1 => session.poll_ends(),
            2 => drop(session.post_begins()),
            3 => session.post_ends(),
            4 => probes.extend(session.probe_begins(now, &CONFIG)),
            5 => probes.iter().for_each(|probe| {
                let _ = session.probe_receives(now, *probe, &Packet::Ping("probe".into()));
            }),
            6 => probes.iter().for_each(|probe| {
                let _ = session.probe_receives(now, *probe, &Packet::Upgrade);
            }),
            7 => probes.drain(..).for_each(|probe| session.probe_ends(probe)),
            8 => {
                now += Duration::from_millis(u64::from(*byte));
                while !matches!(session.advance(now, &CONFIG), Tick::Nothing | Tick::Closed) {}
            }
            9 => drop(session.receive(now, Packet::Pong(Bytes::new()), &CONFIG)),
            10 => drop(session.receive(now, Packet::Close, &CONFIG)),
            11 => drop(session.receive(now, Packet::Ping(Bytes::new()), &CONFIG)),
            12 => session.close(CloseReason::ClosedByServer),
            _ => {
                let received = session.receive(now, Packet::Message(Message::Text("m".into())), &CONFIG);
                assert!(received != Received::Nothing);
            }
        }
        assert!(closed.is_none() || session.closed() == closed, "the first reason stands");
        closed = session.closed();
        assert_eq!(session.next_deadline().is_none(), closed.is_some());
        assert!(was == Transport::Polling || session.transport() == Transport::WebSocket);
    }
}
