//! What an idle WebSocket costs: tens of thousands of them must fit. Alone in its process, because it measures it.
#![cfg(target_os = "linux")]

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use server::engine::{Application, CloseReason, Config, Control, Engine, Handshake, Link, Message, Outlet};
use server::listen::{self, Server};
use tower::service_fn;

/// Two are open per socket in this process, and 1 024 are often all that there are.
const SOCKETS: usize = 400;

/// Measured: about 1 200, most of them tokio's registration, the task and the link. The rest is what the allocator did
/// not give back.
const BYTES_PER_SOCKET_MAX: usize = 4_000;

/// Keeps nothing.
struct Idle;

impl Application for Idle {
    type Session = ();

    fn opened(&self, _: &Arc<Link<Self>>, _: &Handshake) {}

    fn received(&self, _: &Arc<Link<Self>>, (): &mut (), _: Instant, _: Message, _: &mut Control) {}

    fn next_deadline(&self, (): &()) -> Option<Instant> {
        None
    }

    fn deadline(&self, _: &Arc<Link<Self>>, (): &mut (), _: Instant, _: &mut Control) {}

    fn fill(&self, (): &mut (), _: &mut Outlet<'_>) {}

    fn closed(&self, _: &Arc<Link<Self>>, (): (), _: CloseReason) {}
}

/// A WebSocket session whose handshake was read.
fn open(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let request = "GET /?EIO=4&transport=websocket HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("the server reads");
    let (mut answer, mut buffer) = (Vec::new(), [0; 1_024]);
    while !answer.windows(10).any(|window| window == b"maxPayload") {
        let read = stream.read(&mut buffer).expect("the server answers");
        assert!(read > 0, "the server closed the connection");
        answer.extend_from_slice(&buffer[..read]);
    }
    stream
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells a process about itself");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the status has a line VmRSS");
    let kilobytes = line.trim().trim_end_matches(" kB").parse::<usize>().expect("it is a number of kilobytes");
    kilobytes * 1_024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_idle_websocket_costs_little_more_than_a_kilobyte() {
    let engine = Engine::new(Config::default(), Idle);
    let listener = listen::bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port on loopback");
    let address = listener.local_addr().expect("a bound listener has an address");
    let serving = Arc::clone(&engine);
    let service = service_fn(move |request| {
        let engine = Arc::clone(&serving);
        async move { Ok::<_, Infallible>(engine.serve(request).await) }
    });
    let _server = Server::start([listener], service, listen::Config::default());
    let sockets = tokio::task::spawn_blocking(move || {
        let warm: Vec<_> = (0..20).map(|_| open(address)).collect();
        let before = resident_bytes();
        let sockets: Vec<_> = (0..SOCKETS).map(|_| open(address)).collect();
        let each = resident_bytes().saturating_sub(before) / SOCKETS;
        println!("{each} bytes per idle socket");
        assert!(each <= BYTES_PER_SOCKET_MAX, "{each} bytes per idle socket");
        (warm, sockets)
    });
    let open = sockets.await.expect("the sockets open");
    assert_eq!(engine.links_count(), open.0.len() + open.1.len());
}
