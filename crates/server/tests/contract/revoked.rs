//! Tokens that end while their holders are connected: no reading and no writing from that moment on.

use serde_json::{Value, json};

use crate::rig::{Ask, Packet, Poller, SECRET, Site, StreamEvent, claims_token, patient, token};

const RULES: &str = "[topics.members]\nread = \"member\"";

/// The last event of a socket before its transport ends.
fn refusal(packet: Packet) -> Value {
    match packet {
        Packet::Event(name, mut arguments) if name == "refused" && arguments.len() == 1 => arguments.remove(0),
        other => panic!("a refusal was expected: {other:?}"),
    }
}

#[tokio::test]
async fn signing_out_ends_reading_and_writing_on_every_transport() {
    let site = Site::dev(RULES).await;
    let guest = Ask::new("POST", "/api/auth/guest").json(&json!({ "name": "Ann" }));
    let gone = site.ask(&guest).await.json()["token"].as_str().unwrap().to_owned();
    let mut socket = site.socket(json!({ "token": gone })).await;
    let mut poller = patient(Poller::knock(site.address, &json!({ "token": gone }))).await.unwrap();
    for _ in 0..2 {
        patient(poller.next()).await.unwrap();
    }
    let mut stream = site.stream(&Ask::get("/api/sync/stream").token(&gone)).await;
    assert!(matches!(patient(stream.next()).await, Ok(StreamEvent::Id(_))));
    let mut stays = site.socket(json!({ "token": token("bob", "member") })).await;

    let out = Ask::new("POST", "/api/auth/logout").token(&gone);
    assert_eq!(site.ask(&out).await.status, 200);
    let told = refusal(patient(socket.next()).await.unwrap());
    assert_eq!(told["code"], json!("token_revoked"));
    assert!(told["message"].as_str().is_some_and(|sentence| sentence.contains(' ')), "{told}");
    assert_eq!(refusal(patient(poller.next()).await.unwrap())["code"], json!("token_revoked"));

    site.added("members", json!({ "id": 1, "text": "CANARY" })).await;
    assert_eq!(patient(stays.update()).await.unwrap().body["data"]["id"], json!(1), "others go on");
    assert!(patient(socket.next()).await.is_err(), "the transport ends and brings nothing more");
    assert!(patient(poller.next()).await.is_err(), "the transport ends and brings nothing more");
    assert!(patient(stream.next()).await.is_err(), "the stream ends and brings nothing more");
    for ask in [Ask::get("/api/sync/data"), Ask::push(&json!({})), Ask::get("/api/sync/stream")] {
        assert_eq!(site.ask(&ask.token(&gone)).await.refusal(), (401, "token_revoked".to_owned()));
    }
}

#[tokio::test]
async fn a_socket_cannot_write_after_its_token_has_expired() {
    let site = Site::dev(RULES).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let ending = claims_token(&json!({ "sub": "ann", "exp": now + 5 }), SECRET);
    let mut socket = site.socket(json!({ "token": ending, "topics": [] })).await;
    let mut taken = 0;
    let told = loop {
        let body = json!({ "type": "members", "action": "add", "data": { "id": taken } });
        let number = patient(socket.emit("push", &body)).await.unwrap();
        match patient(socket.next()).await.unwrap() {
            Packet::Ack(of, answer) if of == number && answer["success"] == json!(true) => taken += 1,
            other => break other,
        }
    };
    assert_eq!(refusal(told)["code"], json!("token_expired"));
    let items = site.get_as(&token("bob", "member"), "/api/sync/members").await.json();
    let items = items.as_array().map_or(0, Vec::len);
    assert!((taken..=taken + 1).contains(&items), "{items} items, {taken} of them acknowledged");
}

#[tokio::test]
async fn one_token_of_many_can_be_given_up() {
    let site = Site::dev(RULES).await;
    let guest = Ask::new("POST", "/api/auth/guest").json(&json!({ "name": "Ann" }));
    let first = site.ask(&guest).await.json()["token"].as_str().unwrap().to_owned();
    let other = token("bob", "member");
    assert_eq!(site.ask(&Ask::new("POST", "/api/auth/logout").token(&first)).await.status, 200);
    assert_eq!(site.get_as(&first, "/api/sync/data").await.refusal(), (401, "token_revoked".to_owned()));
    assert_eq!(site.get_as(&other, "/api/sync/data").await.status, 200);
    assert_eq!(site.get("/api/sync/data").await.status, 200, "without a token one is anonymous, not refused");
}
