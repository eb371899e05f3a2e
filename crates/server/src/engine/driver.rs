//! The engine: its configuration, its links, its end.

use std::hash::RandomState;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body as HttpBody;
use hyper::{Request, Response};
use wire::engineio::{self, CloseReason, Refusal, Transport};
use wire::limits::{WEBSOCKET_FRAGMENTS_MAX, WEBSOCKET_MESSAGE_TIME_MAX_MS};
use wire::websocket::{Decoder, Role};

use super::registry::Registry;
use super::timers::{self, Timers};
use super::{Application, Body, Control, Link, http};
use crate::limits::{ENGINE_NEXT_POLL_MAX, ENGINE_SEND_BUFFER_BYTES};

/// The figures of an engine.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Those of each session, as its handshake tells them.
    pub session: engineio::Config,
    /// Milliseconds from the first byte of a WebSocket message to its last.
    pub message_time_max_ms: u32,
    /// Fragments of one WebSocket message.
    pub fragments_max: u32,
    /// Send buffer of a WebSocket in bytes, before the kernel doubles it.
    pub send_buffer_bytes: usize,
}

impl Config {
    /// A decoder for what clients send.
    pub(super) const fn decoder(&self) -> Decoder {
        Decoder::new(Role::Server, self.session.max_payload_bytes)
            .with_message_time_max_ms(self.message_time_max_ms)
            .with_fragments_max(self.fragments_max)
    }
}

impl Default for Config {
    /// Those of the reference server.
    fn default() -> Self {
        Self {
            session: engineio::Config {
                ping_interval: Duration::from_secs(25),
                ping_timeout: Duration::from_secs(20),
                upgrade_timeout: Duration::from_secs(10),
                max_payload_bytes: 1_000_000,
            },
            message_time_max_ms: WEBSOCKET_MESSAGE_TIME_MAX_MS,
            fragments_max: WEBSOCKET_FRAGMENTS_MAX,
            send_buffer_bytes: ENGINE_SEND_BUFFER_BYTES,
        }
    }
}

/// All Engine.IO sessions of one application.
pub struct Engine<A: Application> {
    pub(super) config: Config,
    pub(super) application: A,
    pub(super) registry: Registry<A>,
    pub(super) timers: Arc<Timers<A>>,
    pub(super) hasher: RandomState,
    draining: AtomicBool,
    outdated: AtomicU64,
}

impl<A: Application> Engine<A> {
    /// An engine without links.
    ///
    /// # Panics
    /// Outside a tokio runtime with time and IO enabled.
    #[must_use]
    pub fn new(config: Config, application: A) -> Arc<Self> {
        let (registry, timers) = (Registry::new(), Arc::new(Timers::new()));
        let (draining, outdated) = (AtomicBool::new(false), AtomicU64::new(0));
        let hasher = RandomState::new();
        let engine = Arc::new(Self { config, application, registry, timers, hasher, draining, outdated });
        tokio::spawn(timers::run(Arc::downgrade(&engine)));
        engine
    }

    /// The application it carries.
    #[must_use]
    pub const fn application(&self) -> &A {
        &self.application
    }

    /// Answers one request of the Engine.IO path, whatever it is.
    pub async fn serve<B: HttpBody<Data = Bytes>>(self: &Arc<Self>, request: Request<B>) -> Response<Body> {
        http::serve(self, request).await
    }

    /// Open sessions.
    #[must_use]
    pub fn links_count(&self) -> usize {
        self.registry.len()
    }

    /// The open sessions, as they are now.
    #[must_use]
    pub fn links(&self) -> Vec<Arc<Link<A>>> {
        self.registry.snapshot()
    }

    /// Requests of clients that speak another version of the protocol, since the start.
    #[must_use]
    pub fn outdated_requests(&self) -> u64 {
        self.outdated.load(Ordering::Relaxed)
    }

    /// Opens no more sessions, lets `last` give each open one a last message, ends all transports once that is sent, and
    /// waits until they are gone, at most for `within`, and for pollers that do not poll at most [`ENGINE_NEXT_POLL_MAX`].
    /// Clients see broken connections and come back elsewhere or later.
    pub async fn drain(&self, within: Duration, last: impl Fn(&mut A::Session, &mut Control)) {
        self.draining.store(true, Ordering::Relaxed);
        for link in self.links() {
            link.enter(|session, control| {
                last(session, control);
                control.close_after_flush(CloseReason::GoingAway);
            });
        }
        let of_absent = within.min(ENGINE_NEXT_POLL_MAX);
        if tokio::time::timeout(of_absent, self.registry.empty()).await.is_ok() {
            return;
        }
        self.end_links(|link| link.transport() == Transport::Polling && !link.has_room());
        if tokio::time::timeout(within - of_absent, self.registry.empty()).await.is_err() {
            self.end_links(|_| true);
        }
    }

    fn end_links(&self, which: impl Fn(&Link<A>) -> bool) {
        self.links().iter().filter(|link| which(link)).for_each(|link| link.close(CloseReason::GoingAway));
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Counts a client that speaks another version, and logs the first, second, fourth, eighth and so on.
    pub(super) fn note_refusal(&self, refusal: Refusal, version: Option<&str>) {
        if refusal != Refusal::UnsupportedVersion {
            return;
        }
        let count = self.outdated.fetch_add(1, Ordering::Relaxed) + 1;
        if count.is_power_of_two() {
            let version = version.filter(|version| matches!(*version, "1" | "2" | "3")).unwrap_or("none or unknown");
            tracing::warn!(
                version,
                count,
                "a client with an outdated protocol was refused: Engine.IO 4 is needed, that is socket.io-client 3 or later"
            );
        }
    }
}

impl<A: Application> Drop for Engine<A> {
    fn drop(&mut self) {
        self.timers.wake();
    }
}

impl<A: Application> std::fmt::Debug for Engine<A> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("links", &self.links_count()).finish_non_exhaustive()
    }
}
