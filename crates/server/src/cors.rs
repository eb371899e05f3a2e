//! Which pages of other origins may use the server, on every transport.
//!
//! An allowed origin gets its requested headers reflected on every answer, errors included; a refused one gets 403 on
//! every request, WebSockets too, because those are not covered by the browser's own check.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use hyper::{Method, Request, Response, StatusCode, Uri};
use parking_lot::Mutex;
use tower::{Layer, Service};

use crate::config::is_scheme;
use crate::limits::{CORS_ORIGIN_BYTES_MAX, CORS_REFUSED_ORIGINS_MAX};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS");
const EXPOSED: HeaderValue = HeaderValue::from_static("Tidings-Cursor");
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("600");
const REFUSED: &str = r#"{"error":"this origin may not use this server; add it to allowed_origins in tidings.toml","code":"origin_refused"}"#;

/// The origins that may use the server, besides its own.
#[derive(Debug, Clone)]
pub enum Origins {
    /// Every one, even `null`.
    Any,
    /// Those of this machine: `localhost`, `127.0.0.1` and `[::1]`, on any port.
    Loopback,
    /// These, written as browsers write them: `https://app.example.org`, with a port only if it is not the scheme's own.
    Listed(HashSet<String>),
}

impl Origins {
    fn admit(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(list) => list.contains(origin),
            Self::Loopback => origin.parse::<Uri>().is_ok_and(|uri| is_loopback_origin(&uri, origin)),
        }
    }
}

/// Whether an origin is exactly scheme, loopback host and maybe port.
fn is_loopback_origin(uri: &Uri, origin: &str) -> bool {
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
    // Neither a user before the host nor anything that is no port behind it.
    let plain = authority.port().map_or_else(|| authority.host().into(), |port| format!("{}:{port}", authority.host()));
    // `Uri` takes more for a scheme than a scheme may be.
    is_scheme(scheme)
        && matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]")
        && origin == format!("{scheme}://{plain}")
}

/// What an `Origin` header means for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No browser's page asks, or our own does.
    Own,
    /// A page of an allowed origin asks.
    Allowed(HeaderValue),
    /// A page of another origin asks.
    Refused,
}

/// The rule and its memory of whom it refused. As a layer it goes around the whole service.
#[derive(Debug, Clone)]
pub struct Cors(Arc<Rule>);

#[derive(Debug)]
struct Rule {
    origins: Origins,
    refused: Mutex<HashSet<String>>,
}

impl Cors {
    /// The rule that admits `origins` and the server's own.
    #[must_use]
    pub fn new(origins: Origins) -> Self {
        Self(Arc::new(Rule { origins, refused: Mutex::default() }))
    }

    /// Judges a request by its headers. A refused origin is logged, once.
    #[must_use]
    pub fn judge(&self, headers: &HeaderMap) -> Verdict {
        let Some(origin) = headers.get(ORIGIN) else { return Verdict::Own };
        let text = origin.to_str().unwrap_or_default();
        if self.0.origins.admit(text) {
            return Verdict::Allowed(origin.clone());
        }
        if is_own(text, headers) {
            return Verdict::Own;
        }
        self.note_refused(text);
        Verdict::Refused
    }

    /// Whether a doctor's question about this origin is to be answered with yes.
    #[must_use]
    pub fn admits(&self, origin: &str) -> bool {
        self.0.origins.admit(origin)
    }

    fn note_refused(&self, origin: &str) {
        let mut refused = self.0.refused.lock();
        if origin.len() > CORS_ORIGIN_BYTES_MAX || refused.len() >= CORS_REFUSED_ORIGINS_MAX {
            return;
        }
        if refused.insert(origin.to_owned()) {
            tracing::warn!(?origin, "refused a page of another origin; allowed_origins in tidings.toml would admit it");
        }
    }
}

/// Whether the page was served by the host that the request goes to.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| !host.is_empty());
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    host.is_some_and(|host| authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host)))
}

impl<S> Layer<S> for Cors {
    type Service = CorsService<S>;

    fn layer(&self, inner: S) -> CorsService<S> {
        CorsService { cors: self.clone(), inner }
    }
}

/// A service behind a [`Cors`] rule.
#[derive(Debug, Clone)]
pub struct CorsService<S> {
    cors: Cors,
    inner: S,
}

impl<S, A, B> Service<Request<A>> for CorsService<S>
where
    S: Service<Request<A>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: From<Bytes> + 'static,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response<B>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let origin = match self.cors.judge(request.headers()) {
            Verdict::Refused => return Box::pin(async { Ok(refusal()) }),
            Verdict::Own => None,
            Verdict::Allowed(origin) => Some(origin),
        };
        let requested = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        let asks_first = request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let preflight = origin.is_some() && request.method() == Method::OPTIONS && asks_first;
        let answer = (!preflight).then(|| self.inner.call(request));
        Box::pin(async move {
            let mut response = match answer {
                Some(answer) => answer.await?,
                None => preflight_answer(),
            };
            mark(response.headers_mut(), origin, requested);
            Ok(response)
        })
    }
}

fn preflight_answer<B: From<Bytes>>() -> Response<B> {
    let mut response = Response::new(B::from(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    response.headers_mut().insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
    response
}

fn refusal<B: From<Bytes>>() -> Response<B> {
    let mut response = Response::new(B::from(Bytes::from_static(REFUSED.as_bytes())));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().append(VARY, HeaderValue::from_static("Origin"));
    response
}

/// Says on an answer who may read it. `Vary` is always there, so that no cache mixes origins up.
fn mark(headers: &mut HeaderMap, origin: Option<HeaderValue>, requested: Option<HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = origin else { return };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    if let Some(requested) = requested {
        headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, requested);
    }
}
