//! Requests of the Engine.IO path: each is answered, opens a session, or joins one.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use hyper::body::Body as HttpBody;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use wire::engineio::{CloseReason, Query, Refusal, Transport, open_packet};

use super::link::Carrier;
use super::stamps::{Stamp, Stamps};
use super::{Application, Body, Engine, Handshake, Link, SessionId, poll, post, upgrade};
use crate::listen::Peer;

/// Answers one request.
pub(super) async fn serve<A, B>(engine: &Arc<Engine<A>>, request: Request<B>) -> Response<Body>
where
    A: Application,
    B: HttpBody<Data = Bytes>,
{
    let query = request.uri().query().unwrap_or_default().to_owned();
    let query = match Query::parse(&query) {
        Ok(query) => query,
        Err(refusal) => return refuse(refusal),
    };
    let transport = match query.transport() {
        Ok(transport) => transport,
        Err(refusal) => {
            engine.note_refusal(refusal, query.version);
            return refuse(refusal);
        }
    };
    let link = match query.sid {
        None => None,
        Some(sid) => match SessionId::parse(sid).and_then(|id| engine.registry.get(id)) {
            None => return refuse(Refusal::UnknownSession),
            found => found,
        },
    };
    let stamp = Stamp::of(&engine.hasher, query.stamp);
    match (transport, link, request.method()) {
        (Transport::Polling, None, &Method::GET) => open_polling(engine, &request, stamp),
        (Transport::Polling, Some(link), &Method::GET) => poll::serve(link, stamp).await,
        (Transport::Polling, Some(link), &Method::POST) => post::serve(link, request).await,
        (Transport::WebSocket, link, &Method::GET) => upgrade::serve(engine, link, request),
        (_, None, _) => refuse(Refusal::BadHandshakeMethod),
        (_, Some(_), _) => refuse(Refusal::BadRequest),
    }
}

fn open_polling<A: Application, B>(
    engine: &Arc<Engine<A>>,
    request: &Request<B>,
    stamp: Option<Stamp>,
) -> Response<Body> {
    if engine.is_draining() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, Body::plain("the server is going away"));
    }
    let link = Link::new(Arc::clone(engine), Instant::now(), Transport::Polling);
    let packet = open_packet(&link.id().to_string(), Transport::Polling, &engine.config.session);
    link.look(|state| {
        if let Carrier::Polling(polling) = &mut state.carrier {
            polling.stamps = Stamps::of_handshake(stamp);
        }
    });
    link.begin(&handshake(request, Transport::Polling));
    answer(StatusCode::OK, Body::plain(packet))
}

pub(super) fn handshake<B>(request: &Request<B>, transport: Transport) -> Handshake {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.remote);
    Handshake { headers: request.headers().clone(), query, peer, transport }
}

impl<A: Application> Link<A> {
    /// Introduces the session to the application and makes it known by its id.
    pub(super) fn begin(self: &Arc<Self>, handshake: &Handshake) {
        let session = self.engine.application.opened(self, handshake);
        self.engine.registry.insert(self);
        let engine = &self.engine;
        self.with(|state| {
            state.app = Some(session);
            // A drain that has looked for sessions already did not find this one.
            if engine.is_draining() {
                state.control.close_after_flush(CloseReason::GoingAway);
            }
        });
    }
}

/// A plain-text answer, never cached.
pub(super) fn answer(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The protocol's answer to a request that it does not allow.
pub(super) fn refuse(refusal: Refusal) -> Response<Body> {
    let mut response = answer(StatusCode::BAD_REQUEST, Body::plain(refusal.body()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
