//! The frame decoder: what it gives, what it refuses, and that neither depends on how the bytes are cut.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use wire::limits::{WEBSOCKET_FRAGMENTS_MAX, WEBSOCKET_MESSAGE_TIME_MAX_MS};
use wire::websocket::{CloseCode, Decoder, Event, FrameHeader, Opcode, ProtocolError, Role, mask};

const KEY: [u8; 4] = [0x1d, 0xa5, 0x00, 0xff];
const BYTES_MAX: usize = 1_000;

/// A client's frame.
fn frame(opcode: Opcode, last: bool, payload: &[u8]) -> Vec<u8> {
    let mut masked = payload.to_vec();
    mask(&mut masked, KEY, 0);
    [FrameHeader::encode(opcode, last, payload.len(), Some(KEY)).as_bytes(), &masked].concat()
}

/// All events of `bytes`, which arrive in pieces of `piece` bytes.
fn decode(bytes: &[u8], piece: usize) -> Result<Vec<Event>, ProtocolError> {
    let (mut decoder, now, mut events) = (Decoder::new(Role::Server, BYTES_MAX), Instant::now(), Vec::new());
    for mut input in bytes.chunks(piece) {
        while let Some(event) = decoder.decode(now, &mut input)? {
            events.push(event);
        }
        assert!(input.is_empty(), "everything is taken before more is asked for");
    }
    Ok(events)
}

#[track_caller]
fn check(frames: &[Vec<u8>], expected: Result<&[Event], ProtocolError>) {
    let bytes = frames.concat();
    for piece in [1, 2, 3, 7, bytes.len().max(1)] {
        assert_eq!(decode(&bytes, piece).as_deref(), expected.as_ref().map(|events| *events), "pieces of {piece}");
    }
}

#[track_caller]
fn check_refused(frames: &[Vec<u8>], why: ProtocolError) {
    check(frames, Err(why));
}

#[test]
fn messages_come_whole_whatever_their_fragments() {
    check(&[frame(Opcode::Text, true, "héllo".as_bytes())], Ok(&[Event::Text("héllo".into())]));
    check(&[frame(Opcode::Binary, true, &[0, 255])], Ok(&[Event::Binary(vec![0, 255].into())]));
    check(&[frame(Opcode::Text, true, b"")], Ok(&[Event::Text("".into())]));
    // The fragments cut a character in two.
    check(
        &[
            frame(Opcode::Text, false, b"h\xc3"),
            frame(Opcode::Continuation, false, b""),
            frame(Opcode::Continuation, true, b"\xa9!"),
        ],
        Ok(&[Event::Text("hé!".into())]),
    );
}

#[test]
fn control_frames_come_between_fragments() {
    check(
        &[
            frame(Opcode::Binary, false, b"a"),
            frame(Opcode::Ping, true, b"p"),
            frame(Opcode::Continuation, true, b"b"),
            frame(Opcode::Pong, true, b""),
        ],
        Ok(&[Event::Ping("p".into()), Event::Binary("ab".into()), Event::Pong("".into())]),
    );
}

#[test]
fn a_message_may_be_as_large_as_the_bound_and_no_larger() {
    check(&[frame(Opcode::Binary, true, &[7; BYTES_MAX])], Ok(&[Event::Binary(vec![7; BYTES_MAX].into())]));
    check_refused(&[frame(Opcode::Binary, true, &[7; BYTES_MAX + 1])], ProtocolError::TooBig);
    check_refused(
        &[frame(Opcode::Binary, false, &[7; BYTES_MAX]), frame(Opcode::Continuation, true, b"x")],
        ProtocolError::TooBig,
    );
}

#[test]
fn a_declared_length_is_refused_before_any_of_it_arrives() {
    for length in [BYTES_MAX as u64 + 1, 1 << 40, (1 << 63) - 1] {
        let header = FrameHeader::encode(Opcode::Binary, true, usize::try_from(length).unwrap(), Some(KEY));
        check_refused(&[header.as_bytes().to_vec()], ProtocolError::TooBig);
    }
    let header = FrameHeader::encode(Opcode::Binary, true, 1 << 63, Some(KEY));
    check_refused(&[header.as_bytes().to_vec()], ProtocolError::BadLength);
}

#[test]
fn a_length_must_be_in_its_shortest_form() {
    check_refused(&[vec![0x82, 0x80 | 126, 0, 125, 0, 0, 0, 0]], ProtocolError::BadLength);
    check_refused(
        &[[vec![0x82, 0x80 | 127, 0, 0, 0, 0, 0, 0], vec![0xff, 0xff, 0, 0, 0, 0]].concat()],
        ProtocolError::BadLength,
    );
}

#[test]
fn what_the_rfc_forbids_is_refused() {
    use ProtocolError::*;
    let with_first = |first: u8| vec![vec![first, 0x80, 0, 0, 0, 0]];
    check_refused(&with_first(0xc1), ReservedBits);
    check_refused(&with_first(0x91), ReservedBits);
    for opcode in [3, 7, 11, 15] {
        check_refused(&with_first(0x80 | opcode), UnknownOpcode);
    }
    check_refused(&[FrameHeader::server(Opcode::Text, 0).as_bytes().to_vec()], WrongMasking);
    check_refused(&[frame(Opcode::Ping, false, b"")], BadControlFrame);
    check_refused(&[frame(Opcode::Ping, true, &[0; 126])], BadControlFrame);
    check_refused(&[frame(Opcode::Continuation, true, b"")], BadFragment);
    check_refused(&[frame(Opcode::Text, false, b""), frame(Opcode::Text, true, b"")], BadFragment);
    check_refused(&[frame(Opcode::Text, true, b"\xff")], InvalidText);
    check_refused(&[frame(Opcode::Text, true, b"\xed\xa0\x80")], InvalidText);
    check_refused(&[frame(Opcode::Text, true, b"\xc3")], InvalidText);
}

#[test]
fn a_close_frame_carries_a_code_that_may_travel_or_none() {
    check(&[frame(Opcode::Close, true, b"")], Ok(&[Event::Close(None)]));
    for code in [1000, 1003, 1007, 1014, 3000, 4999_u16] {
        let payload = [&code.to_be_bytes()[..], b"bye"].concat();
        check(&[frame(Opcode::Close, true, &payload)], Ok(&[Event::Close(CloseCode::from_peer(code))]));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000_u16] {
        check_refused(&[frame(Opcode::Close, true, &code.to_be_bytes())], ProtocolError::BadClose);
    }
    check_refused(&[frame(Opcode::Close, true, &[3])], ProtocolError::BadClose);
    check_refused(&[frame(Opcode::Close, true, b"\x03\xe8\xff")], ProtocolError::InvalidText);
}

#[test]
fn fragments_are_counted_empty_ones_too() {
    let mut frames = vec![frame(Opcode::Binary, false, b"")];
    frames.resize(WEBSOCKET_FRAGMENTS_MAX as usize - 1, frame(Opcode::Continuation, false, b""));
    let mut allowed = frames.clone();
    allowed.push(frame(Opcode::Continuation, true, b"x"));
    check(&allowed, Ok(&[Event::Binary("x".into())]));
    frames.resize(WEBSOCKET_FRAGMENTS_MAX as usize + 1, frame(Opcode::Continuation, false, b""));
    check_refused(&frames, ProtocolError::TooManyFragments);
}

#[test]
fn another_number_of_fragments_is_kept_to_at_both_ends() {
    let three = [
        frame(Opcode::Text, false, b"a"),
        frame(Opcode::Continuation, false, b"b"),
        frame(Opcode::Continuation, true, b"c"),
    ]
    .concat();
    let decode = |fragments_max| {
        let mut decoder = Decoder::new(Role::Server, BYTES_MAX).with_fragments_max(fragments_max);
        decoder.decode(Instant::now(), &mut &three[..])
    };
    assert_eq!(decode(3), Ok(Some(Event::Text("abc".into()))));
    assert_eq!(decode(2), Err(ProtocolError::TooManyFragments));
}

#[test]
fn a_message_must_end_in_time_and_an_idle_decoder_waits_for_ever() {
    let (mut decoder, start) = (Decoder::new(Role::Server, BYTES_MAX), Instant::now());
    let time_max = Duration::from_millis(WEBSOCKET_MESSAGE_TIME_MAX_MS.into());
    assert_eq!(decoder.deadline(), None);
    let begun = frame(Opcode::Text, false, b"a");
    assert_eq!(decoder.decode(start, &mut &begun[..]), Ok(None));
    assert_eq!(decoder.deadline(), Some(start + time_max));
    let almost = start + time_max - Duration::from_millis(1);
    let more = frame(Opcode::Continuation, false, b"b");
    assert_eq!(decoder.decode(almost, &mut &more[..]), Ok(None));
    let late = start + time_max;
    assert_eq!(decoder.decode(late, &mut &more[..]), Err(ProtocolError::TooSlow));
}

#[test]
fn a_finished_message_leaves_no_deadline() {
    let (mut decoder, start) = (Decoder::new(Role::Server, BYTES_MAX), Instant::now());
    let whole = frame(Opcode::Text, true, b"a");
    let (head, tail) = whole.split_at(3);
    assert_eq!(decoder.decode(start, &mut &head[..]), Ok(None));
    assert_eq!(decoder.decode(start, &mut &tail[..]), Ok(Some(Event::Text("a".into()))));
    assert_eq!(decoder.deadline(), None);
}

#[test]
fn an_idle_decoder_is_small() {
    assert!(size_of::<Decoder>() <= 32, "{}", size_of::<Decoder>());
}

#[test]
fn a_client_reads_what_a_server_writes() {
    let mut decoder = Decoder::new(Role::Client, BYTES_MAX);
    let sent = [FrameHeader::server(Opcode::Text, 2).as_bytes(), b"40"].concat();
    assert_eq!(decoder.decode(Instant::now(), &mut &sent[..]), Ok(Some(Event::Text("40".into()))));
    let masked = frame(Opcode::Text, true, b"40");
    assert_eq!(decoder.decode(Instant::now(), &mut &masked[..]), Err(ProtocolError::WrongMasking));
}

/// One message in random fragments with pings between them.
fn message() -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<Event>)> {
    (any::<bool>(), prop::collection::vec(("[a-zé✓]{0,90}", any::<bool>()), 1..5)).prop_map(|(text, parts)| {
        let (mut frames, mut events, mut whole) = (Vec::new(), Vec::new(), String::new());
        for (at, (part, ping)) in parts.iter().enumerate() {
            let opcode = match (at, text) {
                (0, true) => Opcode::Text,
                (0, false) => Opcode::Binary,
                _ => Opcode::Continuation,
            };
            frames.push(frame(opcode, at + 1 == parts.len(), part.as_bytes()));
            whole.push_str(part);
            if *ping && at + 1 < parts.len() {
                frames.push(frame(Opcode::Ping, true, b"?"));
                events.push(Event::Ping("?".into()));
            }
        }
        events.push(if text { Event::Text(whole.into()) } else { Event::Binary(whole.into()) });
        (frames, events)
    })
}

proptest! {
    #[test]
    fn cutting_the_stream_changes_nothing(messages in prop::collection::vec(message(), 0..4), piece in 1..200_usize) {
        let bytes: Vec<u8> = messages.iter().flat_map(|(frames, _)| frames.concat()).collect();
        let events: Vec<Event> = messages.into_iter().flat_map(|(_, events)| events).collect();
        prop_assert_eq!(decode(&bytes, piece), Ok(events));
    }
}
