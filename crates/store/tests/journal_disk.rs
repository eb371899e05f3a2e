//! What the journal on disk promises beyond the contract: the lock, segments, restarts and crashes.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process, thread,
};

use journal::{Action, Position};
use store::{Faults, Journal, JournalOptions, OpenError, ReadError, verify};
use support::{Chain, IDENTITY, Wish, all};
use tempfile::TempDir;

fn open(space: &Path) -> Result<Journal, OpenError> {
    Journal::open(space, JournalOptions { segment_entries_max: 10, ..JournalOptions::new(IDENTITY) })
}

/// The segments and what lies beside them.
fn files(space: &Path) -> Vec<String> {
    let files = fs::read_dir(space.join("journal")).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn segments(space: &Path) -> Vec<PathBuf> {
    let names = files(space).into_iter().filter(|name| name.ends_with(".db"));
    names.map(|name| space.join("journal").join(name)).collect()
}

/// The folder as a kill -9 at this moment would leave it.
fn crashed(space: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    fs::create_dir(copy.path().join("journal")).unwrap();
    for name in files(space).iter().filter(|name| !name.ends_with("-shm")) {
        fs::copy(space.join("journal").join(name), copy.path().join("journal").join(name)).unwrap();
    }
    copy
}

/// The bytes in logs beside the segments.
fn log_bytes(space: &Path) -> u64 {
    let logs = files(space).into_iter().filter(|name| name.ends_with("-wal"));
    logs.map(|name| fs::metadata(space.join("journal").join(name)).unwrap().len()).sum()
}

#[test]
fn a_writer_that_ends_well_leaves_nothing_in_a_log_although_readers_live_on() {
    let space = TempDir::new().unwrap();
    let mut journal = open(space.path()).unwrap();
    let mut chain = Chain::default();
    for _ in 0..5 {
        journal.append(&chain.adds(3)).unwrap();
    }
    let reader = journal.reader();
    let entries = all(&reader);
    assert!(log_bytes(space.path()) > 0, "while it works it has a log");
    drop(journal);
    assert_eq!(log_bytes(space.path()), 0);
    assert_eq!(all(&reader), entries, "whoever reads goes on reading");
    assert_eq!(verify(space.path(), |_| {}).unwrap().entries, 15, "verify too");
    drop(reader);
    assert_eq!(open(space.path()).unwrap().head(), chain.head);
}

#[test]
fn a_second_writer_is_refused_with_advice_and_the_first_goes_on() {
    let space = TempDir::new().unwrap();
    let mut first = open(space.path()).unwrap();
    let mut chain = Chain::default();
    first.append(&chain.adds(3)).unwrap();
    let refused = open(space.path()).err().unwrap();
    assert_eq!(refused, OpenError::Locked { folder: space.path().into(), holder: Some(process::id()) });
    let advice = refused.to_string();
    assert!(advice.contains(&space.path().display().to_string()) && advice.contains("stop that one"), "{advice}");
    first.append(&chain.adds(3)).unwrap();
    drop(first);
    assert_eq!(open(space.path()).unwrap().head(), chain.head);
}

#[test]
fn a_reopened_journal_is_the_one_that_was_closed() {
    let space = TempDir::new().unwrap();
    let (mut chain, mut entries) = (Chain::default(), Vec::new());
    for size in [4, 10, 1, 17, 8] {
        let mut journal =
            Journal::open(space.path(), JournalOptions { segment_entries_max: 10, ..JournalOptions::new([size; 16]) })
                .unwrap();
        assert_eq!(journal.identity(), [4; 16], "an identity is given once");
        if size == 4 {
            chain = Chain::of([4; 16]);
        }
        assert_eq!(journal.head(), chain.head);
        assert_eq!(all(&journal.reader()), entries);
        let batch = chain.adds(size.into());
        journal.append(&batch).unwrap();
        entries.extend(batch);
    }
}

#[test]
fn segments_are_named_by_their_first_position_and_hold_whole_batches() {
    let space = TempDir::new().unwrap();
    let (mut journal, mut chain) = (open(space.path()).unwrap(), Chain::default());
    for size in [6, 6, 25, 4, 4, 4] {
        journal.append(&chain.adds(size)).unwrap();
    }
    let names = [1, 7, 13, 38, 46].map(|first| space.path().join(format!("journal/{first:020}.db")));
    assert_eq!(segments(space.path()), names);
}

#[test]
fn cold_segments_have_no_log_even_with_readers_around() {
    let space = TempDir::new().unwrap();
    let (mut journal, mut chain) = (open(space.path()).unwrap(), Chain::default());
    let reader = journal.reader();
    for _ in 0..4 {
        journal.append(&chain.adds(8)).unwrap();
        assert_eq!(all(&reader).last().map(|entry| entry.position), Some(chain.head.position));
    }
    let cold = segments(space.path());
    for segment in &cold[..cold.len() - 1] {
        let log = PathBuf::from(format!("{}-wal", segment.display()));
        assert_eq!(log.metadata().map_or(0, |log| log.len()), 0, "{}", log.display());
    }
}

#[test]
fn the_log_stays_short_while_much_is_written_and_read() {
    let space = TempDir::new().unwrap();
    let (mut journal, mut chain) =
        (Journal::open(space.path(), JournalOptions::new(IDENTITY)).unwrap(), Chain::default());
    let (reader, mut longest) = (journal.reader(), 0);
    let log = space.path().join(format!("journal/{:020}.db-wal", 1));
    let data = format!("\"{}\"", "x".repeat(100_000));
    for _ in 0..150 {
        journal.append(&[chain.next(Wish::new(Action::Update, "big", None).data(data.clone()))]).unwrap();
        assert!(reader.entry(chain.head.position).unwrap().is_some());
        longest = longest.max(log.metadata().unwrap().len());
    }
    assert!(longest < 6_000_000, "15 MB were written; the log had {longest} bytes");
}

#[test]
fn a_crash_between_any_two_appends_loses_nothing() {
    let space = TempDir::new().unwrap();
    let (mut journal, mut chain, mut entries) = (open(space.path()).unwrap(), Chain::default(), Vec::new());
    for size in [1, 5, 5, 9, 3] {
        let batch = chain.adds(size);
        journal.append(&batch).unwrap();
        entries.extend(batch);
        let crashed = crashed(space.path());
        let mut recovered = open(crashed.path()).unwrap();
        assert_eq!(recovered.head(), chain.head);
        assert_eq!(all(&recovered.reader()), entries);
        recovered.append(&chain.clone().adds(2)).unwrap();
    }
}

#[test]
fn a_crash_in_the_middle_of_a_roll_recovers() {
    let space = TempDir::new().unwrap();
    let faults = Faults::default();
    let options = JournalOptions { segment_entries_max: 10, faults: faults.clone(), ..JournalOptions::new(IDENTITY) };
    let (mut journal, mut chain) = (Journal::open(space.path(), options).unwrap(), Chain::default());
    journal.append(&chain.adds(8)).unwrap();
    let (head, before) = (journal.head(), crashed(space.path()));
    let batch = chain.adds(5);
    faults.fail_next_append();
    journal.append(&batch).unwrap_err();
    assert_eq!(segments(space.path()).len(), 2, "the new segment is there and empty");
    let after = crashed(space.path());

    fs::write(before.path().join("journal/00000000000000000009.unfinished"), b"half").unwrap();
    fs::write(before.path().join("journal/00000000000000000009.unfinished-wal"), b"half").unwrap();
    for crashed in [before, after] {
        let mut recovered = open(crashed.path()).unwrap();
        assert_eq!(recovered.head(), head);
        assert!(!files(crashed.path()).iter().any(|name| name.contains("unfinished")));
        recovered.append(&batch).unwrap();
        assert_eq!(recovered.reader().head(), Ok(chain.head));
        assert_eq!(verify(crashed.path(), |_| {}).unwrap().fault, None);
    }
}

#[test]
fn a_journal_whose_oldest_segments_are_gone_goes_on_from_there() {
    let space = TempDir::new().unwrap();
    let (mut journal, mut chain) = (open(space.path()).unwrap(), Chain::default());
    let entries: Vec<_> = (0..5).flat_map(|_| chain.adds(8)).collect();
    entries.chunks(8).for_each(|batch| journal.append(batch).unwrap());
    drop(journal);
    segments(space.path())[..2].iter().for_each(|segment| fs::remove_file(segment).unwrap());

    let mut journal = open(space.path()).unwrap();
    let (reader, oldest) = (journal.reader(), Position(17));
    assert_eq!((reader.oldest(), journal.head()), (oldest, chain.head));
    assert_eq!(reader.tag(Position(16)), Ok(Some(entries[15].tag)), "the tag before the oldest entry is known");
    assert_eq!(reader.tag(Position(15)), Ok(None));
    assert_eq!(reader.entry(Position(16)), Ok(None));
    let page = |after| reader.page(Position(after), Position(u64::MAX), usize::MAX, usize::MAX);
    assert_eq!(page(15), Err(ReadError::Trimmed { oldest }));
    assert_eq!(page(16).unwrap(), entries[16..]);
    journal.append(&chain.adds(3)).unwrap();
    let walk = verify(space.path(), |_| {}).unwrap();
    assert_eq!((walk.fault, walk.entries, walk.base.unwrap().position), (None, 27, Position(16)));
}

#[test]
fn readers_beside_the_writer_see_a_growing_journal_without_holes() {
    let space = TempDir::new().unwrap();
    let (mut journal, mut chain) = (open(space.path()).unwrap(), Chain::default());
    let end = Position(600);
    thread::scope(|scope| {
        for entries_max in [7, 100] {
            let reader = journal.reader();
            scope.spawn(move || {
                let mut at = Position::START;
                while at < end {
                    let page = reader.page(at, Position(u64::MAX), entries_max, usize::MAX).unwrap();
                    for entry in &page {
                        assert_eq!(entry.position, at.next());
                        at = entry.position;
                    }
                    if page.is_empty() {
                        thread::yield_now();
                    }
                }
            });
        }
        while chain.head.position < end {
            journal.append(&chain.adds(3)).unwrap();
        }
    });
}
