//! From an HTTP request to a raw WebSocket: the opening handshake, and taking the TCP stream out of hyper.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use hyper::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use socket2::SockRef;
use tokio::net::TcpStream;
use wire::engineio::{Refusal, Transport, open_packet};
use wire::websocket;

use super::http::{answer, handshake, refuse};
use super::{Application, Body, Config, Engine, Handshake, Link, probe, socket};
use crate::listen::Stream;

/// Answers a request for a WebSocket: a new session, or with `link` one that wants to move.
pub(super) fn serve<A: Application, B>(
    engine: &Arc<Engine<A>>,
    link: Option<Arc<Link<A>>>,
    mut request: Request<B>,
) -> Response<Body> {
    let accept = match accept(request.headers()) {
        Ok(accept) => accept,
        Err(response) => return *response,
    };
    if link.is_none() && engine.is_draining() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, Body::plain("the server is going away"));
    }
    let upgrade = hyper::upgrade::on(&mut request);
    match link {
        None => drop(tokio::spawn(open(Arc::clone(engine), upgrade, handshake(&request, Transport::WebSocket)))),
        Some(link) => drop(tokio::spawn(join(link, upgrade))),
    }
    switch(accept)
}

/// The value of `Sec-WebSocket-Accept`, or the answer to a request that asks for no WebSocket of version 13.
fn accept(headers: &HeaderMap) -> Result<HeaderValue, Box<Response<Body>>> {
    let wanted = has_token(headers, CONNECTION, "upgrade") && has_token(headers, UPGRADE, "websocket");
    let key = headers.get(SEC_WEBSOCKET_KEY).and_then(|key| websocket::accept(key.as_bytes()).ok());
    match key.filter(|_| wanted) {
        None => Err(Box::new(refuse(Refusal::BadRequest))),
        Some(_) if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") => {
            let mut response = answer(StatusCode::UPGRADE_REQUIRED, Body::plain("WebSocket version 13 is required"));
            response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            Err(Box::new(response))
        }
        Some(accept) => Ok(HeaderValue::from_str(&accept).expect("base64 is a valid header value")),
    }
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

fn switch(accept: HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::plain(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

async fn open<A: Application>(engine: Arc<Engine<A>>, upgrade: OnUpgrade, handshake: Handshake) {
    let Some((stream, read)) = take_stream(upgrade, &engine.config).await else { return };
    let link = Link::new(Arc::clone(&engine), Instant::now(), Transport::WebSocket);
    let packet = open_packet(&link.id().to_string(), Transport::WebSocket, &engine.config.session);
    link.look(|state| state.control.packet(packet));
    link.stream.set(stream).expect("a new link has no stream");
    link.begin(&handshake);
    // A task of its own: this one was made large by the handshake, and an idle socket keeps its task.
    tokio::spawn(socket::run(link, engine.config.decoder(), read));
}

async fn join<A: Application>(link: Arc<Link<A>>, upgrade: OnUpgrade) {
    let Some((stream, read)) = take_stream(upgrade, &link.engine.config).await else { return };
    probe::run(link, stream, read).await;
}

/// The TCP stream under an upgraded connection and what was read of it already. `None` if the listener is not ours, or
/// the socket has broken.
async fn take_stream(upgrade: OnUpgrade, config: &Config) -> Option<(TcpStream, Bytes)> {
    let parts = upgrade.await.ok()?.downcast::<Stream>().ok()?;
    let stream = parts.io.into_inner();
    stream.set_nodelay(true).ok()?;
    SockRef::from(&stream).set_send_buffer_size(config.send_buffer_bytes).ok()?;
    // A copy, mostly of nothing: even an empty slice of hyper's buffer would keep the whole buffer in memory.
    Some((stream, Bytes::copy_from_slice(&parts.read_buf)))
}
