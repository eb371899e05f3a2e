//! Hashing passwords takes cores and memory on purpose; whoever does not sign in must not notice it.

use std::net::Ipv4Addr;

use serde_json::json;
use server::identity::limits::{ADDRESS_ATTEMPTS_MAX, HASHES_AT_ONCE_MAX, HASHES_WAITING_MAX};
use tokio::{sync::mpsc, task::JoinSet};

use crate::rig::{Ask, Http, Site, patient, token};

/// All that the server takes at once: those that are hashed, and the whole line behind them.
const LOGINS: usize = HASHES_AT_ONCE_MAX + HASHES_WAITING_MAX;

fn password_call(door: &str, email: &str) -> Ask {
    let body = json!({ "name": "Ann", "email": email, "password": "correct horse battery" });
    Ask::new("POST", &format!("/api/auth/{door}")).json(&body)
}

/// One attempt, under way. It comes from one of this machine's many addresses, so that none of them tries too often.
async fn begin_login(site: &Site, number: usize) -> Http {
    let last = u8::try_from(2 + number / (ADDRESS_ATTEMPTS_MAX as usize / 2)).unwrap();
    let email = if number == 0 { "ann@example.com".to_owned() } else { format!("nobody{number}@example.com") };
    let mut http = patient(Http::open_from(Ipv4Addr::new(127, 0, 0, last).into(), site.address)).await.unwrap();
    patient(http.write(&password_call("login", &email).bytes())).await.unwrap();
    http
}

/// What the server does for others: a socket's push, its delivery to another socket, a push over HTTP, health.
async fn serves_others(site: &Site) {
    let mut follower = site.socket(json!({ "topics": ["chat"] })).await;
    let mut pusher = site.socket(json!({ "token": token("bob", "member"), "topics": [] })).await;
    let push = |id: u64| json!({ "type": "chat", "action": "add", "data": { "id": id } });
    assert_eq!(patient(pusher.push(&push(1))).await.unwrap()["success"], json!(true));
    assert_eq!(patient(follower.update()).await.unwrap().body["data"]["id"], json!(1));
    site.pushed(push(2)).await;
    assert_eq!(patient(follower.update()).await.unwrap().body["data"]["id"], json!(2));
    assert_eq!(site.get("/api/health").await.json()["status"], json!("ok"));
}

/// There is one serving thread: were passwords hashed on it, everybody would be served after the last of them.
#[tokio::test]
async fn others_are_served_while_a_full_line_of_passwords_is_hashed() {
    let site = Site::dev("").await;
    assert_eq!(site.ask(&password_call("register", "ann@example.com")).await.status, 200);
    let (answered, mut answers) = mpsc::unbounded_channel();
    let mut logins = JoinSet::new();
    // The first who is sent away tells that the line is full.
    let mut statuses = Vec::new();
    while !statuses.contains(&503) {
        assert!(logins.len() < 4 * LOGINS, "nobody is sent away: each call waited until passwords had been hashed");
        let mut http = begin_login(&site, logins.len()).await;
        let answered = answered.clone();
        logins.spawn(async move { answered.send(patient(http.answer()).await.unwrap().status).unwrap() });
        statuses.extend(std::iter::from_fn(|| answers.try_recv().ok()));
    }
    serves_others(&site).await;
    statuses.extend(std::iter::from_fn(|| answers.try_recv().ok()));
    let (begun, hashed) = (logins.len(), statuses.iter().filter(|status| **status != 503).count());
    println!("{hashed} of {begun} logins had been answered with yes or no when everybody else had been served");
    logins.join_all().await;
    let after: Vec<u16> = std::iter::from_fn(|| answers.try_recv().ok()).collect();
    assert!(after.contains(&401), "no password was left to be hashed when the others had been served");
    statuses.extend(after);
    let with = |status| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((with(200), with(401) + with(503)), (1, begun - 1), "everybody in the line got their answer");
    assert!(with(200) + with(401) >= LOGINS, "the line has room for {LOGINS}");
}
