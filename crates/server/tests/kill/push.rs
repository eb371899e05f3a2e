//! Pushers: each asks until it has its receipt, again and again with the same key, whatever happens to the server.

use std::{collections::VecDeque, io, net::SocketAddr};

use history::{Event, PushId};
use serde_json::{Value, json};

use crate::{
    rig::{Ask, Http, Random, Socket, record, token},
    world::World,
};

/// Pushes that a socket has under way at once.
const UNDER_WAY: usize = 16;

/// Once in so many an item is changed, or deleted, instead of added.
const CHANGE_ONE_IN: u64 = 8;

/// Once in so many an `add` has no key and is known by its data alone.
const KEYLESS_ONE_IN: u64 = 8;

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.pushes += other.pushes;
        self.asked += other.asked;
        self.duplicates += other.duplicates;
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Road {
    /// One push after the other over a kept connection.
    Http,
    /// Many under way over a socket.
    Socket,
}

pub(crate) struct Pusher {
    name: String,
    token: String,
    road: Road,
    random: Random,
    /// Items of this pusher that may be changed, by topic and id: their `add` was acknowledged, and they were not deleted.
    /// A change that is sent before may be taken where the `add` was refused, and then the `add`, asked again, finds its id
    /// taken.
    items: Vec<(String, String)>,
    tally: Tally,
    waiting: VecDeque<(PushId, Value)>,
}

/// What a pusher had to do to get its receipts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Wishes.
    pub(crate) pushes: u64,
    /// How often they were asked for.
    pub(crate) asked: u64,
    /// Wishes whose only receipt was that of a retry: what a broken connection had hidden.
    pub(crate) duplicates: u64,
}

impl Pusher {
    pub(crate) fn new(name: &str, road: Road, random: Random) -> Self {
        Self {
            name: name.to_owned(),
            token: token(name, "member"),
            road,
            random,
            items: Vec::new(),
            tally: Tally::default(),
            waiting: VecDeque::new(),
        }
    }

    /// Pushes until it is enough and everything was acknowledged.
    pub(crate) async fn run(mut self, mut world: World) -> Tally {
        loop {
            let address = world.server().await;
            let end = match self.road {
                Road::Http => self.over_http(address, &world).await,
                Road::Socket => self.over_socket(address, &world).await,
            };
            match end {
                Ok(()) => return self.tally,
                Err(error) => world.broken(&error).await,
            }
        }
    }

    async fn over_http(&mut self, address: SocketAddr, world: &World) -> io::Result<()> {
        let mut http = Http::open(address).await?;
        loop {
            if self.waiting.is_empty() && !self.next(world) {
                return Ok(());
            }
            let ask = Ask::push(&self.ask_again(0, world)).token(&self.token);
            let answer = http.ask(&ask).await?.json();
            self.take(&answer, world)?;
        }
    }

    async fn over_socket(&mut self, address: SocketAddr, world: &World) -> io::Result<()> {
        let auth = json!({ "token": self.token, "topics": [] });
        let (mut socket, _, _) = Socket::enter(address, "default", &auth).await?;
        let mut numbers = VecDeque::new();
        loop {
            while self.waiting.len() < UNDER_WAY && self.next(world) {}
            while numbers.len() < self.waiting.len() {
                let body = self.ask_again(numbers.len(), world);
                numbers.push_back(socket.emit("push", &body).await?);
            }
            let Some(number) = numbers.pop_front() else { return Ok(()) };
            let answer = socket.answer_to(number).await?;
            self.take(&answer, world)?;
        }
    }

    /// Thinks of another push. False when it is enough.
    fn next(&mut self, world: &World) -> bool {
        if world.is_enough() {
            return false;
        }
        self.tally.pushes += 1;
        // The name makes it another number than that of any other pusher.
        let push = self.name.bytes().fold(self.tally.pushes, |number, byte| number << 8 | u64::from(byte));
        let wish = self.think();
        self.waiting.push_back((push, wish));
        true
    }

    fn think(&mut self) -> Value {
        let count = self.tally.pushes;
        let key = format!("{}-{count}", self.name);
        let text = "x".repeat(self.random.below(400) as usize);
        let wish = |topic: &str, action: &str, item: &str| json!({ "type": topic, "action": action, "data": { "id": item, "version": count, "text": text }, "key": key });
        if !self.items.is_empty() && self.random.one_in(CHANGE_ONE_IN) {
            let at = self.random.below(self.items.len() as u64) as usize;
            if self.random.one_in(2) {
                let (topic, item) = self.items.swap_remove(at);
                return json!({ "type": topic, "action": "delete", "data": { "id": item }, "key": key });
            }
            let (topic, item) = &self.items[at];
            return wish(topic, "update", item);
        }
        let topic = match self.random.below(3) {
            0 => "log".to_owned(),
            _ => format!("room/{}", self.random.below(5)),
        };
        let item = format!("{key}-item");
        let mut wish = wish(&topic, "add", &item);
        if self.random.one_in(KEYLESS_ONE_IN) {
            wish["key"].take();
        }
        wish
    }

    fn ask_again(&mut self, index: usize, world: &World) -> Value {
        let (push, body) = &self.waiting[index];
        self.tally.asked += 1;
        world.note(record::push(*push, &self.name, body));
        body.clone()
    }

    /// Takes the answer to the oldest. What may pass ends the connection, so that everything unanswered is asked again in
    /// its order.
    fn take(&mut self, answer: &Value, world: &World) -> io::Result<()> {
        let (push, _) = self.waiting.front().expect("the answer is to one that waits");
        let Some(ack) = record::ack(*push, answer) else {
            let code = answer["code"].as_str().unwrap_or_default();
            assert!(matches!(code, "busy" | "unavailable"), "{} was refused: {answer}", self.name);
            return Err(io::Error::other("asked to come back later"));
        };
        world.note(Event::Ack(ack));
        self.tally.duplicates += u64::from(ack.duplicate);
        let (_, wish) = self.waiting.pop_front().expect("it was there just now");
        self.items.extend(changeable(&wish));
        Ok(())
    }
}

/// The item that an `add` with a key made. One without is known by its data, which must stay.
fn changeable(wish: &Value) -> Option<(String, String)> {
    let is_keyed_add = wish["action"] == "add" && wish["key"].is_string();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    is_keyed_add.then(|| Some((text(&wish["type"])?, text(&wish["data"]["id"])?)))?
}
