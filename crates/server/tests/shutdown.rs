//! The end of the real binary: SIGTERM under load, what everybody is told, and how long it takes.
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

#[path = "rig/mod.rs"]
mod rig;

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use rig::{Ask, Http, Packet, Poller, Process, Socket, Stream, frame, patient, token};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
};
use wire::websocket::Opcode;

/// How long a server may take to end, and an idle one.
const END_MAX: Duration = Duration::from_secs(10);
const IDLE_END_MAX: Duration = Duration::from_secs(1);

/// What a slow machine may add to that before it is the server's fault.
const SLACK: Duration = Duration::from_secs(2);

fn home() -> TempDir {
    TempDir::new().expect("a folder for a while")
}

fn add(id: &str) -> Value {
    json!({ "type": "chat", "action": "add", "data": { "id": id }, "key": id })
}

/// Everything that a server says to a socket before it ends the connection, and how it ended it.
async fn last_words(socket: &mut Socket) -> Vec<Packet> {
    let mut said = Vec::new();
    while let Ok(packet) = patient(socket.next()).await {
        said.push(packet);
    }
    said
}

fn goaway() -> Packet {
    Packet::Event("goaway".to_owned(), vec![json!({ "retry_after_ms": 1_000 })])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_server_ends_within_a_second_and_says_goodbye() {
    let home = home();
    let mut process = Process::spawn(home.path());
    let address = process.address();
    let (mut socket, _, _) = patient(Socket::enter(address, "default", &json!({}))).await.unwrap();
    let mut poller = patient(Poller::knock(address, &json!({}))).await.unwrap();
    for _ in 0..2 {
        patient(poller.next()).await.unwrap();
    }
    let mut stream = patient(Stream::open(address, &Ask::get("/api/sync/stream"))).await.unwrap().unwrap();
    patient(stream.next()).await.unwrap();
    // A client that is there has a poll open.
    patient(poller.poll()).await.unwrap();
    let polling = tokio::spawn(async move { (poller.next().await, poller) });
    process.signal(Signal::TERM);
    let (status, took) = tokio::task::block_in_place(|| process.ended());
    assert!(status.success(), "{status}: {}", process.log());
    assert!(took < IDLE_END_MAX + SLACK, "{took:?}");
    assert_eq!(last_words(&mut socket).await, [goaway()], "no DISCONNECT: a client would not come back");
    let (told, mut poller) = patient(polling).await.unwrap();
    assert_eq!(told.unwrap(), goaway());
    assert!(patient(poller.next()).await.is_err());
    assert!(patient(stream.next()).await.is_err(), "a stream just ends");
    let logs = ["views.db-wal", "journal/00000000000000000001.db-wal"]
        .map(|log| home.path().join("data/spaces/default").join(log));
    let left = logs.map(|log| std::fs::metadata(log).map_or(0, |file| file.len()));
    assert_eq!(left, [0, 0], "the next start reads no log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupt_ends_it_as_well_and_nobody_at_all_is_waited_for() {
    let home = home();
    let mut process = Process::spawn(home.path());
    process.address();
    process.signal(Signal::INT);
    let (status, took) = tokio::task::block_in_place(|| process.ended());
    assert!(status.success(), "{status}: {}", process.log());
    assert!(took < IDLE_END_MAX + SLACK, "{took:?}");
}

/// The log is read before the segment, and a damaged byte in it hides what comes after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_in_the_segment_and_nothing_in_a_log_when_it_has_ended() {
    let home = home();
    let mut process = Process::spawn(home.path());
    let mut http = patient(Http::open(process.address())).await.unwrap();
    for id in 0..20 {
        let push = Ask::push(&add(&format!("{id}"))).token(&token("ann", "member"));
        assert_eq!(patient(http.ask(&push)).await.unwrap().status, 200);
    }
    let changes = patient(http.look_up(&Ask::get("/api/sync/changes"))).await.unwrap().json();
    assert_eq!(changes["changes"].as_array().map(Vec::len), Some(20), "somebody has read from the disk");
    process.signal(Signal::TERM);
    assert!(tokio::task::block_in_place(|| process.ended()).0.success(), "{}", process.log());
    let journal = std::fs::read_dir(home.path().join("data/spaces/default/journal")).unwrap();
    let logs = journal.map(Result::unwrap).filter(|file| file.file_name().to_string_lossy().ends_with("-wal"));
    assert_eq!(logs.map(|log| log.metadata().unwrap().len()).sum::<u64>(), 0);
    let (is_well, said) = rig::verify(home.path());
    assert!(is_well && said.contains("20 entries"), "{said}");
}

/// What one pusher knows at the end: the ids that were acknowledged, those that were refused for now, and the rest.
#[derive(Default)]
struct Ledger {
    acked: Vec<String>,
    put_off: Vec<String>,
    unanswered: Vec<String>,
    said: Vec<Packet>,
    /// Told of the first acknowledgement.
    served: Option<oneshot::Sender<()>>,
}

/// Pushes as fast as acks come, sixteen under way, until the connection ends.
async fn push_over_socket(address: SocketAddr, name: String, served: oneshot::Sender<()>) -> Ledger {
    let auth = json!({ "token": token(&name, "member"), "topics": [] });
    let (mut socket, _, _) = patient(Socket::enter(address, "default", &auth)).await.unwrap();
    let mut ledger = Ledger { served: Some(served), ..Ledger::default() };
    let mut waiting = BTreeMap::new();
    for count in 0.. {
        let id = format!("{name}-{count}");
        // A write that fails is a connection that has ended: what is left to read says so in the end.
        let sent = patient(socket.emit("push", &add(&id))).await;
        if let Ok(number) = &sent {
            waiting.insert(*number, id);
        }
        if sent.is_ok() && waiting.len() < 16 {
            continue;
        }
        match patient(socket.next()).await {
            Ok(Packet::Ack(number, answer)) => ledger.take(waiting.remove(&number).unwrap(), &answer),
            Ok(packet) => ledger.said.push(packet),
            Err(_) => break,
        }
    }
    ledger.unanswered = waiting.into_values().collect();
    ledger
}

/// One push after the other over a kept connection.
async fn push_over_http(address: SocketAddr, name: String, served: oneshot::Sender<()>) -> Ledger {
    let mut ledger = Ledger { served: Some(served), ..Ledger::default() };
    let mut http = patient(Http::open(address)).await.unwrap();
    for count in 0.. {
        let id = format!("{name}-{count}");
        match patient(http.ask(&Ask::push(&add(&id)).token(&token(&name, "member")))).await {
            Ok(answer) => ledger.take(id, &answer.json()),
            Err(_) => {
                ledger.unanswered.push(id);
                break;
            }
        }
    }
    ledger
}

impl Ledger {
    fn take(&mut self, id: String, answer: &Value) {
        if answer["success"] == json!(true) {
            self.acked.push(id);
            if let Some(served) = self.served.take() {
                // A test that has ended already hears of nothing.
                let _ = served.send(());
            }
        } else {
            assert_eq!(answer["code"], json!("unavailable"), "{answer}");
            self.put_off.push(id);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_every_acked_push_survives_and_every_waiting_one_is_answered() {
    let home = home();
    let mut process = Process::spawn(home.path());
    let address = process.address();
    let (mut pushers, mut served) = (JoinSet::new(), Vec::new());
    for index in 0..4 {
        let [(by_socket, first_by_socket), (by_http, first_by_http)] = [oneshot::channel(), oneshot::channel()];
        pushers.spawn(push_over_socket(address, format!("socket{index}"), by_socket));
        pushers.spawn(push_over_http(address, format!("http{index}"), by_http));
        served.extend([first_by_socket, first_by_http]);
    }
    for first in served {
        patient(first).await.unwrap();
    }
    // A pause on purpose: the signal comes in the middle of the load.
    tokio::time::sleep(Duration::from_millis(700)).await;
    process.signal(Signal::TERM);
    let (status, took) = tokio::task::block_in_place(|| process.ended());
    assert!(status.success(), "{status}: {}", process.log());
    assert!(took < END_MAX, "{took:?}");

    let mut ledgers = Vec::new();
    while let Some(ledger) = patient(pushers.join_next()).await {
        ledgers.push(ledger.unwrap());
    }
    let mut process = Process::spawn(home.path());
    let present = ids_in(process.address()).await;
    for ledger in &ledgers {
        for id in &ledger.acked {
            assert!(present.contains(id), "{id} was acknowledged and is lost");
        }
        for id in &ledger.put_off {
            assert!(!present.contains(id), "{id} was refused and is there");
        }
        let is_socket = !ledger.said.is_empty();
        if is_socket {
            assert_eq!(ledger.said, [goaway()], "and nothing else");
        }
        // What was sent after the last read of the server cannot be answered, but what was written must be.
        let written = ledger.unanswered.iter().filter(|id| present.contains(*id)).count();
        assert_eq!(written, 0, "{written} pushes were written and not answered");
    }
    assert_eq!(ledgers.iter().filter(|ledger| !ledger.said.is_empty()).count(), 4, "every socket was told to go away");
    assert!(ledgers.iter().all(|ledger| !ledger.acked.is_empty()), "somebody was not served at all");
    process.signal(Signal::TERM);
    assert!(tokio::task::block_in_place(|| process.ended()).0.success());
}

async fn ids_in(address: SocketAddr) -> std::collections::BTreeSet<String> {
    let mut http = patient(Http::open(address)).await.unwrap();
    let items = patient(http.look_up(&Ask::get("/api/sync/chat"))).await.unwrap().json();
    let ids = items.as_array().unwrap().iter();
    ids.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// The transport ends bare: after `goaway` a close frame of WebSocket at most, never a packet of Engine.IO or Socket.IO.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_packet_is_goaway_and_then_the_transport_ends() {
    let home = home();
    let mut process = Process::spawn(home.path());
    let (mut socket, _, _) = patient(Socket::enter(process.address(), "default", &json!({}))).await.unwrap();
    process.signal(Signal::TERM);
    let mut events = Vec::new();
    while let Ok(event) = patient(socket.event()).await {
        events.push(format!("{event:?}"));
    }
    assert!(events[0].contains(r#"42[\"goaway\",{\"retry_after_ms\":1000}]"#), "{events:?}");
    assert!(events[1..].iter().all(|event| event.starts_with("Close(")), "{events:?}");
    assert!(tokio::task::block_in_place(|| process.ended()).0.success());
}

/// On a connection that is open already; new ones are not accepted any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_not_ready_and_takes_nobody_in_while_it_ends() {
    let home = home();
    let mut process = Process::spawn(home.path());
    let address = process.address();
    let mut probe = patient(Http::open(address)).await.unwrap();
    patient(async { while probe.ask(&Ask::get("/readyz")).await.unwrap().status != 200 {} }).await;
    let busy = keep_busy(address).await;
    process.signal(Signal::TERM);
    // A probe that was under way may have been answered before; the connection ends after the first no.
    let last = patient(async {
        loop {
            match probe.ask(&Ask::get("/readyz")).await {
                Ok(answer) if answer.status == 200 => {}
                other => return other,
            }
        }
    })
    .await;
    if let Ok(answer) = last {
        assert_eq!(answer.status, 503);
    }
    patient(async { while Http::open(address).await.is_ok() {} }).await;
    drop(busy);
    assert!(tokio::task::block_in_place(|| process.ended()).0.success(), "{}", process.log());
}

/// A socket that has been sent much and reads nothing holds the end up, boundedly.
async fn keep_busy(address: SocketAddr) -> Socket {
    let auth = json!({ "token": token("ann", "member") });
    let (mut socket, _, _) = patient(Socket::enter(address, "default", &auth)).await.unwrap();
    for count in 0..40 {
        let body = json!({ "type": "chat", "action": "add", "data": { "id": count, "text": "x".repeat(200_000) } });
        patient(socket.emit("push", &body)).await.unwrap();
    }
    let mut http = patient(Http::open(address)).await.unwrap();
    let count = |answer: Value| answer.as_array().map_or(0, Vec::len);
    patient(async { while count(http.ask(&Ask::get("/api/sync/chat")).await.unwrap().json_or_null()) < 40 {} }).await;
    socket
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_never_reads_holds_the_end_up_for_ten_seconds_at_most() {
    let home = home();
    let mut process = Process::spawn(home.path());
    let _stalled = keep_busy(process.address()).await;
    process.signal(Signal::TERM);
    let (status, took) = tokio::task::block_in_place(|| process.ended());
    assert!(status.success(), "{status}: {}", process.log());
    assert!(took < END_MAX + SLACK, "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once() {
    let home = home();
    let mut process = Process::spawn(home.path());
    let _stalled = keep_busy(process.address()).await;
    let began = Instant::now();
    process.signal(Signal::TERM);
    patient(async {
        while !process.log().contains("stopping") {
            tokio::task::yield_now().await
        }
    })
    .await;
    process.signal(Signal::TERM);
    let (status, _) = tokio::task::block_in_place(|| process.ended());
    assert!(!status.success(), "it did not end in order");
    assert!(began.elapsed() < SLACK, "{:?}", began.elapsed());
}

/// Five tries, one to five seconds apart: what the stock client of an existing app is often set to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_tries_five_times_survives_a_restart() {
    let home = home();
    let mut process = Process::spawn(home.path());
    let (address, whereabouts) = watch::channel(process.address());
    let (entered, mut inside) = watch::channel(false);
    let client = tokio::spawn(stock_client(whereabouts, entered));
    // What is pushed before a client has ever been in is not for it.
    patient(inside.wait_for(|inside| *inside)).await.unwrap();
    for count in 0..3 {
        let mut http = patient(Http::open(*address.borrow())).await.unwrap();
        let answer =
            patient(http.ask(&Ask::push(&add(&count.to_string())).token(&token("ann", "member")))).await.unwrap();
        assert_eq!(answer.status, 200);
        process.signal(Signal::TERM);
        assert!(tokio::task::block_in_place(|| process.ended()).0.success());
        process = Process::spawn(home.path());
        address.send_replace(process.address());
    }
    let mut http = patient(Http::open(*address.borrow())).await.unwrap();
    let last = patient(http.ask(&Ask::push(&add("last")).token(&token("ann", "member")))).await.unwrap();
    assert_eq!(last.status, 200);
    assert_eq!(patient(client).await.unwrap(), ["0", "1", "2", "last"], "each once and in order");
}

/// Follows until it has seen `last`; the ids it saw.
async fn stock_client(whereabouts: watch::Receiver<SocketAddr>, entered: watch::Sender<bool>) -> Vec<String> {
    let (mut seen, mut auth, mut tries) = (Vec::new(), json!({}), 0);
    loop {
        let address = *whereabouts.borrow();
        let end = stay(address, &entered, &mut auth, &mut seen, &mut tries).await;
        if end.is_ok() {
            return seen;
        }
        tries += 1;
        assert!(tries <= 5, "the client has given up");
        // A pause on purpose: this is how long such a client waits.
        tokio::time::sleep(Duration::from_millis(1_000 << (tries - 1)).min(Duration::from_secs(5))).await;
    }
}

async fn stay(
    address: SocketAddr,
    entered: &watch::Sender<bool>,
    auth: &mut Value,
    seen: &mut Vec<String>,
    tries: &mut u32,
) -> io::Result<()> {
    let (mut socket, connect, connected) = Socket::enter(address, "default", auth).await?;
    *tries = 0;
    auth["pid"] = connect["pid"].clone();
    auth["offset"] = connected[1].clone();
    entered.send_replace(true);
    loop {
        let packet = socket.next().await?;
        if let Some(update) = packet.update() {
            auth["offset"] = json!(update.cursor);
            seen.push(update.body["data"]["id"].as_str().unwrap().to_owned());
            if seen.last().is_some_and(|id| id == "last") {
                return Ok(());
            }
        }
    }
}

/// A peer that sends to the end and never reads must not keep the others from their goodbye.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_that_go_on_during_the_end_are_refused_and_keep_nobody() {
    let home = home();
    let mut process = Process::spawn(home.path());
    let address = process.address();
    let auth = json!({ "token": token("ann", "member"), "topics": [] });
    let (mut flood, _, _) = patient(Socket::enter(address, "default", &auth)).await.unwrap();
    let packet = format!("421[\"push\",{}]", add("flood"));
    let burst = frame(Opcode::Text, packet.as_bytes()).repeat(100);
    patient(flood.raw(&burst)).await.unwrap();
    let flooding = tokio::spawn(async move { while flood.raw(&burst).await.is_ok() {} });
    let (mut socket, _, _) = patient(Socket::enter(address, "default", &json!({ "topics": [] }))).await.unwrap();
    process.signal(Signal::TERM);
    assert_eq!(last_words(&mut socket).await, [goaway()]);
    let (status, took) = tokio::task::block_in_place(|| process.ended());
    assert!(status.success() && took < END_MAX, "{status} {took:?}");
    patient(flooding).await.unwrap();
}
