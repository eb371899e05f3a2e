//! Kills at the places where they hurt most, each of them shown to have been hit.

use std::os::unix::process::ExitStatusExt as _;

use rustix::process::Signal;

use crate::{
    play::{Play, followers, hot_segment, log_of, number_of, random, space},
    rig::{Injected, Random, Start, Strace},
};

/// Kills at each place, unless `TIDINGS_POINT_KILLS` says otherwise.
const KILLS: u64 = 3;

/// The server is killed at the first to so many-th time that it comes to the place.
const PASSES_MAX: u64 = 12;

/// In the rounds that kill in a roll a file of the journal is full after so many entries.
const SEGMENT_ENTRIES: u64 = 100;

/// Where.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// Before these system calls on a file.
    Call(&'static str, File),
    /// Before these system calls on the journal's folder, of which a roll to a new file makes some.
    Roll(&'static str),
    /// At a place between two system calls, which the server itself knows by name.
    Place(&'static str),
}

#[derive(Clone, Copy, Debug)]
enum File {
    /// The log of the journal's last file.
    Log,
    /// The journal's last file, which only checkpoints write.
    Segment,
    /// The log of the views.
    Views,
}

const SYNCS: &str = "fsync,fdatasync";
const WRITES: &str = "pwrite64";

const POINTS: &[(&str, Point)] = &[
    ("in the middle of writing a batch", Point::Call(WRITES, File::Log)),
    ("before the sync of a batch", Point::Call(SYNCS, File::Log)),
    ("after the commit, before the ack", Point::Place("after_commit")),
    ("after the ack, before the wake", Point::Place("after_ack")),
    ("in a projection", Point::Call(WRITES, File::Views)),
    ("in a checkpoint, between two pages", Point::Call(WRITES, File::Segment)),
    ("in a checkpoint, before its sync", Point::Call(SYNCS, File::Segment)),
    ("in a roll, before a name is synced", Point::Roll(SYNCS)),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_the_worst_places_lose_double_and_reorder_nothing() {
    assert_places_are_built_in();
    let kills = number_of("TIDINGS_POINT_KILLS").unwrap_or(KILLS);
    let mut random = random();
    let play = Play::begin(&mut random, followers());
    // Every file is there when the first round asks which they are.
    tokio::task::block_in_place(|| play.serve().0.kill());
    play.gone();
    for _ in 0..kills {
        for (name, point) in POINTS {
            round(&play, name, *point, &mut random);
        }
    }
    println!("{kills} kills at each of {} places", POINTS.len());
    let (process, address) = play.serve();
    let outcome = play.end(process, address).await;
    assert!(outcome.pushers.duplicates > 0, "no kill fell between a commit and its receipt");
}

/// A release build, which `TIDINGS_BIN` may name, knows no places and would be waited for in vain.
fn assert_places_are_built_in() {
    let Some(named) = std::env::var_os("TIDINGS_BIN") else { return };
    let binary = std::fs::read(named).expect("the binary can be read");
    let said = b"crashed on purpose";
    let knows = binary.windows(said.len()).any(|bytes| bytes == said);
    assert!(knows, "the binary has no places to crash at: name one with debug assertions in TIDINGS_BIN, or none");
}

/// One life of the server, which ends at the place and nowhere else.
fn round(play: &Play, name: &str, point: Point, random: &mut Random) {
    let (nth, home) = (random.below(PASSES_MAX) + 1, play.home.path());
    let start = match point {
        Point::Call(calls, file) => {
            let file = match file {
                File::Log => log_of(&hot_segment(home)),
                File::Segment => hot_segment(home),
                File::Views => log_of(&space(home).join("views.db")),
            };
            killing(play, calls, nth, vec![file])
        }
        Point::Roll(calls) => {
            let variables = vec![("TIDINGS_LIMITS_SEGMENT_ENTRIES", SEGMENT_ENTRIES.to_string())];
            Start { variables, ..killing(play, calls, nth, vec![space(home).join("journal")]) }
        }
        Point::Place(place) => Start { variables: vec![("CRASH_AT", format!("{place}:{nth}"))], ..Start::default() },
    };
    let (mut process, _) = play.try_to_serve(&start);
    let (status, _) = tokio::task::block_in_place(|| process.ended());
    play.gone();
    let (signal, log) = (status.signal(), process.log());
    let is_hit = match point {
        Point::Place(_) => signal == Some(Signal::ABORT.as_raw()) && log.contains("crashed on purpose"),
        Point::Call(..) | Point::Roll(_) => signal == Some(Signal::KILL.as_raw()),
    };
    assert!(is_hit, "{name}, {nth}: {status}\n{log}");
}

fn killing(play: &Play, calls: &'static str, nth: u64, files: Vec<std::path::PathBuf>) -> Start {
    Strace { calls, files, nth, injected: Injected::Kill, trace: play.home.path().join("trace") }.start()
}
