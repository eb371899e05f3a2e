//! The first start of a server, every sync and write of which fails once; and changes to accounts whose sync fails.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::play::number_of;
use crate::rig::{Ask, Http, Injected, Process, Strace, patient, token};

/// More than a start has of anything, so that a loop that never ends is noticed.
const CALLS_MAX: u64 = 500;

/// Every so-many-th write fails, unless `TIDINGS_FAULTS` is there: then each.
const WRITES_STEP: usize = 11;

#[tokio::test]
async fn every_sync_of_the_first_start_fails_once_and_the_next_start_is_well() {
    assert!(each_fails("fsync,fdatasync", "EIO", 1).await > 10, "a start hardly syncs");
}

#[tokio::test]
async fn a_write_of_the_first_start_that_finds_no_room_is_told_and_the_next_start_is_well() {
    let step = number_of("TIDINGS_FAULTS").map_or(WRITES_STEP, |_| 1);
    assert!(each_fails("pwrite64", "ENOSPC", step).await > 3, "a start hardly writes");
}

/// Starts in a new folder, one for each so-many-th call, until there was none left to fail. How many failed.
async fn each_fails(calls: &'static str, error: &'static str, step: usize) -> usize {
    for (failed, nth) in (1..CALLS_MAX).step_by(step).enumerate() {
        let home = TempDir::new().unwrap();
        let trace = home.path().join("trace");
        let strace = Strace { calls, files: Vec::new(), nth, injected: Injected::Error(error), trace };
        let mut process = Process::spawn_with(home.path(), &strace.start());
        match process.comes_up() {
            // What failed was of no importance, and the server is well all the same, or is not and says so.
            Some(_) => process.kill(),
            None => refused(&mut process, nth),
        }
        if !strace.has_failed() {
            println!("{failed} starts with {error}");
            return failed;
        }
        is_well(home.path(), nth).await;
    }
    panic!("a start has more than {CALLS_MAX} calls");
}

fn refused(process: &mut Process, nth: u64) {
    let (status, _) = process.ended();
    let log = process.log();
    assert_eq!(status.code(), Some(1), "{nth}: {log}");
    let last = log.lines().last().unwrap_or_default();
    assert!(last.starts_with("tidings: ") && !log.contains("panicked"), "{nth}: {log}");
}

/// A server starts there and takes a push.
async fn is_well(home: &Path, nth: u64) {
    let process = Process::spawn(home);
    let mut http = patient(Http::open(process.address())).await.unwrap();
    let body = json!({ "type": "log", "action": "add", "data": { "id": 1 } });
    let answer = patient(http.ask(&Ask::push(&body).token(&token("ann", "member")))).await.unwrap();
    assert_eq!(answer.status, 200, "{nth}: {}\n{}", answer.text(), process.log());
}

/// People whom the server welcomed, one refusal among them.
#[tokio::test]
async fn a_registration_whose_sync_fails_is_refused_and_those_that_were_welcomed_stay() {
    let home = TempDir::new().unwrap();
    Process::spawn(home.path()).address();
    let mut welcomed = Vec::new();
    for nth in 1..=6 {
        life(home.path(), nth, &mut welcomed).await;
    }
    let process = Process::spawn(home.path());
    let mut http = patient(Http::open(process.address())).await.unwrap();
    assert!(welcomed.len() > 6, "hardly anybody was welcomed");
    for email in welcomed {
        let ask = Ask::new("POST", "/api/auth/login").json(&json!({ "email": email, "password": PASSWORD }));
        assert_eq!(patient(http.ask(&ask)).await.unwrap().status, 200, "{email} is unknown");
    }
}

const PASSWORD: &str = "a long enough password";

/// One life, in which the n-th sync of the accounts fails.
async fn life(home: &Path, nth: u64, welcomed: &mut Vec<Value>) {
    let accounts = home.join("data/accounts.db");
    let files = vec![accounts.clone(), home.join("data/accounts.db-wal")];
    let trace = home.join(format!("trace-{nth}"));
    let strace = Strace { calls: "fsync,fdatasync", files, nth, injected: Injected::Error("EIO"), trace };
    let mut process = Process::spawn_with(home, &strace.start());
    let Some(address) = process.comes_up() else { return refused(&mut process, nth) };
    let mut http = patient(Http::open(address)).await.unwrap();
    let mut refusals = 0;
    for number in 0..nth * 4 + 3 {
        // Calls are counted by thread, and each registration may meet another one.
        if refusals > 0 && number >= nth + 3 {
            break;
        }
        let email = json!(format!("p{nth}-{number}@example.com"));
        let body = json!({ "name": "Pat", "email": email, "password": PASSWORD });
        let answer = patient(http.ask(&Ask::new("POST", "/api/auth/register").json(&body))).await.unwrap();
        match answer.status {
            200 => welcomed.push(email),
            _ => {
                assert_eq!(answer.refusal(), (503, "unavailable".to_owned()));
                refusals += 1;
            }
        }
    }
    process.kill();
    assert!(strace.has_failed() && refusals > 0, "{nth}: nobody was refused\n{}", process.log());
    crate::loss::lose_unsynced(&strace.lines());
}
