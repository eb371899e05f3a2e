//! Retries: the same push is written once, whenever and over whatever it comes again.

use serde_json::{Value, json};

use crate::rig::{Site, patient, token};

fn add(id: &str, text: &str, key: Option<&str>) -> Value {
    let mut body = json!({ "type": "chat", "action": "add", "data": { "id": id, "text": text } });
    if let Some(key) = key {
        body["key"] = json!(key);
    }
    body
}

/// Pushes again and expects the first receipt.
async fn expect_first(site: &Site, body: &Value, first: &Value) {
    let again = site.pushed(body.clone()).await;
    assert_eq!(again["duplicate"], json!(true), "{body}");
    for name in ["position", "seq", "cursor"] {
        assert_eq!(again[name], first[name], "{body}");
    }
}

fn delete_views(site: &Site) {
    let views = site.space_folder("default").join("views.db");
    std::fs::remove_file(&views).expect("there are views to delete");
}

#[tokio::test]
async fn a_key_gives_the_first_receipt_for_ever() {
    let mut site = Site::dev("").await;
    let bodies = [
        add("m1", "a", Some("k1")),
        json!({ "type": "chat", "action": "update", "data": { "id": "m1", "text": "b" }, "key": "k2" }),
        json!({ "type": "chat", "action": "patch", "data": { "id": "m1", "more": 1 }, "key": "k3" }),
        json!({ "type": "chat", "action": "delete", "data": { "id": "m1" }, "key": "k4" }),
        add("m1", "again", Some("k5")),
    ];
    let mut firsts = Vec::new();
    for body in &bodies {
        firsts.push(site.pushed(body.clone()).await);
    }
    for round in ["at once", "after a restart", "after the views were lost"] {
        for (body, first) in bodies.iter().zip(&firsts) {
            expect_first(&site, body, first).await;
        }
        let state = site.get("/api/sync/chat").await;
        assert_eq!(state.json(), json!([{ "id": "m1", "text": "again" }]), "{round}");
        site.restart(|site| {
            if round != "at once" {
                delete_views(site)
            }
        })
        .await;
    }
    let next = site.added("chat", json!({ "id": "m2" })).await;
    assert_eq!(next["position"], json!(6), "retries have written nothing");
}

#[tokio::test]
async fn a_key_for_something_else_is_a_conflict() {
    let mut site = Site::dev("").await;
    site.pushed(add("m1", "a", Some("k1"))).await;
    let ann = token("ann", "member");
    for round in 0..2 {
        for other in [
            add("m2", "a", Some("k1")),
            add("m1", "b", Some("k1")),
            json!({ "type": "chat", "action": "update", "data": { "id": "m1", "text": "a" }, "key": "k1" }),
            json!({ "type": "chat", "action": "delete", "data": { "id": "m1" }, "key": "k1" }),
        ] {
            assert_eq!(site.push_as(&ann, &other).await.refusal(), (409, "key_conflict".to_owned()), "{round}");
        }
        site.restart(delete_views).await;
    }
    let mut socket = site.socket(json!({ "token": ann })).await;
    let ack = patient(socket.push(&add("m2", "a", Some("k1")))).await.unwrap();
    assert_eq!(ack["code"], json!("key_conflict"));
}

#[tokio::test]
async fn a_key_belongs_to_its_author_and_its_topic() {
    let site = Site::dev("").await;
    site.pushed(add("m1", "a", Some("k"))).await;
    let bob = site.push_as(&token("bob", "member"), &add("m2", "b", Some("k"))).await;
    assert_eq!((bob.status, &bob.json()["duplicate"]), (200, &json!(false)));
    let elsewhere = json!({ "type": "news", "action": "add", "data": { "id": "m3" }, "key": "k" });
    assert_eq!(site.pushed(elsewhere).await["duplicate"], json!(false));
}

#[tokio::test]
async fn without_a_key_an_add_is_known_by_its_bytes_or_its_time() {
    let mut site = Site::dev("").await;
    let first = site.pushed(add("m1", "a", None)).await;
    let mut timed = add("m2", "a", None);
    timed["timestamp"] = json!("2026-01-01T00:00:00Z");
    let timed_first = site.pushed(timed.clone()).await;
    let ann = token("ann", "member");
    for round in ["at once", "after a restart", "after the views were lost"] {
        expect_first(&site, &add("m1", "a", None), &first).await;
        expect_first(&site, &timed, &timed_first).await;
        let mut same_time = timed.clone();
        same_time["data"]["text"] = json!("other");
        expect_first(&site, &same_time, &timed_first).await;
        let taken = site.push_as(&ann, &add("m1", "b", None)).await;
        assert_eq!(taken.refusal(), (409, "id_taken".to_owned()), "{round}");
        let of_bob = site.push_as(&token("bob", "member"), &add("m1", "a", None)).await;
        assert_eq!(of_bob.refusal(), (409, "id_taken".to_owned()), "{round}");
        site.restart(|site| {
            if round != "at once" {
                delete_views(site)
            }
        })
        .await;
    }
}

#[tokio::test]
async fn explicit_keys_and_the_fallback_do_not_mix() {
    let site = Site::dev("").await;
    site.pushed(add("m1", "a", Some("k"))).await;
    let ann = token("ann", "member");
    let other_key = site.push_as(&ann, &add("m1", "a", Some("other"))).await;
    assert_eq!(other_key.refusal(), (409, "id_taken".to_owned()), "a new key is a new push");
}

#[tokio::test]
async fn an_add_after_its_delete_is_a_new_entry() {
    let site = Site::dev("").await;
    site.pushed(add("m1", "a", None)).await;
    site.pushed(json!({ "type": "chat", "action": "delete", "data": { "id": "m1" } })).await;
    let again = site.pushed(add("m1", "a", None)).await;
    assert_eq!((&again["duplicate"], &again["position"]), (&json!(false), &json!(3)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retries_that_race_are_written_once() {
    let site = Site::dev("").await;
    let body = add("m1", "a", Some("k"));
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(site.socket(json!({ "token": token("ann", "member"), "topics": [] })).await);
    }
    let mut asked = Vec::new();
    for socket in &mut sockets {
        for _ in 0..8 {
            asked.push(socket.emit("push", &body).await.unwrap());
        }
    }
    let mut fresh = 0;
    for (index, number) in asked.into_iter().enumerate() {
        let ack = patient(sockets[index / 8].answer_to(number)).await.unwrap();
        assert_eq!(ack["position"], json!(1), "{ack}");
        fresh += u32::from(ack["duplicate"] == json!(false));
    }
    assert_eq!(fresh, 1);
    assert_eq!(site.get("/api/sync/changes").await.json()["changes"].as_array().map(Vec::len), Some(1));
}
