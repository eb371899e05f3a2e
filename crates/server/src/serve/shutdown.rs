//! The end of a server, in order.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use wire::socketio;

use super::Server;

/// When clients should try again after `goaway`: a restart takes about this long.
const RETRY_AFTER_MS: u64 = 1_000;

/// The share of the time that the last messages to sockets may take.
const GOODBYE_MAX: Duration = Duration::from_secs(3);

impl Server {
    /// Ends it: not ready, no new connections, pushes flushed and answered, `goaway`, transports, threads. Takes at most
    /// `within`; an idle server takes a few milliseconds.
    pub async fn stop(self, within: Duration) {
        let end = Instant::now() + within;
        let left = || end.saturating_duration_since(Instant::now());
        let Self { api, listening, draining, keeping, .. } = self;
        draining.send_replace(true);
        listening.stop_accepting();
        for running in api.spaces.values() {
            running.close();
        }
        for running in api.spaces.values() {
            if tokio::time::timeout(left(), running.ended()).await.is_err() {
                tracing::warn!(space = %running.name, "the last pushes were not answered in time; their senders will ask again");
            }
        }
        api.app.flush_answers().await;
        let goaway = serde_json::json!({ "retry_after_ms": RETRY_AFTER_MS }).to_string();
        api.engine
            .drain(left().min(GOODBYE_MAX), |session, control| {
                for namespace in session.namespaces() {
                    control.packet(socketio::event(namespace, "goaway", goaway.as_bytes(), None, 0));
                }
            })
            .await;
        listening.stop(left()).await;
        keeping.iter().for_each(tokio::task::JoinHandle::abort);
        for running in api.spaces.values() {
            // Threads that hang on a broken disk must not keep the process.
            let _ = tokio::time::timeout(left(), Arc::clone(running).projector_ended()).await;
        }
    }
}
