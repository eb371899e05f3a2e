//! The loop: start, load, kill, and again.

use std::{path::Path, time::Duration};

use crate::{
    play::{Play, followers, number_of, random},
    rig::{Process, Random},
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_double_and_reorder_nothing() {
    let kills = number_of("TIDINGS_KILLS").unwrap_or(KILLS);
    let mut random = random();
    let play = Play::begin(&mut random, followers());
    for _ in 0..kills {
        round(&play, &mut random).await;
    }
    let (process, address) = play.serve();
    let outcome = play.end(process, address).await;

    // Had nobody pushed, or nobody been cut off, there would have been nothing to lose.
    assert!(outcome.entries as u64 > kills * 2, "too little load to show anything");
    assert!(outcome.pushers.duplicates > 0 || kills < 20, "no kill fell between a commit and its receipt");
    for follower in &outcome.followers {
        assert!(u64::from(follower.connections) > kills / 4, "{} was hardly ever cut off", follower.name);
    }
}

/// One life of the server.
async fn round(play: &Play, random: &mut Random) {
    let (mut process, pause) = if random.one_in(EARLY_ONE_IN) {
        (Process::spawn(play.home.path()), random.below(EARLY_MS))
    } else {
        (play.serve().0, LOAD_MS.0 + random.below(LOAD_MS.1))
    };
    // A pause on purpose: the moment of the kill is random.
    tokio::time::sleep(Duration::from_millis(pause)).await;
    tokio::task::block_in_place(|| process.kill());
    play.gone();
    if random.one_in(VIEWS_ONE_IN) {
        delete_views(play.home.path());
    }
}

fn delete_views(home: &Path) {
    for name in ["views.db", "views.db-wal", "views.db-shm"] {
        // A server that was killed early may not have made them.
        let _ = std::fs::remove_file(home.join("data/spaces/default").join(name));
    }
}
