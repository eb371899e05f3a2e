//! The event stream: live, resumed, reset, kept open.

use serde_json::json;

use crate::rig::{Ask, SECRET, Site, StreamEvent, claims_token, patient, token};

const STREAM: &str = "/api/sync/stream";

#[tokio::test]
async fn a_stream_tells_what_a_socket_is_told() {
    let site = Site::dev("").await;
    site.added("chat", json!({ "id": "before" })).await;
    let mut stream = site.stream(&Ask::get(STREAM)).await;
    let mut socket = site.socket(json!({})).await;
    site.added("chat", json!({ "id": 1 })).await;
    let told = patient(socket.update()).await.unwrap();
    let (data, id) = patient(stream.update()).await.unwrap();
    assert_eq!((data, id), (told.body, told.cursor));
}

#[tokio::test]
async fn a_stream_resumes_by_its_last_id_or_since_and_begins_with_an_id() {
    let site = Site::dev("").await;
    let mut fresh = site.stream(&Ask::get(STREAM)).await;
    let Ok(StreamEvent::Id(start)) = patient(fresh.next()).await else { panic!("a stream begins with its id") };
    for id in 0..3 {
        site.added("chat", json!({ "id": id })).await;
    }
    let resumes = [
        Ask::get(STREAM).header("Last-Event-ID", &start),
        Ask::get(&format!("{STREAM}?since={start}")),
        Ask::get(&format!("{STREAM}?since=x")).header("Last-Event-ID", &start),
    ];
    for ask in &resumes {
        let mut stream = site.stream(ask).await;
        for id in 0..3 {
            assert_eq!(patient(stream.update()).await.unwrap().0["data"]["id"], json!(id), "{ask:?}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_cannot_resume_says_reset_and_goes_on_from_the_head() {
    let site = Site::dev("").await;
    site.added("chat", json!({ "id": "before" })).await;
    let mut stream = site.stream(&Ask::get(STREAM).header("Last-Event-ID", "made-up")).await;
    let reset = patient(stream.next()).await.unwrap();
    assert_eq!(reset, StreamEvent::Named("reset".to_owned(), json!({ "reason": "unknown_cursor" })));
    assert_eq!(stream.last_id, site.get("/api/sync/data").await.cursor());
    site.added("chat", json!({ "id": "after" })).await;
    assert_eq!(patient(stream.update()).await.unwrap().0["data"]["id"], json!("after"));
}

#[tokio::test]
async fn a_stream_of_some_topics_tells_only_of_them() {
    let site = Site::dev("").await;
    let mut stream = site.stream(&Ask::get("/api/sync/stream?topics=room/*,news")).await;
    for topic in ["chat", "room/1", "other", "news"] {
        site.added(topic, json!({ "id": 1 })).await;
    }
    assert_eq!(patient(stream.update()).await.unwrap().0["type"], json!("room/1"));
    assert_eq!(patient(stream.update()).await.unwrap().0["type"], json!("news"));
}

#[tokio::test]
async fn a_stream_with_nothing_to_tell_is_kept_open_by_comments_however_busy_others_are() {
    let site = Site::dev("[topics.secrets]\nread = \"admin\"").await;
    let mut stream = site.stream(&Ask::get(STREAM)).await;
    assert!(matches!(patient(stream.next()).await, Ok(StreamEvent::Id(_))));
    let busy = async {
        let admin = token("root", "admin");
        for id in 0.. {
            let body = json!({ "type": "secrets", "action": "add", "data": { "id": id } });
            assert_eq!(site.push_as(&admin, &body).await.status, 200);
            // A pause on purpose: entries that the stream may not read come more often than comments.
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
    };
    tokio::select! {
        told = patient(stream.next()) => assert_eq!(told.unwrap(), StreamEvent::Comment),
        () = busy => {}
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let site = Site::dev("").await;
    let soon = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 5;
    let ending = claims_token(&json!({ "sub": "ann", "exp": soon }), SECRET);
    let mut stream = site.stream(&Ask::get(STREAM).token(&ending)).await;
    assert!(matches!(patient(stream.next()).await, Ok(StreamEvent::Id(_))));
    assert!(patient(stream.next()).await.is_err(), "it ends, and says nothing more");
    assert_eq!(site.ask(&Ask::get(STREAM).token(&ending)).await.refusal(), (401, "token_expired".to_owned()));
}
