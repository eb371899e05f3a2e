//! A client as the protocol describes it: one poll and one POST at a time, an upgrade that first lets both end.

use std::collections::VecDeque;

use bytes::Bytes;
use wire::engineio::{Message, Packet, packets};

use crate::network::{ToClient, ToServer};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Polling,
    /// A WebSocket was opened and probed.
    Probing,
    /// The probe was answered; the open poll and POST are to end first.
    Pausing,
    WebSocket,
    Closed,
}

#[derive(Default)]
pub(crate) struct Client {
    pub(crate) sent: Vec<String>,
    pub(crate) received: Vec<String>,
    /// The answers to polls that ended in the middle of an upgrade.
    pub(crate) last_polls: Vec<String>,
    phase: Phase,
    poll_open: bool,
    post_open: bool,
    waiting: VecDeque<String>,
    out: Vec<ToServer>,
}

impl Client {
    pub(crate) fn start(&mut self) {
        self.go_on();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    pub(crate) fn is_pausing(&self) -> bool {
        self.phase == Phase::Pausing
    }

    pub(crate) fn has_socket(&self) -> bool {
        matches!(self.phase, Phase::Probing | Phase::Pausing | Phase::WebSocket)
    }

    pub(crate) fn waits_for_answer(&self) -> bool {
        self.poll_open || self.post_open
    }

    pub(crate) fn take_out(&mut self) -> Vec<ToServer> {
        std::mem::take(&mut self.out)
    }

    pub(crate) fn send(&mut self) {
        if self.phase != Phase::Closed {
            let message = format!("c{}", self.sent.len());
            self.waiting.push_back(format!("4{message}"));
            self.sent.push(message);
            self.go_on();
        }
    }

    pub(crate) fn upgrade(&mut self) {
        if self.phase == Phase::Polling {
            self.phase = Phase::Probing;
            self.out.extend([ToServer::SocketOpens, ToServer::Frame("2probe".into())]);
        }
    }

    pub(crate) fn leave(&mut self) {
        match self.phase {
            Phase::WebSocket => self.out.push(ToServer::Frame("1".into())),
            Phase::Polling | Phase::Probing if !self.post_open => {
                self.post_open = true;
                self.out.push(ToServer::Post("1".into()));
                if self.phase == Phase::Probing {
                    self.out.push(ToServer::SocketCloses);
                }
            }
            _ => return,
        }
        self.phase = Phase::Closed;
    }

    pub(crate) fn vanish(&mut self) {
        self.phase = Phase::Closed;
    }

    pub(crate) fn poll_lost(&mut self) {
        if std::mem::take(&mut self.poll_open) {
            self.phase = Phase::Closed;
        }
    }

    pub(crate) fn socket_lost(&mut self) {
        // A lost probe is given up, unless the client has begun to rely on it.
        self.phase = if self.phase == Phase::Probing { Phase::Polling } else { Phase::Closed };
    }

    pub(crate) fn receive(&mut self, item: ToClient) {
        match item {
            ToClient::PollAnswer(status, body) => {
                self.poll_open = false;
                if self.phase == Phase::Pausing && status == 200 {
                    self.last_polls.push(body.clone());
                }
                if status != 200 {
                    self.phase = Phase::Closed;
                } else if self.phase != Phase::Closed {
                    packets(body.into()).unwrap().for_each(|packet| self.packet(packet.unwrap()));
                }
            }
            ToClient::PostAnswer(status) => {
                self.post_open = false;
                if status != 200 {
                    self.phase = Phase::Closed;
                }
            }
            ToClient::Frame(text) if self.has_socket() => {
                self.packet(Packet::from_text(&Bytes::from(text)).unwrap());
            }
            ToClient::SocketCloses if self.has_socket() => self.socket_lost(),
            ToClient::Frame(_) | ToClient::SocketCloses => {}
        }
        self.go_on();
    }

    fn packet(&mut self, packet: Packet) {
        match packet {
            Packet::Message(Message::Text(text)) => self.received.push(String::from_utf8(text.to_vec()).unwrap()),
            Packet::Ping(_) => self.waiting.push_back("3".into()),
            Packet::Pong(data) if self.phase == Phase::Probing && data == "probe" => self.phase = Phase::Pausing,
            Packet::Close => self.phase = Phase::Closed,
            Packet::Noop => {}
            other => panic!("a server never sends {other:?}"),
        }
    }

    /// Sends what may be sent now.
    fn go_on(&mut self) {
        if self.phase == Phase::Pausing && !self.poll_open && !self.post_open {
            self.phase = Phase::WebSocket;
            self.out.push(ToServer::Frame("5".into()));
        }
        match self.phase {
            Phase::Polling | Phase::Probing => {
                if !self.poll_open {
                    self.poll_open = true;
                    self.out.push(ToServer::Poll);
                }
                if !self.post_open && !self.waiting.is_empty() {
                    self.post_open = true;
                    let payload = self.waiting.drain(..).collect::<Vec<_>>().join("\x1e");
                    self.out.push(ToServer::Post(payload));
                }
            }
            Phase::WebSocket => self.out.extend(self.waiting.drain(..).map(ToServer::Frame)),
            Phase::Pausing | Phase::Closed => {}
        }
    }
}
