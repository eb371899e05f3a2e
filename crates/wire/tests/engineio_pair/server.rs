//! The session under test, in a driver that does what its answers say and nothing else.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use wire::engineio::{CloseReason, Message, Packet, ProbeId, ProbeStep, Received, Session, Tick, Transport, packets};

use crate::CONFIG;
use crate::network::{ToClient, ToServer};

pub(crate) struct Server {
    pub(crate) sent: Vec<String>,
    pub(crate) received: Vec<String>,
    session: Session,
    now: Instant,
    probe: Option<ProbeId>,
    waiting: VecDeque<String>,
    out: Vec<ToClient>,
    end_told: bool,
}

impl Server {
    pub(crate) fn open(now: Instant) -> Self {
        let session = Session::open(now, Transport::Polling, &CONFIG);
        let (sent, received, waiting, out) = (Vec::new(), Vec::new(), VecDeque::new(), Vec::new());
        Self { sent, received, session, now, probe: None, waiting, out, end_told: false }
    }

    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.session.closed()
    }

    pub(crate) fn transport(&self) -> Transport {
        self.session.transport()
    }

    pub(crate) fn take_out(&mut self) -> Vec<ToClient> {
        std::mem::take(&mut self.out)
    }

    pub(crate) fn send(&mut self) {
        let message = format!("s{}", self.sent.len());
        self.waiting.push_back(format!("4{message}"));
        self.sent.push(message);
        self.flush();
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        self.now = now;
        loop {
            match self.session.advance(now, &CONFIG) {
                Tick::Ping => self.waiting.push_back("2".into()),
                Tick::ProbeReply => self.out.push(ToClient::Frame("3probe".into())),
                Tick::ProbeExpired => {
                    self.probe = None;
                    self.out.push(ToClient::SocketCloses);
                }
                Tick::Nothing | Tick::Closed => break,
            }
        }
        self.flush();
    }

    pub(crate) fn poll_lost(&mut self) {
        if self.session.poll_is_open() {
            self.session.close(CloseReason::TransportLost);
            self.session.poll_ends();
        }
    }

    pub(crate) fn socket_lost(&mut self) {
        match self.probe.take() {
            Some(probe) => self.session.probe_ends(probe),
            None if self.transport() == Transport::WebSocket => self.session.close(CloseReason::TransportLost),
            None => {}
        }
        // What waited for the move goes out by the open poll.
        self.flush();
    }

    pub(crate) fn receive(&mut self, now: Instant, item: ToServer) {
        match item {
            ToServer::Poll => {
                if self.session.poll_begins(now).is_err() {
                    self.out.push(ToClient::PollAnswer(400, String::new()));
                }
                self.advance(now);
            }
            ToServer::Post(payload) => self.post(now, payload),
            ToServer::SocketOpens => match self.session.probe_begins(now, &CONFIG) {
                Some(probe) => self.probe = Some(probe),
                None => self.out.push(ToClient::SocketCloses),
            },
            ToServer::Frame(text) => self.frame(now, text.into()),
            ToServer::SocketCloses => self.socket_lost(),
        }
        self.flush();
    }

    fn post(&mut self, now: Instant, payload: String) {
        if self.session.post_begins().is_err() {
            return self.out.push(ToClient::PostAnswer(400));
        }
        for packet in packets(payload.into()).unwrap() {
            self.packet(now, packet.unwrap());
        }
        self.session.post_ends();
        self.out.push(ToClient::PostAnswer(200));
    }

    fn frame(&mut self, now: Instant, text: Bytes) {
        let packet = Packet::from_text(&text).unwrap();
        let Some(probe) = self.probe else {
            if self.transport() == Transport::WebSocket {
                self.packet(now, packet);
            }
            return;
        };
        match self.session.probe_receives(now, probe, &packet) {
            ProbeStep::Reply => self.out.push(ToClient::Frame("3probe".into())),
            ProbeStep::Wait => {}
            ProbeStep::Upgraded => self.probe = None,
            ProbeStep::UpgradedUnanswered => unreachable!("the client waits for the answer to its probe"),
            ProbeStep::Failed => {
                self.probe = None;
                self.out.push(ToClient::SocketCloses);
            }
        }
    }

    fn packet(&mut self, now: Instant, packet: Packet) {
        if let Received::Message(Message::Text(text)) = self.session.receive(now, packet, &CONFIG) {
            self.received.push(String::from_utf8(text.to_vec()).unwrap());
        }
    }

    fn flush(&mut self) {
        if let Some(reason) = self.closed() {
            return self.tell_end(reason);
        }
        if self.transport() == Transport::WebSocket {
            self.out.extend(self.waiting.drain(..).map(ToClient::Frame));
        } else if self.session.poll_is_open() {
            let moving = self.session.is_moving();
            let packets = if moving { Vec::new() } else { self.waiting.drain(..).collect() };
            if !packets.is_empty() || self.session.wants_noop(self.now) {
                let payload = if packets.is_empty() { "6".into() } else { packets.join("\x1e") };
                self.session.poll_ends();
                self.out.push(ToClient::PollAnswer(200, payload));
            }
        }
    }

    fn tell_end(&mut self, reason: CloseReason) {
        if self.session.poll_is_open() {
            self.session.poll_ends();
            let body = if reason == CloseReason::DuplicateRequest { "1" } else { "6" };
            self.out.push(ToClient::PollAnswer(200, body.into()));
        }
        if !std::mem::replace(&mut self.end_told, true)
            && (self.probe.is_some() || self.transport() == Transport::WebSocket)
        {
            self.probe = None;
            self.out.push(ToClient::SocketCloses);
        }
    }

    pub(crate) fn assert_sane(&self, now: Instant) {
        match (self.closed(), self.session.next_deadline()) {
            (None, Some(at)) => {
                let longest = CONFIG.ping_interval.max(CONFIG.ping_timeout);
                assert!(now < at && at <= now + longest, "an open session is looked at soon");
            }
            (closed, deadline) => assert!(closed.is_some() && deadline.is_none()),
        }
    }
}
