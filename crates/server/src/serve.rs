//! The server as a whole: opened from the data folder, listening, and ended in order.
//!
//! The end has an order too: not ready any more, no new connections, every waiting push written and answered, `goaway`,
//! and the transports last, so that nobody who was acked has lost anything and everybody who was not will ask again.

mod keeping;
mod opening;
mod run;
mod shutdown;

use std::{net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, sync::watch};

use crate::{
    config::{Config, Limits},
    cors::Cors,
    engine::{self, Engine},
    http::{self, Api, Gate},
    listen,
    sync::{SyncApp, SyncConfig},
};

pub use opening::{Opened, StartError, bind, open, space_folder};
pub use run::run;

/// A server at work.
pub struct Server {
    api: Arc<Api>,
    listening: listen::Server,
    addresses: Vec<SocketAddr>,
    draining: watch::Sender<bool>,
    keeping: Vec<tokio::task::JoinHandle<()>>,
}

impl Server {
    /// Starts serving what was opened, on these listeners.
    #[must_use]
    pub fn start(config: &Config, opened: Opened, listeners: Vec<TcpListener>) -> Self {
        let Opened { spaces, doorkeeper, auth, views, .. } = opened;
        let limits = &config.limits;
        let app = SyncApp::new(spaces.clone(), Arc::clone(&doorkeeper), sync_config(limits));
        let engine = Engine::new(engine_config(config), Arc::clone(&app));
        let (draining, is_draining) = watch::channel(false);
        let api = Arc::new(Api {
            engine,
            app,
            spaces,
            doorkeeper,
            gate: if config.dev { Gate::Loopback } else { Gate::Open },
            views,
            body_bytes_max: limits.payload_bytes,
            draining: is_draining,
        });
        let addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
        let service = tower::Layer::layer(&cors(config), http::serve(Arc::clone(&api), auth));
        let paced = listen::Config { headers_timeout: limits.handshake_time, ..listen::Config::default() };
        let listening = listen::Server::start(listeners, service, paced);
        let keeping = keeping::start(&api);
        Self { api, listening, addresses, draining, keeping }
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What its calls can reach.
    #[must_use]
    pub fn api(&self) -> &Arc<Api> {
        &self.api
    }
}

fn sync_config(limits: &Limits) -> SyncConfig {
    SyncConfig {
        session: wire::socketio::Config {
            connect_timeout: limits.handshake_time,
            attachments_timeout: limits.handshake_time,
            packet_bytes_max: limits.payload_bytes,
        },
        unanswered_max: limits.unanswered_pushes,
        followed_max: limits.followed_topics,
        catch_up_reads_max: limits.catch_up_reads,
        pushes_per_second: limits.pushes_per_second,
    }
}

fn engine_config(config: &Config) -> engine::Config {
    let mut of_engine = engine::Config::default();
    of_engine.session.ping_interval = config.heartbeat.ping_interval;
    of_engine.session.ping_timeout = config.heartbeat.ping_timeout;
    of_engine.session.max_payload_bytes = config.limits.payload_bytes;
    of_engine.message_time_max_ms = u32::try_from(config.limits.message_time.as_millis()).unwrap_or(u32::MAX);
    of_engine.fragments_max = config.limits.fragments;
    of_engine.send_buffer_bytes = config.limits.send_buffer_bytes;
    of_engine
}

fn cors(config: &Config) -> Cors {
    Cors::new(if config.dev {
        crate::cors::Origins::Loopback
    } else {
        crate::cors::Origins::Listed(config.allowed_origins.iter().map(str::to_owned).collect())
    })
}
