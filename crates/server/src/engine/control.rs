//! The link's own small queue: handshakes, acknowledgements, pings, signals. Everything else is pulled.

use std::collections::VecDeque;

use bytes::Bytes;
use wire::engineio::CloseReason;
use wire::websocket::Opcode;

use crate::limits::{ENGINE_CONTROL_BYTES_MAX, ENGINE_CONTROL_OVERHEAD_BYTES};

/// One message that waits to be sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) opcode: Opcode,
    pub(super) body: Bytes,
}

impl Outgoing {
    /// What it counts for: an empty message costs memory too, and a client can ask for any number of them.
    const fn cost_bytes(&self) -> usize {
        self.body.len() + ENGINE_CONTROL_OVERHEAD_BYTES
    }
}

/// What the application sends by itself and outside the order of its entries, and how it ends a link.
///
/// While it holds [`ENGINE_CONTROL_BYTES_MAX`] bytes or more, each message's own cost included, nothing is read from the peer.
#[derive(Debug, Default)]
pub struct Control {
    queue: VecDeque<Outgoing>,
    bytes: usize,
    ending: Option<CloseReason>,
    closed: Option<CloseReason>,
}

impl Control {
    /// Sends an encoded Engine.IO text packet, its digit included: what `wire::socketio` encodes.
    pub fn packet(&mut self, packet: impl Into<Bytes>) {
        self.push(Opcode::Text, packet.into());
    }

    /// Sends a text message, which must be UTF-8.
    pub fn text(&mut self, message: &[u8]) {
        self.push(Opcode::Text, [b"4", message].concat().into());
    }

    /// Sends a binary message.
    pub fn binary(&mut self, message: Bytes) {
        self.push(Opcode::Binary, message);
    }

    /// Ends the transport now; what was not sent is lost. No packet says so: a client takes it for a broken connection
    /// and comes back.
    pub fn close(&mut self, reason: CloseReason) {
        self.closed.get_or_insert(reason);
    }

    /// Ends the transport once everything in this queue is sent, or could not be for a while. Nothing more is received
    /// or pulled.
    pub fn close_after_flush(&mut self, reason: CloseReason) {
        self.ending.get_or_insert(reason);
    }

    /// Whether the peer is not read from until this has drained.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.bytes >= ENGINE_CONTROL_BYTES_MAX
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn push(&mut self, opcode: Opcode, body: Bytes) {
        let message = Outgoing { opcode, body };
        self.bytes += message.cost_bytes();
        self.queue.push_back(message);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Outgoing> {
        self.queue.iter()
    }

    pub(super) fn front(&self) -> Option<&Outgoing> {
        self.queue.front()
    }

    /// Removes the front. Memory is given back with the last one: an idle link keeps none.
    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        let popped = self.queue.pop_front()?;
        self.bytes -= popped.cost_bytes();
        if self.queue.is_empty() {
            self.queue = VecDeque::new();
        }
        Some(popped)
    }

    pub(super) const fn closed(&self) -> Option<CloseReason> {
        self.closed
    }

    pub(super) const fn ending(&self) -> Option<CloseReason> {
        self.ending
    }
}
