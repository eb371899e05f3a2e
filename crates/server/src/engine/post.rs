//! The POST of a polling session: packets from the client. It always answers, and what breaks the protocol or a bound
//! closes the session, because a client whose message was not taken must not go on as if it had been.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Body as HttpBody;
use hyper::header::CONTENT_ENCODING;
use hyper::{Request, Response, StatusCode};
use wire::engineio::{self, CloseReason, InvalidPacket, Packet, Refusal};

use super::http::{answer, refuse};
use super::link::{Carrier, State};
use super::{Application, Body, Link};
use crate::pieces::Pieces;

/// Answers one POST.
pub(super) async fn serve<A, B>(link: Arc<Link<A>>, request: Request<B>) -> Response<Body>
where
    A: Application,
    B: HttpBody<Data = Bytes>,
{
    let begun = link.with(|state| {
        link.advance(state, Instant::now());
        state.wire.post_begins()
    });
    if let Err(refusal) = begun {
        return refuse(refusal);
    }
    let mut open = OpenPost { link, fate: Some(CloseReason::TransportLost) };
    match take(&open.link, request).await {
        Ok(()) => {
            open.fate = None;
            answer(StatusCode::OK, Body::plain("ok"))
        }
        Err(failure) => {
            open.fate = Some(failure.reason());
            failure.answer()
        }
    }
}

/// Why a POST was not taken.
enum Failure {
    Encoded,
    TooLarge,
    Broken,
    Invalid,
    Closed,
}

impl Failure {
    const fn reason(&self) -> CloseReason {
        match self {
            Self::Encoded | Self::Invalid | Self::Closed => CloseReason::ProtocolError,
            Self::TooLarge => CloseReason::TooLarge,
            Self::Broken => CloseReason::TransportLost,
        }
    }

    fn answer(&self) -> Response<Body> {
        match self {
            Self::Encoded => {
                answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, Body::plain("Content-Encoding is not accepted"))
            }
            Self::TooLarge => {
                answer(StatusCode::PAYLOAD_TOO_LARGE, Body::plain("the payload is larger than maxPayload"))
            }
            Self::Broken => {
                answer(StatusCode::REQUEST_TIMEOUT, Body::plain("the payload did not come whole or in time"))
            }
            Self::Invalid | Self::Closed => refuse(Refusal::BadRequest),
        }
    }
}

impl From<InvalidPacket> for Failure {
    fn from(_: InvalidPacket) -> Self {
        Self::Invalid
    }
}

async fn take<A, B>(link: &Arc<Link<A>>, request: Request<B>) -> Result<(), Failure>
where
    A: Application,
    B: HttpBody<Data = Bytes>,
{
    if request.headers().contains_key(CONTENT_ENCODING) {
        return Err(Failure::Encoded);
    }
    let payload = read(request.into_body(), link.engine.config.session.max_payload_bytes).await?;
    for packet in engineio::packets(payload)? {
        let mut packet = Some(packet?);
        poll_fn(|context| link.with(|state| deliver(link, state, &mut packet, context))).await?;
        // A payload may hold half a million packets; other tasks get their turn between them.
        tokio::task::consume_budget().await;
    }
    Ok(())
}

/// Reads a body of at most `bytes_max` bytes, declared and real.
async fn read<B: HttpBody<Data = Bytes>>(body: B, bytes_max: usize) -> Result<Bytes, Failure> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(Failure::TooLarge);
    }
    let mut body = std::pin::pin!(body);
    let mut payload = Pieces::default();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Failure::Broken)?.into_data() else { continue };
        if payload.len() + data.len() > bytes_max {
            return Err(Failure::TooLarge);
        }
        payload.push(&data);
    }
    Ok(payload.whole())
}

/// Hands one packet on, as soon as the link's own queue has room for what may follow from it.
fn deliver<A: Application>(
    link: &Arc<Link<A>>,
    state: &mut State<A>,
    packet: &mut Option<Packet>,
    context: &Context<'_>,
) -> Poll<Result<(), Failure>> {
    match state.wire.closed() {
        // What follows a close packet is not looked at.
        Some(CloseReason::ClosedByClient) => return Poll::Ready(Ok(())),
        Some(_) => return Poll::Ready(Err(Failure::Closed)),
        None => {}
    }
    if let (true, Carrier::Polling(polling)) = (state.control.is_full(), &mut state.carrier) {
        polling.post_waker = Some(context.waker().clone());
        return Poll::Pending;
    }
    if let Some(packet) = packet.take() {
        link.receive(state, Instant::now(), packet);
    }
    match state.wire.closed() {
        Some(CloseReason::ProtocolError) => Poll::Ready(Err(Failure::Invalid)),
        _ => Poll::Ready(Ok(())),
    }
}

/// A POST that was let in. Unless it was taken whole, it takes the session with it.
struct OpenPost<A: Application> {
    link: Arc<Link<A>>,
    fate: Option<CloseReason>,
}

impl<A: Application> Drop for OpenPost<A> {
    fn drop(&mut self) {
        self.link.with(|state| {
            state.wire.post_ends();
            if let Some(reason) = self.fate {
                state.wire.close(reason);
            }
        });
    }
}
