//! A disk of 16 MB that fills up under load, is given room again, and fills up again.

use std::net::SocketAddr;

use crate::{
    play::{Play, followers, number_of, random},
    rig::{Ask, Http, Process, Random, Start, patient},
};

const DISK_BYTES: u64 = 16 << 20;

/// What is left for the server each time.
const LEFT_BYTES: u64 = 1 << 20;

/// How often it fills up. After more, what is kept would fill it by itself: `TIDINGS_FILLS` makes it more disks.
const FILLS: u64 = 3;

/// Entries that are acknowledged after each time, to show that it is well again.
const ENTRIES: u64 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_and_is_given_room_costs_no_acked_push() {
    let mut random = random();
    for _ in 0..number_of("TIDINGS_FILLS").unwrap_or(FILLS).div_ceil(FILLS) {
        a_disk(&mut random).await;
    }
}

async fn a_disk(random: &mut Random) {
    let play = Play::begin(random, followers()).on_small_disk(DISK_BYTES);
    let (mut process, address) = play.serve();
    for _ in 0..FILLS {
        fill(&play, &process, address).await;
    }
    tokio::task::block_in_place(|| process.kill());
    play.gone();
    restart_without_room(&play);
    let (process, address) = play.serve();
    play.end(process, address).await;
}

/// From a server that is well to a full disk and back, which takes no restart.
async fn fill(play: &Play, process: &Process, address: SocketAddr) {
    let disk = play.disk.as_ref().expect("this play has one");
    becomes(address, 200).await;
    let before = process.log().len();
    disk.fill(LEFT_BYTES);
    becomes(address, 503).await;
    let acked = play.acked();
    // The words reach the test by a pipe, after the answer.
    patient(async {
        while !process.log().get(before..).is_some_and(|new| new.contains("disk is full")) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    disk.empty();
    becomes(address, 200).await;
    patient(async {
        while play.acked() < acked + ENTRIES {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A server that starts on a full disk serves, if it needs no room to start, or says why it does not.
fn restart_without_room(play: &Play) {
    let disk = play.disk.as_ref().expect("this play has one");
    disk.fill(0);
    let (mut process, address) = play.try_to_serve(&Start::default());
    if address.is_some() {
        tokio::task::block_in_place(|| process.kill());
    } else {
        let (status, _) = tokio::task::block_in_place(|| process.ended());
        assert!(status.code() == Some(1) && process.log().contains("full"), "{}", process.log());
    }
    play.gone();
    disk.empty();
}

async fn becomes(address: SocketAddr, status: u16) {
    let mut http = patient(Http::open(address)).await.unwrap();
    patient(async { while http.ask(&Ask::get("/readyz")).await.unwrap().status != status {} }).await;
}
