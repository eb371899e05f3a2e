//! What is not as it was written is found, named with its place, and never served.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod support;

use std::{fs, path::Path};

use journal::{Action, Entry, Position, Seq};
use store::{Damage, Discontinuity, Fault, Journal, JournalOptions, OpenError, ReadError, Verification, verify};
use support::{Chain, IDENTITY, Wish, all};
use tempfile::TempDir;

const FIRST: &str = "journal/00000000000000000001.db";
const SECOND: &str = "journal/00000000000000000011.db";

fn options() -> JournalOptions {
    JournalOptions { segment_entries_max: 10, ..JournalOptions::new(IDENTITY) }
}

/// A closed journal of these entries, ten to a segment.
fn closed(entries: &[Entry]) -> TempDir {
    let space = TempDir::new().unwrap();
    let mut journal = Journal::open(space.path(), options()).unwrap();
    entries.chunks(5).for_each(|batch| journal.append(batch).unwrap());
    space
}

fn walk(space: &Path) -> Verification {
    verify(space, |_| {}).unwrap()
}

fn fault(space: &Path, file: &str, position: u64, damage: Damage) -> Option<Fault> {
    Some(Fault { segment: space.join(file), position: Position(position), damage })
}

/// Changes a segment behind the journal's back.
fn execute(space: &Path, file: &str, sql: &str) {
    let changed = rusqlite::Connection::open(space.join(file)).unwrap().execute(sql, []).unwrap();
    assert_eq!(changed, 1, "{sql}");
}

#[test]
fn a_sound_journal_is_walked_to_its_head_beside_its_server() {
    let space = TempDir::new().unwrap();
    let (mut journal, mut chain) = (Journal::open(space.path(), options()).unwrap(), Chain::default());
    let base = journal.head();
    for _ in 0..5 {
        journal.append(&chain.adds(5)).unwrap();
    }
    let mut seen = Vec::new();
    let found = verify(space.path(), |position| seen.push(position)).unwrap();
    let (base, head) = (Some(base), Some(chain.head));
    assert_eq!(found, Verification { segments: 3, entries: 25, erased: 0, base, head, fault: None });
    assert_eq!(seen, [10, 20, 25].map(Position));
    journal.append(&chain.adds(5)).unwrap();
}

#[test]
fn a_folder_without_a_journal_cannot_be_verified() {
    let space = TempDir::new().unwrap();
    assert!(verify(space.path(), |_| {}).is_err());
    fs::create_dir(space.path().join("journal")).unwrap();
    assert!(verify(space.path(), |_| {}).unwrap_err().to_string().contains("there is no journal"));
}

#[test]
fn a_flipped_byte_is_found_at_its_position_and_never_served() {
    let entries = Chain::default().adds(25);
    let space = closed(&entries);
    let path = space.path().join(SECOND);
    let mut bytes = fs::read(&path).unwrap();
    let data = entries[13].data().unwrap().as_bytes().clone();
    let place = bytes.windows(data.len()).position(|window| window == data).unwrap();
    bytes[place + 3] ^= 1;
    fs::write(&path, bytes).unwrap();

    let damage = fault(space.path(), SECOND, 14, Damage::Chain(Discontinuity::Tag));
    let found = walk(space.path());
    assert_eq!((found.fault.clone(), found.entries, found.head.unwrap().position), (damage, 13, Position(13)));
    let fault = found.fault.unwrap();
    assert_eq!(Journal::open(space.path(), options()).err(), Some(OpenError::Damaged(fault)));
}

#[test]
fn an_entry_damaged_while_served_is_refused_and_those_around_it_are_not() {
    let entries = Chain::default().adds(25);
    let space = closed(&entries);
    let reader = Journal::open(space.path(), options()).unwrap().reader();
    execute(space.path(), FIRST, "UPDATE entries SET data = x'7b7d' WHERE position = 5");
    let fault = fault(space.path(), FIRST, 5, Damage::Chain(Discontinuity::Tag)).unwrap();
    assert_eq!(reader.entry(Position(5)), Err(ReadError::Damaged(fault.clone())));
    assert_eq!(reader.entries(&[Position(2), Position(5)]), Err(ReadError::Damaged(fault.clone())));
    assert_eq!(reader.page(Position(3), Position(9), 9, 999), Err(ReadError::Damaged(fault)));
    assert_eq!(reader.entries(&[Position(4), Position(6), Position(20)]).unwrap().len(), 3);
}

#[test]
fn no_flipped_byte_goes_unnoticed() {
    let entries = Chain::default().adds(8);
    let space = closed(&entries);
    let path = space.path().join(FIRST);
    let sound = fs::read(&path).unwrap();
    let mut found = 0;
    for place in (0..sound.len()).step_by(17) {
        let mut bytes = sound.clone();
        bytes[place] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        match verify(space.path(), |_| {}) {
            // A byte that nothing reads: then everything is still there.
            Ok(Verification { fault: None, entries: 8, .. }) => {
                assert_eq!(all(&Journal::open(space.path(), options()).unwrap().reader()), entries, "byte {place}");
            }
            Ok(Verification { fault: Some(_), .. }) | Err(_) => found += 1,
            Ok(other) => panic!("byte {place}: {other:?}"),
        }
        fs::remove_file(space.path().join(format!("{FIRST}-wal"))).ok();
        fs::remove_file(space.path().join(format!("{FIRST}-shm"))).ok();
    }
    assert!(found > 50, "only {found} flips were found");
}

#[test]
fn a_missing_entry_is_a_hole() {
    let space = closed(&Chain::default().adds(25));
    let reader = Journal::open(space.path(), options()).unwrap().reader();
    execute(space.path(), FIRST, "DELETE FROM entries WHERE position = 4");
    assert_eq!(walk(space.path()).fault, fault(space.path(), FIRST, 4, Damage::Hole));
    let page = reader.page(Position::START, Position(9), 9, 999);
    assert_eq!(page.err(), fault(space.path(), FIRST, 4, Damage::Hole).map(ReadError::Damaged));
}

#[test]
fn a_served_segment_that_loses_its_last_entry_has_a_hole_and_no_end() {
    let space = closed(&Chain::default().adds(25));
    let reader = Journal::open(space.path(), options()).unwrap().reader();
    execute(space.path(), FIRST, "DELETE FROM entries WHERE position = 10");
    let hole = fault(space.path(), FIRST, 10, Damage::Hole).map(ReadError::Damaged);
    assert_eq!(reader.page(Position(5), Position(25), 99, 999_999).err(), hole);
    assert_eq!(reader.page(Position(9), Position(25), 99, 999_999).err(), hole);
    assert_eq!(reader.page(Position(5), Position(9), 99, 999_999).unwrap().len(), 4);
}

#[test]
fn a_missing_segment_is_a_broken_joint() {
    let space = closed(&Chain::default().adds(25));
    fs::remove_file(space.path().join(SECOND)).unwrap();
    let fault = fault(space.path(), "journal/00000000000000000021.db", 21, Damage::Joint);
    assert_eq!(walk(space.path()).fault, fault);
    assert_eq!(Journal::open(space.path(), options()).err(), fault.map(OpenError::Damaged));
}

#[test]
fn a_segment_that_lost_its_last_entries_is_a_broken_joint() {
    let space = closed(&Chain::default().adds(25));
    execute(space.path(), SECOND, "DELETE FROM entries WHERE position = 20");
    let fault = fault(space.path(), "journal/00000000000000000021.db", 21, Damage::Joint);
    assert_eq!(walk(space.path()).fault, fault);
    assert_eq!(Journal::open(space.path(), options()).err(), fault.map(OpenError::Damaged));
}

#[test]
fn a_segment_of_another_journal_is_a_broken_joint() {
    let space = closed(&Chain::default().adds(25));
    let other = TempDir::new().unwrap();
    let mut journal = Journal::open(other.path(), JournalOptions { identity_if_new: [1; 16], ..options() }).unwrap();
    Chain::of([1; 16]).adds(25).chunks(5).for_each(|batch| journal.append(batch).unwrap());
    drop(journal);
    fs::copy(other.path().join(SECOND), space.path().join(SECOND)).unwrap();
    assert_eq!(walk(space.path()).fault, fault(space.path(), SECOND, 11, Damage::Joint));
}

#[test]
fn a_renamed_segment_and_a_segment_of_a_later_version_are_told_apart() {
    let space = closed(&Chain::default().adds(5));
    let renamed = "journal/00000000000000000002.db";
    fs::rename(space.path().join(FIRST), space.path().join(renamed)).unwrap();
    let meta = Damage::Meta("its first position is not the one in its name");
    assert_eq!(walk(space.path()).fault, fault(space.path(), renamed, 2, meta));
    fs::rename(space.path().join(renamed), space.path().join(FIRST)).unwrap();
    execute(space.path(), FIRST, "UPDATE meta SET format = 2");
    let format = fault(space.path(), FIRST, 1, Damage::Format(2));
    assert_eq!(walk(space.path()).fault, format);
    assert_eq!(Journal::open(space.path(), options()).err(), format.map(OpenError::Damaged));
}

#[test]
fn a_file_that_is_no_database_is_malformed() {
    let space = closed(&Chain::default().adds(5));
    fs::write(space.path().join(FIRST), "not a database ".repeat(500)).unwrap();
    let malformed = fault(space.path(), FIRST, 1, Damage::Malformed);
    assert_eq!(walk(space.path()).fault, malformed);
    assert_eq!(Journal::open(space.path(), options()).err(), malformed.map(OpenError::Damaged));
}

#[test]
fn seqs_with_a_hole_and_time_that_goes_back_are_found() {
    let mut chain = Chain::default();
    let mut entries = vec![chain.next(Wish::add("chat", "a")), chain.next(Wish::add("chat", "b"))];
    let content = entries[0].content.clone();
    entries.push(chain.next_with("chat", Action::Clear, None, content, |entry| entry.seq = Seq(4)));
    let space = closed(&entries);
    let damage = Damage::Seq { expected: 3, found: 4 };
    assert_eq!(walk(space.path()).fault, fault(space.path(), FIRST, 3, damage));

    let space = closed(&entries[..2]);
    execute(space.path(), FIRST, "UPDATE entries SET time_ms = 1 WHERE position = 2");
    assert_eq!(walk(space.path()).fault, fault(space.path(), FIRST, 2, Damage::Chain(Discontinuity::Time)));
}
