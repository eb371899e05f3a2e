//! Foreign pages and foreign hosts, on every transport; and the headers that let allowed pages read every answer.

use serde_json::json;

use crate::rig::{Ask, Site, Socket, token};

/// One request for every transport, and for errors of every layer.
fn doors() -> Vec<(&'static str, Ask)> {
    vec![
        ("data", Ask::get("/api/sync/data")),
        ("push", Ask::push(&json!({ "type": "t", "action": "add", "data": { "id": 1 } }))),
        ("health", Ask::get("/api/health")),
        ("unknown call", Ask::get("/api/nothing")),
        ("unknown topic", Ask::get("/api/sync/nothing")),
        ("wrong method", Ask::new("DELETE", "/api/sync/data")),
        ("bad token", Ask::get("/api/sync/data").token("x")),
        ("bad query", Ask::get("/api/sync/changes?limit=x")),
        ("wrong type", Ask::new("POST", "/api/sync/push").body("x")),
        (
            "too large",
            Ask::new("POST", "/api/sync/push").header("Content-Type", "application/json").body(vec![b'x'; 1_000_001]),
        ),
        ("guest", Ask::new("POST", "/api/auth/guest").json(&json!({ "name": 7 }))),
        ("polling", Ask::get("/socket.io/?EIO=4&transport=polling")),
        ("unknown session", Ask::get("/socket.io/?EIO=4&transport=polling&sid=x")),
        ("old protocol", Ask::get("/socket.io/?EIO=3&transport=polling")),
        ("websocket", Socket::request()),
    ]
}

#[tokio::test]
async fn an_allowed_page_may_read_every_answer_errors_included() {
    let dev = Site::dev("").await;
    let listed = Site::closed(r#"allowed_origins = ["https://app.example.com"]"#).await;
    for (site, origin) in
        [(&dev, "http://localhost:5173"), (&dev, "http://[::1]"), (&listed, "https://app.example.com")]
    {
        for (name, ask) in doors() {
            let ask = ask.header("Origin", origin).header("Access-Control-Request-Headers", "x-app, content-type");
            let answer = site.ask_head(&ask).await;
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{name}: {answer:?}");
            assert_eq!(answer.header("access-control-expose-headers"), Some("Tidings-Cursor"), "{name}");
            assert_eq!(answer.header("access-control-allow-headers"), Some("x-app, content-type"), "{name}");
            let varies = answer.headers.iter().any(|(name, value)| name == "vary" && value.contains("Origin"));
            assert!(varies, "{name}: no cache may mix origins up");
        }
        let stream = site.ask_head(&Ask::get("/api/sync/stream").header("Origin", origin)).await;
        assert_eq!(stream.header("access-control-allow-origin"), Some(origin));
    }
}

#[tokio::test]
async fn a_preflight_reflects_what_the_page_asks_for() {
    let site = Site::dev("").await;
    for path in ["/api/sync/push", "/socket.io/?EIO=4&transport=polling", "/api/nothing"] {
        let ask = Ask::new("OPTIONS", path)
            .header("Origin", "http://localhost:5173")
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization,content-type,x-app");
        let answer = site.ask(&ask).await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:5173"));
        assert_eq!(answer.header("access-control-allow-headers"), Some("authorization,content-type,x-app"));
        assert!(answer.header("access-control-allow-methods").is_some_and(|methods| methods.contains("POST")));
    }
}

#[tokio::test]
async fn a_foreign_page_is_refused_on_every_transport() {
    let dev = Site::dev("").await;
    let closed = Site::closed("").await;
    let foreign =
        ["https://evil.example", "http://localhost.evil.example", "http://evil.example:3000", "null", "file://"];
    for site in [&dev, &closed] {
        for origin in foreign {
            for (name, ask) in doors() {
                let answer = site.ask_head(&ask.header("Origin", origin)).await;
                assert_eq!(answer.status, 403, "{name} from {origin}");
                assert_eq!(answer.header("access-control-allow-origin"), None, "{name} from {origin}");
            }
            let stream = site.ask_head(&Ask::get("/api/sync/stream").header("Origin", origin)).await;
            assert_eq!(stream.status, 403);
            let refusal = site.ask(&Ask::get("/api/sync/data").header("Origin", origin)).await.refusal();
            assert_eq!(refusal, (403, "origin_refused".to_owned()));
        }
    }
}

#[tokio::test]
async fn a_foreign_host_is_refused_on_every_transport_of_dev() {
    let site = Site::dev("").await;
    let foreign = [Some("evil.example"), Some("localhost.evil.example"), Some("192.168.0.1:3000"), Some("a@localhost")];
    for host in foreign {
        for (name, ask) in doors() {
            let answer = site.ask_head(&ask.host(host)).await;
            assert_eq!(answer.status, 403, "{name} at {host:?}");
        }
        assert_eq!(site.ask_head(&Ask::get("/api/sync/stream").host(host)).await.status, 403);
        let rebound = Ask::get("/api/sync/data").host(host).header("Origin", &format!("http://{}", host.unwrap()));
        assert_eq!(site.ask(&rebound).await.status, 403, "a page that points its own name here");
        let refusal = site.ask(&Ask::get("/api/sync/data").host(host)).await.refusal();
        assert_eq!(refusal, (403, "host_refused".to_owned()));
    }
    assert!(matches!(site.ask_head(&Ask::get("/api/sync/data").host(None)).await.status, 400 | 403));
}

#[tokio::test]
async fn in_closed_mode_any_host_is_served_and_its_own_pages() {
    let site = Site::closed("").await;
    let ask = Ask::get("/api/health").host(Some("chat.example.com")).header("Origin", "https://chat.example.com");
    assert_eq!(site.ask(&ask).await.status, 200);
    let member = Ask::get("/api/sync/data").host(Some("chat.example.com")).token(&token("ann", "member"));
    assert_eq!(site.ask(&member).await.status, 200);
}
