//! Health: what load balancers and the doctor ask.

use serde_json::json;

use crate::rig::{SECRET, Site, claims_token, patient, token};

#[tokio::test]
async fn health_counts_sockets_and_says_the_time() {
    let site = Site::dev("").await;
    let health = site.get("/api/health").await.json();
    assert_eq!((&health["status"], &health["clients"]), (&json!("ok"), &json!(0)));
    assert!(health["timestamp"].as_u64().is_some_and(|ms| ms > 1_700_000_000_000), "{health}");
    let _one = site.socket(json!({})).await;
    let two = site.socket(json!({ "token": token("ann", "member") })).await;
    assert_eq!(site.get("/api/health").await.json()["clients"], json!(2));
    drop(two);
    clients_become(&site, 1).await;
}

#[tokio::test]
async fn a_socket_whose_token_ended_is_counted_no_longer() {
    let site = Site::dev("").await;
    let soon = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 5;
    let claims = json!({ "sub": "ann", "exp": soon });
    let mut socket = site.socket(json!({ "token": claims_token(&claims, SECRET) })).await;
    let refused = patient(socket.next()).await.unwrap();
    assert!(format!("{refused:?}").contains("token_expired"), "{refused:?}");
    assert!(patient(socket.next()).await.is_err(), "the transport ends after it");
    clients_become(&site, 0).await;
}

#[tokio::test]
async fn a_running_server_lives_and_is_ready() {
    let site = Site::dev("").await;
    let alive = site.get("/healthz").await;
    assert_eq!((alive.status, alive.text()), (200, "ok\n"));
    site.takes_pushes().await;
    assert_eq!(site.get("/readyz").await.text(), "ready\n");
}

/// Waits until the count is this; the server needs a moment to see that a connection has ended.
async fn clients_become(site: &Site, expected: u64) {
    patient(async {
        while site.get("/api/health").await.json()["clients"] != json!(expected) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_views_are_being_rebuilt_is_ready_when_pushes_are_taken_and_not_before() {
    let mut site = Site::dev("").await;
    site.stop().await;
    // The views know nothing of what is appended behind their back.
    site.append("chat", 50_000);
    site.open();
    let mut unready = 0;
    while site.get("/readyz").await.status != 200 {
        let body = json!({ "type": "chat", "action": "delete", "data": { "id": "nothing" } });
        let answer = site.push_as(&token("ann", "member"), &body).await;
        assert!(answer.status == 200 || answer.refusal() == (503, "busy".to_owned()), "{}", answer.text());
        unready += u32::from(answer.status == 503);
    }
    assert!(unready > 0, "the views were there at once");
    assert_eq!(site.added("chat", json!({ "id": "new" })).await["position"], json!(50_001));
}
