//! One client's Socket.IO session as a pure state machine: which namespaces it is in, which packet is still without its
//! attachments, and until when it must have connected.
//!
//! It promises: nothing of a namespace is handed on before the application accepted the client there; a repeated CONNECT
//! does nothing; a packet is handed on complete or not at all; every map is bounded. After a [`Violation`] the transport
//! is to be closed.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::json::Arguments;
use super::namespace::Namespace;
use super::packet::{Header, InvalidPacket, Kind};
use crate::engineio::Message;
use crate::limits::{SOCKETIO_ACKS_AWAITED_MAX, SOCKETIO_NAMESPACES_MAX};

/// The figures of a session, equal for all clients.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Time a client has to be in a namespace, at first and after it left the last one.
    pub connect_timeout: Duration,
    /// Time from a packet's text to its last attachment.
    pub attachments_timeout: Duration,
    /// Largest packet in bytes, its attachments included.
    pub packet_bytes_max: usize,
}

/// An event of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it was sent.
    pub namespace: Namespace,
    /// Its name; never one of the reserved ones.
    pub name: Box<str>,
    /// Its arguments.
    pub arguments: Arguments,
    /// The id under which it wants to be acknowledged.
    pub ack: Option<u64>,
    /// What its placeholders stand for.
    pub attachments: Vec<Bytes>,
}

/// A client's acknowledgement of one of our events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// Where the event was sent.
    pub namespace: Namespace,
    /// The id that the event was sent with.
    pub id: u64,
    /// Its arguments.
    pub arguments: Arguments,
    /// What its placeholders stand for.
    pub attachments: Vec<Bytes>,
}

/// What the application is to hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A client wants into a namespace; answer by [`Session::accept`] or [`Session::refuse`], now or later.
    Connect {
        /// Which one.
        namespace: Namespace,
        /// The JSON object it brought, as it was sent.
        auth: Option<Bytes>,
    },
    /// A client left a namespace that it was in, or wanted into.
    Disconnect(Namespace),
    /// An event.
    Event(Event),
    /// An acknowledgement that we asked for.
    Ack(Ack),
}

/// What ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Not a packet.
    #[error(transparent)]
    Packet(#[from] InvalidPacket),
    /// Text where an attachment was due.
    #[error("text between attachments")]
    TextBetweenAttachments,
    /// Bytes where no attachment was due.
    #[error("unexpected attachment")]
    UnexpectedAttachment,
    /// A packet for a namespace that the client is not in.
    #[error("not connected to this namespace")]
    NotConnected,
    /// More namespaces than a client may hold.
    #[error("too many namespaces")]
    TooManyNamespaces,
    /// A packet and its attachments are larger than the bound.
    #[error("packet too large")]
    TooLarge,
    /// The client was in no namespace for too long.
    #[error("no CONNECT in time")]
    ConnectTimeout,
    /// Attachments did not come in time.
    #[error("attachments did not come in time")]
    AttachmentsTimeout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stay {
    Wanted,
    Accepted,
    /// We ended it; what the client had under way is ignored.
    Ended,
}

#[derive(Debug)]
struct Incomplete {
    header: Header,
    attachments: Vec<Bytes>,
    bytes: usize,
    deadline: Instant,
}

/// The state of one client's session.
#[derive(Debug)]
pub struct Session {
    stays: Vec<(Namespace, Stay)>,
    incomplete: Option<Box<Incomplete>>,
    connect_by: Option<Instant>,
    awaited: Vec<(Namespace, u64)>,
    next_ack_id: u64,
}

impl Session {
    /// The session of a client whose transport has just opened.
    #[must_use]
    pub fn open(now: Instant, config: &Config) -> Self {
        let connect_by = Some(now + config.connect_timeout);
        Self { stays: Vec::new(), incomplete: None, connect_by, awaited: Vec::new(), next_ack_id: 0 }
    }

    /// A message arrived. `None`: nothing to hand on.
    ///
    /// # Errors
    /// A [`Violation`], after which the transport is to be closed.
    pub fn receive(&mut self, now: Instant, message: Message, config: &Config) -> Result<Option<Incoming>, Violation> {
        match (message, self.incomplete.is_some()) {
            (Message::Text(text), false) => self.receive_text(now, &text, config),
            (Message::Binary(bytes), true) => self.receive_attachment(now, bytes, config),
            (Message::Text(_), true) => Err(Violation::TextBetweenAttachments),
            (Message::Binary(_), false) => Err(Violation::UnexpectedAttachment),
        }
    }

    fn receive_text(&mut self, now: Instant, text: &Bytes, config: &Config) -> Result<Option<Incoming>, Violation> {
        let header = Header::decode(text)?;
        if text.len() > config.packet_bytes_max {
            return Err(Violation::TooLarge);
        }
        if header.attachments > 0 {
            self.check_stay(&header.namespace)?;
            let deadline = now + config.attachments_timeout;
            let incomplete = Incomplete { header, attachments: Vec::new(), bytes: text.len(), deadline };
            self.incomplete = Some(Box::new(incomplete));
            return Ok(None);
        }
        self.complete(now, header, Vec::new(), config)
    }

    fn receive_attachment(
        &mut self,
        now: Instant,
        bytes: Bytes,
        config: &Config,
    ) -> Result<Option<Incoming>, Violation> {
        let mut incomplete = self.incomplete.take().ok_or(Violation::UnexpectedAttachment)?;
        incomplete.bytes += bytes.len();
        if incomplete.bytes > config.packet_bytes_max {
            return Err(Violation::TooLarge);
        }
        incomplete.attachments.push(bytes);
        if incomplete.attachments.len() < incomplete.header.attachments as usize {
            self.incomplete = Some(incomplete);
            return Ok(None);
        }
        self.complete(now, incomplete.header, incomplete.attachments, config)
    }

    fn complete(
        &mut self,
        now: Instant,
        header: Header,
        attachments: Vec<Bytes>,
        config: &Config,
    ) -> Result<Option<Incoming>, Violation> {
        let namespace = header.namespace;
        match header.kind {
            Kind::Connect(auth) => self.want(namespace, auth),
            Kind::Disconnect => Ok(self.leave(now, namespace, config)),
            Kind::Event(name, arguments, ack) => {
                let accepted = self.check_stay(&namespace)?;
                let event = Event { namespace, name, arguments, ack, attachments };
                Ok(accepted.then_some(Incoming::Event(event)))
            }
            Kind::Ack(id, arguments) => {
                self.check_stay(&namespace)?;
                let awaited = self.take_awaited(&namespace, id);
                Ok(awaited.then_some(Incoming::Ack(Ack { namespace, id, arguments, attachments })))
            }
        }
    }

    /// Whether packets of this namespace are to be handed on; those of an ended stay are not, and those of none break
    /// the protocol, as a client sends nothing before it was accepted.
    fn check_stay(&self, namespace: &Namespace) -> Result<bool, Violation> {
        match self.stay(namespace) {
            Some(Stay::Accepted) => Ok(true),
            Some(Stay::Ended) => Ok(false),
            Some(Stay::Wanted) | None => Err(Violation::NotConnected),
        }
    }

    fn want(&mut self, namespace: Namespace, auth: Option<Bytes>) -> Result<Option<Incoming>, Violation> {
        let full = self.stays.len() >= SOCKETIO_NAMESPACES_MAX;
        match self.stays.iter_mut().find(|(name, _)| *name == namespace) {
            Some((_, Stay::Wanted | Stay::Accepted)) => return Ok(None),
            Some((_, stay)) => *stay = Stay::Wanted,
            None if full => return Err(Violation::TooManyNamespaces),
            None => {
                self.stays.reserve_exact(1);
                self.stays.push((namespace.detached(), Stay::Wanted));
            }
        }
        Ok(Some(Incoming::Connect { namespace, auth }))
    }

    fn leave(&mut self, now: Instant, namespace: Namespace, config: &Config) -> Option<Incoming> {
        let was_in = matches!(self.stay(&namespace), Some(Stay::Wanted | Stay::Accepted));
        self.forget(&namespace);
        self.rearm(now, config);
        was_in.then_some(Incoming::Disconnect(namespace))
    }

    /// Lets the client into a namespace that it wants into. `false`: it does not (any more), and must not be answered.
    pub fn accept(&mut self, namespace: &Namespace) -> bool {
        match self.stays.iter_mut().find(|(name, _)| name == namespace) {
            Some((_, stay @ Stay::Wanted)) => {
                *stay = Stay::Accepted;
                self.connect_by = None;
                true
            }
            _ => false,
        }
    }

    /// Refuses a namespace that the client wants into. `false`: it does not (any more), and must not be answered.
    pub fn refuse(&mut self, namespace: &Namespace) -> bool {
        let wanted = self.stay(namespace) == Some(Stay::Wanted);
        if wanted {
            self.forget(namespace);
        }
        wanted
    }

    /// Ends a stay from our side. `false`: there is none.
    pub fn end(&mut self, now: Instant, namespace: &Namespace, config: &Config) -> bool {
        let Some((_, stay @ Stay::Accepted)) = self.stays.iter_mut().find(|(name, _)| name == namespace) else {
            return false;
        };
        *stay = Stay::Ended;
        self.awaited.retain(|(name, _)| name != namespace);
        self.rearm(now, config);
        true
    }

    /// Whether the client is in this namespace.
    #[must_use]
    pub fn is_in(&self, namespace: &Namespace) -> bool {
        self.stay(namespace) == Some(Stay::Accepted)
    }

    /// The id for an event that asks for an acknowledgement. `None`: the client is not in the namespace, or owes too
    /// many already.
    pub fn await_ack(&mut self, namespace: &Namespace) -> Option<u64> {
        if !self.is_in(namespace) || self.awaited.len() >= SOCKETIO_ACKS_AWAITED_MAX {
            return None;
        }
        let id = self.next_ack_id;
        self.next_ack_id += 1;
        self.awaited.push((namespace.clone(), id));
        Some(id)
    }

    fn take_awaited(&mut self, namespace: &Namespace, id: u64) -> bool {
        let found = self.awaited.iter().position(|(name, awaited)| name == namespace && *awaited == id);
        found.map(|at| self.awaited.swap_remove(at)).is_some()
    }

    fn stay(&self, namespace: &Namespace) -> Option<Stay> {
        self.stays.iter().find(|(name, _)| name == namespace).map(|(_, stay)| *stay)
    }

    fn forget(&mut self, namespace: &Namespace) {
        self.stays.retain(|(name, _)| name != namespace);
        self.awaited.retain(|(name, _)| name != namespace);
    }

    fn rearm(&mut self, now: Instant, config: &Config) {
        if self.connect_by.is_none() && !self.stays.iter().any(|(_, stay)| *stay == Stay::Accepted) {
            self.connect_by = Some(now + config.connect_timeout);
        }
    }

    /// When the session ends unless something arrives before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let attachments = self.incomplete.as_ref().map(|incomplete| incomplete.deadline);
        [self.connect_by, attachments].into_iter().flatten().min()
    }

    /// Time has passed.
    ///
    /// # Errors
    /// The [`Violation`] whose deadline it was.
    pub fn advance(&self, now: Instant) -> Result<(), Violation> {
        if self.connect_by.is_some_and(|by| by <= now) {
            return Err(Violation::ConnectTimeout);
        }
        if self.incomplete.as_ref().is_some_and(|incomplete| incomplete.deadline <= now) {
            return Err(Violation::AttachmentsTimeout);
        }
        Ok(())
    }
}
