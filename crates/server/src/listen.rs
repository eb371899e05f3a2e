//! Accepts connections on several listeners and serves HTTP/1 on them, upgrades included.
//!
//! It promises that a connection which sends nothing, or its request too slowly, is dropped in bounded time; that a
//! process without file descriptors waits instead of spinning; and that stopping waits for what is under way, boundedly.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt as _};

use crate::limits::{
    LISTEN_BACKLOG, LISTEN_BODY_GRACE, LISTEN_BODY_RATE_MIN_BYTES, LISTEN_HEAD_BYTES_MAX, LISTEN_HEADERS_MAX,
    LISTEN_HEADERS_TIMEOUT, LISTEN_PAUSE_MAX, LISTEN_PAUSE_MIN, LISTEN_UNACKED_TIMEOUT,
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
    /// Time to the first byte of a connection, and from there or the last answer to the end of a request's headers.
    pub headers_timeout: Duration,
    /// Time that a body has before its rate counts.
    pub body_grace: Duration,
    /// Least bytes per second of a body on average after that.
    pub body_rate_min_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            headers_timeout: LISTEN_HEADERS_TIMEOUT,
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
        let mut pause = LISTEN_PAUSE_MIN;
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => {
                    pause = LISTEN_PAUSE_MIN;
                    self.serve(stream, remote);
                }
                Err(error) if is_of_the_connection(&error) => {}
                Err(error) => {
                    if pause == LISTEN_PAUSE_MIN {
                        tracing::warn!(%error, "cannot accept connections; raise the limit of open files (ulimit -n)");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LISTEN_PAUSE_MAX);
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
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(config.headers_timeout)
            .max_buf_size(LISTEN_HEAD_BYTES_MAX)
            .max_headers(LISTEN_HEADERS_MAX)
            .serve_connection(TokioIo::new(stream), service)
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

/// Whether a failed accept says something of one connection only.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    SockRef::from(stream).set_tcp_user_timeout(Some(LISTEN_UNACKED_TIMEOUT))?;
    Ok(())
}

/// A request's body that must keep a least rate.
#[derive(Debug)]
pub struct PacedBody {
    body: Incoming,
    config: Config,
    begun: Option<Instant>,
    received_bytes: u64,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// Why a body did not come whole.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It fell below the least rate.
    #[error("the request's body comes too slowly")]
    TooSlow,
    /// The connection broke, or the body's framing is malformed.
    #[error("the request's body broke off")]
    Broken(#[source] hyper::Error),
}

impl PacedBody {
    const fn new(body: Incoming, config: Config) -> Self {
        Self { body, config, begun: None, received_bytes: 0, sleep: None }
    }

    /// Ready when the body has fallen below its rate.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let earned = Duration::from_secs(self.received_bytes / self.config.body_rate_min_bytes.max(1));
        let deadline = begun + self.config.body_grace + earned;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(context)
    }
}

impl HttpBody for PacedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
            self.received_bytes += bytes as u64;
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Broken)));
        }
        ready!(self.poll_late(context));
        Poll::Ready(Some(Err(BodyError::TooSlow)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
