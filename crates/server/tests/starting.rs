//! Starting the real binary on a data folder that is taken, damaged or incomplete: it says what to do, or does it.
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

#[path = "rig/mod.rs"]
mod rig;

use std::{fs, net::SocketAddr, path::Path};

use rig::{Ask, Http, Process, patient, token, verify};
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

async fn add(address: SocketAddr, id: u64) {
    let body = json!({ "type": "chat", "action": "add", "data": { "id": id, "text": "a text that can be found" } });
    let mut http = patient(Http::open(address)).await.unwrap();
    // Pushes wait while views are rebuilt.
    patient(async { while http.ask(&Ask::push(&body).token(&token("ann", "member"))).await.unwrap().status != 200 {} })
        .await;
}

async fn count(address: SocketAddr) -> usize {
    let mut http = patient(Http::open(address)).await.unwrap();
    let items = patient(http.ask(&Ask::get("/api/sync/chat"))).await.unwrap().json();
    items.as_array().map_or(0, Vec::len)
}

/// A folder in which a server has written three items, and ended.
async fn written() -> TempDir {
    let home = TempDir::new().unwrap();
    let mut process = Process::spawn(home.path());
    let address = process.address();
    for id in 0..3 {
        add(address, id).await;
    }
    process.signal(Signal::TERM);
    assert!(process.ended().0.success(), "{}", process.log());
    home
}

fn space(home: &TempDir) -> std::path::PathBuf {
    home.path().join("data/spaces/default")
}

/// Changes a byte of the last item's text in the journal's one segment. Opening the journal has moved everything there
/// from SQLite's log, which takes a changed byte for its own end.
fn spoil_journal(home: &TempDir) {
    drop(store::Journal::open(&space(home), store::JournalOptions::new([0; 16])).unwrap());
    let files = fs::read_dir(space(home).join("journal")).unwrap().map(|entry| entry.unwrap().path());
    let segment = files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "db")).unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let at = bytes.windows(8).rposition(|window| window == b"that can").expect("the text is in the file");
    bytes[at] = b'T';
    fs::write(&segment, bytes).unwrap();
}

/// Starts a server that must not come up; what it said.
fn refused(home: &Path) -> String {
    let mut process = Process::spawn(home);
    let (status, _) = process.ended();
    assert!(!status.success(), "it came up: {}", process.log());
    process.log()
}

#[tokio::test]
async fn a_data_folder_has_one_server_at_a_time_and_the_second_says_so() {
    let home = written().await;
    let first = Process::spawn(home.path());
    let address = first.address();
    let said = refused(home.path());
    assert!(said.contains("another") && said.contains("stop"), "{said}");
    assert_eq!(count(address).await, 3, "the first goes on");
    add(address, 3).await;
    drop(first);
    let next = Process::spawn(home.path());
    assert_eq!(count(next.address()).await, 4, "the lock went with its holder, who was killed");
}

#[tokio::test]
async fn a_changed_byte_is_found_by_verify_and_by_the_start_which_say_where() {
    let home = written().await;
    spoil_journal(&home);
    let (is_whole, said) = verify(home.path());
    assert!(!is_whole && said.contains("default"), "{said}");
    let said = refused(home.path());
    assert!(said.contains("journal") && said.contains("verify"), "{said}");
}

#[tokio::test]
async fn views_that_are_lost_or_spoilt_come_back() {
    let home = written().await;
    for spoilt in [None, Some(&b"not a database"[..]), Some(&[0; 8_192])] {
        let views = space(&home).join("views.db");
        match spoilt {
            None => fs::remove_file(&views).unwrap(),
            Some(bytes) => fs::write(&views, bytes).unwrap(),
        }
        let mut process = Process::spawn(home.path());
        assert_eq!(count(process.address()).await, 3, "{}", process.log());
        process.signal(Signal::TERM);
        assert!(process.ended().0.success());
    }
    assert!(verify(home.path()).0);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("data"), "a file where the folder should be").unwrap();
    let said = refused(home.path());
    assert!(said.contains("data"), "{said}");
}
