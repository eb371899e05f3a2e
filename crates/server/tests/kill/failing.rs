//! Lives of the server in which one sync or one write fails, the first, the second, and so on. It must say so, write nothing
//! more, and have everything that it acknowledged when it comes back, although the disk lost whatever it did not sync.

use std::{
    net::SocketAddr,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use serde_json::json;

use crate::{
    loss::lose_unsynced,
    play::{Play, followers, hot_segment, log_of, number_of, random, space},
    rig::{Answer, Ask, Http, Injected, Process, Strace, patient, token},
};

/// Which of the calls fails in which life; `TIDINGS_FAULTS=200` makes it each of the first two hundred.
const SAMPLE: &[u64] = &[1, 2, 3, 5, 8, 12, 21, 200];

/// Receipts after which a server counts as well again.
const ACKS: u64 = 20;

/// What fails.
struct Fault {
    calls: &'static str,
    error: &'static str,
    /// On which files, once a server has run.
    files: fn(&Path) -> Vec<PathBuf>,
    /// What the log says, in its one line about it, when the server runs.
    says: &'static [&'static str],
    /// And when all is well again.
    recovers: &'static str,
    /// Whether pushes are refused from then on, or only what is derived stands still.
    refuses_pushes: bool,
}

const OF_JOURNAL: Fault = Fault {
    calls: "pwrite64",
    error: "ENOSPC",
    files: |home| vec![log_of(&hot_segment(home)), hot_segment(home)],
    says: &["the journal cannot be written", "the journal's log cannot be written back"],
    recovers: "pushes are taken again",
    refuses_pushes: true,
};

const OF_VIEWS: Fault = Fault {
    files: |home| vec![log_of(&space(home).join("views.db"))],
    says: &["the projections cannot be written"],
    recovers: "the projections are written again",
    refuses_pushes: false,
    ..OF_JOURNAL
};

/// How long it fails.
#[derive(Clone, Copy, Debug)]
enum Until {
    Once,
    TheEnd,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_of_the_journal_that_fails_acks_nothing_falsely_and_loses_nothing() {
    each_fails(&Fault { calls: "fsync,fdatasync", error: "EIO", ..OF_JOURNAL }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_to_the_journal_without_room_acks_nothing_falsely_and_loses_nothing() {
    each_fails(&OF_JOURNAL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_to_the_views_without_room_is_told_and_loses_nothing() {
    each_fails(&OF_VIEWS).await;
}

/// Nothing more is written to them in that life: memory may show what the disk does not have. The first sync of a life is that of
/// the log that a kill left, the next one comes when that log has become long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_of_the_views_that_fails_stops_them_until_the_next_start_and_loses_nothing() {
    let play = begun();
    let mut in_opening = 0;
    for nth in [1, 2] {
        let views = space(play.home.path()).join("views.db");
        let files = vec![log_of(&views), views];
        let trace = play.home.path().join(format!("trace-{nth}"));
        let strace = Strace { calls: "fsync,fdatasync", files, nth, injected: Injected::Error("EIO"), trace };
        let (mut process, address) = play.try_to_serve(&strace.start());
        match address {
            None => refused_to_start(&mut process, nth),
            Some(address) => patient(stops_projecting(address, &process)).await,
        }
        in_opening += u64::from(address.is_none());
        tokio::task::block_in_place(|| process.kill());
        play.gone();
        assert!(strace.has_failed(), "{nth}: nothing failed\n{}", process.log());
        lose_unsynced(&strace.lines());
    }
    println!("EIO on a sync of the views in two lives, in {in_opening} of them while opening");
    let (process, address) = play.serve();
    play.end(process, address).await;
}

/// A play whose files are there, so that it can be asked which they are.
fn begun() -> Play {
    let play = Play::begin(&mut random(), followers());
    tokio::task::block_in_place(|| play.serve().0.kill());
    play.gone();
    play
}

async fn each_fails(fault: &Fault) {
    let play = begun();
    let lives = lives();
    let mut in_opening = 0;
    for (nth, until) in &lives {
        in_opening += u64::from(life(&play, fault, *nth, *until).await);
    }
    println!("{} on {} in {} lives, in {in_opening} of them while opening", fault.error, fault.calls, lives.len());
    let (process, address) = play.serve();
    play.end(process, address).await;
}

/// The sample, once and for good in turn; or each of them in both ways.
fn lives() -> Vec<(u64, Until)> {
    match number_of("TIDINGS_FAULTS") {
        Some(faults) => (1..=faults).flat_map(|nth| [(nth, Until::Once), (nth, Until::TheEnd)]).collect(),
        None => SAMPLE.iter().copied().zip([Until::Once, Until::TheEnd].into_iter().cycle()).collect(),
    }
}

/// One life of the server, to its failure and its end; whether it failed before it served anybody.
async fn life(play: &Play, fault: &Fault, nth: u64, until: Until) -> bool {
    let trace = play.home.path().join(format!("trace-{nth}-{until:?}"));
    let injected = match until {
        Until::Once => Injected::Error(fault.error),
        Until::TheEnd => Injected::Errors(fault.error),
    };
    let strace = Strace { calls: fault.calls, files: (fault.files)(play.home.path()), nth, injected, trace };
    let (mut process, address) = play.try_to_serve(&strace.start());
    match (address, until) {
        (None, _) => refused_to_start(&mut process, nth),
        (Some(_), Until::Once) => patient(comes_back(play, &process, fault)).await,
        (Some(address), Until::TheEnd) => patient(stays_down(address, &process, fault)).await,
    }
    if address.is_some() {
        tokio::task::block_in_place(|| end(&mut process, nth));
    }
    play.gone();
    assert!(strace.has_failed(), "{nth}: nothing failed\n{}", process.log());
    lose_unsynced(&strace.lines());
    address.is_none()
}

fn refused_to_start(process: &mut Process, nth: u64) {
    let (status, _) = tokio::task::block_in_place(|| process.ended());
    assert_eq!(status.code(), Some(1), "{nth}: {:?}\n{}", status.signal(), process.log());
    assert!(process.log().contains("cannot be opened"), "{nth}: {}", process.log());
}

/// Killed, or told to end, in turn.
fn end(process: &mut Process, nth: u64) {
    if nth.is_multiple_of(2) {
        return process.kill();
    }
    process.signal(Signal::TERM);
    assert!(process.ended().0.success(), "{nth}: {}", process.log());
}

/// What failed once is told once; the server is well again by itself, and pushes go on.
async fn comes_back(play: &Play, process: &Process, fault: &Fault) {
    while !process.log().contains(fault.recovers) {
        tokio::task::yield_now().await;
    }
    let goal = play.acked() + ACKS;
    while play.acked() < goal {
        tokio::task::yield_now().await;
    }
    is_told(process, fault, 1);
}

/// What goes on failing leaves a clear state: not ready, a push is refused with the code for it, what is durable is read on,
/// and the log says so.
async fn stays_down(address: SocketAddr, process: &Process, fault: &Fault) {
    while errors(process).is_empty() {
        tokio::task::yield_now().await;
    }
    let mut http = Http::open(address).await.expect("the server listens");
    // Now and then it finds the journal well until the next write: then it is ready for so long.
    while http.ask(&Ask::get("/readyz")).await.expect("the server answers").status == 200 {}
    if fault.refuses_pushes {
        assert_eq!(push(&mut http).await.refusal(), (503, "unavailable".to_owned()));
        let state = http.ask(&Ask::get("/api/sync/data")).await.expect("the server answers");
        assert_eq!(state.status, 200, "{}", state.text());
    }
    is_told(process, fault, usize::MAX);
}

/// The log says what to do about it, and whoever asks hears that not all is well.
async fn stops_projecting(address: SocketAddr, process: &Process) {
    while errors(process).is_empty() {
        tokio::task::yield_now().await;
    }
    let errors = errors(process);
    let is_said = |line: &String| line.contains("the projections stopped") && line.contains("restart the server");
    assert!(errors.len() == 1 && errors.iter().all(is_said), "{errors:#?}");
    let mut http = Http::open(address).await.expect("the server listens");
    while http.ask(&Ask::get("/readyz")).await.expect("the server answers").status == 200 {}
}

fn is_told(process: &Process, fault: &Fault, lines_max: usize) {
    let errors = errors(process);
    let is_said = |line: &String| fault.says.iter().any(|words| line.contains(words));
    let count = errors.len();
    assert!(count > 0 && count <= lines_max && errors.iter().all(is_said), "{errors:#?}");
}

fn errors(process: &Process) -> Vec<String> {
    process.log().lines().filter(|line| line.contains(" ERROR ")).map(str::to_owned).collect()
}

/// A push that must not be taken, so that no record has it.
async fn push(http: &mut Http) -> Answer {
    let body = json!({ "type": "log", "action": "add", "data": { "id": "in vain" } });
    http.ask(&Ask::push(&body).token(&token("eve", "member"))).await.expect("the server answers")
}
