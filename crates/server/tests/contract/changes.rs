//! Changes, page by page, over HTTP and by a socket's `pull`.

use serde_json::{Value, json};

use crate::rig::{Site, patient, token};

/// Pages from `since` to the end; the ids in their order, and the last cursor.
async fn all(site: &Site, query: &str, mut since: Option<String>) -> (Vec<Value>, String) {
    let mut ids = Vec::new();
    loop {
        let from = since.map_or_else(String::new, |since| format!("&since={since}"));
        let page = site.get(&format!("/api/sync/changes?{query}{from}")).await.json();
        assert_eq!(page.as_object().map(serde_json::Map::len), Some(3), "changes, cursor and complete: {page}");
        ids.extend(page["changes"].as_array().unwrap().iter().map(|change| change["data"]["id"].clone()));
        let cursor = page["cursor"].as_str().unwrap().to_owned();
        if page["complete"] == json!(true) {
            return (ids, cursor);
        }
        since = Some(cursor);
    }
}

#[tokio::test]
async fn pages_go_from_the_first_entry_to_the_last() {
    let site = Site::dev("").await;
    for id in 0..7 {
        site.added(if id % 2 == 0 { "even" } else { "odd" }, json!({ "id": id })).await;
    }
    for limit in [1, 2, 3, 7, 1_000] {
        let (ids, _) = all(&site, &format!("limit={limit}"), None).await;
        assert_eq!(ids, (0..7).map(|id| json!(id)).collect::<Vec<_>>(), "limit {limit}");
        let page = site.get(&format!("/api/sync/changes?limit={limit}")).await.json();
        assert!(page["changes"].as_array().unwrap().len() <= limit);
    }
    let (odd, _) = all(&site, "topics=odd&limit=1", None).await;
    assert_eq!(odd, [json!(1), json!(3), json!(5)]);
}

#[tokio::test]
async fn a_change_looks_as_a_sync_update_does() {
    let site = Site::dev("").await;
    let mut socket = site.socket(json!({})).await;
    site.added("chat", json!({ "id": 1 })).await;
    let told = patient(socket.update()).await.unwrap();
    let page = site.get("/api/sync/changes").await.json();
    assert_eq!(page["changes"], json!([told.body]));
    assert_eq!(page["cursor"], json!(told.cursor));
    assert_eq!(patient(socket.ask("pull", &json!({}))).await.unwrap(), page, "pull says the same");
}

#[tokio::test]
async fn from_the_head_there_is_nothing_until_something_happens() {
    let site = Site::dev("").await;
    let first = site.added("chat", json!({ "id": 1 })).await;
    let head = first["cursor"].as_str().unwrap().to_owned();
    let (none, cursor) = all(&site, "", Some(head.clone())).await;
    assert_eq!((none, &cursor), (Vec::new(), &head));
    site.added("chat", json!({ "id": 2 })).await;
    assert_eq!(all(&site, "", Some(cursor)).await.0, [json!(2)]);
}

#[tokio::test]
async fn changes_never_bring_back_what_was_replaced_or_deleted() {
    let site = Site::dev("").await;
    let push = async |action: &str, data: Value| {
        site.pushed(json!({ "type": "chat", "action": action, "data": data })).await;
    };
    push("add", json!({ "id": 1, "text": "CANARY-replaced" })).await;
    push("add", json!({ "id": 2, "text": "CANARY-deleted" })).await;
    push("update", json!({ "id": 1, "text": "present" })).await;
    push("delete", json!({ "id": 2 })).await;
    let page = site.get("/api/sync/changes").await;
    assert!(!page.text().contains("CANARY"), "{}", page.text());
    let told: Vec<_> = page.json()["changes"].as_array().unwrap().iter().map(summary).collect();
    assert_eq!(told, ["add 1 present", "update 1 present", "delete 2 -"]);
}

fn summary(change: &Value) -> String {
    let (action, data) = (change["action"].as_str().unwrap(), &change["data"]);
    format!("{action} {} {}", data["id"], data["text"].as_str().unwrap_or("-"))
}

#[tokio::test]
async fn a_cursor_that_cannot_be_honoured_gets_a_reset_and_the_head() {
    let site = Site::dev("").await;
    let head = site.added("chat", json!({ "id": 1 })).await["cursor"].clone();
    let foreign = Site::dev("").await;
    for id in 0..2 {
        foreign.added("chat", json!({ "id": id })).await;
    }
    let here = foreign.get("/api/sync/changes?limit=1").await.json()["cursor"].as_str().unwrap().to_owned();
    let beyond = foreign.get("/api/sync/data").await.cursor();
    let mut socket = site.socket(json!({})).await;
    for (since, reason) in
        [("x", "unknown_cursor"), ("__proto__", "unknown_cursor"), (&here, "diverged"), (&beyond, "diverged")]
    {
        let expected = json!({ "changes": [], "reset": { "reason": reason }, "cursor": head, "complete": false });
        assert_eq!(site.get(&format!("/api/sync/changes?since={since}")).await.json(), expected, "{since}");
        assert_eq!(patient(socket.ask("pull", &json!({ "since": since }))).await.unwrap(), expected, "{since}");
    }
}

#[tokio::test]
async fn a_bad_query_is_400_in_json() {
    let site = Site::dev("").await;
    for (query, code) in [
        ("limit=many", "bad_query"),
        ("limit=-1", "bad_query"),
        ("limit=1&limit=2", "bad_query"),
        ("topics=.x", "bad_topic"),
    ] {
        assert_eq!(site.get(&format!("/api/sync/changes?{query}")).await.refusal(), (400, code.to_owned()), "{query}");
    }
    assert_eq!(site.get("/api/sync/changes?limit=0&unknown=1").await.status, 200);
}

#[tokio::test]
async fn more_patterns_than_fit_into_a_query_are_refused_and_as_many_as_fit_are_taken() {
    let site = Site::dev("").await;
    for call in ["data", "changes", "stream"] {
        let answer = site.get(&format!("/api/sync/{call}?topics={}", vec!["a"; 65].join(","))).await;
        assert_eq!(answer.refusal(), (400, "too_many_topics".to_owned()), "{call}");
    }
    assert_eq!(site.get(&format!("/api/sync/data?topics={}", vec!["a"; 64].join(","))).await.text(), "{}");
}

#[tokio::test]
async fn pull_takes_topics_and_limit() {
    let site = Site::dev("").await;
    for id in 0..4 {
        site.added(if id % 2 == 0 { "even" } else { "odd" }, json!({ "id": id })).await;
    }
    let mut socket = site.socket(json!({ "token": token("ann", "member"), "topics": [] })).await;
    let mut pull = async |argument: Value| patient(socket.ask("pull", &argument)).await.unwrap();
    let page = pull(json!({ "topics": ["odd"], "limit": 1 })).await;
    assert_eq!((&page["changes"][0]["data"]["id"], &page["complete"]), (&json!(1), &json!(false)));
    let rest = pull(json!({ "topics": ["odd"], "since": page["cursor"] })).await;
    assert_eq!((&rest["changes"][0]["data"]["id"], &rest["complete"]), (&json!(3), &json!(true)));
    assert_eq!(pull(json!({ "topics": "odd" })).await["code"], json!("bad_topic"));
    assert_eq!(pull(json!({ "topics": [1] })).await["code"], json!("bad_topic"));
}

/// What is too far for a resume is not too far for pages: each of them is bounded by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_go_through_a_journal_of_any_length() {
    const ENTRIES: u64 = space::limits::RESUME_ENTRIES_MAX + 10;
    let mut site = Site::dev("").await;
    site.restart(|site| site.append("long", ENTRIES)).await;
    let page = site.get("/api/sync/changes?limit=1").await.json();
    assert_eq!(page["changes"].as_array().map(Vec::len), Some(1));
    let first = page["cursor"].as_str().unwrap().to_owned();
    let (rest, _) = all(&site, "", Some(first.clone())).await;
    assert_eq!(1 + rest.len() as u64, ENTRIES);
    let (mut socket, connected) = site.socket_in("default", json!({ "cursor": first })).await;
    assert_eq!(connected[0]["resumed"], json!(false));
    let told = patient(socket.next()).await.unwrap();
    assert!(format!("{told:?}").contains("too_far"), "{told:?}");
}
