//! Which origins are admitted, and what their answers carry.

use std::collections::HashSet;
use std::convert::Infallible;

use bytes::Bytes;
use hyper::{Request, Response, StatusCode};
use server::cors::{Cors, Origins};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// The answer of a service that always says 404 behind the rule.
async fn ask(origins: Origins, method: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let not_found = service_fn(|_: Request<()>| async {
        let mut response = Response::new(Bytes::from_static(b"nothing here"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        Ok::<_, Infallible>(response)
    });
    let mut request = Request::builder().method(method).uri("/api/x").header("host", "chat.example.org");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Cors::new(origins).layer(not_found).oneshot(request.body(()).unwrap()).await.unwrap()
}

fn listed(origin: &str) -> Origins {
    Origins::Listed(HashSet::from([origin.to_owned()]))
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn an_allowed_origin_may_read_every_answer_errors_included() {
    let response = ask(listed("https://app.example.org"), "GET", &[("origin", "https://app.example.org")]).await;
    assert_eq!(response.status(), 404);
    assert_eq!(header(&response, "access-control-allow-origin"), Some("https://app.example.org"));
    assert_eq!(header(&response, "access-control-expose-headers"), Some("Tidings-Cursor"));
    assert_eq!(header(&response, "vary"), Some("Origin"));
}

#[tokio::test]
async fn a_preflight_gets_the_headers_that_it_asks_for() {
    let headers = [
        ("origin", "https://app.example.org"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,x-own-header"),
    ];
    let response = ask(listed("https://app.example.org"), "OPTIONS", &headers).await;
    assert_eq!(response.status(), 204);
    assert_eq!(header(&response, "access-control-allow-headers"), Some("authorization,x-own-header"));
    assert!(header(&response, "access-control-allow-methods").unwrap().contains("DELETE"));
    let foreign = [("origin", "https://evil.example"), headers[1], headers[2]];
    assert_eq!(ask(listed("https://app.example.org"), "OPTIONS", &foreign).await.status(), 403);
}

#[tokio::test]
async fn a_request_without_an_origin_or_of_the_own_one_passes_unmarked() {
    for headers in [&[][..], &[("origin", "https://chat.example.org")], &[("origin", "http://CHAT.example.org")]] {
        let response = ask(listed("https://app.example.org"), "POST", headers).await;
        assert_eq!(response.status(), 404);
        assert_eq!(header(&response, "access-control-allow-origin"), None);
        assert_eq!(header(&response, "vary"), Some("Origin"));
    }
}

#[tokio::test]
async fn what_only_looks_like_an_allowed_origin_is_refused() {
    for origin in [
        "null",
        "",
        "https://app.example.org.evil.example",
        "https://evil-app.example.org",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://app.example.org/",
        "https://APP.example.org",
        "https://user@app.example.org",
        "chat.example.org",
        "ftp://chat.example.org",
        "https://chat.example.org:444",
    ] {
        let response = ask(listed("https://app.example.org"), "GET", &[("origin", origin)]).await;
        assert_eq!(response.status(), 403, "{origin}");
        assert_eq!(header(&response, "access-control-allow-origin"), None);
        assert!(response.body().starts_with(br#"{"error":"#));
    }
}

#[tokio::test]
async fn loopback_is_this_machine_on_any_port_and_nothing_else() {
    let status = async |origin: &str| ask(Origins::Loopback, "GET", &[("origin", origin)]).await.status();
    for origin in ["http://localhost", "http://localhost:5173", "https://127.0.0.1:8443", "http://[::1]:3000"] {
        assert_eq!(status(origin).await, 404, "{origin}");
    }
    for origin in [
        "null",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "http://evil@localhost",
        "http://127.0.0.2",
        "http://127.0.0.1.evil.example:3000",
        "http://localhost/path",
        "http://0.0.0.0:3000",
        "localhost:3000",
        "http://[::1",
        "file://",
        "~://localhost",
        "4a://localhost",
    ] {
        assert_eq!(status(origin).await, 403, "{origin}");
    }
}

#[tokio::test]
async fn any_means_even_null() {
    let response = ask(Origins::Any, "GET", &[("origin", "null")]).await;
    assert_eq!(header(&response, "access-control-allow-origin"), Some("null"));
}
