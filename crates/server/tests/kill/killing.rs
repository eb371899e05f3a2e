//! The loop: start, load, kill, and again; then the reckoning.

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    check::check,
    follow::{Follower, Manner},
    history::{Followed, History, Pushed, read_journal, read_state},
    push::{Pusher, Road},
    rig::{Ask, Http, Process, Random, patient, token, verify},
    world::World,
};

/// Kills, unless `TIDINGS_KILLS` says otherwise.
const KILLS: u64 = 100;

/// A round of load in milliseconds: at least, and at random on top of that.
const LOAD_MS: (u64, u64) = (80, 320);

/// Once in so many rounds the kill comes while the server still starts, within so many milliseconds.
const EARLY_ONE_IN: u64 = 8;
const EARLY_MS: u64 = 60;

/// Once in so many rounds the views are deleted while the server is down, and have to come back.
const VIEWS_ONE_IN: u64 = 16;

/// What the test says to pushers and followers.
struct Senders {
    address: watch::Sender<Option<std::net::SocketAddr>>,
    enough: watch::Sender<bool>,
    goal: watch::Sender<Option<u64>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_double_and_reorder_nothing() {
    let seed = number_of("TIDINGS_KILL_SEED").unwrap_or_else(clock);
    let kills = number_of("TIDINGS_KILLS").unwrap_or(KILLS);
    println!("{kills} kills with TIDINGS_KILL_SEED={seed}");
    let mut random = Random::new(seed);
    let home = TempDir::new().expect("a folder for a while");
    let (senders, world) = world();
    let (mut pushers, mut followers) = (pushers(&mut random, &world), followers(&world));

    for _ in 0..kills {
        round(home.path(), &mut random, &senders).await;
    }

    let mut process = Process::spawn(home.path());
    let address = tokio::task::block_in_place(|| process.address());
    senders.address.send_replace(Some(address));
    senders.enough.send_replace(true);
    let mut history = History::default();
    while let Some(done) = patient(pushers.join_next()).await {
        history.pushes.extend(done.expect("a pusher does not fail"));
    }
    let last = push_last(address).await;
    senders.goal.send_replace(last.receipts.first().map(|receipt| receipt.position));
    history.pushes.push(last);
    while let Some(followed) = patient(followers.join_next()).await {
        history.followers.push(followed.expect("a follower does not fail"));
    }
    history.state = read_state(&state(address).await);
    process.signal(Signal::TERM);
    assert!(process.ended().0.success(), "{}", process.log());

    reckon(home.path(), history, kills);
}

fn world() -> (Senders, World) {
    let (address, at) = watch::channel(None);
    let (enough, is_enough) = watch::channel(false);
    let (goal, to) = watch::channel(None);
    (Senders { address, enough, goal }, World { address: at, enough: is_enough, goal: to })
}

fn pushers(random: &mut Random, world: &World) -> JoinSet<Vec<Pushed>> {
    let mut pushers = JoinSet::new();
    let roads = [("ann", Road::Http), ("bob", Road::Http), ("cat", Road::Socket), ("dan", Road::Socket)];
    for (name, road) in roads {
        pushers.spawn(Pusher::new(name, road, Random::new(random.next())).run(world.clone()));
    }
    pushers
}

fn followers(world: &World) -> JoinSet<Followed> {
    let mut followers = JoinSet::new();
    let manners = [
        ("stock", Manner::Stock, ""),
        ("cursor", Manner::Cursor, ""),
        ("narrow", Manner::Cursor, "room/1"),
        ("rooms", Manner::Stock, "room/"),
        ("polling", Manner::Polling, ""),
        ("stream", Manner::Stream, ""),
    ];
    for (name, manner, prefix) in manners {
        followers.spawn(Follower::new(name, manner, prefix).run(world.clone()));
    }
    followers
}

/// One life of the server.
async fn round(home: &Path, random: &mut Random, senders: &Senders) {
    let mut process = Process::spawn(home);
    let pause = if random.one_in(EARLY_ONE_IN) {
        random.below(EARLY_MS)
    } else {
        let address = tokio::task::block_in_place(|| process.address());
        senders.address.send_replace(Some(address));
        LOAD_MS.0 + random.below(LOAD_MS.1)
    };
    // A pause on purpose: the moment of the kill is random.
    tokio::time::sleep(Duration::from_millis(pause)).await;
    tokio::task::block_in_place(|| process.kill());
    senders.address.send_replace(None);
    if random.one_in(VIEWS_ONE_IN) {
        delete_views(home);
    }
}

fn delete_views(home: &Path) {
    for name in ["views.db", "views.db-wal", "views.db-shm"] {
        // A server that was killed early may not have made them.
        let _ = std::fs::remove_file(home.join("data/spaces/default").join(name));
    }
}

/// The push behind which everybody has seen everything. It goes to a topic that every follower follows.
async fn push_last(address: std::net::SocketAddr) -> Pushed {
    let (author, topic, item) = ("eve", "room/1", "the-last");
    let body = json!({ "type": topic, "action": "add", "data": { "id": item, "version": 1 }, "key": item });
    let mut http = Http::open(address).await.expect("the server listens");
    let answer = http.ask(&Ask::push(&body).token(&token(author, "member"))).await.expect("the server answers");
    let receipt = crate::history::Receipt::read(&answer.json()).expect("the last push is taken");
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

async fn state(address: std::net::SocketAddr) -> serde_json::Value {
    let mut http = Http::open(address).await.expect("the server listens");
    http.ask(&Ask::get("/api/sync/data")).await.expect("the server answers").json()
}

fn reckon(home: &Path, mut history: History, kills: u64) {
    let (is_whole, said) = verify(home);
    assert!(is_whole, "{said}");
    history.journal = read_journal(&home.join("data/spaces/default"));
    let repeated = history.pushes.iter().filter(|push| push.asked > 1).count();
    let duplicates = history.pushes.iter().filter(|push| push.receipts[0].duplicate).count();
    println!(
        "{} entries, {} pushes, {repeated} asked again, {duplicates} of those had been written",
        history.journal.len(),
        history.pushes.len()
    );
    for follower in &history.followers {
        println!("{}: {} entries over {} connections", follower.name, follower.seen.len(), follower.connections);
    }
    let anomalies = check(&history);
    let first: Vec<_> = anomalies.iter().take(20).collect();
    assert!(anomalies.is_empty(), "{} anomalies: {first:#?}", anomalies.len());
    // Had nobody pushed, or nobody been cut off, there would have been nothing to lose.
    assert!(history.journal.len() as u64 > kills * 2, "too little load to show anything");
    assert!(duplicates > 0 || kills < 20, "no kill fell between a commit and its receipt");
    for follower in &history.followers {
        assert!(u64::from(follower.connections) > kills / 4, "{} was hardly ever cut off", follower.name);
    }
}

fn number_of(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text}")))
}

fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
