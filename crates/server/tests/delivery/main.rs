//! Slow and dead readers: what they cost, whom they disturb, and that they miss nothing.
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod catch_up;
mod flood;
#[cfg(target_os = "linux")]
mod memory;
#[path = "../rig/mod.rs"]
mod rig;

use std::net::SocketAddr;

use journal::{Ask, Json, Principal, Push, TopicName, UserId};
use rig::{Site, Socket, patient, token};
use serde_json::{Value, json};
use server::sync::Reply;
use space::Request;
use tokio::sync::oneshot;

/// A heartbeat that gives nobody up while a slow machine is busy with others.
const PATIENT: &str = "[heartbeat]\nping_interval_ms = 600000\n";

/// An `add` with so many bytes of text.
fn add(topic: &str, id: u64, text_bytes: usize) -> Value {
    json!({ "type": topic, "action": "add", "data": { "id": id, "text": "x".repeat(text_bytes) } })
}

/// A socket that pushes and follows nothing.
async fn pusher(address: SocketAddr) -> Socket {
    let auth = json!({ "token": token("ann", "member"), "topics": [] });
    patient(Socket::enter(address, "default", &auth)).await.unwrap().0
}

/// Pushes the ids in order, a few under way at once.
async fn push_all(pusher: &mut Socket, topic: &str, ids: std::ops::Range<u64>, text_bytes: usize) {
    let mut waiting = std::collections::VecDeque::new();
    for id in ids {
        waiting.push_back(patient(pusher.emit("push", &add(topic, id, text_bytes))).await.unwrap());
        if waiting.len() == 8 {
            let answer = patient(pusher.answer_to(waiting.pop_front().unwrap())).await.unwrap();
            assert_eq!(answer["success"], json!(true), "{answer}");
        }
    }
    for number in waiting {
        assert_eq!(patient(pusher.answer_to(number)).await.unwrap()["success"], json!(true));
    }
}

/// Pushes the ids in order past all transports, so that readers stall for no longer than a disk needs.
async fn push_directly(site: &Site, topic: &str, ids: std::ops::Range<u64>, text_bytes: usize) {
    let running = &site.server().api().spaces["default"];
    let who = Principal::member(UserId::new("ann").unwrap());
    let mut waiting = std::collections::VecDeque::new();
    for id in ids {
        let data = Json::parse(add(topic, id, text_bytes)["data"].to_string().as_bytes()).unwrap();
        let push = Push::new(TopicName::new(topic).unwrap(), Ask::Add, Some(data)).unwrap();
        let (sender, answer) = oneshot::channel();
        running.push(Request { who: who.clone(), push, reply: Reply::Wait(sender) }).unwrap();
        waiting.push_back(answer);
        if waiting.len() == 8 {
            patient(waiting.pop_front().unwrap()).await.unwrap().unwrap();
        }
    }
    for answer in waiting {
        patient(answer).await.unwrap().unwrap();
    }
}

/// Reads updates and expects these ids, each once and in order.
async fn expect_ids(follower: &mut Socket, ids: std::ops::Range<u64>) {
    for id in ids {
        assert_eq!(patient(follower.update()).await.unwrap().body["data"]["id"], json!(id));
    }
}

/// The same of a reader that may have been given up meanwhile, as one that answers no ping is: it comes back with the
/// cursor of what it saw last.
async fn expect_ids_resuming(address: SocketAddr, mut follower: Socket, start: &str, ids: std::ops::Range<u64>) {
    let mut cursor = start.to_owned();
    for id in ids {
        let update = loop {
            match patient(follower.update()).await {
                Ok(update) => break update,
                Err(_) => {
                    follower = patient(Socket::enter(address, "default", &json!({ "cursor": cursor }))).await.unwrap().0
                }
            }
        };
        assert_eq!(update.body["data"]["id"], json!(id));
        cursor = update.cursor;
    }
}
