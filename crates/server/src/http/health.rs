//! Whether the server lives, whether it is ready, and what `tidings doctor` wants to know.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::Api;
use crate::sync::{DEFAULT_SPACE, now_ms};

/// `GET /api/health`.
pub(super) async fn health(State(api): State<Arc<Api>>) -> Response {
    let clients = api.app.presence(DEFAULT_SPACE).map_or(0, |presence| presence.sockets());
    Json(json!({
        "status": "ok",
        "clients": clients,
        "timestamp": now_ms(),
        "ready": is_ready(&api),
        "outdated_clients": api.engine.outdated_requests(),
        "version": env!("CARGO_PKG_VERSION"),
    }))
    .into_response()
}

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: pushes are taken and the server is not on its way out.
pub(super) async fn ready(State(api): State<Arc<Api>>) -> Response {
    if is_ready(&api) {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "not ready: starting, stopping, or the store cannot be written\n").into_response()
}

fn is_ready(api: &Api) -> bool {
    !*api.draining.borrow() && api.spaces.values().all(|running| running.is_ready())
}
