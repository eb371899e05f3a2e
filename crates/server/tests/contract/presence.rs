//! Presence: who is here, told to those who watch.

use serde_json::{Value, json};

use crate::rig::{Packet, Site, Socket, frame, patient, token};

const WATCH: &str = r#"42["signal",{"kind":"watch-presence"}]"#;

/// The next signal; it ends in an object, so that it moves nobody's offset.
async fn told(watcher: &mut Socket) -> Value {
    match patient(watcher.next()).await.unwrap() {
        Packet::Event(name, mut arguments) if name == "signal" && arguments.len() == 1 => arguments.remove(0),
        other => panic!("a signal was expected: {other:?}"),
    }
}

async fn watcher(site: &Site, name: &str) -> Socket {
    let mut watcher = site.socket(json!({ "token": token(name, "member") })).await;
    watcher.send(WATCH).await.unwrap();
    watcher
}

#[tokio::test]
async fn presence_is_told_to_those_who_watch() {
    let site = Site::dev("").await;
    let _silent = site.socket(json!({})).await;
    let mut watcher = watcher(&site, "ann").await;
    let ann = json!({ "id": "ann", "name": "ann" });
    let alone = json!({ "kind": "presence", "clients": 2, "online": [ann] });
    assert_eq!(told(&mut watcher).await, alone);
    let bob = site.socket(json!({ "token": token("bob", "member") })).await;
    let again = site.socket(json!({ "token": token("bob", "member") })).await;
    let both = json!({ "kind": "presence", "clients": 4, "online": [ann, { "id": "bob", "name": "bob" }] });
    while told(&mut watcher).await != both {}
    drop((bob, again));
    while told(&mut watcher).await != alone {}
}

#[tokio::test]
async fn a_bad_signal_is_told_so_and_an_unknown_kind_is_taken() {
    let site = Site::dev("").await;
    let mut socket = site.socket(json!({})).await;
    for bad in [json!(7), json!({}), json!({ "kind": 7 }), json!("watch-presence")] {
        assert_eq!(patient(socket.ask("signal", &bad)).await.unwrap()["code"], json!("bad_signal"), "{bad}");
    }
    assert_eq!(patient(socket.ask("signal", &json!({ "kind": "typing" }))).await.unwrap()["success"], json!(true));
}

/// What a socket that does not read is owed is how things are when it reads again, not how they were in between.
#[tokio::test]
async fn a_watcher_that_does_not_read_is_told_the_present_once_it_reads() {
    let site = Site::dev("").await;
    let mut reading = watcher(&site, "ann").await;
    let mut stalled = watcher(&site, "bob").await;
    let burst = frame(wire::websocket::Opcode::Text, WATCH.as_bytes()).repeat(1_000);
    // Each is answered, until neither kernel nor server take any more.
    while tokio::time::timeout(std::time::Duration::from_millis(500), stalled.raw(&burst)).await.is_ok() {}
    let mut guests = Vec::new();
    for clients in 3..=5 {
        guests.push(site.socket(json!({})).await);
        while told(&mut reading).await["clients"] != json!(clients) {}
    }
    let mut counts = vec![0];
    while counts.last() != Some(&5) {
        let clients = told(&mut stalled).await["clients"].as_u64().unwrap();
        if counts.last() != Some(&clients) {
            counts.push(clients);
        }
    }
    assert!(!counts.contains(&3) && !counts.contains(&4), "{counts:?}");
}
