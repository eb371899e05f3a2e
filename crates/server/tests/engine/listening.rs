//! Slow and endless requests, against the listener's own clocks.

use std::time::{Duration, Instant};

use server::engine::CloseReason;
use server::limits::LISTEN_HEADERS_MAX;
use server::listen;

use crate::harness::{Figures, Site, polling};

fn impatient() -> Figures {
    let listen = listen::Config {
        headers_timeout: Duration::from_millis(100),
        idle_timeout: Duration::from_secs(10),
        body_grace: Duration::from_millis(100),
        body_rate_min_bytes: 100,
    };
    Figures { listen, ..Figures::default() }
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let site = Site::start(impatient());
    site.connect().await.ended().await;
}

#[tokio::test]
async fn headers_that_do_not_end_in_time_close_the_connection() {
    let site = Site::start(impatient());
    let mut witness = site.connected_socket().await;
    let mut slow = site.connect().await;
    slow.send(b"GET /?EIO=4&transport=polling HTTP/1.1\r\nHost: te").await;
    slow.ended().await;
    let mut second = site.connect().await;
    assert_eq!(second.get("EIO=4").await.status, 400);
    let idle = tokio::time::timeout(Duration::from_millis(300), second.read()).await;
    assert!(idle.is_err(), "between requests it may idle for longer");
    second.send(b"GET /?EIO=4 HTTP/1.1\r\n").await;
    let begun = Instant::now();
    second.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "but a request that it begins must be whole soon");
    witness.exchange().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_the_end() {
    let mut figures = impatient();
    figures.listen.idle_timeout = Duration::from_millis(100);
    let site = Site::start(figures);
    let mut connection = site.connect().await;
    assert_eq!(connection.get("EIO=4").await.status, 400);
    connection.ended().await;
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_answered_and_closes_the_session() {
    let site = Site::start(impatient());
    let mut witness = site.connected_socket().await;
    let sid = site.open_polling().await;
    let mut slow = site.connect().await;
    slow.send(format!("POST /?{} HTTP/1.1\r\nHost: test\r\nContent-Length: 50\r\n\r\n42", polling(&sid)).as_bytes())
        .await;
    assert_eq!(slow.answer().await.status, 408);
    slow.ended().await;
    assert_eq!(site.next_closed().await, CloseReason::TransportLost);
    witness.exchange().await;
}

#[tokio::test]
async fn a_body_that_keeps_its_rate_may_take_longer_than_the_grace() {
    let site = Site::start(impatient());
    let sid = site.connected_polling().await;
    let event = format!(r#"42["message","{}"]"#, "x".repeat(2_000));
    let (most, rest) = event.as_bytes().split_at(2_000);
    let mut slow = site.connect().await;
    let head = format!("POST /?{} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", polling(&sid), event.len());
    slow.send(head.as_bytes()).await;
    slow.send(most).await;
    // 2 000 bytes at 100 a second have earned it 20 seconds.
    let silence = tokio::time::timeout(Duration::from_millis(300), slow.read()).await;
    assert!(silence.is_err(), "three times the grace, and it is still waited for");
    slow.send(rest).await;
    assert_eq!(slow.answer().await.status, 200);
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let site = Site::start(Figures::default());
    let mut witness = site.connected_socket().await;
    let mut endless = site.connect().await;
    endless.send(b"GET / HTTP/1.1\r\nHost: test\r\nX-Endless: ").await;
    endless.send_as_far_as_taken(&vec![b'x'; 1 << 20]).await;
    endless.ended().await;
    let mut many = site.connect().await;
    let headers = "X: y\r\n".repeat(LISTEN_HEADERS_MAX + 1);
    many.send(format!("GET / HTTP/1.1\r\n{headers}\r\n").as_bytes()).await;
    assert_eq!(many.head().await.status, 431);
    many.ended().await;
    witness.exchange().await;
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let site = Site::start(Figures::default());
    let mut noise = site.connect().await;
    noise.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n").await;
    noise.ended().await;
}
