//! The files inside the binary: the page at `/`, the client at `/tidings.js`, the stock Socket.IO client.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;

/// A file inside the binary.
struct Asset {
    path: &'static str,
    bytes: &'static [u8],
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Said at `/` by a binary that was built without the page.
const NO_PAGE: &str = "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>\
<title>Tidings</title><style>body{font:16px/1.6 system-ui;max-width:34em;margin:12vh auto;padding:0 1em;color-scheme:light dark}\
code{background:#8882;padding:.1em .35em;border-radius:4px}</style>\
<h1>Tidings is running</h1><p>The API and the sockets are served here, but this binary was built without the chat page.</p>\
<p>To build it in, install Node 20.19 or newer and run <code>make build</code> in the source folder, then start the new \
binary. <code>make run</code> does both.</p>";

/// What the page may load: itself, its own sockets, and the pictures that people link to. No frames, no plug-ins.
const PAGE_POLICY: &str = "default-src 'self'; img-src 'self' data: blob: https: http:; media-src 'self' data: blob: https: http:; \
connect-src 'self' ws: wss: http: https:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The file at a path of the URL, or nothing.
pub fn find(path: &str, request: &HeaderMap) -> Option<Response<Body>> {
    find_in(ASSETS, path, request)
}

fn find_in(assets: &'static [Asset], path: &str, request: &HeaderMap) -> Option<Response<Body>> {
    let path = path.trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    match assets.binary_search_by_key(&path, |asset| asset.path) {
        Ok(index) => assets.get(index).map(|asset| answer(asset, request)),
        Err(_) if path == "index.html" => Some(html(NO_PAGE.as_bytes())),
        Err(_) => None,
    }
}

/// Whether the page was built into this binary.
#[must_use]
pub fn has_page() -> bool {
    ASSETS.binary_search_by_key(&"index.html", |asset| asset.path).is_ok()
}

fn answer(asset: &'static Asset, request: &HeaderMap) -> Response<Body> {
    let tag = format!("\"{}\"", blake3::hash(asset.bytes).to_hex());
    if request.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let takes_gzip = request
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim().starts_with("gzip")));
    let (bytes, coding) = match asset.gzip {
        Some(gzip) if takes_gzip => (gzip, Some("gzip")),
        _ => (asset.bytes, None),
    };
    let mut response = Response::new(Body::from(Bytes::from_static(bytes)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(asset.path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching(asset.path)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    if asset.path.ends_with(".html") {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    response
}

fn html(text: &'static [u8]) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from_static(text)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// Vite puts a hash into the names below `assets/`, so those never change; everything else is asked for anew.
fn caching(path: &str) -> &'static str {
    if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    static TWO: &[Asset] = &[
        Asset { path: "assets/app-1.js", bytes: b"let a", gzip: Some(b"zipped") },
        Asset { path: "index.html", bytes: b"<p>page", gzip: None },
    ];

    async fn body(response: Response<Body>) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        [(name, value.parse().unwrap())].into_iter().collect()
    }

    #[tokio::test]
    async fn a_binary_without_the_page_says_how_to_build_it_in() {
        let page = find_in(&[], "/", &HeaderMap::new()).unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert!(body(page).await.contains("<code>make build</code>"));
        assert!(find_in(&[], "/tidings.js", &HeaderMap::new()).is_none());
    }

    #[tokio::test]
    async fn the_root_is_the_page_and_it_is_asked_for_anew_while_hashed_files_are_kept() {
        let page = find_in(TWO, "/", &HeaderMap::new()).unwrap();
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-cache");
        assert!(page.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        assert_eq!(body(page).await, "<p>page");
        let script = find_in(TWO, "/assets/app-1.js", &HeaderMap::new()).unwrap();
        assert!(script.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        assert_eq!(body(script).await, "let a");
    }

    #[tokio::test]
    async fn a_file_comes_packed_where_that_is_understood_and_not_at_all_where_it_is_known() {
        let packed = find_in(TWO, "/assets/app-1.js", &headers(header::ACCEPT_ENCODING, "br, gzip")).unwrap();
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
        let tag = packed.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(body(packed).await, "zipped");
        let known = find_in(TWO, "/assets/app-1.js", &headers(header::IF_NONE_MATCH, &tag)).unwrap();
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    }
}
