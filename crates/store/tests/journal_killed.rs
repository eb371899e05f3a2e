//! The journal of a process that is killed, or whose disk says no, in the middle of its work. The test starts itself as
//! that process.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod support;

use std::{
    env,
    io::{BufRead as _, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use journal::Position;
use store::{AppendError, CheckpointError, Journal, JournalOptions, verify};
use support::{Chain, IDENTITY, all};
use tempfile::TempDir;

/// Tells the test that it is the child, and where to write.
const SPACE: &str = "STORE_TEST_SPACE";

const BATCH_ENTRIES: u64 = 7;

fn open(space: &Path) -> Journal {
    Journal::open(space, JournalOptions { segment_entries_max: 100, ..JournalOptions::new(IDENTITY) }).unwrap()
}

/// More than any of these tests lets happen.
const BATCHES_MAX: usize = 5_000;

/// Appends batches and prints each acked head, until the disk says no.
fn append_until_it_fails(space: &Path) -> (Journal, AppendError) {
    let mut journal = open(space);
    let mut chain = Chain::behind(&all(&journal.reader()));
    for _ in 0..BATCHES_MAX {
        match journal.append(&chain.adds(usize::try_from(BATCH_ENTRIES).unwrap())) {
            Ok(()) => println!("acked {}", journal.head().position),
            Err(error) => return (journal, error),
        }
    }
    panic!("nobody stopped me");
}

/// This test, started again as a child that writes into `space`, by a command line that ends in the program to run.
fn child(command: &[&str], test: &str, space: &Path) -> (Child, Lines<BufReader<ChildStdout>>) {
    let program = env::current_exe().unwrap();
    let line: Vec<_> = command.iter().map(|word| (*word).into()).chain([program.into_os_string()]).collect();
    let mut child = Command::new(&line[0])
        .args(&line[1..])
        .args(["--exact", test, "--nocapture"])
        .env(SPACE, space)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

/// The position in the next line that tells of an ack.
fn acked(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<Position> {
    let mut positions = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("acked ")?.parse().ok());
    positions.next().map(Position)
}

#[test]
fn a_killed_writer_leaves_whole_batches_and_every_acked_one() {
    const NAME: &str = "a_killed_writer_leaves_whole_batches_and_every_acked_one";
    if let Some(space) = env::var_os(SPACE) {
        panic!("the disk said no: {}", append_until_it_fails(space.as_ref()).1);
    }
    let space = TempDir::new().unwrap();
    // After so many acks each: early, in the middle of a segment, around a roll.
    for acks in [1, 3, 8, 14, 15, 29, 2, 21] {
        let (mut child, mut lines) = child(&[], NAME, space.path());
        let last = (0..acks).map(|_| acked(&mut lines).unwrap()).last();
        child.kill().unwrap();
        child.wait().unwrap();
        // What it acked after we decided to kill it counts too.
        let last = std::iter::from_fn(|| acked(&mut lines)).last().or(last).unwrap();

        let journal = open(space.path());
        let head = journal.head().position;
        assert!(head >= last, "acked {last}, found {head}");
        assert_eq!(head.0 % BATCH_ENTRIES, 0, "a batch was torn");
        let found = verify(space.path(), |_| {}).unwrap();
        assert_eq!((found.fault, found.head), (None, Some(journal.head())));
    }
}

#[test]
fn after_a_write_that_the_kernel_refused_nothing_is_written_and_nothing_acked_is_lost() {
    const NAME: &str = "after_a_write_that_the_kernel_refused_nothing_is_written_and_nothing_acked_is_lost";
    if let Some(space) = env::var_os(SPACE) {
        let (mut journal, error) = append_until_it_fails(space.as_ref());
        assert!(matches!(error, AppendError::Failed(_)), "{error}");
        assert_eq!(journal.reader().head(), Ok(journal.head()), "nobody sees what was not synced");
        let next = Chain::behind(&all(&journal.reader())).adds(1);
        assert_eq!(journal.append(&next), Err(AppendError::Poisoned));
        assert_eq!(journal.checkpoint(), Err(CheckpointError::Poisoned));
        return;
    }
    let space = TempDir::new().unwrap();
    // No file may grow beyond 120 blocks of 512 bytes, which a segment's log does before the segment is full; a write
    // that would make it grow fails instead of killing.
    let limited = "trap '' XFSZ; ulimit -f 120; exec \"$0\" \"$@\"";
    let (mut child, mut lines) = child(&["sh", "-c", limited], NAME, space.path());
    let last = std::iter::from_fn(|| acked(&mut lines)).last().unwrap();
    assert!(child.wait().unwrap().success());

    let mut journal = open(space.path());
    let head = journal.head();
    assert!(head.position >= last, "acked {last}, found {}", head.position);
    assert_eq!(head.position.0 % BATCH_ENTRIES, 0, "a batch was torn");
    journal.append(&Chain::behind(&all(&journal.reader())).adds(5)).unwrap();
    assert_eq!(verify(space.path(), |_| {}).unwrap().fault, None);
}
