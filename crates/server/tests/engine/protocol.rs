//! What any client of the two protocols relies on, over real connections.

use server::engine::CloseReason;
use wire::websocket::{Event, Opcode};

use crate::harness::{Figures, Site, frame, polling, sid_of};

#[tokio::test]
async fn a_polling_handshake_tells_the_figures() {
    let site = Site::start(Figures::quick_heartbeat());
    let answer = site.get("EIO=4&transport=polling").await;
    let (text, sid) = (answer.text(), sid_of(&answer.text()));
    let figures = r#""upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#;
    assert_eq!((answer.status, text), (200, format!(r#"0{{"sid":"{sid}",{figures}"#)));
    assert!(answer.head.contains("cache-control: no-store"));
    assert_eq!(sid.len(), 22, "128 bits in base64url");
}

#[tokio::test]
async fn a_websocket_handshake_offers_no_upgrade() {
    let site = Site::start(Figures::default());
    let open = site.socket("EIO=4&transport=websocket").await.text().await;
    assert!(open.contains(r#""upgrades":[]"#), "{open}");
}

#[tokio::test]
async fn a_request_that_is_none_is_refused_with_its_code() {
    let site = Site::start(Figures::default());
    let sid = site.open_polling().await;
    for (method, query, code) in [
        ("GET", "EIO=4", 0),
        ("GET", "EIO=4&transport=abc", 0),
        ("GET", "EIO=4&transport=polling&sid=__proto__", 1),
        ("GET", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAA", 1),
        ("GET", "EIO=4&transport=websocket&sid=constructor", 1),
        ("POST", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAA", 1),
        ("POST", "EIO=4&transport=polling", 2),
        ("PUT", "EIO=4&transport=polling", 2),
        ("GET", "EIO=4&transport=websocket", 3),
        ("DELETE", &polling(&sid), 3),
        ("GET", "transport=polling", 5),
        ("GET", "EIO=3&transport=polling", 5),
        ("GET", "EIO=abc&transport=websocket", 5),
    ] {
        let mut connection = site.connect().await;
        connection
            .send(format!("{method} /?{query} HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n").as_bytes())
            .await;
        let answer = connection.answer().await;
        assert_eq!(answer.status, 400, "{method} {query}");
        assert!(answer.text().starts_with(&format!(r#"{{"code":{code},"#)), "{method} {query}: {}", answer.text());
    }
    assert_eq!(site.engine.outdated_requests(), 3);
    assert_eq!(site.engine.links_count(), 1, "nothing of this touched the one session");
}

#[tokio::test]
async fn an_upgrade_of_another_version_is_told_the_right_one() {
    let site = Site::start(Figures::default());
    let request = crate::harness::upgrade_request("EIO=4&transport=websocket").replace("Version: 13", "Version: 8");
    let mut connection = site.connect().await;
    connection.send(request.as_bytes()).await;
    let answer = connection.answer().await;
    assert_eq!(answer.status, 426);
    assert!(answer.head.contains("sec-websocket-version: 13"));
}

#[tokio::test]
async fn polling_carries_text_and_binary_both_ways() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let event = "451-[\"message\",{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==\x1e42[\"message\",2]";
    let answer = site.post(&sid, event).await;
    assert_eq!((answer.status, answer.text()), (200, "ok".to_owned()));
    let back = "451-[\"message-back\",{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==\x1e42[\"message-back\",2]";
    assert_eq!(site.poll(&sid).await.text(), back);
}

#[tokio::test]
async fn a_waiting_poll_is_answered_by_what_comes() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let (mut waiting, query) = (site.connect().await, polling(&sid));
    let (answer, _) = tokio::join!(waiting.get(&query), site.post(&sid, r#"42["message",1]"#));
    assert_eq!(answer.text(), r#"42["message-back",1]"#);
}

#[tokio::test]
async fn a_websocket_carries_text_and_binary_both_ways() {
    let site = Site::start(Figures::default());
    let mut socket = site.connected_socket().await;
    socket.send(r#"451-["message",{"_placeholder":true,"num":0}]"#).await;
    socket.send_binary(&[1, 2, 3]).await;
    assert_eq!(socket.text().await, r#"451-["message-back",{"_placeholder":true,"num":0}]"#);
    assert_eq!(socket.binary().await, &[1, 2, 3][..]);
    socket.send(r#"45261-["message",1]"#).await;
    assert_eq!(socket.closed().await, Some(1002), "more attachments than allowed");
}

#[tokio::test]
async fn events_are_acknowledged_with_their_own_arguments_untouched() {
    let site = Site::start(Figures::default());
    let mut socket = site.connected_socket().await;
    socket.send(r#"42456["message-with-ack", 1 ,"2",{"3":[ 1e400, "é" ]}]"#).await;
    assert_eq!(socket.text().await, r#"43456[ 1 ,"2",{"3":[ 1e400, "é" ]}]"#);
    socket.send(r#"42["message"]"#).await;
    assert_eq!(socket.text().await, r#"42["message-back"]"#);
}

#[tokio::test]
async fn namespaces_are_joined_refused_and_left() {
    let site = Site::start(Figures::default());
    let mut socket = site.connected_socket().await;
    socket.send(r#"40/custom,{"token":"abc"}"#).await;
    assert!(socket.text().await.starts_with(r#"40/custom,{"sid":""#));
    assert_eq!(socket.text().await, r#"42/custom,["auth",{"token":"abc"}]"#);
    socket.send("40/random").await;
    assert_eq!(socket.text().await, r#"44/random,{"message":"Invalid namespace"}"#);
    socket.send("41/custom").await;
    socket.exchange().await;
}

#[tokio::test]
async fn a_heartbeat_keeps_both_transports_open() {
    let mut figures = Figures::quick_heartbeat();
    figures.engine.session.ping_timeout = std::time::Duration::from_secs(5);
    let site = Site::start(figures);
    let (mut socket, sid) = (site.connected_socket().await, site.connected_polling().await);
    let on_socket = async {
        for _ in 0..3 {
            assert_eq!(socket.text().await, "2");
            socket.send("3").await;
        }
    };
    let on_polling = async {
        for _ in 0..3 {
            assert_eq!(site.poll(&sid).await.text(), "2");
            assert_eq!(site.post(&sid, "3").await.status, 200);
        }
    };
    tokio::join!(on_socket, on_polling);
    assert_eq!(site.engine.links_count(), 2);
}

#[tokio::test]
async fn who_does_not_answer_pings_is_closed() {
    let site = Site::start(Figures::quick_heartbeat());
    let mut socket = site.open_socket().await;
    assert_eq!(socket.text().await, "2");
    assert_eq!(socket.closed().await, None);
    assert_eq!(site.next_closed().await, CloseReason::PingTimeout);
    let sid = site.open_polling().await;
    assert_eq!(site.next_closed().await, CloseReason::PingTimeout);
    assert_eq!(site.poll(&sid).await.status, 400);
}

#[tokio::test]
async fn a_client_says_goodbye_on_either_transport() {
    let site = Site::start(Figures::default());
    let mut socket = site.open_socket().await;
    socket.send("1").await;
    assert_eq!(socket.closed().await, Some(1000));
    assert_eq!(site.next_closed().await, CloseReason::ClosedByClient);

    let sid = site.open_polling().await;
    let (mut waiting, query) = (site.connect().await, polling(&sid));
    let (poll, post) = tokio::join!(waiting.get(&query), site.post(&sid, "1"));
    assert_eq!((poll.text(), post.status), ("6".to_owned(), 200));
    assert_eq!(site.poll(&sid).await.status, 400);
}

#[tokio::test]
async fn a_close_frame_is_answered_by_one() {
    let site = Site::start(Figures::default());
    let mut socket = site.open_socket().await;
    socket.connection.send(&frame(Opcode::Close, true, &1001_u16.to_be_bytes())).await;
    assert_eq!(socket.closed().await, Some(1000));
    assert_eq!(site.next_closed().await, CloseReason::ClosedByClient);
}

#[tokio::test]
async fn a_websocket_ping_gets_its_pong() {
    let site = Site::start(Figures::default());
    let mut socket = site.open_socket().await;
    socket.connection.send(&frame(Opcode::Ping, true, b"are you there")).await;
    assert_eq!(socket.event().await, Some(Event::Pong("are you there".into())));
}

#[tokio::test]
async fn a_session_moves_from_polling_to_a_websocket() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let (mut waiting, query) = (site.connect().await, polling(&sid));
    let mut socket = site.socket(&format!("EIO=4&transport=websocket&sid={sid}")).await;
    let probe = async {
        socket.send("2probe").await;
        assert_eq!(socket.text().await, "3probe");
    };
    let (poll, ()) = tokio::join!(waiting.get(&query), probe);
    assert_eq!(poll.text(), "6", "the waiting poll is ended");
    assert_eq!(site.poll(&sid).await.text(), "6", "and so is one that comes before the upgrade");
    // The packet behind the upgrade comes in the same segment.
    let both = [frame(Opcode::Text, true, b"5"), frame(Opcode::Text, true, br#"42["message",1]"#)].concat();
    socket.connection.send(&both).await;
    assert_eq!(socket.text().await, r#"42["message-back",1]"#);
    assert_eq!(site.poll(&sid).await.status, 400);
    assert_eq!(site.post(&sid, "42[\"message\",2]").await.status, 400);
    let mut second = site.socket(&format!("EIO=4&transport=websocket&sid={sid}")).await;
    assert_eq!(second.closed().await, Some(1008));
    socket.exchange().await;
}

#[tokio::test]
async fn a_client_that_upgrades_without_waiting_for_an_answer_is_let_in() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let mut socket = site.socket(&format!("EIO=4&transport=websocket&sid={sid}")).await;
    // No poll is open, so the answer would wait for one.
    let all = ["2probe", "5", r#"42["message",1]"#].map(|text| frame(Opcode::Text, true, text.as_bytes()));
    socket.connection.send(&all.concat()).await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(socket.text().await, r#"42["message-back",1]"#);
    assert_eq!(site.poll(&sid).await.status, 400);
}

#[tokio::test]
async fn a_probe_that_fails_or_breaks_leaves_the_session_on_polling() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let query = format!("EIO=4&transport=websocket&sid={sid}");
    let mut wrong = site.socket(&query).await;
    wrong.send("2other").await;
    assert_eq!(wrong.closed().await, Some(1008));
    let mut broken = site.socket(&query).await;
    broken.send("2probe").await;
    assert_eq!(broken.text().await, "3probe");
    let mut rival = site.socket(&query).await;
    assert_eq!(rival.closed().await, Some(1008), "one at a time");
    drop(broken);
    site.post(&sid, r#"42["message",1]"#).await;
    assert_eq!(site.poll(&sid).await.text(), r#"42["message-back",1]"#);
}

#[tokio::test]
async fn a_probe_that_never_ends_is_closed_in_time() {
    let mut figures = Figures::default();
    figures.engine.session.upgrade_timeout = std::time::Duration::from_secs(2);
    let site = Site::start(figures);
    let sid = site.connected_polling().await;
    let mut socket = site.socket(&format!("EIO=4&transport=websocket&sid={sid}")).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(socket.closed().await, Some(1008));
    assert_eq!(site.engine.links_count(), 1);
}

#[tokio::test]
async fn what_waited_for_a_move_that_failed_goes_out_by_polling() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let mut socket = site.socket(&format!("EIO=4&transport=websocket&sid={sid}")).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    site.engine.links().pop().unwrap().enter(|_, control| control.packet(r#"42["news"]"#));
    assert_eq!(site.poll(&sid).await.text(), "6");
    drop(socket);
    let mut got = site.poll(&sid).await.text();
    while got == "6" {
        got = site.poll(&sid).await.text();
    }
    assert_eq!(got, r#"42["news"]"#);
}
