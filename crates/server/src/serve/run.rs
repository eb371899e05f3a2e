//! `tidings serve`: from the configuration to the last log line.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::{Server, StartError, opening};
use crate::{config::Config, http::assets};

/// Runs a server until SIGTERM or SIGINT; a second signal ends the process at once.
pub fn run(config: &Config) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(StartError::Threads)?;
    let result = runtime.block_on(serve(config));
    // Threads that still read for somebody who is gone must not hold the exit up.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

async fn serve(config: &Config) -> Result<(), StartError> {
    let mut signals = Signals::new().map_err(StartError::Threads)?;
    let listeners = opening::bind(&config.listen)?;
    let (opened, accounts) = opening::open(config)?;
    let setup = opened.setup.clone();
    let server = Server::start(config, opened, listeners);
    let watching = tokio::spawn(accounts.run());
    announce(config, &server, setup.as_deref());
    signals.next().await;
    tracing::info!("stopping; a second signal ends at once");
    tokio::spawn(async move {
        signals.next().await;
        tracing::warn!("ended at once");
        std::process::exit(130);
    });
    server.stop(config.shutdown).await;
    watching.abort();
    tracing::info!("stopped");
    Ok(())
}

/// Says where everything is, in the words of somebody who starts this for the first time.
fn announce(config: &Config, server: &Server, setup: Option<&str>) {
    let mut ports: Vec<u16> = server.addresses().iter().map(std::net::SocketAddr::port).collect();
    ports.dedup();
    for address in server.addresses() {
        tracing::debug!(%address, "listening");
    }
    let base = match server.addresses().first() {
        Some(first) if first.ip().is_loopback() => format!("http://localhost:{}", first.port()),
        Some(first) => format!("http://{first}"),
        None => String::new(),
    };
    let places: Vec<String> = ports.iter().map(|port| format!("http://localhost:{port}")).collect();
    let places = if config.listen.addresses.iter().all(crate::config::ListenAddress::is_loopback) {
        places
    } else {
        server.addresses().iter().map(|address| format!("http://{address}")).collect()
    };
    tracing::info!("Tidings {} serves {}", env!("CARGO_PKG_VERSION"), places.join(" and "));
    tracing::info!("data folder: {}", config.data.display());
    if !assets::has_page() {
        tracing::info!("this binary was built without the chat page; `make build` builds it in");
    }
    if config.dev {
        tracing::info!("--dev: everybody on this machine may read and write; leave --dev out to serve others");
    }
    if let Some(secret) = setup {
        tracing::info!("make the first admin, once, within an hour: {base}/#setup={secret}");
    }
}

struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
