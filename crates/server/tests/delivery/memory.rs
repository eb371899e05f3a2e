//! What readers that do not read cost the real server, in resident memory, and that nobody else notices them.

use std::{net::SocketAddr, path::Path, time::Duration};

use serde_json::json;
use tempfile::TempDir;

use crate::{
    PATIENT, expect_ids, expect_ids_resuming, push_all, pusher,
    rig::{Ask, Http, Process, Socket, patient},
};

const MB: u64 = 1_000_000;

/// What a tail may hold, and as much again for the allocator and for what is on its way.
const GROWTH_BYTES_MAX: u64 = 2 * journal::limits::TAIL_BYTES_MAX as u64 + 60 * MB;

/// Resident memory of the process.
fn resident_bytes(process: &Process) -> u64 {
    let status = Path::new("/proc").join(process.id().to_string()).join("status");
    let status = std::fs::read_to_string(status).expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
}

/// The largest that resident memory is while `work` goes on, less what it was before.
async fn growth_during<T>(process: &Process, work: impl Future<Output = T>) -> (T, u64) {
    let before = resident_bytes(process);
    let mut most = before;
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return (done, most.max(resident_bytes(process)) - before),
            _ = looks.tick() => most = most.max(resident_bytes(process)),
        }
    }
}

fn start() -> (TempDir, Process, SocketAddr) {
    let home = TempDir::new().expect("a folder for a while");
    std::fs::write(home.path().join("tidings.toml"), PATIENT).expect("a writable folder");
    let process = Process::spawn(home.path());
    let address = process.address();
    (home, process, address)
}

async fn follower(address: SocketAddr, auth: serde_json::Value) -> Socket {
    patient(Socket::enter(address, "default", &auth)).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_stalled_sockets_cost_no_queue_and_delay_nobody() {
    const ITEMS: u64 = 2_600;
    let (_home, process, address) = start();
    let mut http = patient(Http::open(address)).await.unwrap();
    let start_cursor = patient(http.ask(&Ask::get("/api/sync/data"))).await.unwrap().cursor();
    let mut stalled = Vec::new();
    for _ in 0..200 {
        stalled.push(follower(address, json!({})).await);
    }
    let mut live = follower(address, json!({})).await;
    let mut pusher = pusher(address).await;
    let work = async {
        // Fifty megabytes; two hundred queues of that would be ten gigabytes.
        let pushing = push_all(&mut pusher, "chat", 0..ITEMS, 20_000);
        tokio::join!(pushing, expect_ids(&mut live, 0..ITEMS));
    };
    let ((), growth) = growth_during(&process, work).await;
    println!("200 stalled sockets, 52 MB of pushes: resident memory grew by {} MB", growth / MB);
    assert!(growth < GROWTH_BYTES_MAX, "{} MB", growth / MB);
    let last = stalled.pop().unwrap();
    expect_ids_resuming(address, last, &start_cursor, 0..ITEMS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_asks_for_a_thousand_pages_and_reads_none_costs_one_page() {
    let (_home, process, address) = start();
    let mut pusher = pusher(address).await;
    push_all(&mut pusher, "chat", 0..1, 900_000).await;
    let mut greedy = follower(address, json!({ "topics": [] })).await;
    let mut other = follower(address, json!({ "topics": [] })).await;
    let work = async {
        for _ in 0..1_000 {
            patient(greedy.emit("pull", &json!({}))).await.unwrap();
        }
        for _ in 0..50 {
            let page = patient(other.ask("pull", &json!({}))).await.unwrap();
            assert_eq!(page["complete"], json!(true), "others are answered meanwhile");
        }
    };
    let ((), growth) = growth_during(&process, work).await;
    println!("a thousand pages asked for and not read: resident memory grew by {} MB", growth / MB);
    assert!(growth < 100 * MB, "{} MB", growth / MB);
    for number in 1..=1_000 {
        let page = patient(greedy.answer_to(number)).await.unwrap();
        let is_page = page["complete"] == json!(true);
        assert!(is_page || page["code"] == json!("busy"), "each is answered");
    }
}

/// More than the threads that a runtime keeps for blocking work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_hundred_who_take_a_state_and_do_not_read_it_hold_nobody_up() {
    let (_home, process, address) = start();
    push_all(&mut pusher(address).await, "chat", 0..100, 100_000).await;
    let mut stalled = Vec::new();
    let work = async {
        for _ in 0..600 {
            let mut http = patient(Http::open(address)).await.unwrap();
            patient(http.write(&Ask::get("/api/sync/data").bytes())).await.unwrap();
            stalled.push(http);
        }
        let mut http = patient(Http::open(address)).await.unwrap();
        let state = patient(http.ask(&Ask::get("/api/sync/chat"))).await.unwrap().json();
        assert_eq!(state.as_array().map(Vec::len), Some(100));
    };
    let ((), growth) = growth_during(&process, work).await;
    println!("600 unread states of 10 MB: resident memory grew by {} MB", growth / MB);
    assert!(growth < 600 * MB, "{} MB, that is more than a few parts for each", growth / MB);
}
