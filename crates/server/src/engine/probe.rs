//! A WebSocket that wants to take over a polling session: `2probe`, `3probe`, `5`. Until then the session stays on
//! polling; if the attempt fails, only the WebSocket is closed.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use tokio::net::TcpStream;
use wire::engineio::{self, CloseReason, Packet, ProbeId, ProbeStep};
use wire::websocket::{CloseCode, Decoder, Event, FrameHeader, Opcode};

use super::link::{Carrier, Socket, State};
use super::socket::{self, end, poll_read};
use super::{Application, Link};
use crate::limits::ENGINE_READ_BYTES;

/// The answer to the client's `2probe`.
const PROBE_REPLY: &[u8] = b"3probe";

/// Runs the attempt; the link's socket task follows from it if it succeeds. `read` is what was read already.
pub(super) async fn run<A: Application>(link: Arc<Link<A>>, stream: TcpStream, read: Bytes) {
    let begun = link.with(|state| begin(state, &link.engine.config.session));
    let Some(id) = begun else { return end(&stream, Some(CloseCode::POLICY)).await };
    let decoder = link.engine.config.decoder();
    let mut probe = Probe { link, id, decoder, stream: Some(stream), unread: Bytes::new() };
    let mut upgraded = probe.take(&read);
    if upgraded.is_none() {
        upgraded = Some(poll_fn(|context| probe.poll(context)).await);
    }
    if let Some(stream) = probe.stream.take() {
        return end(&stream, Some(CloseCode::POLICY)).await;
    }
    if upgraded == Some(true) {
        let unread = std::mem::take(&mut probe.unread);
        let decoder = std::mem::replace(&mut probe.decoder, probe.link.engine.config.decoder());
        tokio::spawn(socket::run(Arc::clone(&probe.link), decoder, unread));
    }
}

fn begin<A: Application>(state: &mut State<A>, config: &engineio::Config) -> Option<ProbeId> {
    let id = state.wire.probe_begins(Instant::now(), config)?;
    if let Carrier::Polling(polling) = &mut state.carrier {
        polling.probe_reply = false;
    }
    Some(id)
}

struct Probe<A: Application> {
    link: Arc<Link<A>>,
    id: ProbeId,
    decoder: Decoder,
    /// The socket, until the link has it.
    stream: Option<TcpStream>,
    /// What came behind the `upgrade` packet.
    unread: Bytes,
}

impl<A: Application> Probe<A> {
    /// Reads until the attempt has succeeded or failed.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        loop {
            let (going_on, reply) = self.link.look(|state| keep_waker(state, self.id, context));
            let Some(stream) = self.stream.as_ref().filter(|_| going_on && (!reply || self.reply())) else {
                return Poll::Ready(false);
            };
            let mut buffer = [0; ENGINE_READ_BYTES];
            let read = ready!(poll_read(stream, &mut buffer, context));
            let Some(input) = buffer.get(..read).filter(|input| !input.is_empty()) else { return Poll::Ready(false) };
            if let Some(upgraded) = self.take(input) {
                return Poll::Ready(upgraded);
            }
        }
    }

    /// Takes what arrived. `None`: undecided.
    fn take(&mut self, mut input: &[u8]) -> Option<bool> {
        while !input.is_empty() {
            let Ok(event) = self.decoder.decode(Instant::now(), &mut input) else { return Some(false) };
            let step = match event {
                None => return None,
                Some(Event::Ping(_) | Event::Pong(_)) => continue,
                Some(Event::Text(text)) => self.step(&text),
                Some(Event::Binary(_) | Event::Close(_)) => ProbeStep::Failed,
            };
            match step {
                ProbeStep::Reply | ProbeStep::Wait => {}
                ProbeStep::Failed => return Some(false),
                ProbeStep::Upgraded | ProbeStep::UpgradedUnanswered => {
                    self.unread = Bytes::copy_from_slice(input);
                    return Some(true);
                }
            }
        }
        None
    }

    fn step(&mut self, text: &Bytes) -> ProbeStep {
        let Ok(packet) = Packet::from_text(text) else { return ProbeStep::Failed };
        let link = Arc::clone(&self.link);
        link.with(|state| match state.wire.probe_receives(Instant::now(), self.id, &packet) {
            ProbeStep::Reply if !self.reply() => ProbeStep::Failed,
            ProbeStep::UpgradedUnanswered if !self.reply() => {
                state.wire.close(CloseReason::TransportLost);
                self.install(state)
            }
            ProbeStep::Upgraded | ProbeStep::UpgradedUnanswered => self.install(state),
            step => step,
        })
    }

    /// Answers the probe. The socket has carried nothing yet, so it has room, or is broken.
    fn reply(&self) -> bool {
        let header = FrameHeader::server(Opcode::Text, PROBE_REPLY.len());
        let frame = [header.as_bytes(), PROBE_REPLY].concat();
        self.stream.as_ref().is_some_and(|stream| stream.try_write(&frame).is_ok_and(|written| written == frame.len()))
    }

    /// Gives the socket to the link, in the same moment in which the session moves to it.
    fn install(&mut self, state: &mut State<A>) -> ProbeStep {
        let Some(stream) = self.stream.take() else { return ProbeStep::Failed };
        state.carrier.wake_all();
        let untaken = matches!(&state.carrier, Carrier::Polling(polling) if polling.answer.is_some());
        state.carrier = Carrier::Socket(Socket::default());
        self.link.stream.set(stream).expect("a session moves to a WebSocket once");
        if untaken {
            // The client moved on without the answer to its poll, which holds messages.
            state.wire.close(CloseReason::TransportLost);
        }
        ProbeStep::Upgraded
    }
}

impl<A: Application> Drop for Probe<A> {
    fn drop(&mut self) {
        self.link.with(|state| state.wire.probe_ends(self.id));
    }
}

/// Whether the attempt may still succeed, and whether it is to be answered now. The link can wake it when that changes.
fn keep_waker<A: Application>(state: &mut State<A>, id: ProbeId, context: &Context<'_>) -> (bool, bool) {
    let mut reply = false;
    if let Carrier::Polling(polling) = &mut state.carrier {
        polling.probe_waker = Some(context.waker().clone());
        reply = std::mem::take(&mut polling.probe_reply);
    }
    (state.wire.is_probing(id), reply)
}
