//! A play: pushers and followers around a server that the test starts and ends as it likes, and the reckoning after it.

use std::{
    net::SocketAddr,
    sync::atomic::Ordering,
    time::{SystemTime, UNIX_EPOCH},
};

use history::{Event, check};
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    follow::{Followed, Follower, Manner},
    push::{Pusher, Road, Tally},
    rig::{Ask, Http, Process, Random, patient, record, token, verify},
    world::World,
};

pub(crate) struct Play {
    pub(crate) home: TempDir,
    /// Where the server is, for everybody.
    pub(crate) address: watch::Sender<Option<SocketAddr>>,
    enough: watch::Sender<bool>,
    goal: watch::Sender<Option<u64>>,
    pushers: JoinSet<Tally>,
    followers: JoinSet<Followed>,
    world: World,
}

/// How a play went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) entries: usize,
    pub(crate) pushers: Tally,
    pub(crate) followers: Vec<Followed>,
}

impl Play {
    /// Pushers on both roads, and these followers. Nothing happens before there is a server.
    pub(crate) fn begin(random: &mut Random, followers: Vec<Follower>) -> Self {
        let home = TempDir::new().expect("a folder for a while");
        let (address, at) = watch::channel(None);
        let (enough, is_enough) = watch::channel(false);
        let (goal, to) = watch::channel(None);
        let (recorder, acked) = Default::default();
        let world = World { address: at, enough: is_enough, goal: to, recorder, acked };
        let roads = [("ann", Road::Http), ("bob", Road::Http), ("cat", Road::Socket), ("dan", Road::Socket)];
        let pushers = roads.map(|(name, road)| Pusher::new(name, road, Random::new(random.next())));
        let pushers = pushers.into_iter().map(|pusher| pusher.run(world.clone())).collect();
        let followers = followers.into_iter().map(|follower| follower.run(world.clone())).collect();
        Self { home, address, enough, goal, pushers, followers, world }
    }

    /// Starts the server and tells everybody where it is.
    pub(crate) fn serve(&self) -> (Process, SocketAddr) {
        let process = Process::spawn(self.home.path());
        let address = tokio::task::block_in_place(|| process.address());
        self.world.note(Event::Started { head: self.world.acked.load(Ordering::Relaxed) });
        self.address.send_replace(Some(address));
        (process, address)
    }

    /// Lets the pushers end and the followers see everything, ends the server, and has the run judged.
    pub(crate) async fn end(mut self, mut process: Process, address: SocketAddr) -> Outcome {
        self.enough.send_replace(true);
        let mut outcome = Outcome::default();
        while let Some(done) = patient(self.pushers.join_next()).await {
            outcome.pushers.add(done.expect("a pusher does not fail"));
        }
        let last = push_last(address, &self.world).await;
        self.goal.send_replace(Some(last));
        while let Some(followed) = patient(self.followers.join_next()).await {
            outcome.followers.push(followed.expect("a follower does not fail"));
        }
        self.world.note(state(address).await);
        process.signal(Signal::TERM);
        assert!(tokio::task::block_in_place(|| process.ended()).0.success(), "{}", process.log());
        let (is_whole, said) = verify(self.home.path());
        assert!(is_whole, "{said}");
        let entries = record::entries(&self.home.path().join("data/spaces/default"));
        outcome.entries = entries.len();
        entries.into_iter().for_each(|entry| self.world.note(entry));
        reckon(&outcome, &self.world.recorder.record());
        outcome
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

/// The push behind which everybody has seen everything, to a topic that every follower follows; its position.
async fn push_last(address: SocketAddr, world: &World) -> u64 {
    let body = json!({ "type": "room/1", "action": "add", "data": { "id": "the-last" }, "key": "the-last" });
    world.note(record::push(0, "eve", &body));
    let mut http = Http::open(address).await.expect("the server listens");
    let answer = http.ask(&Ask::push(&body).token(&token("eve", "member"))).await.expect("the server answers");
    let ack = record::ack(0, &answer.json()).expect("the last push is taken");
    world.note(Event::Ack(ack));
    ack.position
}

async fn state(address: SocketAddr) -> Event {
    let mut http = Http::open(address).await.expect("the server listens");
    let answer = http.ask(&Ask::get("/api/sync/data")).await.expect("the server answers");
    record::snapshot(&answer.json(), &answer.cursor())
}

fn reckon(outcome: &Outcome, record: &[Event]) {
    let Outcome { entries, pushers, followers } = outcome;
    let Tally { pushes, asked, duplicates } = pushers;
    println!("{entries} entries, {pushes} pushes, asked for {asked} times, {duplicates} were written unheard");
    for follower in followers {
        println!("{}: {} entries over {} connections", follower.name, follower.entries, follower.connections);
    }
    let anomalies = check(record);
    let first: Vec<_> = anomalies.iter().take(20).map(ToString::to_string).collect();
    assert!(anomalies.is_empty(), "{} anomalies: {first:#?}", anomalies.len());
}
