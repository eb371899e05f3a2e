//! Falling out of the tail: the reader is caught up from the store, whole and in order, while pushes go on.

use journal::limits::TAIL_BYTES_MAX;
use serde_json::json;

use crate::{
    PATIENT, add, expect_ids, expect_ids_resuming, push_all, push_directly, pusher,
    rig::{Ask, Poller, Site, patient, token},
};

/// Text of one item, and how many of them are more than a tail holds.
const TEXT_BYTES: usize = 400_000;
const MORE_THAN_A_TAIL: u64 = (TAIL_BYTES_MAX / TEXT_BYTES) as u64 + 10;

fn oldest_in_the_tail(site: &Site) -> u64 {
    site.server().api().spaces["default"].space.tail().oldest().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_fell_out_of_the_tail_miss_nothing_while_pushes_go_on() {
    let site = Site::dev(PATIENT).await;
    site.takes_pushes().await;
    let mut pusher = pusher(site.address).await;
    let mut socket = site.socket(json!({})).await;
    let mut narrow = site.socket(json!({ "topics": ["chat"] })).await;
    let mut poller = patient(Poller::knock(site.address, &json!({}))).await.unwrap();
    for _ in 0..2 {
        patient(poller.next()).await.unwrap();
    }
    let mut stream = site.stream(&Ask::get("/api/sync/stream")).await;
    push_directly(&site, "chat", 0..MORE_THAN_A_TAIL, TEXT_BYTES).await;
    assert!(oldest_in_the_tail(&site) > 4, "they are to be behind the tail");
    let total = MORE_THAN_A_TAIL + 200;
    let pushing = tokio::spawn(async move { push_all(&mut pusher, "chat", MORE_THAN_A_TAIL..total, 20_000).await });
    let streamed = async {
        for id in 0..total {
            assert_eq!(patient(stream.update()).await.unwrap().0["data"]["id"], json!(id));
        }
    };
    let polled = async {
        for id in 0..total {
            assert_eq!(patient(poller.next()).await.unwrap().update().unwrap().body["data"]["id"], json!(id));
        }
    };
    tokio::join!(expect_ids(&mut socket, 0..total), expect_ids(&mut narrow, 0..total), streamed, polled);
    pushing.await.unwrap();
}

/// After a restart the tail is empty: everybody who resumes is behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_resume_from_the_store_at_once_are_all_caught_up_and_hold_nobody_up() {
    const ITEMS: u64 = 200;
    const READERS: usize = 150;
    let mut site = Site::dev(PATIENT).await;
    let start = site.get("/api/sync/data").await.cursor();
    push_all(&mut pusher(site.address).await, "chat", 0..ITEMS, 5_000).await;
    site.restart(|_| {}).await;
    let mut stalled = Vec::new();
    for _ in 0..READERS {
        stalled.push(site.socket(json!({ "cursor": start })).await);
    }
    let mut live = site.socket(json!({ "topics": ["live"] })).await;
    let mut quick = site.socket(json!({ "cursor": start })).await;
    expect_ids(&mut quick, 0..ITEMS).await;
    push_all(&mut pusher(site.address).await, "live", 0..1, 1).await;
    expect_ids(&mut live, 0..1).await;
    for reader in stalled {
        expect_ids_resuming(site.address, reader, &start, 0..ITEMS).await;
    }
}

/// Entries of a page may be of many sizes: the largest that can be pushed, and tiny ones around it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_with_the_largest_items_is_delivered_as_any_other() {
    let mut site = Site::dev("").await;
    let start = site.get("/api/sync/data").await.cursor();
    let mut pusher = pusher(site.address).await;
    for id in 0..20 {
        let text_bytes = if id % 4 == 0 { 999_900 } else { 1 };
        push_all(&mut pusher, "chat", id..id + 1, text_bytes).await;
    }
    for place in ["the tail", "the store"] {
        let mut socket = site.socket(json!({ "cursor": start })).await;
        expect_ids(&mut socket, 0..20).await;
        let mut poller = patient(Poller::knock(site.address, &json!({ "cursor": start }))).await.unwrap();
        for _ in 0..2 {
            patient(poller.next()).await.unwrap();
        }
        for id in 0..20 {
            let update = patient(poller.next()).await.unwrap().update().unwrap();
            assert_eq!(update.body["data"]["id"], json!(id), "from {place}");
        }
        site.restart(|_| {}).await;
    }
}

/// With the limit raised, on every way in and every way out, live and from the store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_megabytes_travel_where_the_limit_allows_them() {
    const BYTES: usize = 20_000_000;
    let mut site = Site::dev("[limits]\npayload_bytes = 25000000").await;
    let start = site.get("/api/sync/data").await.cursor();
    for place in ["live", "the store"] {
        let auth = json!({ "cursor": start });
        let mut socket = site.socket(auth.clone()).await;
        let mut poller = patient(Poller::knock(site.address, &auth)).await.unwrap();
        for _ in 0..2 {
            patient(poller.next()).await.unwrap();
        }
        let mut stream = site.stream(&Ask::get(&format!("/api/sync/stream?since={start}"))).await;
        if place == "live" {
            let answer = site.push_as(&token("ann", "member"), &add("chat", 0, BYTES)).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            push_all(&mut pusher(site.address).await, "chat", 1..2, BYTES).await;
        }
        for id in 0..2 {
            let by_socket = patient(socket.update()).await.unwrap().body;
            let by_poll = patient(poller.next()).await.unwrap().update().unwrap().body;
            let (by_stream, _) = patient(stream.update()).await.unwrap();
            for told in [by_socket, by_poll, by_stream] {
                assert_eq!(told["data"]["id"], json!(id), "{place}");
                assert_eq!(told["data"]["text"].as_str().map(str::len), Some(BYTES), "{place}");
            }
        }
        site.restart(|_| {}).await;
    }
    let state = site.get("/api/sync/chat").await;
    assert!(state.body.len() > 2 * BYTES);
    let too_large = site.push_as(&token("ann", "member"), &add("chat", 2, 25_000_000)).await;
    assert_eq!(too_large.refusal(), (413, "too_large".to_owned()));
}
