//! A WebSocket's one task: it reads frames and hands them to the link, and is woken when the socket has room again.
//! Writing is the link's business, on whichever thread has something to write.

use std::future::poll_fn;
use std::io::{ErrorKind, Read as _};
use std::net::Shutdown;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;
use wire::engineio::{CloseReason, Message, Packet};
use wire::websocket::{CloseCode, Decoder, Event, FrameHeader, Opcode, ProtocolError};

use super::link::{Carrier, State};
use super::{Application, Link};
use crate::limits::{ENGINE_LINGER, ENGINE_LINGER_BYTES_MAX, ENGINE_READ_BYTES};

/// Serves the link's socket until the session is closed, then closes the socket. `unread` is what was read already.
pub(super) async fn run<A: Application>(link: Arc<Link<A>>, decoder: Decoder, unread: Bytes) {
    let Some(stream) = link.stream.get() else { return };
    let mut reader = Reader { decoder, unread, broken: None };
    poll_fn(|context| reader.poll(&link, stream, context)).await;
    let (reason, cut) = link.look(|state| (state.wire.closed(), state.pending.is_some()));
    let code = reader.broken.map(ProtocolError::close_code).or_else(|| reason.and_then(close_code));
    // Boxed, because an idle socket's task should not be as large as its last seconds need.
    Box::pin(end(stream, code.filter(|_| !cut))).await;
    // The application may keep the link, and with it the descriptor, for longer than the connection.
    let _ = SockRef::from(stream).shutdown(Shutdown::Both);
}

/// The code that tells a client's WebSocket why; none if nobody is there to read it.
const fn close_code(reason: CloseReason) -> Option<CloseCode> {
    match reason {
        CloseReason::ClosedByClient | CloseReason::ClosedByServer => Some(CloseCode::NORMAL),
        CloseReason::ProtocolError => Some(CloseCode::PROTOCOL_ERROR),
        CloseReason::DuplicateRequest => Some(CloseCode::POLICY),
        CloseReason::TooLarge => Some(CloseCode::TOO_BIG),
        CloseReason::GoingAway => Some(CloseCode::GOING_AWAY),
        CloseReason::PingTimeout | CloseReason::TransportLost => None,
    }
}

/// Says goodbye and waits a little for the peer's end: a socket that is closed with unread bytes in it is reset, and
/// the reset may overtake our last words.
pub(super) async fn end(stream: &TcpStream, code: Option<CloseCode>) {
    let Some(code) = code else { return };
    let header = FrameHeader::server(Opcode::Close, code.payload().len());
    if stream.try_write(&[header.as_bytes(), &code.payload()].concat()).is_err() {
        return;
    }
    if SockRef::from(stream).shutdown(Shutdown::Write).is_err() {
        return;
    }
    let _ = tokio::time::timeout(ENGINE_LINGER, read_out(stream)).await;
}

async fn read_out(stream: &TcpStream) {
    let mut left = ENGINE_LINGER_BYTES_MAX;
    while stream.readable().await.is_ok() {
        let mut buffer = [0; 1_024];
        match stream.try_read(&mut buffer) {
            Ok(read) if read > 0 && read < left => left -= read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            _ => return,
        }
    }
}

struct Reader {
    decoder: Decoder,
    /// Bytes that wait until the link's own queue has drained.
    unread: Bytes,
    broken: Option<ProtocolError>,
}

/// What the reader should do next.
enum Next {
    Read,
    Pause,
    Stop,
}

impl Reader {
    fn poll<A: Application>(&mut self, link: &Arc<Link<A>>, stream: &TcpStream, context: &mut Context<'_>) -> Poll<()> {
        let mut next = attend(link, context);
        loop {
            match next {
                Next::Stop => return Poll::Ready(()),
                Next::Pause => return Poll::Pending,
                Next::Read if !self.unread.is_empty() => {
                    let unread = std::mem::take(&mut self.unread);
                    next = self.deliver(link, &unread);
                    continue;
                }
                Next::Read => {}
            }
            let mut buffer = [0; ENGINE_READ_BYTES];
            let Poll::Ready(read) = poll_read(stream, &mut buffer, context) else { return Poll::Pending };
            next = match buffer.get(..read) {
                Some(input) if !input.is_empty() => self.deliver(link, input),
                _ => {
                    link.close(CloseReason::TransportLost);
                    Next::Stop
                }
            };
        }
    }

    /// Hands on the events in `input`, as many as the link has room to answer.
    fn deliver<A: Application>(&mut self, link: &Arc<Link<A>>, input: &[u8]) -> Next {
        let mut rest = input;
        loop {
            let before = rest.len();
            link.with(|state| self.decode(link, state, &mut rest));
            let next = link.look(|state| next_of(state, !rest.is_empty()));
            match next {
                Next::Read if !rest.is_empty() && rest.len() < before => {}
                Next::Pause => {
                    self.unread = Bytes::copy_from_slice(rest);
                    return Next::Pause;
                }
                next => return next,
            }
        }
    }

    fn decode<A: Application>(&mut self, link: &Arc<Link<A>>, state: &mut State<A>, rest: &mut &[u8]) {
        let now = Instant::now();
        while state.wire.closed().is_none() && !state.control.is_full() {
            match self.decoder.decode(now, rest) {
                Ok(Some(event)) => handle(link, state, now, event),
                Ok(None) => break,
                Err(error) => {
                    self.broken = Some(error);
                    let too_big = error == ProtocolError::TooBig;
                    state.wire.close(if too_big { CloseReason::TooLarge } else { CloseReason::ProtocolError });
                }
            }
        }
        if let Carrier::Socket(socket) = &mut state.carrier {
            socket.message_by = self.decoder.deadline();
        }
    }
}

/// The task was woken: keeps its waker for the link, and writes if the socket had been full.
fn attend<A: Application>(link: &Arc<Link<A>>, context: &Context<'_>) -> Next {
    let blocked = link.look(|state| {
        let Carrier::Socket(socket) = &mut state.carrier else { return false };
        let known = socket.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker()));
        if !known {
            socket.waker = Some(context.waker().clone());
        }
        socket.blocked || !known
    });
    if blocked {
        link.serve();
    }
    link.look(|state| next_of(state, false))
}

fn next_of<A: Application>(state: &mut State<A>, unread: bool) -> Next {
    let full = state.control.is_full();
    match &mut state.carrier {
        _ if state.wire.closed().is_some() => Next::Stop,
        Carrier::Socket(socket) if full => {
            socket.paused = true;
            Next::Pause
        }
        _ if unread && state.control.ending().is_some() => Next::Pause,
        _ => Next::Read,
    }
}

fn handle<A: Application>(link: &Arc<Link<A>>, state: &mut State<A>, now: Instant, event: Event) {
    let packet = match event {
        Event::Text(text) => Packet::from_text(&text),
        Event::Binary(bytes) => Ok(Packet::Message(Message::Binary(bytes))),
        Event::Ping(payload) => return state.control.push(Opcode::Pong, payload),
        Event::Pong(_) => return,
        Event::Close(_) => return state.wire.close(CloseReason::ClosedByClient),
    };
    match packet {
        Ok(packet) => link.receive(state, now, packet),
        Err(_) => state.wire.close(CloseReason::ProtocolError),
    }
}

/// Reads once. Zero bytes mean that the connection is over, in whatever way.
///
/// A read that does not fill the buffer has emptied the socket; saying so to tokio saves the read that would find out.
pub(super) fn poll_read(stream: &TcpStream, buffer: &mut [u8], context: &mut Context<'_>) -> Poll<usize> {
    loop {
        match stream.poll_read_ready(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(_)) => return Poll::Ready(0),
            Poll::Ready(Ok(())) => {}
        }
        let mut read = None;
        let outcome = stream.try_io(Interest::READABLE, || {
            let bytes = (&*SockRef::from(stream)).read(buffer)?;
            read = Some(bytes);
            if bytes > 0 && bytes < buffer.len() { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        match (read, outcome) {
            (Some(bytes), _) => return Poll::Ready(bytes),
            (None, Err(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            (None, _) => return Poll::Ready(0),
        }
    }
}
