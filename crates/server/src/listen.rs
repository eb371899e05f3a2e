//! Accepts connections on several listeners and serves HTTP/1 on them, upgrades included.
//!
//! It promises that a connection which sends nothing, or its request too slowly, is dropped in bounded time; that a
//! process without file descriptors waits instead of spinning; and that stopping waits for what is under way, boundedly.

mod body;
mod idle;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::body::{Body as HttpBody, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt as _};

pub use body::{BodyError, PacedBody};
pub use idle::Stream;

use crate::limits::{
    LISTEN_BACKLOG, LISTEN_BODY_GRACE, LISTEN_BODY_RATE_MIN_BYTES, LISTEN_HEAD_BYTES_MAX, LISTEN_HEADERS_MAX,
    LISTEN_HEADERS_TIMEOUT, LISTEN_IDLE_TIMEOUT, LISTEN_PAUSE_MAX, LISTEN_PAUSE_MIN, LISTEN_UNACKED_TIMEOUT,
};

/// Both ends of the connection that a request came over, as an extension of the request.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The client's end, or its proxy's.
    pub remote: SocketAddr,
    /// Ours.
    pub local: SocketAddr,
}

/// What a listener allows its peers.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Time from the opening of a connection to the end of its first request's headers, and from the first byte of each
    /// further request to the end of its headers.
    pub headers_timeout: Duration,
    /// Time that a connection may idle between requests.
    pub idle_timeout: Duration,
    /// Time that a body has before its rate counts.
    pub body_grace: Duration,
    /// Least bytes per second of a body on average after that.
    pub body_rate_min_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            headers_timeout: LISTEN_HEADERS_TIMEOUT,
            idle_timeout: LISTEN_IDLE_TIMEOUT,
            body_grace: LISTEN_BODY_GRACE,
            body_rate_min_bytes: LISTEN_BODY_RATE_MIN_BYTES,
        }
    }
}

/// Listens on an address. An IPv6 address is IPv6 only, so that the IPv4 one can be listened on beside it.
///
/// # Errors
/// Those of the system, such as an address that is in use.
///
/// # Panics
/// Outside a tokio runtime.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(LISTEN_BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Running accept loops and the connections that came of them.
#[derive(Debug)]
pub struct Server {
    accepting: CancellationToken,
    finishing: CancellationToken,
    aborting: CancellationToken,
    tasks: TaskTracker,
}

impl Server {
    /// Serves `service` on all listeners.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start<S, B>(listeners: impl IntoIterator<Item = TcpListener>, service: S, config: Config) -> Self
    where
        S: Service<Request<PacedBody>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: HttpBody + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let accepting = CancellationToken::new();
        let (finishing, aborting) = (CancellationToken::new(), CancellationToken::new());
        let tasks = TaskTracker::new();
        for listener in listeners {
            let connections = Connections {
                service: service.clone(),
                config,
                finishing: finishing.clone(),
                aborting: aborting.clone(),
                tasks: tasks.clone(),
            };
            let accepting = accepting.clone();
            tasks.spawn(async move { accepting.run_until_cancelled(connections.accept_from(listener)).await });
        }
        Self { accepting, finishing, aborting, tasks }
    }

    /// Closes the listeners. Open connections go on.
    pub fn stop_accepting(&self) {
        self.accepting.cancel();
    }

    /// Closes the listeners and idle connections, lets requests under way be answered, at most for `within`, and drops
    /// what is left then. Upgraded connections are not its business any more.
    pub async fn stop(self, within: Duration) {
        self.accepting.cancel();
        self.finishing.cancel();
        self.tasks.close();
        if tokio::time::timeout(within, self.tasks.wait()).await.is_err() {
            self.aborting.cancel();
            self.tasks.wait().await;
        }
    }
}

struct Connections<S> {
    service: S,
    config: Config,
    finishing: CancellationToken,
    aborting: CancellationToken,
    tasks: TaskTracker,
}

impl<S, B> Connections<S>
where
    S: Service<Request<PacedBody>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn accept_from(self, listener: TcpListener) {
        let mut failures = 0;
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => {
                    failures = 0;
                    self.serve(stream, remote);
                }
                Err(error) => {
                    let Some(pause) = pause_after(&error, failures) else { continue };
                    if failures == 0 {
                        tracing::warn!(%error, "cannot accept connections; raise the limit of open files (ulimit -n)");
                    }
                    failures = failures.saturating_add(1);
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    fn serve(&self, stream: TcpStream, remote: SocketAddr) {
        let Ok(local) = stream.local_addr() else { return };
        if prepare(&stream).is_err() {
            return;
        }
        let (service, peer, config) = (self.service.clone(), Peer { remote, local }, self.config);
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(|body| PacedBody::new(body, config));
            request.extensions_mut().insert(peer);
            service.clone().oneshot(request)
        });
        let (stream, timer) = idle::watch(stream, config);
        let connection = http1::Builder::new()
            .timer(timer)
            .header_read_timeout(config.headers_timeout)
            .max_buf_size(LISTEN_HEAD_BYTES_MAX)
            .max_headers(LISTEN_HEADERS_MAX)
            .serve_connection(stream, service)
            .with_upgrades();
        let (finishing, aborting) = (self.finishing.clone(), self.aborting.clone());
        self.tasks.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            // What ends a connection concerns it alone: a broken request, a slow one, a peer that went away.
            let done = finishing.run_until_cancelled(connection.as_mut()).await;
            if done.is_none() {
                connection.as_mut().graceful_shutdown();
                let _ = aborting.run_until_cancelled(connection).await;
            }
        });
    }
}

/// How long to wait after an accept that failed as the `failures`-th in a row, counted from 0. `None`: what failed was
/// one connection, and the next can be accepted.
fn pause_after(error: &io::Error, failures: u32) -> Option<Duration> {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
        return None;
    }
    Some(LISTEN_PAUSE_MIN.saturating_mul(2_u32.saturating_pow(failures)).min(LISTEN_PAUSE_MAX))
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    SockRef::from(stream).set_tcp_user_timeout(Some(LISTEN_UNACKED_TIMEOUT))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_file_descriptors_the_pauses_grow_to_their_bound() {
        // EMFILE and ENFILE on Linux.
        for number in [24, 23] {
            let error = io::Error::from_raw_os_error(number);
            let pauses: Vec<_> = (0..10).filter_map(|failures| pause_after(&error, failures)).collect();
            assert_eq!((pauses[0], pauses[1]), (LISTEN_PAUSE_MIN, LISTEN_PAUSE_MIN * 2));
            assert_eq!((pauses.len(), pauses[9]), (10, LISTEN_PAUSE_MAX));
            assert_eq!(pause_after(&error, u32::MAX), Some(LISTEN_PAUSE_MAX));
        }
    }

    #[test]
    fn a_connection_that_broke_before_it_was_accepted_delays_nobody() {
        assert_eq!(pause_after(&io::ErrorKind::ConnectionAborted.into(), 0), None);
    }
}
