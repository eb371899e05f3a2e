//! Serves what the public engine.io-protocol and socket.io-protocol test suites expect of an implementation, on port
//! 3000: `cargo run --release --example conformance`.

use std::convert::Infallible;
use std::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::{Request, Response, StatusCode};
use server::cors::{Cors, Origins};
use server::engine::{
    Application, Body, CloseReason, Config, Control, Engine, Handshake, Link, Message, Outlet, SessionId,
};
use server::listen::{self, PacedBody, Server};
use tower::{Layer as _, service_fn};
use wire::engineio;
use wire::socketio::{self, Event, Incoming, Namespace};

const PORT: u16 = 3000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = Config {
        session: engineio::Config {
            ping_interval: Duration::from_millis(300),
            ping_timeout: Duration::from_millis(200),
            upgrade_timeout: Duration::from_secs(1),
            max_payload_bytes: 1_000_000,
        },
        ..Config::default()
    };
    let engines = Engines { echo: Engine::new(config, Echo), events: Engine::new(config, Events) };
    let service = service_fn(move |request| engines.clone().answer(request));
    let service = Cors::new(Origins::Any).layer(service);
    let addresses: [SocketAddr; 2] = [(Ipv4Addr::LOCALHOST, PORT).into(), (Ipv6Addr::LOCALHOST, PORT).into()];
    let listeners = addresses.into_iter().map(listen::bind).collect::<Result<Vec<_>, _>>()?;
    let server = Server::start(listeners, service, listen::Config::default());
    eprintln!("listening on http://localhost:{PORT}");
    tokio::signal::ctrl_c().await?;
    server.stop(Duration::from_secs(1)).await;
    Ok(())
}

#[derive(Clone)]
struct Engines {
    echo: Arc<Engine<Echo>>,
    events: Arc<Engine<Events>>,
}

impl Engines {
    async fn answer(self, request: Request<PacedBody>) -> Result<Response<Body>, Infallible> {
        Ok(match request.uri().path() {
            "/engine.io/" => self.echo.serve(request).await,
            "/socket.io/" => self.events.serve(request).await,
            _ => {
                let mut response = Response::new(Body::from(bytes::Bytes::from_static(b"not found")));
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            }
        })
    }
}

/// Sends every Engine.IO message back.
struct Echo;

impl Application for Echo {
    type Session = ();

    fn opened(&self, _: &Arc<Link<Self>>, _: &Handshake) {}

    fn received(&self, _: &Arc<Link<Self>>, (): &mut (), _: Instant, message: Message, out: &mut Control) {
        match message {
            Message::Text(text) => out.text(&text),
            Message::Binary(bytes) => out.binary(bytes),
        }
    }

    fn next_deadline(&self, (): &()) -> Option<Instant> {
        None
    }

    fn deadline(&self, _: &Arc<Link<Self>>, (): &mut (), _: Instant, _: &mut Control) {}

    fn fill(&self, (): &mut (), _: &mut Outlet<'_>) {}

    fn closed(&self, _: &Arc<Link<Self>>, (): (), _: CloseReason) {}
}

/// The Socket.IO server of the suite, on the namespaces `/` and `/custom`.
struct Events;

const SOCKETIO: socketio::Config = socketio::Config {
    connect_timeout: Duration::from_secs(1),
    attachments_timeout: Duration::from_secs(1),
    packet_bytes_max: 1_000_000,
};

impl Application for Events {
    type Session = socketio::Session;

    fn opened(&self, _: &Arc<Link<Self>>, _: &Handshake) -> socketio::Session {
        socketio::Session::open(Instant::now(), &SOCKETIO)
    }

    fn received(
        &self,
        _: &Arc<Link<Self>>,
        session: &mut socketio::Session,
        now: Instant,
        message: Message,
        out: &mut Control,
    ) {
        match session.receive(now, message, &SOCKETIO) {
            Ok(Some(Incoming::Connect { namespace, auth })) => {
                connect(session, &namespace, auth.as_deref().unwrap_or(b"{}"), out);
            }
            Ok(Some(Incoming::Event(event))) => answer(event, out),
            Ok(Some(Incoming::Ack(_) | Incoming::Disconnect(_)) | None) => {}
            Err(_) => out.close(CloseReason::ProtocolError),
        }
    }

    fn next_deadline(&self, session: &socketio::Session) -> Option<Instant> {
        session.next_deadline()
    }

    fn deadline(&self, _: &Arc<Link<Self>>, session: &mut socketio::Session, now: Instant, out: &mut Control) {
        if session.advance(now).is_err() {
            out.close(CloseReason::ProtocolError);
        }
    }

    fn fill(&self, _: &mut socketio::Session, _: &mut Outlet<'_>) {}

    fn closed(&self, _: &Arc<Link<Self>>, _: socketio::Session, _: CloseReason) {}
}

fn connect(session: &mut socketio::Session, namespace: &Namespace, auth: &[u8], out: &mut Control) {
    if !matches!(namespace.as_str(), "/" | "/custom") {
        session.refuse(namespace);
        return out.packet(socketio::connect_error(namespace, br#"{"message":"Invalid namespace"}"#));
    }
    session.accept(namespace);
    out.packet(socketio::connect(namespace, format!(r#"{{"sid":"{}"}}"#, SessionId::random()).as_bytes()));
    out.packet(socketio::event(namespace, "auth", auth, None, 0));
}

fn answer(event: Event, out: &mut Control) {
    let Event { namespace, name, arguments, ack, attachments } = event;
    let packet = match (&*name, ack) {
        ("message", _) => socketio::event(&namespace, "message-back", arguments.as_bytes(), None, attachments.len()),
        ("message-with-ack", Some(id)) => socketio::ack(&namespace, id, arguments.as_bytes(), attachments.len()),
        _ => return,
    };
    out.packet(packet);
    for attachment in attachments {
        out.binary(attachment);
    }
}
