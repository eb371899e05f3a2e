//! The simulated network: lines between clients and the server, and single requests.
//!
//! A line is a socket (bytes in order, a bounded buffer towards the client, cut anywhere) or a polling session (requests and
//! answers that travel in any order). A broken line loses what is on its way; each end notices when it does. What a client
//! has read of a socket's bytes is a beginning of what the server wrote.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::{action::Action, client::ClientId, random::Random, server::asks::HttpAsk, stage::Stage};

pub(crate) type LineId = u64;
pub(crate) type ExchangeId = u64;

/// The figures of a network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NetworkPlan {
    /// Bytes that the buffers between server and client hold.
    pub(crate) buffer_bytes: u64,
    /// The longest that something is on its way, in microseconds.
    pub(crate) latency_max: u64,
    /// Bytes that a client reads at once, at most.
    pub(crate) read_bytes_max: u64,
}

/// All lines and requests.
pub(crate) struct Network {
    random: Random,
    plan: NetworkPlan,
    lines: BTreeMap<LineId, Line>,
    exchanges: BTreeMap<ExchangeId, Exchange>,
    last: u64,
}

/// A connection, or what stands for several of a polling session.
pub(crate) struct Line {
    pub(crate) client: ClientId,
    /// Which life of the server it leads to.
    pub(crate) life: u64,
    carrier: Carrier,
    /// The client does not read until then.
    stalls_until: u64,
    /// Nothing that either end writes arrives any more; so many of the server's bytes wait in vain.
    broken: Option<usize>,
    server_has_end: bool,
    client_has_end: bool,
    client_reads: bool,
    /// The server found it full and waits for room.
    waits_for_room: bool,
}

enum Carrier {
    Socket { up: VecDeque<u8>, down: VecDeque<u8> },
    Polling { up: VecDeque<Request>, down: VecDeque<Response> },
}

/// What a polling client sends.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Poll,
    Post(Bytes),
}

/// What it is answered.
#[derive(Clone, Debug)]
pub(crate) enum Response {
    Poll(Result<Bytes, u16>),
    Post(Result<(), u16>),
}

/// A request by itself, over HTTP.
pub(crate) struct Exchange {
    pub(crate) client: ClientId,
    pub(crate) ask: HttpAsk,
    pub(crate) answer: Option<crate::server::asks::HttpAnswer>,
    /// The way back is cut: the answer never arrives.
    is_cut: bool,
    life: Option<u64>,
}

impl Network {
    pub(crate) fn new(random: Random, plan: NetworkPlan) -> Self {
        Self { random, plan, lines: BTreeMap::new(), exchanges: BTreeMap::new(), last: 0 }
    }

    pub(crate) fn line(&self, line: LineId) -> Option<&Line> {
        self.lines.get(&line)
    }

    /// The lines that lead somewhere.
    pub(crate) fn lines(&self) -> impl Iterator<Item = LineId> {
        self.lines.iter().filter(|(_, line)| line.server_has_end && line.client_has_end).map(|(line, _)| *line)
    }

    /// Whether nothing is on its way to a client.
    pub(crate) fn is_quiet(&self) -> bool {
        self.lines.values().filter(|line| line.client_has_end).all(|line| match &line.carrier {
            Carrier::Socket { down, .. } => down.is_empty(),
            Carrier::Polling { down, .. } => down.is_empty(),
        })
    }

    fn next_id(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

impl Line {
    /// Whether the server still has its end.
    pub(crate) fn is_open_at_server(&self) -> bool {
        self.server_has_end
    }

    pub(crate) fn is_polling(&self) -> bool {
        matches!(self.carrier, Carrier::Polling { .. })
    }
}

impl Stage {
    fn latency(&mut self) -> u64 {
        let max = self.network.plan.latency_max;
        self.network.random.below(max.max(1))
    }

    /// A new line to that life of the server, which hears of it with the first thing that is sent.
    pub(crate) fn open_line(&mut self, client: ClientId, life: u64, is_polling: bool) -> LineId {
        let carrier = if is_polling {
            Carrier::Polling { up: VecDeque::new(), down: VecDeque::new() }
        } else {
            Carrier::Socket { up: VecDeque::new(), down: VecDeque::new() }
        };
        let id = self.network.next_id();
        let line = Line {
            client,
            life,
            carrier,
            stalls_until: 0,
            broken: None,
            server_has_end: true,
            client_has_end: true,
            client_reads: false,
            waits_for_room: false,
        };
        self.network.lines.insert(id, line);
        id
    }

    /// The client writes to a socket.
    pub(crate) fn client_writes(&mut self, line: LineId, bytes: &[u8]) {
        let latency = self.latency();
        let Some(Line { carrier: Carrier::Socket { up, .. }, broken: None, .. }) = self.network.lines.get_mut(&line)
        else {
            return;
        };
        up.extend(bytes);
        self.after(latency, Action::ServerHears(line));
    }

    /// The client sends a request of a polling session.
    pub(crate) fn client_requests(&mut self, line: LineId, request: Request) {
        let latency = self.latency();
        let Some(Line { carrier: Carrier::Polling { up, .. }, broken: None, .. }) = self.network.lines.get_mut(&line)
        else {
            return;
        };
        up.push_back(request);
        self.after(latency, Action::ServerHears(line));
    }

    /// What has arrived at the server of a socket: some of what is on its way.
    pub(crate) fn server_reads(&mut self, line: LineId) -> Vec<u8> {
        let Network { lines, random, .. } = &mut self.network;
        let Some(Line { carrier: Carrier::Socket { up, .. }, server_has_end: true, .. }) = lines.get_mut(&line) else {
            return Vec::new();
        };
        if up.is_empty() {
            return Vec::new();
        }
        let count = if random.one_in(4) { 1 + random.index(up.len()) } else { up.len() };
        let read = up.drain(..count).collect();
        if !up.is_empty() {
            let latency = self.latency();
            self.after(latency, Action::ServerHears(line));
        }
        read
    }

    /// One of the requests that have arrived: those of a polling session come over connections of their own.
    pub(crate) fn server_takes(&mut self, line: LineId) -> Option<Request> {
        let Network { lines, random, .. } = &mut self.network;
        let Line { carrier: Carrier::Polling { up, .. }, server_has_end: true, .. } = lines.get_mut(&line)? else {
            return None;
        };
        if up.is_empty() { None } else { up.remove(random.index(up.len())) }
    }

    /// The server writes to a socket; how many bytes it took.
    pub(crate) fn server_writes(&mut self, line: LineId, bytes: &[u8]) -> usize {
        let latency = self.latency();
        let room = self.network.plan.buffer_bytes as usize;
        let now = self.now();
        let Some(found) = self.network.lines.get_mut(&line).filter(|line| line.server_has_end) else { return 0 };
        let Carrier::Socket { down, .. } = &mut found.carrier else { return 0 };
        let taken = room.saturating_sub(down.len() + found.broken.unwrap_or(0)).min(bytes.len());
        found.waits_for_room |= taken < bytes.len();
        if let Some(lost) = &mut found.broken {
            *lost += taken;
            return taken;
        }
        down.extend(&bytes[..taken]);
        if taken > 0 && found.client_has_end && !std::mem::replace(&mut found.client_reads, true) {
            let at = (now + latency).max(found.stalls_until);
            self.at(at, Action::ClientHears(line));
        }
        taken
    }

    /// The server answers a request of a polling session.
    pub(crate) fn server_responds(&mut self, line: LineId, response: Response) {
        let latency = self.latency();
        let now = self.now();
        let found = self.network.lines.get_mut(&line).filter(|line| line.server_has_end && line.broken.is_none());
        let Some(found) = found else { return };
        let Carrier::Polling { down, .. } = &mut found.carrier else { return };
        down.push_back(response);
        let at = (now + latency).max(found.stalls_until);
        self.at(at, Action::ClientHears(line));
    }

    /// What the client reads of a socket now, and whether the line goes on.
    pub(crate) fn client_reads(&mut self, line: LineId) -> Vec<u8> {
        let latency = self.latency();
        let now = self.now();
        let max = self.network.plan.read_bytes_max.max(1);
        let Network { lines, random, .. } = &mut self.network;
        let Some(found) = lines.get_mut(&line).filter(|line| line.client_has_end) else { return Vec::new() };
        let Carrier::Socket { down, .. } = &mut found.carrier else { return Vec::new() };
        if found.stalls_until > now {
            let at = found.stalls_until;
            self.at(at, Action::ClientHears(line));
            return Vec::new();
        }
        let count = (1 + random.below(max) as usize).min(down.len());
        let read: Vec<u8> = down.drain(..count).collect();
        found.client_reads = !down.is_empty();
        let has_room = std::mem::take(&mut found.waits_for_room);
        if found.client_reads {
            self.after(latency, Action::ClientHears(line));
        }
        if has_room {
            self.after(latency, Action::Room(line));
        }
        read
    }

    /// One of the answers that have arrived at a polling client.
    pub(crate) fn client_takes(&mut self, line: LineId) -> Option<Response> {
        let now = self.now();
        let Network { lines, random, .. } = &mut self.network;
        let found = lines.get_mut(&line).filter(|line| line.client_has_end)?;
        if found.stalls_until > now {
            let at = found.stalls_until;
            self.at(at, Action::ClientHears(line));
            return None;
        }
        let Carrier::Polling { down, .. } = &mut found.carrier else { return None };
        if down.is_empty() { None } else { down.remove(random.index(down.len())) }
    }

    /// The client reads nothing for a while.
    pub(crate) fn stall(&mut self, line: LineId, until: u64) {
        if let Some(line) = self.network.lines.get_mut(&line) {
            line.stalls_until = until;
        }
    }

    /// A line breaks: some of what is on its way to the client still arrives, and both ends notice, sooner or later.
    pub(crate) fn break_line(&mut self, line: LineId) {
        let Network { lines, random, .. } = &mut self.network;
        let Some(found) = lines.get_mut(&line).filter(|line| line.broken.is_none()) else { return };
        found.broken = Some(0);
        match &mut found.carrier {
            Carrier::Socket { up, down } => {
                up.truncate(random.index(up.len() + 1));
                down.truncate(random.index(down.len() + 1));
            }
            Carrier::Polling { up, down } => {
                up.clear();
                down.clear();
            }
        }
        let late = if random.one_in(3) { 60_000_000 } else { 2_000 };
        let (server, client) = (random.below(late), random.below(50_000));
        self.after(server, Action::ServerLoses(line));
        self.after(client, Action::ClientLoses(line));
    }

    /// The server has done with a line: what it wrote still arrives, then the client sees the end.
    pub(crate) fn server_closes(&mut self, line: LineId) {
        let latency = self.latency() + self.latency();
        if let Some(found) = self.network.lines.get_mut(&line)
            && std::mem::take(&mut found.server_has_end)
        {
            self.after(latency, Action::ClientLoses(line));
        }
        self.forget(line);
    }

    /// The client has done with a line, and the server sees it.
    pub(crate) fn client_closes(&mut self, line: LineId) {
        let latency = self.latency();
        if let Some(found) = self.network.lines.get_mut(&line)
            && std::mem::take(&mut found.client_has_end)
        {
            self.after(latency, Action::ServerLoses(line));
        }
        self.forget(line);
    }

    /// Whether the client still has something to read before it sees the end.
    pub(crate) fn is_unread(&self, line: LineId) -> bool {
        let found = self.network.lines.get(&line).filter(|line| line.client_has_end);
        found.is_some_and(|line| match &line.carrier {
            Carrier::Socket { down, .. } => !down.is_empty(),
            Carrier::Polling { down, .. } => !down.is_empty(),
        })
    }

    fn forget(&mut self, line: LineId) {
        if self.network.lines.get(&line).is_some_and(|line| !line.server_has_end && !line.client_has_end) {
            self.network.lines.remove(&line);
        }
    }

    /// The server is gone: every line to it ends as if it had broken, at once at its own end.
    pub(crate) fn server_vanishes(&mut self) {
        let lines: Vec<LineId> = self.network.lines.keys().copied().collect();
        for line in lines {
            self.break_line(line);
            if let Some(found) = self.network.lines.get_mut(&line) {
                found.server_has_end = false;
            }
            self.forget(line);
        }
    }

    /// Everything that is on its way is lost, and every line breaks.
    pub(crate) fn clear_the_air(&mut self) {
        self.server_vanishes();
        for line in self.network.lines.values_mut() {
            match &mut line.carrier {
                Carrier::Socket { down, .. } => down.clear(),
                Carrier::Polling { down, .. } => down.clear(),
            }
        }
        for exchange in self.network.exchanges.values_mut() {
            (exchange.is_cut, exchange.answer) = (true, None);
        }
    }

    /// A request over HTTP sets out. It is lost, or its answer, once in `lost_one_in`.
    pub(crate) fn send_request(&mut self, client: ClientId, ask: HttpAsk, lost_one_in: u64) -> ExchangeId {
        let (there, patience) = (self.latency(), 2_000_000 + self.latency());
        let id = self.network.next_id();
        let is_cut = self.network.random.one_in(lost_one_in);
        let is_lost = is_cut && self.network.random.one_in(2);
        self.network.exchanges.insert(id, Exchange { client, ask, answer: None, is_cut, life: None });
        if !is_lost {
            self.after(there, Action::Request(id));
        }
        self.after(patience, Action::Answer(id));
        id
    }

    /// A request that has arrived at this life of the server.
    pub(crate) fn request(&mut self, exchange: ExchangeId, life: u64) -> Option<(ClientId, HttpAsk)> {
        let found = self.network.exchanges.get_mut(&exchange)?;
        found.life = Some(life);
        Some((found.client, found.ask.clone()))
    }

    /// The server answers a request, unless the client has given up.
    pub(crate) fn answer_request(&mut self, exchange: ExchangeId, answer: crate::server::asks::HttpAnswer) {
        let latency = self.latency();
        let Some(found) = self.network.exchanges.get_mut(&exchange).filter(|exchange| !exchange.is_cut) else { return };
        found.answer = Some(answer);
        self.after(latency, Action::Answer(exchange));
    }

    /// The client looks for the answer: with one, or without one when it has waited long enough.
    pub(crate) fn take_answer(&mut self, exchange: ExchangeId) -> Option<Exchange> {
        self.network.exchanges.remove(&exchange)
    }
}
