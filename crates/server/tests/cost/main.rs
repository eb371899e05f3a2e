//! What each bad input costs the real binary, in memory and in time on the cores, and that nobody else notices any of it.
//!
//! The bounds are generous, because machines differ and this is no benchmark; the figures of docs/costs.md are what this
//! prints with `--nocapture` and the release binary in `TIDINGS_BIN`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod brief;
mod held;
mod meter;
#[path = "../rig/mod.rs"]
mod rig;

use std::{net::SocketAddr, time::Duration};

use brief::Brief;
use held::Held;
use meter::{Meter, Reading};
use rig::{Ask, Http, Process, Socket, patient, token};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

/// How often each input is sent, or held open at the same time.
const COUNT: u32 = 200;
/// How many are under way at once.
const AT_ONCE: u32 = 8;

/// Time on the cores for one input, with a binary that nobody optimised: a megabyte may be read, and checked once.
const CPU_EACH_MAX: Duration = Duration::from_millis(50);
/// Memory while inputs are under way: each may bring a payload, which is kept once while it grows and once whole; and the
/// allocator has an arena for each thread.
const PEAK_BYTES_MAX: i64 = AT_ONCE as i64 * 4_000_000 + 32_000_000;
/// What as many again may add to that: nothing is left behind, but another arena may get its turn.
const MORE_BYTES_MAX: i64 = AT_ONCE as i64 * 4_000_000;
/// Memory for one input that is held open, besides twice what it sent: buffers, a task, a session.
const HELD_BYTES_EACH_MAX: i64 = 32 * 1_024;

const TOML: &str = "[heartbeat]\nping_interval_ms = 600000\n[topics.notes]\nwrite = \"author\"\n";

/// The server, and a client that behaves and must not notice anything.
struct Stage {
    address: SocketAddr,
    meter: Meter,
    witness: Socket,
    pushes: u64,
    process: Process,
    _home: TempDir,
}

impl Stage {
    async fn set() -> Self {
        let home = TempDir::new().expect("a folder for a while");
        std::fs::write(home.path().join("tidings.toml"), TOML).expect("a writable folder");
        let process = Process::spawn(home.path());
        let address = process.address();
        let (witness, ..) =
            patient(Socket::enter(address, "default", &json!({ "topics": ["witness"] }))).await.unwrap();
        let meter = Meter::new(&process, address);
        let mut stage = Self { address, meter, witness, pushes: 0, process, _home: home };
        stage.push(&json!({ "type": "t", "action": "add", "data": { "id": 1 } })).await;
        stage.push(&json!({ "type": "notes", "action": "add", "data": { "id": "hers" } })).await;
        // The first of all pay for what stays: threads, caches, statements.
        for (name, input) in brief::good() {
            stage.spend(name, &input).await;
        }
        stage
    }

    async fn push(&mut self, body: &serde_json::Value) {
        let mut http = patient(Http::open(self.address)).await.unwrap();
        let answer = patient(http.ask(&Ask::push(body).token(&token("ann", "member")))).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Somebody's push is taken and delivered, as if nothing else happened.
    async fn is_undisturbed(&mut self) {
        self.pushes += 1;
        let id = self.pushes;
        self.push(&json!({ "type": "witness", "action": "add", "data": { "id": id } })).await;
        let update = patient(self.witness.update()).await.expect("the witness's connection lives");
        assert_eq!(update.body["data"]["id"], json!(id));
    }

    /// Sends an input many times, a few at once.
    async fn spend(&mut self, name: &'static str, input: &Brief) -> Reading {
        let before = self.meter.begin();
        let mut under_way = JoinSet::new();
        for _ in 0..COUNT {
            if under_way.len() >= AT_ONCE as usize {
                under_way.join_next().await.unwrap().unwrap();
            }
            let (input, address) = (input.clone(), self.address);
            under_way.spawn(async move {
                patient(input.send(address)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            });
        }
        under_way.join_all().await;
        let spent = self.meter.since(before);
        self.is_undisturbed().await;
        spent
    }

    /// Holds an input open many times at once, and looks while it is.
    async fn hold(&mut self, name: &'static str, input: &Held) -> Reading {
        let before = self.meter.begin();
        let mut kept = Vec::new();
        for _ in 0..COUNT {
            let begun = patient(input.begin(self.address)).await;
            kept.push(begun.unwrap_or_else(|error| panic!("{name}: {error}")));
        }
        self.meter.until_all_is_read().await;
        let spent = self.meter.since(before);
        self.is_undisturbed().await;
        drop(kept);
        spent
    }

    /// Everybody but the witness is gone, and the server has nothing to complain of.
    async fn ends_well(mut self) {
        patient(async {
            loop {
                let mut http = Http::open(self.address).await.unwrap();
                if http.ask(&Ask::get("/api/health")).await.unwrap().json()["clients"] == json!(1) {
                    break;
                }
            }
        })
        .await;
        self.is_undisturbed().await;
        let log = self.process.log();
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
    }
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// Each on a server of its own, so that none finds the memory that another one left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_that_is_over_at_once_costs_little_and_disturbs_nobody() {
    println!("| sent {COUNT} times, {AT_ONCE} at once | ms of a core each | MB at most | MB for {COUNT} more |");
    println!("|---|--:|--:|--:|");
    for (name, input) in [brief::good(), brief::bad()].concat() {
        let mut stage = Stage::set().await;
        let spent = stage.spend(name, &input).await;
        let more = stage.spend(name, &input).await;
        let (cpu, [peak, more]) = (spent.cpu / COUNT, [spent.peak_bytes, more.peak_bytes]);
        println!("| {name} | {:.2} | {:.1} | {:.1} |", ms(cpu), peak as f64 / 1e6, more as f64 / 1e6);
        assert!(cpu < CPU_EACH_MAX, "{name}: {cpu:?} each");
        assert!(peak < PEAK_BYTES_MAX, "{name}: {peak} bytes at most");
        assert!(more < MORE_BYTES_MAX, "{name}: {more} bytes more, when as many came again");
        stage.ends_well().await;
    }
}

/// The same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_that_is_held_open_costs_little_and_disturbs_nobody() {
    println!("| {COUNT} held open at once | ms of a core each | kB each |\n|---|--:|--:|");
    for (name, input) in held::bad() {
        let mut stage = Stage::set().await;
        let spent = stage.hold(name, &input).await;
        let (cpu, bytes) = (spent.cpu / COUNT, spent.resident_bytes / i64::from(COUNT));
        println!("| {name} | {:.2} | {:.1} |", ms(cpu), bytes as f64 / 1e3);
        assert!(cpu < CPU_EACH_MAX, "{name}: {cpu:?} each");
        let bytes_max = HELD_BYTES_EACH_MAX + 2 * i64::try_from(input.sent_bytes()).unwrap();
        assert!(bytes < bytes_max, "{name}: {bytes} bytes each, at most {bytes_max}");
        stage.ends_well().await;
    }
}
