//! The HTTP half: the sync calls, health, the files inside the binary, and who is let near them at all.

pub mod assets;
mod extract;
mod front;
mod gate;
mod health;
pub mod refused;
pub mod stream;
pub mod sync;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use journal::{TopicKind, TopicName};
use space::TopicSnapshot;

use crate::{
    asker::Asker,
    doorkeeper::Doorkeeper,
    engine::Engine,
    sync::{DEFAULT_SPACE, Running, SyncApp},
};

pub use front::Front;
pub use gate::Gate;
pub use refused::Refused;

/// What every call can reach.
pub struct Api {
    /// The Socket.IO server.
    pub engine: Arc<Engine<Arc<SyncApp>>>,
    /// Its application.
    pub app: Arc<SyncApp>,
    /// The spaces by name.
    pub spaces: HashMap<Box<str>, Arc<Running>>,
    /// Who checks tokens.
    pub doorkeeper: Arc<Doorkeeper>,
    /// Which pages and hosts may talk to this server.
    pub gate: Gate,
    /// How topics are shown.
    pub views: TopicViews,
    /// The largest body, in bytes.
    pub body_bytes_max: usize,
    /// Whether the server is on its way out.
    pub draining: tokio::sync::watch::Receiver<bool>,
}

/// What `tidings.toml` says about how topics are shown.
#[derive(Clone, Debug, Default)]
pub struct TopicViews {
    /// Topics whose newest item comes first in states.
    pub newest_first: Vec<(Box<str>, TopicName)>,
    /// Other paths of topics, and what they answer while empty.
    pub paths: Vec<TopicPath>,
}

/// Another path of a topic.
#[derive(Clone, Debug)]
pub struct TopicPath {
    /// The path, beginning with `/api/`.
    pub path: String,
    /// The space it belongs to.
    pub space: Box<str>,
    /// The topic.
    pub topic: TopicName,
    /// What it holds.
    pub kind: TopicKind,
}

impl TopicViews {
    /// The topic that a path leads to: of the space that was asked for, else of `default`, else of the first that has it.
    fn at(&self, path: &str, space: Option<&str>) -> Option<&TopicPath> {
        let mut of_path = self.paths.iter().filter(|alias| alias.path == path);
        match space {
            Some(space) => of_path.find(|alias| *alias.space == *space),
            None => of_path.clone().find(|alias| *alias.space == *DEFAULT_SPACE).or_else(|| of_path.next()),
        }
    }
}

impl Api {
    /// A space by its name; `default` without one.
    pub fn space(&self, name: Option<&str>) -> Result<&Arc<Running>, Refused> {
        self.spaces.get(name.unwrap_or(DEFAULT_SPACE)).ok_or_else(Refused::no_such_space)
    }

    /// Who asks, by the bearer token. No token is nobody; a bad one is refused.
    pub fn asker(&self, headers: &HeaderMap, space: &str) -> Result<Asker, Refused> {
        let Some(header) = headers.get(header::AUTHORIZATION) else { return Ok(Asker::anonymous()) };
        let bad = |code, message: String| Refused::new(StatusCode::UNAUTHORIZED, code, message);
        let token = header
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| bad("bad_token", "send the header Authorization: Bearer TOKEN, or none".to_owned()))?;
        self.doorkeeper.admit(token, space, crate::sync::now_ms()).map_err(|error| bad(error.code(), error.to_string()))
    }

    /// A topic's state in the order it is shown in.
    #[must_use]
    pub fn presented(&self, space: &str, mut topic: TopicSnapshot) -> TopicSnapshot {
        let newest_first = self.views.newest_first.iter().any(|(of, name)| **of == *space && *name == topic.name);
        if newest_first {
            topic.items.reverse();
        }
        topic
    }
}

/// All that is answered over HTTP. `auth` are the routes of identity.
pub fn serve(api: Arc<Api>, auth: Router) -> Front {
    let mut router = Router::new()
        // Pushes never come as far as this; other methods do.
        .route(sync::PUSH_PATH, post(wrong_method))
        .route("/api/sync/data", get(sync::data))
        .route("/api/sync/changes", get(sync::changes))
        .route("/api/sync/stream", get(sync::stream))
        .route("/api/sync/{*topic}", get(sync::topic))
        .route("/api/health", get(health::health))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready));
    let aliases: BTreeSet<&str> = api.views.paths.iter().map(|alias| alias.path.as_str()).collect();
    for path in aliases {
        router = router.route(path, get(sync::alias));
    }
    let router = router
        .with_state(Arc::clone(&api))
        .merge(auth)
        .fallback(file)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(api.body_bytes_max));
    Front::new(api, router)
}

/// The files inside the binary. Below `/api` an unknown path is never the page.
async fn file(method: Method, uri: axum::http::Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if path == "/api" || path.starts_with("/api/") {
        return Refused::no_such_call().into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return wrong_method().await;
    }
    assets::find(path, &headers).unwrap_or_else(|| {
        Refused::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here; the chat page is at /").into_response()
    })
}

async fn wrong_method() -> Response {
    Refused::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path takes another method; docs/protocol.md lists them all",
    )
    .into_response()
}
