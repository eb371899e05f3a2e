//! Who may read what: a canary in every topic, and every path by which somebody might come to read it.

use serde_json::{Value, json};

use crate::rig::{Ask, Poller, Site, patient, token};

const RULES: &str = r#"
    [topics.open]
    read = "public"
    [topics.members]
    read = "member"
    [topics.admins]
    read = "admin"
    [topics.own]
    read = "author"
    write = "author"
    [topics.secretDocument]
    kind = "document"
    read = "admin"
    path = "/api/secret-document"
"#;

/// What each reader may see of what the admin, ann and bob have written.
const READERS: [(&str, &str, &[&str]); 4] = [
    ("", "", &["open"]),
    ("ann", "member", &["open", "members", "own-ann"]),
    ("bob", "member", &["open", "members", "own-bob"]),
    ("root", "admin", &["open", "members", "admins", "own-ann", "own-bob", "document"]),
];

const CANARIES: [&str; 6] = ["open", "members", "admins", "own-ann", "own-bob", "document"];

fn canary(name: &str) -> String {
    format!("CANARY-{name}-CANARY")
}

/// One entry for each canary, then one that everybody sees.
async fn write(site: &Site, suffix: &str) {
    let push = async |who: (&str, &str), body: Value| {
        let answer = site.push_as(&token(who.0, who.1), &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    let add = |topic: &str, name: &str| json!({ "type": topic, "action": "add", "data": { "id": format!("{name}{suffix}"), "text": canary(name) } });
    let (root, ann, bob) = (("root", "admin"), ("ann", "member"), ("bob", "member"));
    push(root, add("open", "open")).await;
    push(ann, add("members", "members")).await;
    push(root, add("admins", "admins")).await;
    push(ann, add("own", "own-ann")).await;
    push(bob, add("own", "own-bob")).await;
    let document =
        json!({ "type": "secretDocument", "action": "update", "data": { "text": canary("document"), "n": suffix } });
    push(root, document).await;
    push(root, add("open", "end")).await;
}

fn auth(reader: &(&str, &str, &[&str])) -> Value {
    if reader.0.is_empty() { json!({}) } else { json!({ "token": token(reader.0, reader.1) }) }
}

fn ask(reader: &(&str, &str, &[&str]), path: &str) -> Ask {
    if reader.0.is_empty() { Ask::get(path) } else { Ask::get(path).token(&token(reader.0, reader.1)) }
}

/// Exactly what may be seen is there.
fn judge(reader: &(&str, &str, &[&str]), text: &str, path: &str) {
    for name in CANARIES {
        assert_eq!(
            text.contains(&canary(name)),
            reader.2.contains(&name),
            "{name} for {:?} by {path}: {text}",
            reader.0
        );
    }
}

/// Nothing that may not be seen is there.
fn judge_silence(reader: &(&str, &str, &[&str]), text: &str, path: &str) {
    for name in CANARIES.iter().filter(|name| !reader.2.contains(name)) {
        assert!(!text.contains(&canary(name)), "{name} for {:?} by {path}: {text}", reader.0);
    }
}

#[tokio::test]
async fn a_state_shows_what_may_be_read_and_nothing_else() {
    let site = Site::dev(RULES).await;
    write(&site, "").await;
    for reader in &READERS {
        let data = site.ask(&ask(reader, "/api/sync/data")).await;
        judge(reader, data.text(), "data");
        let named = site.ask(&ask(reader, "/api/sync/data?topics=*,admins,own,secretDocument")).await;
        judge(reader, named.text(), "data of named topics");
        let mut topics = String::new();
        for topic in ["open", "members", "admins", "own", "secretDocument"] {
            topics.push_str(site.ask(&ask(reader, &format!("/api/sync/{topic}"))).await.text());
        }
        judge(reader, &topics, "topics");
        judge_silence(reader, site.ask(&ask(reader, "/api/secret-document")).await.text(), "an alias");
    }
}

#[tokio::test]
async fn a_topic_that_may_not_be_read_is_as_good_as_none() {
    let site = Site::dev(RULES).await;
    let before = site.get("/api/sync/admins").await.refusal();
    write(&site, "").await;
    assert_eq!(site.get("/api/sync/admins").await.refusal(), before);
    assert_eq!(before, (404, "unknown_topic".to_owned()));
    let member = site.get_as(&token("ann", "member"), "/api/sync/data").await.json();
    assert!(member.get("admins").is_none() && member.get("secretDocument").is_none(), "{member}");
}

#[tokio::test]
async fn changes_and_pull_tell_what_may_be_read_and_nothing_else() {
    let mut site = Site::dev(RULES).await;
    write(&site, "").await;
    for restarted in [false, true] {
        if restarted {
            site.restart(|_| {}).await;
        }
        for reader in &READERS {
            judge(reader, site.ask(&ask(reader, "/api/sync/changes")).await.text(), "changes");
            let mut socket = site.socket(auth(reader)).await;
            let page = patient(socket.ask("pull", &json!({ "topics": ["*"] }))).await.unwrap();
            judge(reader, &page.to_string(), "pull");
        }
    }
}

#[tokio::test]
async fn live_followers_are_told_what_they_may_read_and_nothing_else() {
    let site = Site::dev(RULES).await;
    let mut followers = Vec::new();
    for reader in &READERS {
        let socket = site.socket(auth(reader)).await;
        let poller = patient(Poller::knock(site.address, &auth(reader))).await.unwrap();
        let stream = site.stream(&ask(reader, "/api/sync/stream")).await;
        followers.push((reader, socket, poller, stream));
    }
    write(&site, "").await;
    for (reader, mut socket, mut poller, mut stream) in followers {
        let (mut by_socket, mut by_poll, mut by_stream) = (String::new(), String::new(), String::new());
        while !by_socket.contains(&canary("end")) {
            by_socket.push_str(&format!("{:?}", patient(socket.next()).await.unwrap()));
        }
        while !by_poll.contains(&canary("end")) {
            by_poll.push_str(&format!("{:?}", patient(poller.next()).await.unwrap()));
        }
        while !by_stream.contains(&canary("end")) {
            by_stream.push_str(&patient(stream.update()).await.unwrap().0.to_string());
        }
        judge(reader, &by_socket, "a live socket");
        judge(reader, &by_poll, "a live poll");
        judge(reader, &by_stream, "a live stream");
    }
}

#[tokio::test]
async fn who_resumes_is_told_what_they_may_read_now_and_nothing_else() {
    let mut site = Site::dev(RULES).await;
    let start = site.get("/api/sync/data").await.cursor();
    write(&site, "").await;
    // From the tail at first; after the restart the tail is empty, and pages come from the store.
    for place in ["the tail", "the store"] {
        for reader in &READERS {
            let mut auth = auth(reader);
            auth["cursor"] = json!(start);
            let mut socket = site.socket(auth).await;
            let mut told = String::new();
            while !told.contains(&canary("end")) {
                told.push_str(&format!("{:?}", patient(socket.next()).await.unwrap()));
            }
            judge(reader, &told, place);
            let mut stream = site.stream(&ask(reader, &format!("/api/sync/stream?since={start}"))).await;
            let mut told = String::new();
            while !told.contains(&canary("end")) {
                told.push_str(&patient(stream.update()).await.unwrap().0.to_string());
            }
            judge(reader, &told, place);
        }
        site.restart(|_| {}).await;
    }
}

#[tokio::test]
async fn refusals_and_receipts_never_quote_what_may_not_be_read() {
    let site = Site::dev(RULES).await;
    write(&site, "").await;
    let ann = ("ann", "member", READERS[1].2);
    let push = |topic: &str, action: &str, id: &str| json!({ "type": topic, "action": action, "data": { "id": id, "text": "x" }, "key": format!("{action}{id}") });
    let pushes = [
        push("admins", "add", "admins"),
        push("admins", "update", "admins"),
        push("admins", "delete", "admins"),
        push("own", "add", "own-bob"),
        push("own", "update", "own-bob"),
        push("own", "patch", "own-bob"),
        push("own", "delete", "own-bob"),
    ];
    for body in pushes {
        let answer = site.push_as(&token("ann", "member"), &body).await;
        judge_silence(&ann, answer.text(), "a push");
        assert!(body["type"] != json!("own") || matches!(answer.status, 403 | 409), "{body}: {}", answer.text());
    }
}

#[tokio::test]
async fn in_closed_mode_nobody_reads_without_a_token() {
    let site = Site::closed("[topics.open]\nread = \"public\"").await;
    let root = token("root", "admin");
    for topic in ["open", "closed"] {
        let body = json!({ "type": topic, "action": "add", "data": { "id": 1, "text": canary(topic) } });
        assert_eq!(site.push_as(&root, &body).await.status, 200);
    }
    let anonymous = site.get("/api/sync/data").await;
    assert!(anonymous.text().contains(&canary("open")) && !anonymous.text().contains(&canary("closed")));
    let member = site.get_as(&token("ann", "member"), "/api/sync/data").await;
    assert!(member.text().contains(&canary("closed")));
    let body = json!({ "type": "new", "action": "add", "data": { "id": 1 } });
    let answer = site.push_as(&token("ann", "member"), &body).await;
    assert_eq!(answer.refusal(), (403, "unknown_topic".to_owned()));
    assert_eq!(site.ask(&Ask::push(&body)).await.refusal(), (401, "unauthorized".to_owned()));
}
