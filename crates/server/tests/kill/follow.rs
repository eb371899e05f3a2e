//! Followers: each resumes by its cursor whenever its connection breaks, over one of the transports.

use std::{io, net::SocketAddr};

use journal::Cursor;
use serde_json::{Value, json};

use crate::{
    history::{Followed, Seen},
    rig::{Ask, Packet, Poller, Random, Socket, Stream, StreamEvent},
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
    manner: Manner,
    pid: Option<Value>,
    cursor: Option<String>,
    followed: Followed,
    /// Breaks its connections off by itself.
    fickle: Option<Random>,
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
        let followed = Followed { name: name.to_owned(), prefix: prefix.to_owned(), ..Followed::default() };
        Self { manner, pid: None, cursor: None, followed, fickle: None }
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
            match self.stay(address, &mut world).await {
                Ok(()) => return self.followed,
                Err(error) => world.broken(&error).await,
            }
        }
    }

    /// One connection, to its end.
    async fn stay(&mut self, address: SocketAddr, world: &mut World) -> io::Result<()> {
        let mut line = self.connect(address).await?;
        self.followed.connections += 1;
        let mut words = self.fickle.as_mut().map_or(u64::MAX, |random| random.below(PATIENCE_WORDS));
        loop {
            words = words.checked_sub(1).ok_or_else(|| io::Error::other("gone by itself"))?;
            let last = self.followed.seen.last().map_or(0, |seen| seen.position);
            tokio::select! {
                told = self.listen(&mut line) => told?,
                () = world.has_seen_enough(last) => return Ok(()),
            }
        }
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
                let ask = Ask::get(&format!("/api/sync/stream?topics={}*", self.followed.prefix));
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
        let mut auth = json!({ "topics": [format!("{}*", self.followed.prefix)] });
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

    async fn listen(&mut self, line: &mut Line) -> io::Result<()> {
        let packet = match line {
            Line::Socket(socket) => socket.next().await?,
            Line::Poller(poller) => poller.next().await?,
            Line::Stream(stream) => {
                self.take_event(stream.next().await?);
                return Ok(());
            }
        };
        self.take_packet(packet);
        Ok(())
    }

    fn take_packet(&mut self, packet: Packet) {
        match &packet {
            Packet::Connected(connect) => {
                self.pid = Some(connect["pid"].clone());
                return;
            }
            Packet::Event(name, _) if name == "sync_update" => {
                let update = packet.update().expect("it is one");
                self.followed.seen.push(Seen::read(&update.body, &update.cursor));
            }
            Packet::Event(name, arguments) if name == "connected" => {
                let cursor = arguments.last().and_then(Value::as_str).expect("connected ends in its cursor");
                self.began(cursor, arguments[0]["resumed"] == json!(true));
            }
            other => self.followed.resets.push(format!("{other:?}")),
        }
        // The stock client keeps the last string argument of whatever event.
        if let Packet::Event(_, arguments) = &packet
            && let Some(Value::String(cursor)) = arguments.last()
        {
            self.cursor = Some(cursor.clone());
        }
    }

    fn take_event(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Update(update, id) => {
                self.followed.seen.push(Seen::read(&update, &id));
                self.cursor = Some(id);
            }
            StreamEvent::Named(name, data) => self.followed.resets.push(format!("{name} {data}")),
            StreamEvent::Id(id) => {
                self.began(&id, true);
                self.cursor = Some(id);
            }
            StreamEvent::Comment => {}
        }
    }

    /// Following begins, or goes on from where it was.
    fn began(&mut self, cursor: &str, resumed: bool) {
        let position = Cursor::decode(cursor).expect("the server sends cursors").position.0;
        match (&self.cursor, self.followed.start) {
            (None, None) => self.followed.start = Some(position),
            (Some(brought), _) if !resumed || brought != cursor => {
                self.followed.resets.push(format!("connected at {cursor} instead of {brought}, resumed: {resumed}"));
            }
            _ => {}
        }
    }
}
