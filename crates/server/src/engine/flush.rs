//! Writing what can be written, in order: the rest of an unfinished frame, control, then what the application offers.

use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::task::Context;
use std::time::Instant;

use tokio::net::TcpStream;
use wire::engineio::{CloseReason, PayloadWriter};
use wire::websocket::{FrameHeader, Opcode};

use super::link::{Carrier, Polling, Socket, State};
use super::outlet::End;
use super::pending::Pending;
use super::{Application, Control, Link, Outlet};
use crate::limits::{ENGINE_CONTROL_PER_WRITE_MAX, ENGINE_FLUSH_ROUNDS_MAX};

impl<A: Application> Link<A> {
    /// Writes what can be written. Called under the lock, after anything that may have given something to write.
    pub(super) fn flush(self: &Arc<Self>, state: &mut State<A>) {
        if let Some(reason) = state.control.closed() {
            state.wire.close(reason);
        }
        if state.wire.closed().is_some() {
            return;
        }
        match (&state.carrier, self.stream.get()) {
            (Carrier::Polling(_), _) => self.answer_poll(state),
            (Carrier::Socket(_), Some(stream)) => self.flush_socket(state, stream),
            (Carrier::Socket(_), None) => {}
        }
        if let Some(reason) = state.control.ending()
            && state.control.is_empty()
            && state.pending.is_none()
            && !state.wire.is_moving()
        {
            state.wire.close(reason);
        }
        state.resume_reading();
    }

    fn flush_socket(&self, state: &mut State<A>, stream: &TcpStream) {
        for _ in 0..ENGINE_FLUSH_ROUNDS_MAX {
            let end = match write_own(state, stream) {
                None if state.control.ending().is_none() => self.fill_socket(state, stream),
                end => end,
            };
            let Carrier::Socket(socket) = &mut state.carrier else { return };
            socket.blocked = end.is_some();
            match end {
                None => return,
                Some(End::Lost) => return state.wire.close(CloseReason::TransportLost),
                // Whoever calls this, it is the socket's own task that will be woken.
                Some(End::Full) if socket.waits_for_room(stream) => return,
                Some(End::Full) => {}
            }
        }
        // The peer reads as fast as we write. Its own task goes on, so that the caller gets to its other links.
        state.carrier.wake_all();
    }

    fn fill_socket(&self, state: &mut State<A>, stream: &TcpStream) -> Option<End> {
        let session = state.app.as_mut()?;
        let mut outlet = Outlet::socket(stream, &mut state.pending);
        self.engine.application.fill(session, &mut outlet);
        outlet.end()
    }

    /// Answers an open poll, if there is anything to answer it with.
    fn answer_poll(&self, state: &mut State<A>) {
        if !state.wire.poll_is_open() {
            return;
        }
        let mut payload = PayloadWriter::new(self.engine.config.session.max_payload_bytes);
        let moving = state.wire.is_moving();
        if !moving {
            move_control(&mut state.control, &mut payload);
        }
        if !moving
            && state.control.is_empty()
            && state.control.ending().is_none()
            && let Some(session) = &mut state.app
        {
            self.engine.application.fill(session, &mut Outlet::payload(&mut payload));
        }
        if payload.is_empty() && (!state.wire.wants_noop(Instant::now()) || !payload.text(b"6")) {
            return;
        }
        state.wire.poll_ends();
        if let Carrier::Polling(polling) = &mut state.carrier {
            polling.set_answer(payload);
        }
    }
}

impl Polling {
    fn set_answer(&mut self, payload: PayloadWriter) {
        self.answer = Some(payload.finish());
        self.stamps.answered();
        if let Some(waker) = self.poll_waker.take() {
            waker.wake();
        }
    }
}

impl<A: Application> State<A> {
    /// Lets a reader go on that waited for control to drain.
    fn resume_reading(&mut self) {
        if self.control.is_full() {
            return;
        }
        match &mut self.carrier {
            Carrier::Polling(polling) => {
                if let Some(waker) = polling.post_waker.take() {
                    waker.wake();
                }
            }
            Carrier::Socket(socket) => {
                if std::mem::take(&mut socket.paused)
                    && let Some(waker) = &socket.waker
                {
                    waker.wake_by_ref();
                }
            }
        }
    }
}

impl Socket {
    /// Registers the task to be woken when the socket has room. `false`: it has room already.
    fn waits_for_room(&self, stream: &TcpStream) -> bool {
        let Some(waker) = &self.waker else { return true };
        stream.poll_write_ready(&mut Context::from_waker(waker)).is_pending()
    }
}

/// Moves control messages into a payload for as long as they fit.
fn move_control(control: &mut Control, payload: &mut PayloadWriter) {
    while let Some(message) = control.front() {
        let taken = match message.opcode {
            Opcode::Binary => payload.binary(&message.body),
            Opcode::Text => payload.text(&message.body),
            _ => true,
        };
        if !taken {
            return;
        }
        control.pop();
    }
}

/// Writes the rest of an unfinished frame and all control messages. `None`: all of it is written.
fn write_own<A: Application>(state: &mut State<A>, stream: &TcpStream) -> Option<End> {
    while let Some(pending) = &mut state.pending {
        match write(stream, &pending.slices()) {
            Ok(written) if pending.advance(written) => state.pending = None,
            Ok(_) => {}
            Err(end) => return Some(end),
        }
    }
    while !state.control.is_empty() {
        if let Err(end) = write_control(state, stream) {
            return Some(end);
        }
    }
    None
}

/// Writes some control messages with one system call.
fn write_control<A: Application>(state: &mut State<A>, stream: &TcpStream) -> Result<(), End> {
    let mut headers = [FrameHeader::server(Opcode::Text, 0); ENGINE_CONTROL_PER_WRITE_MAX];
    for (header, message) in headers.iter_mut().zip(state.control.iter()) {
        *header = FrameHeader::server(message.opcode, message.body.len());
    }
    let mut slices = [IoSlice::new(&[]); 2 * ENGINE_CONTROL_PER_WRITE_MAX];
    for (pair, (header, message)) in slices.chunks_exact_mut(2).zip(headers.iter().zip(state.control.iter())) {
        pair.copy_from_slice(&[IoSlice::new(header.as_bytes()), IoSlice::new(&message.body)]);
    }
    let mut written = write(stream, &slices)?;
    for header in headers {
        let Some(message) = state.control.front().filter(|_| written > 0) else { break };
        let frame_bytes = header.as_bytes().len() + message.body.len();
        if written < frame_bytes
            && let Some(message) = state.control.pop()
        {
            state.pending = Some(Box::new(Pending::of_frame(header, message.body, written)));
            return Err(End::Full);
        }
        written -= frame_bytes;
        state.control.pop();
    }
    Ok(())
}

fn write(stream: &TcpStream, slices: &[IoSlice<'_>]) -> Result<usize, End> {
    match stream.try_write_vectored(slices) {
        Ok(0) => Err(End::Lost),
        Ok(written) => Ok(written),
        Err(error) => Err(end_of(&error)),
    }
}

fn end_of(error: &io::Error) -> End {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::Interrupted => End::Full,
        _ => End::Lost,
    }
}
