//! The network between the two: requests and answers travel in any order, a WebSocket's frames in their own.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use wire::engineio::CloseReason;
use wire::limits::ENGINEIO_NOOP_DELAY;

use crate::client::Client;
use crate::server::Server;

/// What the client gives to the network.
#[derive(Debug, Clone)]
pub(crate) enum ToServer {
    Poll,
    Post(String),
    SocketOpens,
    Frame(String),
    SocketCloses,
}

/// What the server gives to the network.
#[derive(Debug, Clone)]
pub(crate) enum ToClient {
    PollAnswer(u16, String),
    PostAnswer(u16),
    Frame(String),
    SocketCloses,
}

impl ToServer {
    const fn is_of_socket(&self) -> bool {
        matches!(self, Self::SocketOpens | Self::Frame(_) | Self::SocketCloses)
    }
}

impl ToClient {
    const fn is_of_socket(&self) -> bool {
        matches!(self, Self::Frame(_) | Self::SocketCloses)
    }
}

pub(crate) struct Pair {
    pub(crate) client: Client,
    pub(crate) server: Server,
    up: VecDeque<ToServer>,
    down: VecDeque<ToClient>,
    now: Instant,
}

impl Pair {
    /// A polling session that was just opened, and the client's first poll on its way.
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let mut pair = Self {
            client: Client::default(),
            server: Server::open(now),
            up: VecDeque::new(),
            down: VecDeque::new(),
            now,
        };
        pair.client.start();
        pair.collect();
        pair
    }

    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.server.closed()
    }

    pub(crate) fn client_sends(&mut self) {
        self.client.send();
        self.collect();
    }

    pub(crate) fn server_sends(&mut self) {
        self.server.send();
        self.collect();
    }

    pub(crate) fn client_upgrades(&mut self) {
        self.client.upgrade();
        self.collect();
    }

    pub(crate) fn client_leaves(&mut self) {
        self.client.leave();
        self.collect();
    }

    /// The client and everything on its way are gone, and nobody tells the server.
    pub(crate) fn client_vanishes(&mut self) {
        self.client.vanish();
        self.up.clear();
        self.down.clear();
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.server.advance(self.now);
        self.collect();
    }

    pub(crate) fn poll_breaks(&mut self) {
        let under_way = self.up.iter().any(|item| matches!(item, ToServer::Poll));
        self.up.retain(|item| !matches!(item, ToServer::Poll));
        let answered = self.down.iter().any(|item| matches!(item, ToClient::PollAnswer(..)));
        self.down.retain(|item| !matches!(item, ToClient::PollAnswer(..)));
        // What the server cannot notice, a lost answer or a request that never came, the client does.
        if !answered && !under_way {
            self.server.poll_lost();
        }
        self.client.poll_lost();
        self.collect();
    }

    pub(crate) fn socket_breaks(&mut self) {
        if self.client.has_socket() {
            self.up.retain(|item| !item.is_of_socket());
            self.down.retain(|item| !item.is_of_socket());
            self.server.socket_lost();
            self.client.socket_lost();
            self.collect();
        }
    }

    /// Delivers one of the things that may arrive next: any request or answer, and the first of a socket's frames.
    pub(crate) fn deliver(&mut self, pick: usize) {
        let up = arrivals(self.up.iter().map(ToServer::is_of_socket));
        let down = arrivals(self.down.iter().map(ToClient::is_of_socket));
        let Some(pick) = pick.checked_rem(up.len() + down.len()) else { return };
        if let Some(at) = up.get(pick) {
            let item = self.up.remove(*at).expect("an arrival is in the queue");
            self.server.receive(self.now, item);
        } else if let Some(at) = down.get(pick - up.len()) {
            let item = self.down.remove(*at).expect("an arrival is in the queue");
            self.client.receive(item);
        }
        self.collect();
    }

    /// Delivers until nothing is under way, and waits where the server holds the poll that an upgrade waits for.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            match (self.up.is_empty() && self.down.is_empty(), self.client.is_pausing()) {
                (false, _) => self.deliver(0),
                (true, true) if self.closed().is_none() => self.pass(ENGINEIO_NOOP_DELAY),
                (true, _) => return,
            }
        }
        panic!("the two never come to rest: {:?} {:?}", self.up, self.down);
    }

    /// Time passes in small steps and everything is delivered at once.
    pub(crate) fn live_for(&mut self, time: Duration) {
        for _ in 0..10 {
            self.pass(time / 10);
            self.settle();
        }
    }

    /// Whether no request waits for an answer.
    pub(crate) fn is_quiet(&self) -> bool {
        self.up.is_empty() && self.down.is_empty() && !self.client.waits_for_answer()
    }

    /// What holds at every moment.
    pub(crate) fn assert_sane(&self) {
        assert!(self.server.sent.starts_with(&self.client.received), "the client got {:?}", self.client.received);
        assert!(self.client.sent.starts_with(&self.server.received), "the server got {:?}", self.server.received);
        self.server.assert_sane(self.now);
    }

    fn collect(&mut self) {
        self.up.extend(self.client.take_out());
        self.down.extend(self.server.take_out());
    }
}

/// The places of what may arrive next.
fn arrivals(of_socket: impl Iterator<Item = bool>) -> Vec<usize> {
    let mut socket_seen = false;
    of_socket
        .enumerate()
        .filter_map(|(at, of_socket)| {
            let may = !of_socket || !socket_seen;
            socket_seen |= of_socket;
            may.then_some(at)
        })
        .collect()
}
