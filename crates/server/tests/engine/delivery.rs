//! Delivery by pull: every follower gets every post once and in order, however slowly it reads and whatever carries it.

use std::sync::Arc;
use std::time::Duration;

use server::engine::CloseReason;
use wire::websocket::{Event, Opcode};

use crate::harness::{Answer, Figures, Site, Socket, frame, polling, sid_of, texts};

/// Posts `range`, each of `bytes` bytes at least.
fn posts(range: std::ops::Range<usize>, bytes: usize) -> Vec<String> {
    range.map(|number| format!(r#"42["posted",{number},"{}"]"#, "x".repeat(bytes))).collect()
}

/// The number of a post as a follower gets it, without the Engine.IO digit.
fn number(post: &str) -> usize {
    let rest = post.strip_prefix(r#"2["posted","#).unwrap_or_else(|| panic!("a post was expected, not {post:.40}"));
    rest.split(',').next().unwrap().parse().unwrap()
}

/// Reads `count` posts from a WebSocket, which must come in order from `first` on.
async fn read_posts(socket: &mut Socket, first: usize, count: usize) {
    let mut expected = first;
    while expected < first + count {
        match socket.text().await.as_str() {
            "2" => socket.send("3").await,
            text => {
                assert_eq!(number(text.strip_prefix('4').unwrap()), expected);
                expected += 1;
            }
        }
    }
}

#[tokio::test]
async fn every_follower_gets_every_post_in_order() {
    let site = Site::start(Figures::default());
    let mut early = site.connected_socket().await;
    site.publish(&posts(0..500, 100));
    let mut late = site.connected_socket().await;
    site.publish(&posts(500..1_000, 100));
    read_posts(&mut early, 0, 1_000).await;
    read_posts(&mut late, 0, 1_000).await;
}

#[tokio::test]
async fn a_poll_takes_as_many_posts_as_the_payload_may_hold() {
    let site = Site::start(Figures::max_payload_bytes(10_000));
    let sid = site.connected_polling().await;
    site.publish(&posts(0..50, 1_000));
    let mut expected = 0;
    while expected < 50 {
        let answer = site.poll(&sid).await;
        assert!(answer.body.len() <= 10_000);
        for post in texts(&answer) {
            assert_eq!(number(&post), expected);
            expected += 1;
        }
    }
}

#[tokio::test]
async fn a_waiting_poll_is_answered_by_a_post() {
    let site = Site::start(Figures::default());
    let sid = site.connected_polling().await;
    let mut waiting = site.connect().await;
    waiting.send(format!("GET /?{} HTTP/1.1\r\nHost: test\r\n\r\n", polling(&sid)).as_bytes()).await;
    let link = site.engine.links().pop().unwrap();
    while !link.has_room() {
        tokio::task::yield_now().await;
    }
    site.publish(&posts(0..1, 10));
    assert_eq!(number(&texts(&waiting.answer().await)[0]), 0);
}

#[tokio::test]
async fn a_follower_that_stops_reading_delays_nobody_and_later_gets_everything() {
    let site = Site::start(Figures::default());
    let (mut slow, mut good) = (site.connected_socket().await, site.connected_socket().await);
    for round in 0..40 {
        site.publish(&posts(round * 100..(round + 1) * 100, 2_000));
        read_posts(&mut good, round * 100, 100).await;
    }
    assert!(site.engine.links().iter().any(|link| !link.has_room()), "8 MB fill the slow follower's socket");
    read_posts(&mut slow, 0, 4_000).await;
    slow.exchange().await;
}

#[tokio::test]
async fn posts_larger_than_the_socket_are_cut_and_continued() {
    let site = Site::start(Figures::default());
    let mut socket = site.connected_socket().await;
    for size in [1, 5_000, 900_000, 300_000, 4_096, 1] {
        site.publish(&posts(0..3, size));
    }
    for size in [1, 5_000, 900_000, 300_000, 4_096, 1] {
        for post in posts(0..3, size) {
            assert!(socket.text().await == post, "a post of {size} bytes comes as it was posted");
        }
    }
}

#[tokio::test]
async fn what_a_client_asks_for_is_answered_between_posts() {
    let site = Site::start(Figures::default());
    let mut socket = site.connected_socket().await;
    site.publish(&posts(0..3_000, 2_000));
    socket.send(r#"421["message-with-ack"]"#).await;
    let (mut before, mut expected) = (None, 0);
    while expected < 3_000 {
        let text = socket.text().await;
        if text == "431[]" {
            before = Some(expected);
        } else {
            assert_eq!(number(text.strip_prefix('4').unwrap()), expected);
            expected += 1;
        }
    }
    assert!(before.is_some_and(|before| before < 2_900), "the answer overtakes most of the backlog: {before:?}");
}

/// Writes `question` until nothing has been taken for a while, and gives how often it was taken. As soon as our own
/// socket is full, the server has stopped reading.
async fn ask_without_reading(socket: &mut Socket, question: &[u8]) -> usize {
    let mut written = 0;
    loop {
        let stream = &socket.connection.stream;
        if tokio::time::timeout(Duration::from_secs(1), stream.writable()).await.is_err() {
            break;
        }
        match stream.try_write(&question[written % question.len()..]) {
            Ok(more) => written += more,
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
        assert!(written < 200 << 20, "200 MB were taken from a client that reads nothing");
    }
    // The rest of the last question follows when there is room again.
    let rest = question[written % question.len()..].to_vec();
    let begun = written.div_ceil(question.len());
    if rest.len() < question.len() {
        socket.send_late(rest);
    }
    begun
}

#[tokio::test]
async fn a_client_that_only_asks_and_never_reads_is_not_read_from_any_more() {
    let site = Site::start(Figures::default());
    let (mut greedy, mut good) = (site.connected_socket().await, site.connected_socket().await);
    let event = format!(r#"427["message-with-ack","{}"]"#, "x".repeat(20_000));
    let asked = ask_without_reading(&mut greedy, &frame(Opcode::Text, true, event.as_bytes())).await;
    good.exchange().await;
    for _ in 0..asked {
        assert!(greedy.text().await.starts_with("437["));
    }
}

#[tokio::test]
async fn empty_pings_without_end_are_not_read_from_any_more_either() {
    let site = Site::start(Figures::default());
    let (mut greedy, mut good) = (site.connected_socket().await, site.connected_socket().await);
    let pings = frame(Opcode::Ping, true, b"").repeat(1_000);
    let asked = ask_without_reading(&mut greedy, &pings).await;
    good.exchange().await;
    for _ in 0..asked * 1_000 {
        assert_eq!(greedy.event().await, Some(Event::Pong("".into())));
    }
}

#[tokio::test]
async fn an_upgrade_under_load_loses_and_doubles_nothing() {
    let site = Arc::new(Site::start(Figures::default()));
    let sid = site.connected_polling().await;
    let mut expected = 0;
    let mut take = |answer: &Answer| {
        if answer.text() != "6" {
            for post in texts(answer) {
                assert_eq!(number(&post), expected);
                expected += 1;
            }
        }
    };
    for round in 0..5 {
        site.publish(&posts(round * 10..(round + 1) * 10, 50));
        take(&site.poll(&sid).await);
    }
    let publisher = tokio::task::spawn_blocking({
        let site = Arc::clone(&site);
        move || (5..300).for_each(|round| site.publish(&posts(round * 10..(round + 1) * 10, 50)))
    });
    let mut socket = site.socket(&format!("EIO=4&transport=websocket&sid={sid}")).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    take(&site.poll(&sid).await);
    socket.send("5").await;
    read_posts(&mut socket, expected, 3_000 - expected).await;
    publisher.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serving_from_many_threads_doubles_nothing() {
    let site = Arc::new(Site::start(Figures::default()));
    let mut socket = site.connected_socket().await;
    let link = site.engine.links().pop().unwrap();
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let servers: Vec<_> = (0..4)
        .map(|_| {
            let (link, stop) = (Arc::clone(&link), Arc::clone(&stop));
            std::thread::spawn(move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    link.serve();
                    std::thread::yield_now();
                }
            })
        })
        .collect();
    for round in 0..100 {
        site.publish(&posts(round * 20..(round + 1) * 20, 500));
    }
    read_posts(&mut socket, 0, 2_000).await;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    servers.into_iter().for_each(|server| server.join().unwrap());
    socket.exchange().await;
}

#[tokio::test]
async fn twenty_megabytes_reach_polling_and_websocket_followers() {
    let site = Site::start(Figures::max_payload_bytes(32 << 20));
    let (mut socket, sid) = (site.connected_socket().await, site.connected_polling().await);
    let post = posts(0..1, 20 << 20).remove(0);
    site.publish(std::slice::from_ref(&post));
    assert!(socket.text().await == post);
    assert!(texts(&site.poll(&sid).await)[0] == post.strip_prefix('4').unwrap());
    // And back: a client may send as much.
    let bytes = vec![7; 20 << 20];
    socket.send(r#"451-["message",{"_placeholder":true,"num":0}]"#).await;
    socket.send_binary(&bytes).await;
    assert_eq!(socket.event().await, Some(Event::Text(r#"451-["message-back",{"_placeholder":true,"num":0}]"#.into())));
    assert!(socket.binary().await == bytes);
}

#[tokio::test]
async fn a_poll_repeated_by_a_browser_or_proxy_ends_the_session_instead_of_losing_its_answer() {
    let site = Site::start(Figures::default());
    // As the stock clients write them, as python-socketio does, and as rust_socketio does.
    let stamps = [("Pabc120", "Pabc12x"), ("1764000000.1234567", "1764000000.1334567"), ("3283946512", "1170281100")];
    for (first, second) in stamps {
        let sid = sid_of(&site.get(&format!("EIO=4&transport=polling&t={first}")).await.text());
        site.post(&sid, "40").await;
        let stamped = format!("{}&t={second}", polling(&sid));
        assert_eq!(site.get(&stamped).await.status, 200, "an answer, lost on its way");
        assert_eq!(site.get(&stamped).await.status, 400, "the same request again");
        assert_eq!(site.next_closed().await, CloseReason::TransportLost);
    }
}

#[tokio::test]
async fn a_poll_that_comes_again_after_later_ones_takes_nothing_from_the_client() {
    let site = Site::start(Figures::default());
    let sid = sid_of(&site.get("EIO=4&transport=polling&t=Pabc120").await.text());
    for (text, stamp) in [("40", "Pabc12x"), (r#"42["message"]"#, "Pabc130")] {
        site.post(&sid, text).await;
        assert_eq!(site.get(&format!("{}&t={stamp}", polling(&sid))).await.status, 200);
    }
    site.publish(&posts(0..1, 10));
    assert_eq!(site.get(&format!("{}&t=Pabc12x", polling(&sid))).await.status, 400, "nobody hears this answer");
    assert_eq!(site.next_closed().await, CloseReason::TransportLost);
}

#[tokio::test]
async fn a_parameter_that_never_changes_is_no_stamp() {
    let site = Site::start(Figures::default());
    for stamp in ["1764000000", "mine"] {
        let sid = sid_of(&site.get(&format!("EIO=4&transport=polling&t={stamp}")).await.text());
        for text in ["40", r#"42["message"]"#, r#"42["message"]"#] {
            site.post(&sid, text).await;
            assert_eq!(site.get(&format!("{}&t={stamp}", polling(&sid))).await.status, 200);
        }
    }
}
