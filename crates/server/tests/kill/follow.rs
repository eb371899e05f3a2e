//! Followers: each resumes by its cursor whenever its connection breaks, over one of the transports.

use std::{io, net::SocketAddr};

use history::Event;
use serde_json::{Value, json};

use crate::{
    rig::{Ask, Packet, Poller, Random, Socket, Stream, StreamEvent, Update, record},
    world::World,
};

/// How a follower follows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// As the stock client: `pid` and the last offset.
    Stock,
    /// By `auth.cursor`, as any other client.
    Cursor,
    /// As the stock client, over long-polling.
    Polling,
    /// By server-sent events.
    Stream,
}

pub(crate) struct Follower {
    name: String,
    manner: Manner,
    /// It follows the topics that begin so.
    prefix: String,
    pid: Option<Value>,
    cursor: Option<String>,
    /// Whether this connection was greeted.
    is_in: bool,
    /// The last position that it was told.
    last: u64,
    followed: Followed,
    /// Breaks its connections off by itself.
    fickle: Option<Random>,
}

/// How a follower fared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Followed {
    pub(crate) name: String,
    pub(crate) entries: u64,
    pub(crate) connections: u32,
}

/// A fickle follower hears at most so many things before it goes.
const PATIENCE_WORDS: u64 = 60;

enum Line {
    Socket(Box<Socket>),
    Poller(Box<Poller>),
    Stream(Box<Stream>),
}

impl Follower {
    pub(crate) fn new(name: &str, manner: Manner, prefix: &str) -> Self {
        let followed = Followed { name: name.to_owned(), ..Followed::default() };
        let (name, prefix) = (name.to_owned(), prefix.to_owned());
        Self { name, manner, prefix, pid: None, cursor: None, is_in: false, last: 0, followed, fickle: None }
    }

    /// One that breaks its connections off by itself, at random.
    pub(crate) fn fickle(mut self, random: Random) -> Self {
        self.fickle = Some(random);
        self
    }

    /// Follows until it has seen enough.
    pub(crate) async fn run(mut self, mut world: World) -> Followed {
        loop {
            let address = world.server().await;
            world.note(record::connect(&self.name, &[self.topics()], self.cursor.as_deref()));
            let end = self.stay(address, &mut world).await;
            world.note(Event::Disconnected { follower: self.name.clone() });
            match end {
                Ok(()) => return self.followed,
                Err(error) => world.broken(&error).await,
            }
        }
    }

    /// One connection, to its end.
    async fn stay(&mut self, address: SocketAddr, world: &mut World) -> io::Result<()> {
        self.is_in = false;
        let mut line = self.connect(address).await?;
        self.followed.connections += 1;
        let mut words = self.fickle.as_mut().map_or(u64::MAX, |random| random.below(PATIENCE_WORDS));
        loop {
            words = words.checked_sub(1).ok_or_else(|| io::Error::other("gone by itself"))?;
            let (is_in, last) = (self.is_in, self.last);
            tokio::select! {
                told = self.listen(&mut line, world) => told?,
                // Who broke off right after the last of all comes back with nothing to hear but the greeting.
                () = world.has_seen_enough(last), if is_in => break,
            }
        }
        world.note(Event::Settled { follower: self.name.clone(), head: self.last });
        Ok(())
    }

    fn topics(&self) -> String {
        format!("{}*", self.prefix)
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Line> {
        Ok(match self.manner {
            Manner::Stock | Manner::Cursor => {
                let mut socket = Socket::open(address).await?;
                socket.send(&format!("40{}", self.auth())).await?;
                Line::Socket(Box::new(socket))
            }
            Manner::Polling => Line::Poller(Box::new(Poller::knock(address, &self.auth()).await?)),
            Manner::Stream => {
                let ask = Ask::get(&format!("/api/sync/stream?topics={}", self.topics()));
                let ask = match &self.cursor {
                    Some(cursor) => ask.header("Last-Event-ID", cursor),
                    None => ask,
                };
                let stream = Stream::open(address, &ask).await?;
                Line::Stream(Box::new(stream.map_err(|refusal| io::Error::other(refusal.text().to_owned()))?))
            }
        })
    }

    fn auth(&self) -> Value {
        let mut auth = json!({ "topics": [self.topics()] });
        match (self.manner, &self.pid, &self.cursor) {
            (Manner::Cursor, _, Some(cursor)) => auth["cursor"] = json!(cursor),
            (Manner::Cursor, _, None) | (_, None, _) => {}
            (_, Some(pid), cursor) => {
                auth["pid"] = pid.clone();
                if let Some(cursor) = cursor {
                    auth["offset"] = json!(cursor);
                }
            }
        }
        auth
    }

    async fn listen(&mut self, line: &mut Line, world: &World) -> io::Result<()> {
        match line {
            Line::Socket(socket) => socket.next().await.map(|packet| self.take_packet(packet, world)),
            Line::Poller(poller) => poller.next().await.map(|packet| self.take_packet(packet, world)),
            Line::Stream(stream) => stream.next().await.map(|event| self.take_event(event, world)),
        }
    }

    fn take_packet(&mut self, packet: Packet, world: &World) {
        if let Some(update) = packet.update() {
            return self.take_update(&update, world);
        }
        match packet {
            Packet::Connected(mut connect) => self.pid = Some(connect["pid"].take()),
            // It ends in something that is not a string, and moves no cursor.
            Packet::Event(name, _) if name == "goaway" => {}
            Packet::Event(name, arguments) => {
                // The stock client keeps the last string argument of whatever event.
                let cursor = arguments.last().and_then(Value::as_str).expect("these events end in their cursor");
                self.is_in |= name == "connected";
                world.note(match &*name {
                    "connected" => record::connected(&self.name, cursor, arguments[0]["resumed"] == json!(true)),
                    "reset" => record::reset(&self.name, &arguments[0], cursor),
                    "mark" => Event::Mark { follower: self.name.clone(), cursor: record::position(cursor) },
                    other => panic!("{} was told {other}: {arguments:?}", self.name),
                });
                self.cursor = Some(cursor.to_owned());
            }
            other => panic!("{} was told {other:?}", self.name),
        }
    }

    fn take_event(&mut self, event: StreamEvent, world: &World) {
        match event {
            StreamEvent::Update(body, cursor) => self.take_update(&Update { body, cursor }, world),
            StreamEvent::Named(name, body) => panic!("{} was told {name} {body}", self.name),
            StreamEvent::Id(id) => {
                self.is_in = true;
                world.note(record::connected(&self.name, &id, self.cursor.is_some()));
                self.cursor = Some(id);
            }
            StreamEvent::Comment => {}
        }
    }

    fn take_update(&mut self, update: &Update, world: &World) {
        world.note(record::told(&self.name, update));
        self.last = record::position(&update.cursor);
        self.followed.entries += 1;
        self.cursor = Some(update.cursor.clone());
    }
}
