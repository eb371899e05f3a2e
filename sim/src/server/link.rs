//! One session and its transport: what arrives goes up to the real session machines, what can be written is written after
//! everything that may have given something to write. Mirrors `crates/server/src/engine/link.rs` and its neighbours
//! `flush.rs`, `poll.rs`, `post.rs`, `socket.rs`; a socket and a kernel are simulated.

use std::{collections::VecDeque, rc::Rc, time::Instant};

use bytes::Bytes;
use journal::Slice;
use space::{Filled, Serving, Space};
use wire::{
    engineio::{self, CloseReason, Message, Packet, PayloadWriter, Received, Tick, Transport},
    socketio,
    websocket::{Decoder, Event, FrameHeader, Opcode, Role},
};

use super::{
    figures::{ENGINE, FILL_BYTES_MAX, SESSION},
    outlet::Outlet,
};
use crate::{
    network::{LineId, Request, Response},
    stage::Stage,
};

/// Bytes of control that wait while nothing more is read from the peer.
const CONTROL_BYTES_MAX: usize = 8 * 1_024;

pub(super) struct Link {
    line: LineId,
    pub(super) wire: engineio::Session,
    carrier: Carrier,
    /// Handshakes, acknowledgements, pings: whole Engine.IO packets.
    control: VecDeque<Bytes>,
    /// The rest of the one frame that a full socket cut.
    pending: Option<Bytes>,
    ending: Option<CloseReason>,
    pub(super) session: socketio::Session,
    pub(super) stay: Option<Stay>,
    /// When its timer is set for.
    pub(super) scheduled: Option<Instant>,
}

enum Carrier {
    Socket { decoder: Decoder, unread: VecDeque<u8> },
    Polling,
}

/// A socket's stay in the space.
pub(super) struct Stay {
    pub(super) serving: Serving,
    pub(super) user: Option<Rc<str>>,
    pub(super) seat: super::fanout::Seat,
    pub(super) unanswered: usize,
}

impl Link {
    /// A session that begins with its handshake.
    pub(super) fn open(line: LineId, stage: &mut Stage, is_polling: bool) -> Self {
        let now = stage.instant();
        let (transport, carrier) = if is_polling {
            (Transport::Polling, Carrier::Polling)
        } else {
            let decoder = Decoder::new(Role::Server, ENGINE.max_payload_bytes);
            (Transport::WebSocket, Carrier::Socket { decoder, unread: VecDeque::new() })
        };
        let handshake = engineio::open_packet("simulated", transport, &ENGINE);
        Self {
            line,
            wire: engineio::Session::open(now, transport, &ENGINE),
            carrier,
            control: [Bytes::from(handshake)].into(),
            pending: None,
            ending: None,
            session: socketio::Session::open(now, &SESSION),
            stay: None,
            scheduled: None,
        }
    }

    /// Sends an encoded Engine.IO packet.
    pub(super) fn send(&mut self, packet: impl Into<Bytes>) {
        self.control.push_back(packet.into());
    }

    /// Ends the transport once everything that waits is sent.
    pub(super) fn close_after_flush(&mut self, reason: CloseReason) {
        self.ending.get_or_insert(reason);
    }

    /// The messages that a client has sent. After an error the session is closed.
    pub(super) fn hear(&mut self, stage: &mut Stage) -> Vec<Message> {
        let mut messages = Vec::new();
        if matches!(self.carrier, Carrier::Polling) {
            if let Some(request) = stage.server_takes(self.line) {
                self.take_request(request, stage, &mut messages);
            }
            return messages;
        }
        let read = stage.server_reads(self.line);
        let Carrier::Socket { unread, .. } = &mut self.carrier else { return messages };
        unread.extend(read);
        self.decode(stage.instant(), &mut messages);
        messages
    }

    /// Takes whole frames for as long as control has room.
    fn decode(&mut self, now: Instant, messages: &mut Vec<Message>) {
        while self.wire.closed().is_none() && self.control_bytes() < CONTROL_BYTES_MAX {
            let Carrier::Socket { decoder, unread } = &mut self.carrier else { return };
            let bytes: Vec<u8> = unread.iter().copied().collect();
            let mut input = &bytes[..];
            let event = decoder.decode(now, &mut input);
            unread.drain(..bytes.len() - input.len());
            match event {
                Ok(None) => return,
                Ok(Some(Event::Text(text))) => match Packet::from_text(&text) {
                    Ok(packet) => self.take_packet(now, packet, messages),
                    Err(_) => self.wire.close(CloseReason::ProtocolError),
                },
                Ok(Some(Event::Close(_))) => self.wire.close(CloseReason::ClosedByClient),
                Ok(Some(Event::Ping(_) | Event::Pong(_) | Event::Binary(_))) => {}
                Err(_) => self.wire.close(CloseReason::ProtocolError),
            }
        }
    }

    fn take_packet(&mut self, now: Instant, packet: Packet, messages: &mut Vec<Message>) {
        if self.ending.is_some() {
            return;
        }
        if let Received::Message(message) = self.wire.receive(now, packet, &ENGINE) {
            messages.push(message);
        }
    }

    fn take_request(&mut self, request: Request, stage: &mut Stage, messages: &mut Vec<Message>) {
        let now = stage.instant();
        match request {
            Request::Poll => {
                self.advance(now);
                if self.wire.poll_begins(now).is_err() {
                    stage.server_responds(self.line, Response::Poll(Err(400)));
                }
            }
            Request::Post(payload) => {
                let taken = self.wire.post_begins().is_ok() && self.take_payload(now, payload, messages);
                if !taken && self.wire.closed().is_none() {
                    self.wire.close(CloseReason::ProtocolError);
                }
                self.wire.post_ends();
                stage.server_responds(self.line, Response::Post(if taken { Ok(()) } else { Err(400) }));
            }
        }
    }

    fn take_payload(&mut self, now: Instant, payload: Bytes, messages: &mut Vec<Message>) -> bool {
        let Ok(packets) = engineio::packets(payload) else { return false };
        for packet in packets {
            let Ok(packet) = packet else { return false };
            self.take_packet(now, packet, messages);
        }
        self.wire.closed().is_none_or(|reason| reason == CloseReason::ClosedByClient)
    }

    /// Does what is due.
    pub(super) fn advance(&mut self, now: Instant) {
        loop {
            match self.wire.advance(now, &ENGINE) {
                Tick::Ping => self.send(Bytes::from_static(b"2")),
                Tick::ProbeReply | Tick::ProbeExpired => {}
                Tick::Nothing | Tick::Closed => break,
            }
        }
        if self.session.advance(now).is_err() {
            self.wire.close(CloseReason::ProtocolError);
        }
    }

    /// When it has something to do next without being asked.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        [self.wire.next_deadline(), self.session.next_deadline()].into_iter().flatten().min()
    }

    /// Writes what can be written: the rest of a frame, control, then what comes next for the follower. Answers what the
    /// follower waits for.
    pub(super) fn flush(&mut self, space: &Space, stage: &mut Stage) -> Option<Filled> {
        if self.wire.closed().is_some() {
            return None;
        }
        let filled = match self.carrier {
            Carrier::Polling => self.answer_poll(space, stage),
            Carrier::Socket { .. } => self.flush_socket(space, stage),
        };
        if let Some(reason) = self.ending
            && self.control.is_empty()
            && self.pending.is_none()
        {
            self.wire.close(reason);
        }
        filled
    }

    fn flush_socket(&mut self, space: &Space, stage: &mut Stage) -> Option<Filled> {
        if !self.write_own(stage) || self.ending.is_some() {
            return None;
        }
        let mut outlet = Outlet::Socket { stage, line: self.line, pending: &mut self.pending, is_full: false };
        Some(fill(self.stay.as_mut()?, space, &mut outlet))
    }

    /// Writes the rest of an unfinished frame and all control messages; whether all of it is written.
    fn write_own(&mut self, stage: &mut Stage) -> bool {
        loop {
            let frame = match (self.pending.take(), self.control.is_empty()) {
                (Some(rest), _) => rest,
                (None, true) => return true,
                (None, false) => {
                    let packet = self.control.pop_front().unwrap_or_default();
                    [FrameHeader::server(Opcode::Text, packet.len()).as_bytes(), &packet].concat().into()
                }
            };
            let written = stage.server_writes(self.line, &frame);
            if written < frame.len() {
                self.pending = Some(frame.slice(written..));
                return false;
            }
        }
    }

    /// Answers an open poll, if there is anything to answer it with.
    fn answer_poll(&mut self, space: &Space, stage: &mut Stage) -> Option<Filled> {
        if !self.wire.poll_is_open() {
            return None;
        }
        let mut payload = PayloadWriter::new(ENGINE.max_payload_bytes);
        while let Some(packet) = self.control.front() {
            if !payload.text(packet) {
                break;
            }
            self.control.pop_front();
        }
        let mut filled = None;
        if self.control.is_empty()
            && self.ending.is_none()
            && let Some(stay) = &mut self.stay
        {
            filled = Some(fill(stay, space, &mut Outlet::Payload { writer: &mut payload, is_full: false }));
        }
        if !payload.is_empty() {
            self.wire.poll_ends();
            stage.server_responds(self.line, Response::Poll(Ok(payload.finish())));
        }
        filled
    }

    /// Says goodbye as far as somebody is there to hear it.
    pub(super) fn end(&mut self, stage: &mut Stage) {
        if self.wire.poll_is_open() {
            self.wire.poll_ends();
            stage.server_responds(self.line, Response::Poll(Err(400)));
        }
        stage.server_closes(self.line);
    }

    fn control_bytes(&self) -> usize {
        self.control.iter().map(Bytes::len).sum()
    }
}

fn fill(stay: &mut Stay, space: &Space, outlet: &mut Outlet<'_>) -> Filled {
    stay.serving.fill(space, FILL_BYTES_MAX, |slices: &[Slice<'_>]| outlet.write(slices))
}
