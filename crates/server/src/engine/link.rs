//! One session and its transport: the state behind one lock, and the ways into it.
//!
//! Every way in ends the same: what can be written is written, the timer learns of a new deadline, and a session that
//! has closed is taken apart. The lock is held for non-blocking work only.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::Instant;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use tokio::net::TcpStream;
use wire::engineio::{self, CloseReason, Packet, Received, Tick, Transport};
use wire::websocket::Opcode;

use super::pending::Pending;
use super::stamps::Stamps;
use super::{Application, Control, Engine, SessionId};
use crate::limits::ENGINE_LINGER;

/// One open session. Cheap to share; it is the same link as long as the pointer is the same.
pub struct Link<A: Application> {
    pub(super) engine: Arc<Engine<A>>,
    id: SessionId,
    /// Set once, when a WebSocket carries the session.
    pub(super) stream: OnceLock<TcpStream>,
    has_room: AtomicBool,
    state: Mutex<State<A>>,
}

pub(super) struct State<A: Application> {
    pub(super) wire: engineio::Session,
    pub(super) app: Option<A::Session>,
    pub(super) control: Control,
    pub(super) pending: Option<Box<Pending>>,
    pub(super) carrier: Carrier,
    /// When the last messages of a link that is being ended must be out.
    ending_by: Option<Instant>,
    scheduled: Option<Instant>,
}

pub(super) enum Carrier {
    Polling(Box<Polling>),
    Socket(Socket),
}

/// What exists only while the session is polled.
#[derive(Default)]
pub(super) struct Polling {
    pub(super) answer: Option<Bytes>,
    pub(super) poll_waker: Option<Waker>,
    pub(super) post_waker: Option<Waker>,
    pub(super) probe_waker: Option<Waker>,
    /// The probing WebSocket is to be answered.
    pub(super) probe_reply: bool,
    pub(super) stamps: Stamps,
}

/// What exists once a WebSocket carries the session.
#[derive(Default)]
pub(super) struct Socket {
    /// Wakes the socket's one task.
    pub(super) waker: Option<Waker>,
    /// The socket was full and the task's waker is registered for when it is not.
    pub(super) blocked: bool,
    /// The task does not read until control has drained.
    pub(super) paused: bool,
    /// When the message that is being received must have ended.
    pub(super) message_by: Option<Instant>,
}

impl Carrier {
    /// Wakes everyone who waits for something of this link.
    pub(super) fn wake_all(&mut self) {
        match self {
            Self::Polling(polling) => {
                let Polling { poll_waker, post_waker, probe_waker, .. } = &mut **polling;
                [poll_waker, post_waker, probe_waker].into_iter().filter_map(Option::take).for_each(Waker::wake);
            }
            Self::Socket(socket) => {
                if let Some(waker) = &socket.waker {
                    waker.wake_by_ref();
                }
            }
        }
    }

    /// Has the probing WebSocket's task answer it.
    fn answer_probe(&mut self) {
        if let Self::Polling(polling) = self {
            polling.probe_reply = true;
            if let Some(waker) = polling.probe_waker.take() {
                waker.wake();
            }
        }
    }
}

impl<A: Application> Link<A> {
    pub(super) fn new(engine: Arc<Engine<A>>, now: Instant, transport: Transport) -> Arc<Self> {
        let carrier = match transport {
            Transport::Polling => Carrier::Polling(Box::default()),
            Transport::WebSocket => Carrier::Socket(Socket::default()),
        };
        let wire = engineio::Session::open(now, transport, &engine.config.session);
        let control = Control::default();
        let state = State { wire, app: None, control, pending: None, carrier, ending_by: None, scheduled: None };
        let (id, stream, has_room) = (SessionId::random(), OnceLock::new(), AtomicBool::new(false));
        Arc::new(Self { engine, id, stream, has_room, state: Mutex::new(state) })
    }

    /// The session's id.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// What carries the session now.
    #[must_use]
    pub fn transport(&self) -> Transport {
        if self.stream.get().is_some() { Transport::WebSocket } else { Transport::Polling }
    }

    /// Whether [`Link::serve`] could write something now, as far as was last known. It takes no lock.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.has_room.load(Ordering::Relaxed)
    }

    /// Writes what can be written: the link's own messages, then what the application offers. It never blocks, and any
    /// thread may call it.
    pub fn serve(self: &Arc<Self>) {
        let mut state = self.state.lock();
        self.flush(&mut state);
        self.settle(state);
    }

    /// Runs `work` on the application's session, then writes what can be written. `None`: the link is closed.
    pub fn enter<R>(self: &Arc<Self>, work: impl FnOnce(&mut A::Session, &mut Control) -> R) -> Option<R> {
        self.with(|state| {
            let State { app, control, .. } = state;
            app.as_mut().map(|session| work(session, control))
        })
    }

    /// Ends the transport at once.
    pub fn close(self: &Arc<Self>, reason: CloseReason) {
        self.with(|state| state.wire.close(reason));
    }

    /// Runs `work` under the lock, then flushes and settles.
    pub(super) fn with<R>(self: &Arc<Self>, work: impl FnOnce(&mut State<A>) -> R) -> R {
        let mut state = self.state.lock();
        let result = work(&mut state);
        self.flush(&mut state);
        self.settle(state);
        result
    }

    /// Runs `work` under the lock and nothing else, for what cannot have changed anything to be sent or timed.
    pub(super) fn look<R>(&self, work: impl FnOnce(&mut State<A>) -> R) -> R {
        work(&mut self.state.lock())
    }

    /// Hands a packet to the session, and what it holds to the application.
    pub(super) fn receive(self: &Arc<Self>, state: &mut State<A>, now: Instant, packet: Packet) {
        if state.control.ending().is_some() {
            return;
        }
        if let Received::Message(message) = state.wire.receive(now, packet, &self.engine.config.session)
            && let Some(session) = &mut state.app
        {
            self.engine.application.received(self, session, now, message, &mut state.control);
        }
        state.obey_close();
    }

    /// The timer's entry at `at` has come.
    pub(super) fn tick(self: &Arc<Self>, now: Instant, at: Instant) {
        self.with(|state| {
            if state.scheduled == Some(at) {
                state.scheduled = None;
            }
            self.advance(state, now);
        });
    }

    /// Does what is due by `now`.
    pub(super) fn advance(self: &Arc<Self>, state: &mut State<A>, now: Instant) {
        loop {
            match state.wire.advance(now, &self.engine.config.session) {
                Tick::Ping => state.control.push(Opcode::Text, Bytes::from_static(b"2")),
                Tick::ProbeReply => state.carrier.answer_probe(),
                Tick::ProbeExpired => state.carrier.wake_all(),
                Tick::Nothing | Tick::Closed => break,
            }
        }
        if let Some(session) = &mut state.app
            && self.engine.application.next_deadline(session).is_some_and(|at| at <= now)
        {
            self.engine.application.deadline(self, session, now, &mut state.control);
        }
        state.obey_close();
        state.expire(now);
    }

    /// Whatever happened, this follows: take a closed session apart, or tell the timer of an earlier deadline.
    fn settle(self: &Arc<Self>, mut state: MutexGuard<'_, State<A>>) {
        let Some(reason) = state.wire.closed() else {
            self.has_room.store(state.has_room(), Ordering::Relaxed);
            return self.reschedule(&mut state);
        };
        let Some(session) = state.app.take() else { return };
        self.has_room.store(false, Ordering::Relaxed);
        if let Some(at) = state.scheduled.take() {
            self.engine.timers.cancel(self, at);
        }
        state.carrier.wake_all();
        drop(state);
        self.engine.registry.remove(self.id);
        self.engine.application.closed(self, session, reason);
    }

    fn reschedule(self: &Arc<Self>, state: &mut State<A>) {
        let application = state.app.as_ref().and_then(|session| self.engine.application.next_deadline(session));
        let message = match &state.carrier {
            Carrier::Socket(socket) => socket.message_by,
            Carrier::Polling(_) => None,
        };
        if state.control.ending().is_some() && state.ending_by.is_none() {
            state.ending_by = Some(Instant::now() + ENGINE_LINGER);
        }
        let next = [state.wire.next_deadline(), application, message, state.ending_by].into_iter().flatten().min();
        if let Some(next) = next
            && state.scheduled.is_none_or(|scheduled| next < scheduled)
        {
            self.engine.timers.schedule(self, state.scheduled, next);
            state.scheduled = Some(next);
        }
    }
}

impl<A: Application> State<A> {
    /// Closes the session if the application said so.
    fn obey_close(&mut self) {
        if let Some(reason) = self.control.closed() {
            self.wire.close(reason);
        }
    }

    /// Closes the session when a message or its own end takes too long.
    fn expire(&mut self, now: Instant) {
        if let Carrier::Socket(Socket { message_by: Some(by), .. }) = &self.carrier
            && *by <= now
        {
            self.wire.close(CloseReason::ProtocolError);
        }
        if let (Some(by), Some(reason)) = (self.ending_by, self.control.ending())
            && by <= now
        {
            self.wire.close(reason);
        }
    }

    fn has_room(&self) -> bool {
        match &self.carrier {
            Carrier::Polling(_) => self.wire.poll_is_open(),
            Carrier::Socket(socket) => !socket.blocked,
        }
    }
}

impl<A: Application> std::fmt::Debug for Link<A> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Link").field("transport", &self.transport()).finish_non_exhaustive()
    }
}
