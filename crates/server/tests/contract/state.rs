//! The present state: all topics, single ones, aliases, and the cursor that goes with it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::rig::{Ask, Http, Site, patient, token};

#[tokio::test]
async fn topics_stand_in_the_order_of_their_first_entry_and_items_in_that_of_their_first_add() {
    let site = Site::dev("").await;
    site.added("zebra", json!({ "id": 1 })).await;
    site.pushed(json!({ "type": "doc", "action": "update", "data": { "a": 1 } })).await;
    site.added("ape", json!({ "id": 1 })).await;
    site.added("zebra", json!({ "id": 2 })).await;
    site.pushed(json!({ "type": "zebra", "action": "update", "data": { "id": 1, "new": true } })).await;
    site.pushed(json!({ "type": "zebra", "action": "update", "data": { "id": 0 } })).await;
    let data = site.get("/api/sync/data").await;
    let expected = r#"{"zebra":[{"id":1,"new":true},{"id":2},{"id":0}],"doc":{"a":1},"ape":[{"id":1}]}"#;
    assert_eq!(data.text(), expected);
    assert_eq!(data.header("content-type"), Some("application/json"));
    assert_eq!(data.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn an_empty_space_is_an_empty_object_with_a_cursor() {
    let site = Site::dev("").await;
    let data = site.get("/api/sync/data").await;
    assert_eq!(data.text(), "{}");
    let mut socket = site.socket(json!({ "cursor": data.cursor() })).await;
    site.added("chat", json!({ "id": 1 })).await;
    assert_eq!(patient(socket.update()).await.unwrap().body["data"], json!({ "id": 1 }));
}

#[tokio::test]
async fn topics_narrow_the_state() {
    let site = Site::dev("").await;
    for topic in ["room/1", "room/2", "news", "roommates"] {
        site.added(topic, json!({ "id": 1 })).await;
    }
    let topics = async |query: &str| {
        let data = site.get(&format!("/api/sync/data?topics={query}")).await.json();
        data.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(topics("news").await, "news");
    assert_eq!(topics("room/*").await, "room/1 room/2");
    assert_eq!(topics("room/*,news").await, "news room/1 room/2");
    assert_eq!(topics("room%2F1").await, "room/1");
    assert_eq!(topics("*").await, "news room/1 room/2 roommates");
    assert_eq!(topics("nothing").await, "");
    let bad = site.get("/api/sync/data?topics=*x").await;
    assert_eq!(bad.refusal(), (400, "bad_topic".to_owned()));
    let many = vec!["a"; 65].join(",");
    assert_eq!(site.get(&format!("/api/sync/data?topics={many}")).await.refusal().0, 400);
}

#[tokio::test]
async fn a_topic_is_answered_bare_slashes_included() {
    let site = Site::dev("").await;
    site.added("room/1", json!({ "id": 1 })).await;
    let room = site.get("/api/sync/room/1").await;
    assert_eq!(room.text(), r#"[{"id":1}]"#);
    site.pushed(json!({ "type": "doc", "action": "update", "data": { "a": 1 } })).await;
    assert_eq!(site.get("/api/sync/room%2F1").await.text(), r#"[{"id":1}]"#);
    assert_eq!(site.get("/api/sync/doc").await.text(), r#"{"a":1}"#);
    let mut socket = site.socket(json!({ "cursor": room.cursor() })).await;
    assert_eq!(patient(socket.update()).await.unwrap().body["type"], json!("doc"));
}

#[tokio::test]
async fn what_does_not_exist_is_404_in_json() {
    let site = Site::dev("").await;
    for path in ["/api/sync/nothing", "/api/sync/room/9", "/api/sync/.bad", "/api/sync/%FF", "/api/sync/a%20b"] {
        assert_eq!(site.get(path).await.refusal(), (404, "unknown_topic".to_owned()), "{path}");
    }
    for path in ["/api", "/api/", "/api/nothing", "/api/sync", "/api/sync/", "/api/site-content"] {
        assert_eq!(site.get(path).await.refusal(), (404, "not_found".to_owned()), "{path}");
    }
    assert_eq!(site.ask(&Ask::new("DELETE", "/api/nothing")).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(site.get("/nothing").await.refusal(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn a_wrong_method_is_405_in_json() {
    let site = Site::dev("").await;
    for (method, path) in
        [("GET", "/api/sync/push"), ("POST", "/api/sync/data"), ("PUT", "/api/sync/chat"), ("GET", "/api/auth/login")]
    {
        let answer = site.ask(&Ask::new(method, path)).await;
        assert_eq!(answer.refusal(), (405, "method_not_allowed".to_owned()), "{method} {path}");
    }
}

#[tokio::test]
async fn names_of_calls_are_no_topics() {
    let site = Site::dev("").await;
    for name in ["push", "data", "changes", "stream"] {
        let body = json!({ "type": name, "action": "add", "data": { "id": 1 } });
        let answer = site.push_as(&token("root", "admin"), &body).await;
        assert_eq!(answer.refusal(), (400, "reserved_topic".to_owned()), "{name}");
    }
    site.added("data/1", json!({ "id": 1 })).await;
    assert_eq!(site.get("/api/sync/data/1").await.text(), r#"[{"id":1}]"#);
}

const DECLARED: &str = r#"
    [topics.siteContent]
    kind = "document"
    path = "/api/site-content"
    [topics.announcements]
    kind = "list"
    order = "newest"
    path = "/api/announcements"
    [topics.secrets]
    read = "admin"
    path = "/api/secrets"
"#;

#[tokio::test]
async fn an_alias_answers_what_its_topic_holds_and_its_kind_while_it_is_empty() {
    let site = Site::dev(DECLARED).await;
    assert_eq!(site.get("/api/site-content").await.text(), "{}");
    let empty = site.get("/api/announcements").await;
    assert_eq!(empty.text(), "[]");
    let mut socket = site.socket(json!({ "cursor": empty.cursor() })).await;
    site.added("announcements", json!({ "id": 1 })).await;
    site.pushed(json!({ "type": "siteContent", "action": "update", "data": { "a": 1 } })).await;
    assert_eq!(patient(socket.update()).await.unwrap().body["type"], json!("announcements"));
    assert_eq!(site.get("/api/site-content").await.text(), r#"{"a":1}"#);
    assert_eq!(site.get("/api/announcements").await.text(), r#"[{"id":1}]"#);
    let secret = json!({ "type": "secrets", "action": "add", "data": { "id": 1 } });
    assert_eq!(site.push_as(&token("root", "admin"), &secret).await.status, 200);
    assert_eq!(site.get("/api/secrets").await.text(), "[]", "to others it is as good as empty");
    assert_eq!(site.get_as(&token("root", "admin"), "/api/secrets").await.text(), r#"[{"id":1}]"#);
}

#[tokio::test]
async fn newest_first_turns_states_round_and_nothing_else() {
    let site = Site::dev(DECLARED).await;
    for id in 1..=3 {
        site.added("announcements", json!({ "id": id })).await;
    }
    let newest = r#"[{"id":3},{"id":2},{"id":1}]"#;
    for path in ["/api/announcements", "/api/sync/announcements"] {
        assert_eq!(site.get(path).await.text(), newest);
    }
    assert_eq!(site.get("/api/sync/data").await.text(), format!(r#"{{"announcements":{newest}}}"#));
    let changes = site.get("/api/sync/changes").await.json();
    assert_eq!(changes["changes"][0]["data"], json!({ "id": 1 }));
}

#[tokio::test]
async fn a_topic_keeps_the_kind_that_was_declared() {
    let site = Site::dev(DECLARED).await;
    let document = json!({ "type": "siteContent", "action": "add", "data": { "id": 1 } });
    let answer = site.push_as(&token("ann", "member"), &document).await;
    assert_eq!(answer.refusal(), (400, "is_document".to_owned()));
    let list = json!({ "type": "announcements", "action": "update", "data": { "title": "x" } });
    let answer = site.push_as(&token("ann", "member"), &list).await;
    assert_eq!(answer.refusal(), (400, "missing_id".to_owned()));
}

#[tokio::test]
async fn a_large_state_comes_whole() {
    let site = Site::dev("").await;
    let mut socket = site.socket(json!({ "token": token("ann", "member"), "topics": [] })).await;
    let text = "x".repeat(5_000);
    let mut numbers = Vec::new();
    for id in 0..600 {
        let data = json!({ "id": id, "text": text });
        numbers.push(socket.emit("push", &json!({ "type": "chat", "action": "add", "data": data })).await.unwrap());
    }
    for number in numbers {
        assert_eq!(patient(socket.answer_to(number)).await.unwrap()["success"], json!(true));
    }
    let data = site.get("/api/sync/data").await.json();
    let ids: Vec<_> = data["chat"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (0..600).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_from_a_state_leaves_no_gap_and_no_overlap_while_pushes_go_on() {
    const PUSHES: u64 = 200;
    let site = Site::dev("").await;
    let address = site.address;
    let pushers: Vec<_> = (0..3)
        .map(|pusher| {
            tokio::spawn(async move {
                let mut http = Http::open(address).await.unwrap();
                for count in 0..PUSHES {
                    let (topic, id) = (format!("t{}", count % 3), format!("{pusher}-{count}"));
                    let body = json!({ "type": topic, "action": "add", "data": { "id": id } });
                    let ask = Ask::push(&body).token(&token("ann", "member"));
                    assert_eq!(patient(http.ask(&ask)).await.unwrap().status, 200);
                }
            })
        })
        .collect();
    let (mut looks, mut size) = (Vec::new(), 0);
    while pushers.iter().any(|pusher| !pusher.is_finished()) {
        let data = site.get("/api/sync/data").await;
        let present = ids_of(&data.json()).count();
        if present >= size {
            size = present + 15;
            looks.push((data.json(), site.socket(json!({ "cursor": data.cursor() })).await));
        }
    }
    for pusher in pushers {
        pusher.await.unwrap();
    }
    site.added("end", json!({ "id": "end" })).await;
    let mut amid = 0;
    for (state, mut socket) in looks {
        let mut seen: BTreeSet<String> = ids_of(&state).collect();
        amid += u32::from(!seen.is_empty() && seen.len() < 3 * PUSHES as usize);
        loop {
            let update = patient(socket.update()).await.unwrap().body;
            if update["type"] == json!("end") {
                break;
            }
            assert!(seen.insert(update["data"]["id"].to_string()), "{update} was in the state already");
        }
        assert_eq!(seen.len(), 3 * PUSHES as usize);
    }
    assert!(amid > 5, "only {amid} looks fell between the first push and the last");
}

fn ids_of(state: &Value) -> impl Iterator<Item = String> {
    let topics = state.as_object().unwrap().values();
    topics.flat_map(|items| items.as_array().unwrap()).map(|item| item["id"].to_string())
}
