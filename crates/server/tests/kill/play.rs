//! A play: pushers and followers around a server that the test starts and ends as it likes, and the reckoning after it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
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
    rig::{Ask, Http, Process, Random, Start, patient, record, token, verify},
    small_disk::SmallDisk,
    world::World,
};

pub(crate) struct Play {
    pub(crate) home: TempDir,
    /// The disk that is mounted there, for servers alone, unless it is the one of everybody.
    pub(crate) disk: Option<SmallDisk>,
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
        Self { home, disk: None, address, enough, goal, pushers, followers, world }
    }

    /// Puts the files of all servers on a disk of so many bytes.
    pub(crate) fn on_small_disk(mut self, bytes: u64) -> Self {
        self.disk = Some(SmallDisk::mount(self.home.path(), bytes));
        self
    }

    /// Starts the server and tells everybody where it is.
    pub(crate) fn serve(&self) -> (Process, SocketAddr) {
        let (process, address) = self.try_to_serve(&Start::default());
        let address = address.unwrap_or_else(|| panic!("the server did not start:\n{}", process.log()));
        (process, address)
    }

    /// Starts a server in some other way, and tells everybody where it is if it comes up.
    pub(crate) fn try_to_serve(&self, start: &Start) -> (Process, Option<SocketAddr>) {
        let start = self.disk.as_ref().map_or_else(|| start.clone(), |disk| disk.start());
        let process = Process::spawn_with(self.home.path(), &start);
        let address = tokio::task::block_in_place(|| process.comes_up());
        if address.is_some() {
            self.world.note(Event::Started { head: self.world.acked.load(Ordering::Relaxed) });
            self.address.send_replace(address);
        }
        (process, address)
    }

    /// Tells everybody that the server is gone.
    pub(crate) fn gone(&self) {
        self.address.send_replace(None);
    }

    /// The last position that anybody was acknowledged.
    pub(crate) fn acked(&self) -> u64 {
        self.world.acked.load(Ordering::Relaxed)
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
        if let Some(disk) = self.disk.take() {
            disk.move_to(self.home.path());
        }
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
    let answer = patient(http.look_up(&Ask::get("/api/sync/data"))).await.expect("the server answers");
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

/// The folder of the one space.
pub(crate) fn space(home: &Path) -> PathBuf {
    home.join("data/spaces/default")
}

/// The journal's last file, which is the one that is appended to.
pub(crate) fn hot_segment(home: &Path) -> PathBuf {
    let files = std::fs::read_dir(space(home).join("journal")).expect("a server has run here");
    let paths = files.map(|file| file.expect("it can be read").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "db")).max().expect("a journal has a file")
}

/// The log that SQLite keeps beside a file.
pub(crate) fn log_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}
