//! Spaces: each has its own data, followers, positions and aliases.

use serde_json::json;

use crate::rig::{Ask, Packet, SECRET, Site, Socket, claims_token, patient, token};

const SUPPORT: &str = r#"
    [spaces.support.topics.tickets]
    path = "/api/tickets"
    order = "newest"
"#;

#[tokio::test]
async fn a_space_has_its_own_positions_state_and_changes() {
    let site = Site::dev(SUPPORT).await;
    site.added("chat", json!({ "id": "here" })).await;
    let body = json!({ "type": "chat", "action": "add", "data": { "id": "there" } });
    let push = Ask::new("POST", "/api/sync/push?space=support").json(&body).token(&token("ann", "member"));
    assert_eq!(site.ask(&push).await.json()["position"], json!(1));
    assert_eq!(site.get("/api/sync/data").await.text(), r#"{"chat":[{"id":"here"}]}"#);
    assert_eq!(site.get("/api/sync/data?space=support").await.text(), r#"{"chat":[{"id":"there"}]}"#);
    assert_eq!(site.get("/api/sync/chat?space=support").await.text(), r#"[{"id":"there"}]"#);
    let changes = site.get("/api/sync/changes?space=support").await.json();
    assert_eq!(changes["changes"][0]["data"]["id"], json!("there"));
    let ticket = json!({ "type": "tickets", "action": "add", "data": { "id": 1 } });
    let push = Ask::new("POST", "/api/sync/push?space=support").json(&ticket).token(&token("ann", "member"));
    assert_eq!(site.ask(&push).await.status, 200);
    assert_eq!(site.get("/api/tickets").await.text(), r#"[{"id":1}]"#, "an alias leads into its space");
}

#[tokio::test]
async fn the_same_path_may_lead_to_a_topic_of_each_space() {
    let site = Site::dev(
        r#"
        [topics.siteContent]
        kind = "document"
        path = "/api/site-content"
        [spaces.support.topics.help]
        path = "/api/site-content"
        [spaces.shop.topics.goods]
        "#,
    )
    .await;
    site.pushed(json!({ "type": "siteContent", "action": "update", "data": { "a": 1 } })).await;
    assert_eq!(site.get("/api/site-content").await.text(), r#"{"a":1}"#);
    assert_eq!(site.get("/api/site-content?space=default").await.text(), r#"{"a":1}"#);
    assert_eq!(site.get("/api/site-content?space=support").await.text(), "[]");
    assert_eq!(site.get("/api/site-content?space=shop").await.refusal(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn followers_of_a_space_hear_of_that_space_only() {
    let site = Site::dev(SUPPORT).await;
    let (mut here, _) = site.socket_in("default", json!({})).await;
    let (mut there, connected) = site.socket_in("support", json!({ "token": token("ann", "member") })).await;
    assert_eq!(connected[0]["space"], json!("support"));
    let mut stream = site.stream(&Ask::get("/api/sync/stream?space=support")).await;
    let body = json!({ "type": "chat", "action": "add", "data": { "id": "there" } });
    assert_eq!(patient(there.push(&body)).await.unwrap()["position"], json!(1));
    site.added("chat", json!({ "id": "here" })).await;
    assert_eq!(patient(there.update()).await.unwrap().body["data"]["id"], json!("there"));
    assert_eq!(patient(stream.update()).await.unwrap().0["data"]["id"], json!("there"));
    assert_eq!(patient(here.update()).await.unwrap().body["data"]["id"], json!("here"));
}

#[tokio::test]
async fn one_connection_may_be_in_several_spaces() {
    let site = Site::dev(SUPPORT).await;
    let mut socket = patient(Socket::open(site.address)).await.unwrap();
    socket.send(r#"40{"topics":["a"]}"#).await.unwrap();
    socket.send(r#"40/support,{"topics":["b"]}"#).await.unwrap();
    for _ in 0..4 {
        let packet = patient(socket.next()).await.unwrap();
        assert!(matches!(packet, Packet::Connected(_) | Packet::Event(..)), "{packet:?}");
    }
    let b = json!({ "type": "b", "action": "add", "data": { "id": 1 } });
    let push = Ask::new("POST", "/api/sync/push?space=support").json(&b).token(&token("ann", "member"));
    assert_eq!(site.ask(&push).await.status, 200);
    assert!(patient(socket.text()).await.unwrap().starts_with(r#"42/support,["sync_update",{"type":"b""#));
    site.added("a", json!({ "id": 1 })).await;
    assert!(patient(socket.text()).await.unwrap().starts_with(r#"42["sync_update",{"type":"a""#));
}

#[tokio::test]
async fn an_undeclared_space_is_refused_for_good() {
    let site = Site::dev(SUPPORT).await;
    for path in ["/api/sync/data", "/api/sync/changes", "/api/sync/stream", "/api/sync/chat"] {
        let answer = site.get(&format!("{path}?space=nowhere")).await;
        assert_eq!(answer.refusal(), (404, "unknown_space".to_owned()), "{path}");
    }
    let body = json!({ "type": "chat", "action": "add", "data": { "id": 1 } });
    let push = Ask::new("POST", "/api/sync/push?space=nowhere").json(&body).token(&token("ann", "member"));
    assert_eq!(site.ask(&push).await.refusal(), (404, "unknown_space".to_owned()));
    for space in ["nowhere", "default/", "support/x", "__proto__"] {
        let (_, answer) = patient(Socket::knock(site.address, space, &json!({}))).await.unwrap();
        let Packet::Refused(refused) = answer else { panic!("{space}: {answer:?}") };
        assert_eq!(refused["message"], json!("Invalid namespace"));
    }
}

#[tokio::test]
async fn a_token_of_one_space_is_good_for_that_space_only() {
    let site = Site::dev(SUPPORT).await;
    let bound = claims_token(&json!({ "sub": "ann", "space": "support" }), SECRET);
    assert_eq!(site.get_as(&bound, "/api/sync/data?space=support").await.status, 200);
    assert_eq!(site.get_as(&bound, "/api/sync/data").await.refusal(), (401, "wrong_space".to_owned()));
    let (_, answer) = patient(Socket::knock(site.address, "default", &json!({ "token": bound }))).await.unwrap();
    let Packet::Refused(refused) = answer else { panic!("{answer:?}") };
    assert_eq!(refused["data"]["code"], json!("wrong_space"));
}
