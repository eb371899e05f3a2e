//! The end: of one link by the application, of all of them by a drain, of the listener by a stop.

use std::{
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};

use server::engine::CloseReason;

use crate::harness::{Figures, PATIENCE, Site, frame, polling};
use wire::websocket::Opcode;

const GOAWAY: &str = r#"42["goaway",{}]"#;

#[tokio::test]
async fn a_drain_gives_each_client_its_last_message_and_no_goodbye_that_would_stop_it_from_coming_back() {
    let site = Site::start(Figures::default());
    let mut socket = site.connected_socket().await;
    let (waiting_sid, idle_sid) = (site.connected_polling().await, site.connected_polling().await);
    let (mut waiting, query) = (site.connect().await, polling(&waiting_sid));
    let drained = site.engine.drain(PATIENCE, |_, control| control.packet(GOAWAY));
    let idle = async {
        // The idle client polls once the drain has begun, which the refusal of new sessions shows.
        while site.get("EIO=4&transport=polling").await.status != 503 {}
        assert_eq!(site.poll(&idle_sid).await.text(), GOAWAY);
    };
    let (poll, (), ()) = tokio::join!(waiting.get(&query), drained, idle);
    assert_eq!(poll.text(), GOAWAY);
    assert_eq!(socket.text().await, GOAWAY);
    assert_eq!(socket.closed().await, Some(1001));
    assert_eq!(site.poll(&waiting_sid).await.status, 400);
    assert_eq!(site.engine.links_count(), 0);
    for _ in 0..3 {
        assert_eq!(site.next_closed().await, CloseReason::GoingAway);
    }
}

#[tokio::test]
async fn a_drain_without_links_ends_at_once_and_no_new_session_opens_after_it() {
    let site = Site::start(Figures::default());
    site.engine.drain(PATIENCE, |_, _| {}).await;
    assert_eq!(site.get("EIO=4&transport=polling").await.status, 503);
    let mut connection = site.connect().await;
    connection.send(crate::harness::upgrade_request("EIO=4&transport=websocket").as_bytes()).await;
    assert_eq!(connection.answer().await.status, 503);
}

#[tokio::test]
async fn a_drain_does_not_wait_for_a_client_that_does_not_read() {
    let site = Site::start(Figures::default());
    let mut deaf = site.connected_socket().await;
    let post = format!(r#"42["posted","{}"]"#, "x".repeat(900_000));
    for _ in 0..20 {
        site.publish(std::slice::from_ref(&post));
    }
    site.engine.drain(Duration::from_millis(100), |_, control| control.packet(GOAWAY)).await;
    assert_eq!(site.next_closed().await, CloseReason::GoingAway);
    assert_eq!(site.engine.links_count(), 0);
    // The frame that was cut is not followed by anything that would be taken for its rest.
    while deaf.connection.read().await {}
}

#[tokio::test]
async fn a_drain_waits_for_a_poller_that_stays_away_no_longer_than_for_its_next_poll() {
    let site = Site::start(Figures::default());
    site.connected_polling().await;
    let begun = std::time::Instant::now();
    site.engine.drain(PATIENCE, |_, control| control.packet(GOAWAY)).await;
    assert!(
        begun.elapsed() < server::limits::ENGINE_LINGER,
        "the linger of a peer that reads slowly is not waited for"
    );
    assert_eq!(site.next_closed().await, CloseReason::GoingAway);
    assert_eq!(site.engine.links_count(), 0);
}

#[tokio::test]
async fn a_session_that_opens_while_a_drain_begins_is_ended_with_the_others() {
    let site = Site::start(Figures::default());
    site.connected_polling().await;
    let (sender, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let engine = Arc::clone(&site.engine);
    // The first poll of a drain looks for the sessions to end, and does not find the one that is opening.
    *site.engine.application().meanwhile.lock() = Some(Box::new(move || {
        let mut drain = Box::pin(async move { engine.drain(PATIENCE, |_, control| control.packet(GOAWAY)).await });
        assert!(drain.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        sender.send(drain).expect("the test waits for it");
    }));
    let mut connection = site.connect().await;
    connection.send(crate::harness::upgrade_request("EIO=4&transport=websocket").as_bytes()).await;
    let drain = begun.recv().await.expect("a session opens");
    tokio::time::timeout(PATIENCE / 4, drain).await.expect("nobody is waited for who was not told");
    assert_eq!(site.engine.links_count(), 0);
}

#[tokio::test]
async fn a_link_that_the_application_ends_sends_what_it_was_given_first() {
    let site = Site::start(Figures::default());
    let mut socket = site.connected_socket().await;
    let link = site.engine.links().pop().unwrap();
    link.enter(|_, control| {
        control.packet(r#"42["refused",{"code":"token_expired"}]"#);
        control.close_after_flush(CloseReason::ClosedByServer);
    });
    assert_eq!(socket.text().await, r#"42["refused",{"code":"token_expired"}]"#);
    assert_eq!(socket.closed().await, Some(1000));
    assert_eq!(link.enter(|_, _| ()), None, "a closed link has no session");

    let sid = site.connected_polling().await;
    let link = site.engine.links().pop().unwrap();
    link.enter(|_, control| {
        control.packet(r#"42["refused",{}]"#);
        control.close_after_flush(CloseReason::ClosedByServer);
    });
    assert_eq!(site.poll(&sid).await.text(), r#"42["refused",{}]"#);
    assert_eq!(site.poll(&sid).await.status, 400);
}

#[tokio::test]
async fn a_session_that_is_moving_to_a_websocket_is_ended_when_it_has_arrived() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let mut socket = site.socket(&format!("EIO=4&transport=websocket&sid={sid}")).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    site.engine.links().pop().unwrap().enter(|_, control| {
        control.packet(GOAWAY);
        control.close_after_flush(CloseReason::GoingAway);
    });
    assert_eq!(site.poll(&sid).await.text(), "6", "the last poll of a client that moves holds nothing");
    assert_eq!(site.engine.links_count(), 1, "the client has stopped polling and would not notice the end");
    socket.send("5").await;
    assert_eq!(socket.text().await, GOAWAY);
    assert_eq!(socket.closed().await, Some(1001));
    assert_eq!(site.next_closed().await, CloseReason::GoingAway);
}

#[tokio::test]
async fn nothing_is_received_on_a_link_that_is_ending() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let link = site.engine.links().pop().unwrap();
    link.enter(|_, control| {
        control.packet(GOAWAY);
        control.close_after_flush(CloseReason::ClosedByServer);
    });
    assert_eq!(site.post(&sid, r#"42["message"]"#).await.status, 200);
    assert_eq!(site.poll(&sid).await.text(), GOAWAY, "and no answer to the message");
}

#[tokio::test]
async fn a_stop_lets_a_request_under_way_be_answered_and_drops_idle_connections() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let (mut idle, mut posting) = (site.connect().await, site.connect().await);
    assert_eq!(idle.get("EIO=4").await.status, 400);
    let head =
        format!("POST /?{} HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", polling(&sid));
    posting.send(head.as_bytes()).await;
    assert_eq!(posting.head().await.status, 100);
    let stopped = site.server.stop(PATIENCE);
    let finish = async {
        idle.ended().await;
        posting.send(b"3").await;
        assert_eq!(posting.answer().await.status, 200);
    };
    tokio::join!(stopped, finish);
    assert!(tokio::net::TcpStream::connect(site.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let (mut waiting, query) = (site.connect().await, polling(&sid));
    waiting.send(format!("GET /?{query} HTTP/1.1\r\nHost: test\r\n\r\n").as_bytes()).await;
    let link = site.engine.links().pop().unwrap();
    while !link.has_room() {
        tokio::task::yield_now().await;
    }
    site.server.stop(Duration::from_millis(50)).await;
    waiting.ended().await;
}

#[tokio::test]
async fn sockets_outlive_the_listener() {
    let site = Site::start(Figures::default());
    let mut socket = site.connected_socket().await;
    site.server.stop(PATIENCE).await;
    socket.exchange().await;
    socket.connection.send(&frame(Opcode::Close, true, b"")).await;
    assert_eq!(socket.closed().await, Some(1000));
}
