//! Peers that break the rules, each beside a well-behaved client that must not notice.

use std::time::Duration;

use server::engine::CloseReason;
use wire::limits::{SOCKETIO_NAMESPACES_MAX, WEBSOCKET_FRAGMENTS_MAX};
use wire::websocket::{FrameHeader, Opcode};

use crate::harness::{Answer, Connection, Figures, Site, Socket, frame, polling};

const MAX: usize = 1_000_000;

/// A site and its well-behaved client.
async fn with_witness(figures: Figures) -> (Site, Socket) {
    let site = Site::start(figures);
    let mut witness = site.connected_socket().await;
    witness.exchange().await;
    (site, witness)
}

/// The hostile client is gone, and the witness is as well as before.
async fn assert_only_witness(site: &Site, witness: &mut Socket, reason: CloseReason) {
    assert_eq!(site.next_closed().await, reason);
    assert_eq!(site.engine.links_count(), 1);
    witness.exchange().await;
}

/// Sends frames on a connected WebSocket, which must be closed with `code`.
async fn check_frames(frames: &[Vec<u8>], code: u16, reason: CloseReason) {
    let (site, mut witness) = with_witness(Figures::default()).await;
    let mut hostile = site.connected_socket().await;
    hostile.connection.send_as_far_as_taken(&frames.concat()).await;
    assert_eq!(hostile.closed().await, Some(code));
    assert_only_witness(&site, &mut witness, reason).await;
}

/// Sends texts on a connected WebSocket and in POSTs, which must end the session.
async fn check_messages(messages: &[&str]) {
    let (site, mut witness) = with_witness(Figures::default()).await;
    let mut socket = site.connected_socket().await;
    for message in messages {
        socket.send(&format!("4{message}")).await;
    }
    assert_eq!(socket.closed().await, Some(1002), "{messages:?}");
    assert_only_witness(&site, &mut witness, CloseReason::ProtocolError).await;

    let sid = site.connected_polling().await;
    let payload: Vec<String> = messages.iter().map(|message| format!("4{message}")).collect();
    assert_eq!(site.post(&sid, &payload.join("\x1e")).await.status, 400, "{messages:?}");
    assert_eq!(site.poll(&sid).await.status, 400);
    assert_only_witness(&site, &mut witness, CloseReason::ProtocolError).await;
}

#[tokio::test]
async fn an_oversized_websocket_message_is_refused_by_its_declared_length() {
    let header = FrameHeader::client(Opcode::Text, MAX + 1, [0; 4]);
    check_frames(&[header.as_bytes().to_vec()], 1009, CloseReason::TooLarge).await;
}

#[tokio::test]
async fn an_oversized_websocket_message_in_fragments_is_refused() {
    let half = vec![b'x'; MAX / 2 + 1];
    let frames = [frame(Opcode::Text, false, &half), frame(Opcode::Continuation, true, &half)];
    check_frames(&frames, 1009, CloseReason::TooLarge).await;
}

#[tokio::test]
async fn a_declared_length_of_two_to_the_63_costs_nothing() {
    let header = FrameHeader::client(Opcode::Binary, 1 << 63, [0; 4]);
    check_frames(&[header.as_bytes().to_vec()], 1002, CloseReason::ProtocolError).await;
    let header = FrameHeader::client(Opcode::Binary, (1 << 63) - 1, [0; 4]);
    check_frames(&[header.as_bytes().to_vec()], 1009, CloseReason::TooLarge).await;
}

#[tokio::test]
async fn fragments_without_end_are_cut_off() {
    let mut frames = vec![frame(Opcode::Text, false, b"")];
    frames.resize(WEBSOCKET_FRAGMENTS_MAX as usize + 1, frame(Opcode::Continuation, false, b""));
    check_frames(&frames, 1008, CloseReason::ProtocolError).await;
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_refused_on_both_transports() {
    check_frames(&[frame(Opcode::Text, true, b"42[\"message\",\"\xff\"]")], 1007, CloseReason::ProtocolError).await;
    let (site, mut witness) = with_witness(Figures::default()).await;
    let sid = site.connected_polling().await;
    assert_eq!(site.connect().await.post(&sid, b"42[\"message\",\"\xff\"]").await.status, 400);
    assert_only_witness(&site, &mut witness, CloseReason::ProtocolError).await;
}

#[tokio::test]
async fn an_unmasked_frame_and_a_reserved_bit_are_refused() {
    let unmasked = [FrameHeader::server(Opcode::Text, 1).as_bytes(), b"3"].concat();
    check_frames(&[unmasked], 1002, CloseReason::ProtocolError).await;
    check_frames(&[vec![0xc1, 0x80, 0, 0, 0, 0]], 1002, CloseReason::ProtocolError).await;
}

#[tokio::test]
async fn unknown_engine_packets_end_the_session() {
    for packet in ["", "7", "9x", "abc", "bAAAA", "0{}", "2", "2probe", "é"] {
        check_frames(&[frame(Opcode::Text, true, packet.as_bytes())], 1002, CloseReason::ProtocolError).await;
    }
    let (site, mut witness) = with_witness(Figures::default()).await;
    for payload in ["7", "abc", "b*", "3\x1e\x1e3", "4\u{e9}\x1eé"] {
        let sid = site.open_polling().await;
        assert_eq!(site.post(&sid, payload).await.status, 400, "{payload:?}");
        assert_eq!(site.poll(&sid).await.status, 400);
        assert_only_witness(&site, &mut witness, CloseReason::ProtocolError).await;
    }
}

#[tokio::test]
async fn unknown_packet_types_end_the_session() {
    for message in ["", "7", "abc", "4{}", "-1"] {
        check_messages(&[message]).await;
    }
}

#[tokio::test]
async fn binary_packets_without_a_proper_count_end_the_session() {
    for message in ["5", "5-", "5x-", "51-", r#"51-["a"]"#, r#"50-["a"]"#, r#"511-["a"]"#, "61-", "6-"] {
        check_messages(&[message]).await;
    }
}

#[tokio::test]
async fn text_in_the_middle_of_a_binary_packet_ends_the_session() {
    check_messages(&[r#"51-["message",{"_placeholder":true,"num":0}]"#, r#"2["message"]"#]).await;
}

#[tokio::test]
async fn malformed_events_end_the_session() {
    for message in ["2", "2{}", "2[]", "2[1]", r#"2["connect"]"#, r#"2abc["message"]"#, r#"2["message""#, r#"3[]"#] {
        check_messages(&[message]).await;
    }
    check_messages(&[&format!(r#"2["message",{}"#, "[".repeat(100_000))]).await;
}

#[tokio::test]
async fn deep_json_is_passed_on_without_recursion() {
    let (site, mut witness) = with_witness(Figures::default()).await;
    let mut socket = site.connected_socket().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    socket.send(&format!(r#"42["message",{deep}]"#)).await;
    assert!(socket.text().await == format!(r#"42["message-back",{deep}]"#));
    witness.exchange().await;
}

#[tokio::test]
async fn attachments_that_never_come_end_the_session() {
    let mut figures = Figures::default();
    figures.socketio.attachments_timeout = Duration::from_millis(100);
    let (site, mut witness) = with_witness(figures).await;
    let mut hostile = site.connected_socket().await;
    hostile.send(r#"452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#).await;
    hostile.send_binary(b"one of two").await;
    assert_eq!(hostile.closed().await, Some(1002));
    assert_only_witness(&site, &mut witness, CloseReason::ProtocolError).await;
}

#[tokio::test]
async fn who_never_connects_is_closed() {
    let mut figures = Figures::default();
    figures.socketio.connect_timeout = Duration::from_millis(100);
    let (site, mut witness) = with_witness(figures).await;
    let mut silent = site.open_socket().await;
    assert_eq!(silent.closed().await, Some(1002));
    assert_only_witness(&site, &mut witness, CloseReason::ProtocolError).await;
    let sid = site.open_polling().await;
    assert_only_witness(&site, &mut witness, CloseReason::ProtocolError).await;
    assert_eq!(site.poll(&sid).await.status, 400);
}

#[tokio::test]
async fn a_repeated_connect_changes_nothing() {
    let (site, mut witness) = with_witness(Figures::default()).await;
    let mut socket = site.connected_socket().await;
    for _ in 0..100 {
        socket.send(r#"40{"token":"again"}"#).await;
    }
    socket.exchange().await;
    witness.exchange().await;
}

#[tokio::test]
async fn namespaces_without_end_end_the_session() {
    let (site, mut witness) = with_witness(Figures::default()).await;
    let mut hostile = site.connected_socket().await;
    hostile.send("40/custom").await;
    // Refused namespaces are forgotten at once, so that only accepted ones could pile up.
    for number in 0..2 * SOCKETIO_NAMESPACES_MAX {
        hostile.send(&format!("40/{number}")).await;
    }
    hostile.send(r#"42["message","end"]"#).await;
    while hostile.text().await != r#"42["message-back","end"]"# {}
    witness.exchange().await;
}

#[tokio::test]
async fn a_second_poll_is_answered_and_closes_the_session() {
    let (site, mut witness) = with_witness(Figures::default()).await;
    let sid = site.open_polling().await;
    let (mut first, query) = (site.connect().await, polling(&sid));
    first.send(format!("GET /?{query} HTTP/1.1\r\nHost: test\r\n\r\n").as_bytes()).await;
    let link = site.engine.links().into_iter().find(|link| link.id().to_string() == sid).unwrap();
    while !link.has_room() {
        tokio::task::yield_now().await;
    }
    assert_eq!(site.poll(&sid).await.status, 400);
    assert_eq!(first.answer().await.text(), "1");
    assert_eq!(site.poll(&sid).await.status, 400);
    assert_only_witness(&site, &mut witness, CloseReason::DuplicateRequest).await;
}

#[tokio::test]
async fn a_second_post_is_answered_and_closes_the_session() {
    let (site, mut witness) = with_witness(Figures::default()).await;
    let sid = site.open_polling().await;
    let mut first = site.connect().await;
    let head = format!(
        "POST /?{} HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n",
        polling(&sid)
    );
    first.send(head.as_bytes()).await;
    assert_eq!(first.head().await.status, 100, "the server reads the body, so the POST is open");
    assert_eq!(site.post(&sid, "3").await.status, 400);
    first.send(&[b'3'; 100]).await;
    assert_eq!(first.answer().await.status, 400);
    assert_only_witness(&site, &mut witness, CloseReason::DuplicateRequest).await;
}

#[tokio::test]
async fn a_cancelled_poll_closes_the_session() {
    let (site, mut witness) = with_witness(Figures::default()).await;
    let sid = site.open_polling().await;
    let mut waiting = site.connect().await;
    waiting.send(format!("GET /?{} HTTP/1.1\r\nHost: test\r\n\r\n", polling(&sid)).as_bytes()).await;
    let link = site.engine.links().into_iter().find(|link| link.id().to_string() == sid).unwrap();
    while !link.has_room() {
        tokio::task::yield_now().await;
    }
    drop(waiting);
    assert_only_witness(&site, &mut witness, CloseReason::TransportLost).await;
}

#[tokio::test]
async fn a_post_that_breaks_off_closes_the_session() {
    let (site, mut witness) = with_witness(Figures::default()).await;
    let sid = site.open_polling().await;
    let mut broken = site.connect().await;
    let head = format!("POST /?{} HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n42", polling(&sid));
    broken.send(head.as_bytes()).await;
    drop(broken);
    assert_only_witness(&site, &mut witness, CloseReason::TransportLost).await;
}

/// Sends a POST with these headers and this body, as far as the server takes it.
async fn post_raw(site: &Site, sid: &str, headers: &str, body: &[u8]) -> (Answer, Connection) {
    let mut connection = site.connect().await;
    let head = format!("POST /?{} HTTP/1.1\r\nHost: test\r\n{headers}\r\n\r\n", polling(sid));
    connection.send(head.as_bytes()).await;
    connection.send_as_far_as_taken(body).await;
    (connection.answer().await, connection)
}

#[tokio::test]
async fn an_oversized_post_is_refused_by_its_declared_length() {
    let (site, mut witness) = with_witness(Figures::default()).await;
    for declared in [MAX as u64 + 1, 1 << 40, u64::MAX - 2] {
        let sid = site.open_polling().await;
        let (answer, mut connection) = post_raw(&site, &sid, &format!("Content-Length: {declared}"), b"").await;
        assert_eq!(answer.status, 413, "{declared}");
        connection.ended().await;
        assert_only_witness(&site, &mut witness, CloseReason::TooLarge).await;
    }
}

#[tokio::test]
async fn an_oversized_post_without_a_length_is_refused_where_it_gets_too_large() {
    let (site, mut witness) = with_witness(Figures::default()).await;
    let sid = site.open_polling().await;
    let chunk = [format!("{:x}\r\n", MAX).as_bytes(), &vec![b'x'; MAX], b"\r\n"].concat();
    let two = [&chunk[..], &chunk[..]].concat();
    let (answer, mut connection) = post_raw(&site, &sid, "Transfer-Encoding: chunked", &two).await;
    assert_eq!(answer.status, 413);
    connection.ended().await;
    assert_only_witness(&site, &mut witness, CloseReason::TooLarge).await;
}

#[tokio::test]
async fn a_post_of_exactly_the_bound_is_taken() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let event = format!(r#"42["message","{}"]"#, "x".repeat(MAX - r#"42["message",""]"#.len()));
    assert_eq!(site.post(&sid, &event).await.status, 200);
    assert_eq!(site.post(&sid, &format!("{event}3")).await.status, 413);
}

#[tokio::test]
async fn an_encoded_post_is_refused() {
    let (site, mut witness) = with_witness(Figures::default()).await;
    for encoding in ["gzip", "deflate", "br", "identity"] {
        let sid = site.open_polling().await;
        let headers = format!("Content-Encoding: {encoding}\r\nContent-Length: 1");
        assert_eq!(post_raw(&site, &sid, &headers, b"3").await.0.status, 415);
        assert_only_witness(&site, &mut witness, CloseReason::ProtocolError).await;
    }
}

#[tokio::test]
async fn unknown_session_ids_are_unknown_whatever_they_are() {
    let (site, mut witness) = with_witness(Figures::default()).await;
    for sid in ["__proto__", "constructor", "", "%00", "..%2f..", "AAAAAAAAAAAAAAAAAAAAAA", &"A".repeat(3_000)] {
        for transport in ["polling", "websocket"] {
            let answer = site.get(&format!("EIO=4&transport={transport}&sid={sid}")).await;
            assert_eq!((answer.status, answer.text().contains(r#""code":1"#)), (400, true), "{transport} {sid:.40}");
        }
        assert_eq!(site.post(sid, "3").await.status, 400);
    }
    assert_eq!(site.engine.links_count(), 1, "no session came of any of them");
    witness.exchange().await;
}

#[tokio::test]
async fn a_message_that_is_never_finished_ends_the_session() {
    let mut figures = Figures::default();
    figures.engine.message_time_max_ms = 100;
    let (site, mut witness) = with_witness(figures).await;
    for begun in
        [frame(Opcode::Text, false, b"42"), frame(Opcode::Text, true, b"42[\"message\"]")[..9].to_vec(), vec![0x81]]
    {
        let mut slow = site.connected_socket().await;
        slow.connection.send(&begun).await;
        assert_eq!(slow.closed().await, Some(1002));
        assert_only_witness(&site, &mut witness, CloseReason::ProtocolError).await;
    }
}
