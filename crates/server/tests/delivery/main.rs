//! Slow and dead readers: what they cost, whom they disturb, and that they miss nothing.
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod catch_up;
mod flood;
#[cfg(target_os = "linux")]
mod memory;
#[path = "../rig/mod.rs"]
mod rig;

use serde_json::{Value, json};

use rig::{Socket, patient, token};

/// An `add` with so many bytes of text.
fn add(topic: &str, id: u64, text_bytes: usize) -> Value {
    json!({ "type": topic, "action": "add", "data": { "id": id, "text": "x".repeat(text_bytes) } })
}

/// A socket that pushes and follows nothing.
async fn pusher(address: std::net::SocketAddr) -> Socket {
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

/// Reads updates and expects these ids, each once and in order.
async fn expect_ids(follower: &mut Socket, ids: std::ops::Range<u64>) {
    for id in ids {
        assert_eq!(patient(follower.update()).await.unwrap().body["data"]["id"], json!(id));
    }
}
