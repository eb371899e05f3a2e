//! The server lives, and connections break at any moment: in the greeting, between catching up and live, in the middle of
//! a batch. So often that every seam is met.

use journal::Cursor;

use crate::{
    play::{Play, followers, random},
    rig::{Ask, Http, Random, patient},
};

/// Entries that are pushed meanwhile.
const ENTRIES: u64 = 6_000;

/// Connections that each follower goes through at least, or the test shows nothing.
const CONNECTIONS_MIN: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_break_at_any_moment_miss_repeat_and_reorder_nothing() {
    let mut random = random();
    let fickle = followers().into_iter().map(|follower| follower.fickle(Random::new(random.next()))).collect();
    let play = Play::begin(&mut random, fickle);
    let (process, address) = play.serve();
    let mut http = patient(Http::open(address)).await.unwrap();
    let mut head = 0;
    while head < ENTRIES {
        let look = patient(http.ask(&Ask::get("/api/sync/data?topics=nothing"))).await.unwrap();
        head = Cursor::decode(&look.cursor()).unwrap().position.0;
        // A pause on purpose: looking is not what this is about.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let outcome = play.end(process, address).await;
    for follower in &outcome.followers {
        assert!(follower.connections >= CONNECTIONS_MIN, "{} hardly ever broke off", follower.name);
    }
}
