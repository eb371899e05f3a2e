//! The GET of a polling session: it waits until there is something to send.
//!
//! Engine.IO does not acknowledge an answer, so what is known of a lost one is used: a request that is dropped while it
//! waits or before its answer was taken ends the session, and so does a request that is repeated with the same stamp, at
//! once or late, as browsers and proxies do by themselves when a kept connection breaks. The client then reconnects and
//! resumes; going on would lose the messages of an answer that nobody hears.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use hyper::{Response, StatusCode};
use wire::engineio::{CloseReason, PacketType, PayloadWriter, Refusal};

use super::http::{answer, refuse};
use super::link::{Carrier, State};
use super::stamps::Stamp;
use super::{Application, Body, Link};

/// Answers one poll.
pub(super) async fn serve<A: Application>(link: Arc<Link<A>>, stamp: Option<Stamp>) -> Response<Body> {
    let begun = link.with(|state| begin(&link, state, stamp));
    if let Err(refusal) = begun {
        return refuse(refusal);
    }
    let mut open = OpenPoll { link, answered: false };
    let outcome = poll_fn(|context| open.link.look(|state| poll(state, context))).await;
    open.answered = true;
    match outcome {
        Outcome::Payload(bytes) => {
            let link = Arc::clone(&open.link);
            answer(StatusCode::OK, Body::watched(bytes, move || link.close(CloseReason::TransportLost)))
        }
        Outcome::Bare(packet) => answer(StatusCode::OK, Body::plain(PayloadWriter::bare(packet))),
        Outcome::Refused(refusal) => refuse(refusal),
        Outcome::GoingAway => answer(StatusCode::SERVICE_UNAVAILABLE, Body::plain("the server is going away")),
    }
}

fn begin<A: Application>(link: &Arc<Link<A>>, state: &mut State<A>, stamp: Option<Stamp>) -> Result<(), Refusal> {
    let now = Instant::now();
    link.advance(state, now);
    if let Carrier::Polling(polling) = &mut state.carrier
        && polling.stamps.repeats(stamp)
    {
        state.wire.close(CloseReason::TransportLost);
    }
    state.wire.poll_begins(now)?;
    // A probe may have waited for this poll.
    link.advance(state, now);
    Ok(())
}

enum Outcome {
    Payload(Bytes),
    Bare(PacketType),
    Refused(Refusal),
    GoingAway,
}

fn poll<A: Application>(state: &mut State<A>, context: &Context<'_>) -> Poll<Outcome> {
    let Carrier::Polling(polling) = &mut state.carrier else {
        // The session has moved to a WebSocket, which its client does only when no poll is open.
        return Poll::Ready(Outcome::Refused(Refusal::BadRequest));
    };
    if let Some(bytes) = polling.answer.take() {
        return Poll::Ready(Outcome::Payload(bytes));
    }
    match state.wire.closed() {
        None => {
            polling.poll_waker = Some(context.waker().clone());
            Poll::Pending
        }
        Some(CloseReason::DuplicateRequest) => Poll::Ready(Outcome::Bare(PacketType::Close)),
        Some(CloseReason::ClosedByClient) => Poll::Ready(Outcome::Bare(PacketType::Noop)),
        Some(CloseReason::ClosedByServer | CloseReason::GoingAway) => Poll::Ready(Outcome::GoingAway),
        Some(_) => Poll::Ready(Outcome::Refused(Refusal::UnknownSession)),
    }
}

/// A poll that was let in. Dropped without an answer, its connection is gone.
struct OpenPoll<A: Application> {
    link: Arc<Link<A>>,
    answered: bool,
}

impl<A: Application> Drop for OpenPoll<A> {
    fn drop(&mut self) {
        if !self.answered {
            self.link.close(CloseReason::TransportLost);
        }
    }
}
