//! Pushers: each asks until it has its receipt, again and again with the same key, whatever happens to the server.

use std::{collections::VecDeque, io, net::SocketAddr};

use serde_json::{Value, json};

use crate::{
    history::{Pushed, Receipt},
    rig::{Ask, Http, Random, Socket, token},
    world::World,
};

/// Pushes that a socket has under way at once.
const UNDER_WAY: usize = 16;

/// Once in so many an item is changed, or deleted, instead of added.
const CHANGE_ONE_IN: u64 = 8;

/// Once in so many an `add` has no key and is known by its data alone.
const KEYLESS_ONE_IN: u64 = 8;

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
    count: u64,
    /// Items of this pusher that may still be changed, by topic and id.
    items: Vec<(String, String)>,
    done: Vec<Pushed>,
    waiting: VecDeque<(Pushed, Value)>,
}

impl Pusher {
    pub(crate) fn new(name: &str, road: Road, random: Random) -> Self {
        Self {
            name: name.to_owned(),
            token: token(name, "member"),
            road,
            random,
            count: 0,
            items: Vec::new(),
            done: Vec::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Pushes until it is enough and everything was acknowledged.
    pub(crate) async fn run(mut self, mut world: World) -> Vec<Pushed> {
        loop {
            let address = world.server().await;
            let end = match self.road {
                Road::Http => self.over_http(address, &world).await,
                Road::Socket => self.over_socket(address, &world).await,
            };
            match end {
                Ok(()) => return self.done,
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
            let ask = Ask::push(&self.ask_again(0)).token(&self.token);
            let answer = http.ask(&ask).await?.json();
            self.take(0, &answer)?;
        }
    }

    async fn over_socket(&mut self, address: SocketAddr, world: &World) -> io::Result<()> {
        let auth = json!({ "token": self.token, "topics": [] });
        let (mut socket, _, _) = Socket::enter(address, "default", &auth).await?;
        let mut numbers = VecDeque::new();
        loop {
            while self.waiting.len() < UNDER_WAY && self.next(world) {}
            while numbers.len() < self.waiting.len() {
                let body = self.ask_again(numbers.len());
                numbers.push_back(socket.emit("push", &body).await?);
            }
            let Some(number) = numbers.pop_front() else { return Ok(()) };
            let answer = socket.answer_to(number).await?;
            self.take(0, &answer)?;
        }
    }

    /// Thinks of another push. False when it is enough.
    fn next(&mut self, world: &World) -> bool {
        if world.is_enough() {
            return false;
        }
        let pushed = self.think();
        let mut body = json!({
            "type": pushed.topic,
            "action": pushed.action,
            "data": { "id": pushed.item, "version": self.count, "text": "x".repeat(self.random.below(400) as usize) },
        });
        if pushed.key != pushed.item {
            body["key"] = json!(pushed.key);
        }
        self.waiting.push_back((pushed, body));
        true
    }

    fn think(&mut self) -> Pushed {
        self.count += 1;
        let key = format!("{}-{}", self.name, self.count);
        let author = self.name.clone();
        let push = |topic, action: &str, item, key| {
            let (receipts, action) = (Vec::new(), action.to_owned());
            Pushed { author, key, topic, action, item, receipts, asked: 0 }
        };
        if !self.items.is_empty() && self.random.one_in(CHANGE_ONE_IN) {
            let at = self.random.below(self.items.len() as u64) as usize;
            if self.random.one_in(2) {
                let (topic, item) = self.items.swap_remove(at);
                return push(topic, "delete", item, key);
            }
            let (topic, item) = self.items[at].clone();
            return push(topic, "update", item, key);
        }
        let topic = match self.random.below(3) {
            0 => "log".to_owned(),
            _ => format!("room/{}", self.random.below(5)),
        };
        let item = format!("{key}-item");
        if self.random.one_in(KEYLESS_ONE_IN) {
            return push(topic, "add", item.clone(), item);
        }
        self.items.push((topic.clone(), item.clone()));
        push(topic, "add", item, key)
    }

    fn ask_again(&mut self, index: usize) -> Value {
        let (pushed, body) = &mut self.waiting[index];
        pushed.asked += 1;
        body.clone()
    }

    /// Takes an answer. What may pass ends the connection, so that everything unanswered is asked again in its order.
    fn take(&mut self, index: usize, answer: &Value) -> io::Result<()> {
        match Receipt::read(answer) {
            Some(receipt) => {
                let (mut pushed, _) = self.waiting.remove(index).expect("the answer is to one that waits");
                pushed.receipts.push(receipt);
                self.done.push(pushed);
                Ok(())
            }
            None => {
                let code = answer["code"].as_str().unwrap_or_default();
                assert!(matches!(code, "busy" | "unavailable"), "{} was refused: {answer}", self.name);
                Err(io::Error::other("asked to come back later"))
            }
        }
    }
}
