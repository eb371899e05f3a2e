//! The server's half of an Engine.IO session as a pure state machine: which request, packet or silence is allowed now
//! and what follows from it. It holds no bytes of messages; the driver owns transports and queues, asks here first, and
//! does what the answer says.
//!
//! It promises: one poll and one POST at a time; one probe at a time; a closed session stays closed and keeps the first
//! reason; whatever is open has a deadline.

use std::time::{Duration, Instant};

use super::packet::{Message, Packet};
use super::request::Refusal;
use crate::limits::{ENGINEIO_LEAVE_GRACE, ENGINEIO_NOOP_DELAY, ENGINEIO_PROBE_REPLY_DELAY};

/// The figures of a session, equal for all sessions of an engine.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Time from one ping of the server to the next.
    pub ping_interval: Duration,
    /// Time a client has to answer a ping.
    pub ping_timeout: Duration,
    /// Time from the opening of a WebSocket that wants to take over to its `upgrade` packet.
    pub upgrade_timeout: Duration,
    /// Largest message or POST that a client may send, in bytes.
    pub max_payload_bytes: usize,
}

/// What carries the session now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// HTTP long-polling.
    Polling,
    /// A WebSocket, from the start or after an upgrade.
    WebSocket,
}

/// Why a session ended. The first reason stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// The client sent a close packet or a WebSocket close frame.
    #[error("closed by the client")]
    ClosedByClient,
    /// No pong came in time.
    #[error("ping timeout")]
    PingTimeout,
    /// The connection broke, or an answer to a poll could not be handed over.
    #[error("transport lost")]
    TransportLost,
    /// What the client sent is not of the protocol.
    #[error("protocol error")]
    ProtocolError,
    /// A second poll or POST while one was open.
    #[error("two requests at once")]
    DuplicateRequest,
    /// A message or POST above the bound.
    #[error("payload too large")]
    TooLarge,
    /// The application ended it.
    #[error("closed by the server")]
    ClosedByServer,
    /// The server goes down.
    #[error("the server is going away")]
    GoingAway,
}

/// One attempt to take a polling session over to a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeId(u32);

/// What a packet on the probing WebSocket led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeStep {
    /// Answer `3probe` there, and end the waiting poll.
    Reply,
    /// Nothing yet: the answer follows with the next poll, or soon, as [`Tick::ProbeReply`].
    Wait,
    /// The WebSocket carries the session from now on.
    Upgraded,
    /// The same, but first answer `3probe` there: the client did not wait for it.
    UpgradedUnanswered,
    /// Close the probing WebSocket; the session goes on without it.
    Failed,
}

/// What a packet of the session led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A message for the application.
    Message(Message),
    /// Nothing to hand on.
    Nothing,
    /// The session is closed.
    Closed,
}

/// What the passing of time led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// Nothing is due.
    Nothing,
    /// Send a ping.
    Ping,
    /// Answer `3probe` on the probing WebSocket.
    ProbeReply,
    /// Drop the probing WebSocket: it did not finish in time.
    ProbeExpired,
    /// The session is closed.
    Closed,
}

/// The state of one session.
#[derive(Debug)]
pub struct Session {
    closed: Option<CloseReason>,
    transport: Transport,
    poll_open: bool,
    post_open: bool,
    probe: Option<Probe>,
    probes: u32,
    heartbeat: Heartbeat,
}

#[derive(Debug, Clone, Copy)]
struct Probe {
    stage: Stage,
    deadline: Instant,
}

/// How far an upgrade has come.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Opened,
    /// The client asked while it had no poll open, so it may not have taken in the answer to the last one yet. Its next
    /// poll shows that it has.
    Asked {
        reply_at: Instant,
    },
    /// The client may stop polling, once its poll has ended. A poll is to be ended by a noop when this time has come.
    Answered {
        noop_at: Instant,
    },
}

#[derive(Debug, Clone, Copy)]
enum Heartbeat {
    PingAt(Instant),
    PongBy(Instant),
    /// The client said goodbye in a POST. The poll that it sent just before may still be on its way, on a connection of
    /// its own, and is to be ended properly.
    LeavesAt(Instant),
}

impl Session {
    /// A session that was just opened over `transport`.
    #[must_use]
    pub fn open(now: Instant, transport: Transport, config: &Config) -> Self {
        let heartbeat = Heartbeat::PingAt(now + config.ping_interval);
        Self { closed: None, transport, poll_open: false, post_open: false, probe: None, probes: 0, heartbeat }
    }

    /// What carries the session.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Why the session is closed, if it is.
    #[must_use]
    pub const fn closed(&self) -> Option<CloseReason> {
        self.closed
    }

    /// Whether a poll waits for its answer.
    #[must_use]
    pub const fn poll_is_open(&self) -> bool {
        self.poll_open
    }

    /// Whether an open poll must be answered now, even with nothing but a noop: the client waits for its end before it
    /// upgrades.
    #[must_use]
    pub fn wants_noop(&self, now: Instant) -> bool {
        self.noop_at().is_some_and(|at| at <= now)
    }

    fn noop_at(&self) -> Option<Instant> {
        match self.probe?.stage {
            Stage::Answered { noop_at } if self.poll_open => Some(noop_at),
            _ => None,
        }
    }

    fn probe_reply_at(&self) -> Option<Instant> {
        match self.probe?.stage {
            Stage::Asked { reply_at } => Some(reply_at),
            _ => None,
        }
    }

    /// Ends the session. Only the first reason counts.
    pub const fn close(&mut self, reason: CloseReason) {
        if self.closed.is_none() {
            self.closed = Some(reason);
            self.probe = None;
        }
    }

    /// A poll arrived. A second one beside an open one closes the session: nobody could say which got what.
    ///
    /// # Errors
    /// [`Refusal::UnknownSession`] once closed, [`Refusal::BadRequest`] for a second poll or on another transport.
    pub fn poll_begins(&mut self, now: Instant) -> Result<(), Refusal> {
        self.admit_polling(self.poll_open)?;
        self.poll_open = true;
        if let Some(probe) = &mut self.probe {
            match &mut probe.stage {
                Stage::Opened => {}
                Stage::Asked { reply_at } => *reply_at = now,
                Stage::Answered { noop_at } => *noop_at = now + ENGINEIO_NOOP_DELAY,
            }
        }
        if matches!(self.heartbeat, Heartbeat::LeavesAt(_)) {
            self.close(CloseReason::ClosedByClient);
        }
        Ok(())
    }

    /// The open poll was answered.
    pub const fn poll_ends(&mut self) {
        self.poll_open = false;
    }

    /// A POST arrived; its packets follow through [`Session::receive`].
    ///
    /// # Errors
    /// As [`Session::poll_begins`].
    pub fn post_begins(&mut self) -> Result<(), Refusal> {
        self.admit_polling(self.post_open)?;
        self.post_open = true;
        Ok(())
    }

    /// The open POST was answered.
    pub const fn post_ends(&mut self) {
        self.post_open = false;
    }

    const fn admit_polling(&mut self, already_open: bool) -> Result<(), Refusal> {
        if self.closed.is_some() {
            return Err(Refusal::UnknownSession);
        }
        if matches!(self.transport, Transport::WebSocket) {
            return Err(Refusal::BadRequest);
        }
        if already_open {
            self.close(CloseReason::DuplicateRequest);
            return Err(Refusal::BadRequest);
        }
        Ok(())
    }

    /// A packet arrived on the transport that carries the session, or in a POST that began before an upgrade.
    pub fn receive(&mut self, now: Instant, packet: Packet, config: &Config) -> Received {
        if self.closed.is_some() || matches!(self.heartbeat, Heartbeat::LeavesAt(_)) {
            return Received::Closed;
        }
        match packet {
            Packet::Message(message) => return Received::Message(message),
            Packet::Pong(_) => self.pong(now, config),
            Packet::Upgrade | Packet::Noop => {}
            Packet::Close if self.transport == Transport::Polling && !self.poll_open => {
                self.probe = None;
                self.heartbeat = Heartbeat::LeavesAt(now + ENGINEIO_LEAVE_GRACE);
            }
            Packet::Close => self.close(CloseReason::ClosedByClient),
            Packet::Open(_) | Packet::Ping(_) => self.close(CloseReason::ProtocolError),
        }
        if self.closed.is_some() { Received::Closed } else { Received::Nothing }
    }

    /// The next ping counts from the one that was answered, so that the heartbeat keeps its pace whatever the way takes.
    /// A pong that nothing asked for puts nothing off.
    fn pong(&mut self, now: Instant, config: &Config) {
        if let Heartbeat::PongBy(by) = self.heartbeat {
            let pinged = by.checked_sub(config.ping_timeout).unwrap_or(now);
            self.heartbeat = Heartbeat::PingAt(now.max(pinged + config.ping_interval));
        }
    }

    /// A WebSocket opened with this session's id. `None`: it must be closed, as the session is carried by a WebSocket
    /// already or another one is being tried.
    pub fn probe_begins(&mut self, now: Instant, config: &Config) -> Option<ProbeId> {
        let leaves = matches!(self.heartbeat, Heartbeat::LeavesAt(_));
        if self.closed.is_some() || leaves || self.transport == Transport::WebSocket || self.probe.is_some() {
            return None;
        }
        self.probes = self.probes.wrapping_add(1);
        self.probe = Some(Probe { stage: Stage::Opened, deadline: now + config.upgrade_timeout });
        Some(ProbeId(self.probes))
    }

    /// A packet arrived on a WebSocket that is being tried.
    pub fn probe_receives(&mut self, now: Instant, id: ProbeId, packet: &Packet) -> ProbeStep {
        let poll_open = self.poll_open;
        let Some(probe) = self.current_probe(id) else { return ProbeStep::Failed };
        match (packet, probe.stage) {
            (Packet::Ping(data), Stage::Opened) if data.as_ref() == b"probe" && !poll_open => {
                let left = probe.deadline.saturating_duration_since(now);
                probe.stage = Stage::Asked { reply_at: now + ENGINEIO_PROBE_REPLY_DELAY.min(left / 2) };
                ProbeStep::Wait
            }
            (Packet::Ping(data), Stage::Asked { .. }) if data.as_ref() == b"probe" => ProbeStep::Wait,
            (Packet::Ping(data), _) if data.as_ref() == b"probe" => {
                probe.stage = Stage::Answered { noop_at: now };
                ProbeStep::Reply
            }
            (Packet::Upgrade, Stage::Asked { .. } | Stage::Answered { .. }) => {
                let is_answered = matches!(probe.stage, Stage::Answered { .. });
                self.probe = None;
                self.transport = Transport::WebSocket;
                if is_answered { ProbeStep::Upgraded } else { ProbeStep::UpgradedUnanswered }
            }
            _ => {
                self.probe = None;
                ProbeStep::Failed
            }
        }
    }

    /// Whether this attempt may still succeed.
    #[must_use]
    pub const fn is_probing(&self, id: ProbeId) -> bool {
        self.probe.is_some() && self.probes == id.0
    }

    /// Whether the client may have stopped polling in favour of a WebSocket from which no `upgrade` has come yet.
    ///
    /// A poll's answer carries nothing but a noop meanwhile. Stock clients close in the same turn in which the last answer
    /// before an upgrade arrives, if they were told to close while it was under way; what else that answer holds they
    /// keep, show after the next connect, and show again when it is resumed. Those that lose the WebSocket in such a
    /// moment neither poll nor notice until the ping timeout.
    #[must_use]
    pub const fn is_moving(&self) -> bool {
        matches!(self.probe, Some(Probe { stage: Stage::Answered { .. }, .. }))
    }

    /// The WebSocket that was being tried is gone.
    pub fn probe_ends(&mut self, id: ProbeId) {
        if self.current_probe(id).is_some() {
            self.probe = None;
        }
    }

    fn current_probe(&mut self, id: ProbeId) -> Option<&mut Probe> {
        if self.probes == id.0 { self.probe.as_mut() } else { None }
    }

    /// When [`Session::advance`] has something to do next. `None` once closed.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.closed.is_some() {
            return None;
        }
        let (Heartbeat::PingAt(heartbeat) | Heartbeat::PongBy(heartbeat) | Heartbeat::LeavesAt(heartbeat)) =
            self.heartbeat;
        let probe = self.probe.map(|probe| probe.deadline);
        [Some(heartbeat), probe, self.probe_reply_at(), self.noop_at()].into_iter().flatten().min()
    }

    /// Time has passed. Call it until it says [`Tick::Nothing`] or [`Tick::Closed`].
    pub fn advance(&mut self, now: Instant, config: &Config) -> Tick {
        if self.closed.is_some() {
            return Tick::Closed;
        }
        if self.probe.is_some_and(|probe| probe.deadline <= now) {
            self.probe = None;
            return Tick::ProbeExpired;
        }
        if let Some(probe) = &mut self.probe
            && let Stage::Asked { reply_at } = probe.stage
            && reply_at <= now
        {
            probe.stage = Stage::Answered { noop_at: now };
            return Tick::ProbeReply;
        }
        match self.heartbeat {
            Heartbeat::PingAt(at) if at <= now => {
                // Counted from when it was due, so that a slightly late timer does not lengthen a dead client's life;
                // after a pause of the whole process, from now, so that it does not kill the living.
                let late = now.saturating_duration_since(at) > config.ping_timeout / 4;
                self.heartbeat = Heartbeat::PongBy(if late { now } else { at } + config.ping_timeout);
                Tick::Ping
            }
            Heartbeat::PongBy(by) if by <= now => {
                self.close(CloseReason::PingTimeout);
                Tick::Closed
            }
            Heartbeat::LeavesAt(at) if at <= now => {
                self.close(CloseReason::ClosedByClient);
                Tick::Closed
            }
            _ => Tick::Nothing,
        }
    }
}
