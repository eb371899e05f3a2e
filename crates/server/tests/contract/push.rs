//! Pushes: every action, its receipt, and what followers are told of it.

use serde_json::{Value, json};

use crate::rig::{Ask, Site, patient, token};

fn members(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_receipt_says_where_the_entry_stands() {
    let site = Site::dev("").await;
    let first = site.added("chat", json!({ "id": "m1" })).await;
    assert_eq!(members(&first), ["cursor", "duplicate", "message", "position", "seq", "success"]);
    assert_eq!((&first["position"], &first["seq"]), (&json!(1), &json!(1)));
    assert_eq!((&first["success"], &first["duplicate"]), (&json!(true), &json!(false)));
    let other = site.added("news", json!({ "id": "m1" })).await;
    assert_eq!((&other["position"], &other["seq"]), (&json!(2), &json!(1)), "a topic counts for itself");
    let next = site.added("chat", json!({ "id": "m2" })).await;
    assert_eq!((&next["position"], &next["seq"]), (&json!(3), &json!(2)));
    assert_ne!(first["cursor"], next["cursor"]);
}

#[tokio::test]
async fn an_ack_over_a_socket_says_the_same() {
    let site = Site::dev("").await;
    let mut socket = site.socket(json!({ "token": token("ann", "member") })).await;
    let body = json!({ "type": "chat", "action": "add", "data": { "id": "m1" }, "key": "k" });
    let ack = patient(socket.push(&body)).await.unwrap();
    assert_eq!(members(&ack), ["cursor", "duplicate", "position", "seq", "success"]);
    let again = site.push_as(&token("ann", "member"), &body).await.json();
    assert_eq!(again["duplicate"], json!(true), "the transport does not matter");
    assert_eq!((&again["position"], &again["cursor"]), (&ack["position"], &ack["cursor"]));
}

#[tokio::test]
async fn every_action_on_a_list_reaches_everybody_the_pusher_included() {
    let site = Site::dev("").await;
    let admin = token("root", "admin");
    let mut pusher = site.socket(json!({ "token": admin })).await;
    let mut other = site.socket(json!({})).await;
    let push = |action, data| json!({ "type": "chat", "action": action, "data": data });
    let pushes = [
        (push("add", json!({ "id": 1, "a": 1 })), push("add", json!({ "id": 1, "a": 1 }))),
        (push("update", json!({ "id": 1, "b": 2 })), push("update", json!({ "id": 1, "b": 2 }))),
        (push("patch", json!({ "id": 1, "a": 3 })), push("update", json!({ "id": 1, "b": 2, "a": 3 }))),
        (push("patch", json!({ "id": 2, "c": 4 })), push("update", json!({ "id": 2, "c": 4 }))),
        (push("delete", json!({ "id": 1, "why": "x" })), push("delete", json!({ "id": 1 }))),
        (push("clear", Value::Null), push("clear", Value::Null)),
    ];
    for (seq, (asked, told)) in pushes.iter().enumerate() {
        let receipt = patient(pusher.push(asked)).await.unwrap();
        assert_eq!(receipt["success"], json!(true), "{asked}: {receipt}");
        for follower in [&mut pusher, &mut other] {
            let update = patient(follower.update()).await.unwrap();
            assert_eq!(members(&update.body), ["action", "author", "data", "seq", "timestamp", "type"]);
            for name in ["type", "action", "data"] {
                assert_eq!(update.body[name], told[name], "{asked}");
            }
            assert_eq!(update.body["author"], json!("root"));
            assert_eq!(update.body["seq"], json!(seq + 1));
            assert_eq!(json!(update.cursor), receipt["cursor"]);
        }
    }
}

#[tokio::test]
async fn a_document_is_replaced_whole_merged_and_emptied() {
    let site = Site::dev("").await;
    let admin = token("root", "admin");
    let push = async |action: &str, data: Value| {
        site.push_as(&admin, &json!({ "type": "siteContent", "action": action, "data": data })).await
    };
    let state = async || site.get("/api/sync/siteContent").await.text().to_owned();
    assert_eq!(push("update", json!({ "title": "a", "sub": { "x": 1 } })).await.status, 200);
    assert_eq!(push("patch", json!({ "sub": { "y": 2 }, "title": null })).await.status, 200);
    assert_eq!(state().await, r#"{"sub":{"x":1,"y":2}}"#);
    assert_eq!(push("update", json!({ "id": 1.5 })).await.status, 200, "a document's id means nothing");
    assert_eq!(state().await, r#"{"id":1.5}"#);
    assert_eq!(push("add", json!({ "id": 1 })).await.refusal(), (400, "is_document".to_owned()));
    assert_eq!(push("delete", json!({ "id": 1 })).await.refusal(), (400, "is_document".to_owned()));
    assert_eq!(push("clear", Value::Null).await.status, 200);
    assert_eq!(state().await, "{}");
}

#[tokio::test]
async fn deleting_what_is_not_there_succeeds_and_writes_nothing() {
    let site = Site::dev("").await;
    let head = site.added("chat", json!({ "id": "m1" })).await;
    let receipt = site.pushed(json!({ "type": "chat", "action": "delete", "data": { "id": "m2" } })).await;
    assert_eq!(receipt["changed"], json!(false));
    assert_eq!((&receipt["position"], &receipt["cursor"]), (&head["position"], &head["cursor"]));
    let unknown = site.pushed(json!({ "type": "other", "action": "delete", "data": { "id": "m2" } })).await;
    assert_eq!((&unknown["changed"], &unknown["position"]), (&json!(false), &json!(1)));
    let next = site.added("chat", json!({ "id": "m3" })).await;
    assert_eq!((&next["position"], &next["seq"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn clear_takes_null_or_nothing_and_needs_an_admin() {
    let site = Site::dev("").await;
    site.added("chat", json!({ "id": "m1" })).await;
    let (member, admin) = (token("ann", "member"), token("root", "admin"));
    for body in
        [json!({ "type": "chat", "action": "clear", "data": null }), json!({ "type": "chat", "action": "clear" })]
    {
        assert_eq!(site.push_as(&member, &body).await.refusal(), (403, "forbidden".to_owned()));
        assert_eq!(site.push_as(&admin, &body).await.status, 200);
    }
    let full = json!({ "type": "chat", "action": "clear", "data": {} });
    assert_eq!(site.push_as(&admin, &full).await.refusal(), (400, "bad_data".to_owned()));
    assert_eq!(site.get("/api/sync/chat").await.text(), "[]");
}

#[tokio::test]
async fn what_apps_send_beside_a_push_is_ignored() {
    let site = Site::dev("").await;
    let body = json!({
        "type": "chat", "action": "add", "data": { "id": 7 }, "key": null, "timestamp": "2026-01-01T00:00:00Z",
        "adminId": "x", "more": [1, { "deep": true }],
    });
    let ask = Ask::push(&body).token(&token("ann", "member")).header("X-App-Header", "1");
    assert_eq!(site.ask(&ask).await.status, 200);
    let charset = Ask::new("POST", "/api/sync/push")
        .header("Content-Type", "Application/JSON; charset=utf-8")
        .body(r#"{"type":"chat","action":"add","data":{"id":8}}"#)
        .token(&token("ann", "member"));
    assert_eq!(site.ask(&charset).await.status, 200);
}

#[tokio::test]
async fn data_is_relayed_byte_for_byte_without_its_whitespace() {
    let site = Site::dev("").await;
    let mut socket = site.socket(json!({})).await;
    let data = r#"{ "z" : 1.0 , "id" : "a" , "s" : "\u00e9\n\/ü" , "big" : 12345678901234567890 , "e": 1E2 }"#;
    let stored = r#"{"z":1.0,"id":"a","s":"\u00e9\n\/ü","big":12345678901234567890,"e":1E2}"#;
    let ask = Ask::new("POST", "/api/sync/push")
        .header("Content-Type", "application/json")
        .body(format!(r#"{{ "type":"chat", "action":"add", "data": {data} }}"#))
        .token(&token("ann", "member"));
    assert_eq!(site.ask(&ask).await.status, 200);
    assert_eq!(site.get("/api/sync/chat").await.text(), format!("[{stored}]"));
    let changes = site.get("/api/sync/changes").await;
    assert!(changes.text().contains(&format!(r#""data":{stored},"#)), "{}", changes.text());
    let told = patient(socket.text()).await.unwrap();
    assert!(told.contains(&format!(r#""data":{stored},"#)), "{told}");
}

#[tokio::test]
async fn an_id_is_text_or_an_integer_and_the_two_differ() {
    let site = Site::dev("").await;
    for id in [json!(3), json!("3"), json!(-9_007_199_254_740_991_i64), json!("x".repeat(128)), json!("ünï 🙂")] {
        site.added("chat", json!({ "id": id })).await;
    }
    site.pushed(json!({ "type": "chat", "action": "delete", "data": { "id": "3" } })).await;
    let left = site.get("/api/sync/chat").await.json();
    assert_eq!(left.as_array().map(Vec::len), Some(4));
    assert_eq!(left[0]["id"], json!(3));
}
