//! A play: pushers and followers around a server that the test starts and ends as it likes, and the reckoning after it.

use std::{
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    check::check,
    follow::{Follower, Manner},
    history::{Followed, History, Pushed, Receipt, read_journal, read_state},
    push::{Pusher, Road},
    rig::{Ask, Http, Process, Random, patient, token, verify},
    world::World,
};

pub(crate) struct Play {
    pub(crate) home: TempDir,
    /// Where the server is, for everybody.
    pub(crate) address: watch::Sender<Option<SocketAddr>>,
    enough: watch::Sender<bool>,
    goal: watch::Sender<Option<u64>>,
    pushers: JoinSet<Vec<Pushed>>,
    followers: JoinSet<Followed>,
}

impl Play {
    /// Pushers on both roads, and these followers. Nothing happens before there is a server.
    pub(crate) fn begin(random: &mut Random, followers: Vec<Follower>) -> Self {
        let home = TempDir::new().expect("a folder for a while");
        let (address, at) = watch::channel(None);
        let (enough, is_enough) = watch::channel(false);
        let (goal, to) = watch::channel(None);
        let world = World { address: at, enough: is_enough, goal: to };
        let roads = [("ann", Road::Http), ("bob", Road::Http), ("cat", Road::Socket), ("dan", Road::Socket)];
        let pushers = roads.map(|(name, road)| Pusher::new(name, road, Random::new(random.next())));
        let pushers = pushers.into_iter().map(|pusher| pusher.run(world.clone())).collect();
        let followers = followers.into_iter().map(|follower| follower.run(world.clone())).collect();
        Self { home, address, enough, goal, pushers, followers }
    }

    /// Starts the server and tells everybody where it is.
    pub(crate) fn serve(&self) -> (Process, SocketAddr) {
        let process = Process::spawn(self.home.path());
        let address = tokio::task::block_in_place(|| process.address());
        self.address.send_replace(Some(address));
        (process, address)
    }

    /// Lets the pushers end and the followers see everything, ends the server, and compares what all of them saw.
    pub(crate) async fn end(mut self, mut process: Process, address: SocketAddr) -> History {
        self.enough.send_replace(true);
        let mut history = History::default();
        while let Some(done) = patient(self.pushers.join_next()).await {
            history.pushes.extend(done.expect("a pusher does not fail"));
        }
        let last = push_last(address).await;
        self.goal.send_replace(last.receipts.first().map(|receipt| receipt.position));
        history.pushes.push(last);
        while let Some(followed) = patient(self.followers.join_next()).await {
            history.followers.push(followed.expect("a follower does not fail"));
        }
        history.state = read_state(&state(address).await);
        process.signal(Signal::TERM);
        assert!(tokio::task::block_in_place(|| process.ended()).0.success(), "{}", process.log());
        let (is_whole, said) = verify(self.home.path());
        assert!(is_whole, "{said}");
        history.journal = read_journal(&self.home.path().join("data/spaces/default"));
        reckon(&history);
        history
    }
}

/// Followers of every manner.
pub(crate) fn followers() -> Vec<Follower> {
    let manners = [
        ("stock", Manner::Stock, ""),
        ("cursor", Manner::Cursor, ""),
        ("narrow", Manner::Cursor, "room/1"),
        ("rooms", Manner::Stock, "room/"),
        ("polling", Manner::Polling, ""),
        ("stream", Manner::Stream, ""),
    ];
    manners.into_iter().map(|(name, manner, prefix)| Follower::new(name, manner, prefix)).collect()
}

/// Random numbers from a seed that is printed, so that a failure can be run again.
pub(crate) fn random() -> Random {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let seed = number_of("TIDINGS_KILL_SEED").unwrap_or_else(clock);
    println!("TIDINGS_KILL_SEED={seed}");
    Random::new(seed)
}

/// The number in a variable of the environment.
pub(crate) fn number_of(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text}")))
}

/// The push behind which everybody has seen everything. It goes to a topic that every follower follows.
async fn push_last(address: SocketAddr) -> Pushed {
    let (author, topic, item) = ("eve", "room/1", "the-last");
    let body = json!({ "type": topic, "action": "add", "data": { "id": item, "version": 1 }, "key": item });
    let mut http = Http::open(address).await.expect("the server listens");
    let answer = http.ask(&Ask::push(&body).token(&token(author, "member"))).await.expect("the server answers");
    let receipt = Receipt::read(&answer.json()).expect("the last push is taken");
    Pushed {
        author: author.to_owned(),
        key: item.to_owned(),
        topic: topic.to_owned(),
        action: "add".to_owned(),
        item: item.to_owned(),
        receipts: vec![receipt],
        asked: 1,
    }
}

async fn state(address: SocketAddr) -> Value {
    let mut http = Http::open(address).await.expect("the server listens");
    http.ask(&Ask::get("/api/sync/data")).await.expect("the server answers").json()
}

fn reckon(history: &History) {
    let repeated = history.pushes.iter().filter(|push| push.asked > 1).count();
    let (entries, pushes) = (history.journal.len(), history.pushes.len());
    println!("{entries} entries, {pushes} pushes, {repeated} asked again, {} of those written", history.duplicates());
    for follower in &history.followers {
        println!("{}: {} entries over {} connections", follower.name, follower.seen.len(), follower.connections);
    }
    let anomalies = check(history);
    let first: Vec<_> = anomalies.iter().take(20).collect();
    assert!(anomalies.is_empty(), "{} anomalies: {first:#?}", anomalies.len());
}
