//! What every journal promises, run over every arm.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod support;

use journal::{Action, Content, ItemId, Position, Tag, content_hash};
use store::{AppendError, CheckpointError, Discontinuity, Faults, Journal, JournalOptions, ReadError};
use support::{Chain, IDENTITY, Wish};
use tempfile::TempDir;

const ENTRIES_MAX: usize = usize::MAX;
const BYTES_MAX: usize = usize::MAX;
const END: Position = Position(u64::MAX);

/// Segments of ten entries, so that everything here crosses several.
fn options(faults: &Faults) -> JournalOptions {
    JournalOptions { segment_entries_max: 10, faults: faults.clone(), ..JournalOptions::new(IDENTITY) }
}

/// Runs a promise over every arm.
fn check(promise: impl Fn(Journal, Faults)) {
    let faults = Faults::default();
    promise(Journal::memory(options(&faults)), faults);
    let (folder, faults) = (TempDir::new().unwrap(), Faults::default());
    promise(Journal::open(folder.path(), options(&faults)).unwrap(), faults);
}

#[test]
fn an_empty_journal_ends_where_it_begins() {
    check(|journal, _| {
        let reader = journal.reader();
        assert_eq!(journal.identity(), IDENTITY);
        assert_eq!(journal.head(), Chain::default().head);
        assert_eq!(reader.head(), Ok(journal.head()));
        assert_eq!(reader.oldest(), Position(1));
        assert_eq!(reader.tag(Position::START), Ok(Some(Tag::genesis(IDENTITY))));
        assert_eq!(reader.tag(Position(1)), Ok(None));
        assert_eq!(reader.entry(Position(1)), Ok(None));
        assert_eq!(reader.page(Position::START, END, ENTRIES_MAX, BYTES_MAX), Ok(vec![]));
    });
}

#[test]
fn what_was_appended_is_read_across_segments_in_every_way() {
    check(|mut journal, _| {
        let mut chain = Chain::default();
        let reader = journal.reader();
        let mut all = Vec::new();
        for size in [1, 3, 9, 25, 1, 10, 6] {
            let batch = chain.adds(size);
            journal.append(&batch).unwrap();
            all.extend(batch);
            assert_eq!(journal.head(), chain.head);
            assert_eq!(reader.head(), Ok(chain.head));
            assert_eq!(reader.page(Position::START, END, ENTRIES_MAX, BYTES_MAX).as_ref(), Ok(&all));
        }
        for entry in &all {
            assert_eq!(reader.entry(entry.position).as_ref(), Ok(&Some(entry.clone())));
            assert_eq!(reader.tag(entry.position), Ok(Some(entry.tag)));
            let rest = &all[usize::try_from(entry.position.0).unwrap()..];
            assert_eq!(reader.page(entry.position, END, ENTRIES_MAX, BYTES_MAX).unwrap(), rest);
        }
        let scattered: Vec<_> = all.iter().step_by(7).cloned().collect();
        let positions: Vec<_> = scattered.iter().map(|entry| entry.position).collect();
        assert_eq!(reader.entries(&positions).unwrap(), scattered);
        for step in [1, 2, 7] {
            let some: Vec<_> = all.iter().skip(1).step_by(step).cloned().collect();
            let positions: Vec<_> = some.iter().map(|entry| entry.position).collect();
            assert_eq!(reader.first_of(&positions, BYTES_MAX).unwrap(), some);
            let beyond = [&positions[..], &[Position(1_000)]].concat();
            assert_eq!(reader.first_of(&beyond, BYTES_MAX).unwrap(), some, "as far as they are there");
        }
        let all_and_more: Vec<_> = (50..60).map(Position).collect();
        assert_eq!(reader.first_of(&all_and_more, BYTES_MAX).unwrap(), all[49..]);
    });
}

#[test]
fn a_page_keeps_to_its_bounds_and_always_gets_further() {
    check(|mut journal, _| {
        let mut chain = Chain::default();
        let sized = |chain: &mut Chain, bytes: usize| {
            let data = format!("\"{}\"", "x".repeat(bytes - 2));
            chain.next(Wish::new(Action::Update, "document", None).data(data))
        };
        let all: Vec<_> = [100, 100, 5_000, 100, 100].map(|bytes| sized(&mut chain, bytes)).into();
        journal.append(&all).unwrap();
        let reader = journal.reader();
        let count = |after, until, entries_max, bytes_max| {
            reader.page(Position(after), Position(until), entries_max, bytes_max).unwrap().len()
        };
        assert_eq!(count(0, 5, 2, BYTES_MAX), 2);
        assert_eq!(count(0, 3, ENTRIES_MAX, BYTES_MAX), 3);
        assert_eq!(count(0, 5, ENTRIES_MAX, 200), 2);
        assert_eq!(count(0, 5, ENTRIES_MAX, 199), 1);
        assert_eq!(count(2, 5, ENTRIES_MAX, 200), 1, "one entry always comes, however large");
        assert_eq!(count(0, 5, 0, BYTES_MAX), 0);
        assert_eq!(count(5, 5, ENTRIES_MAX, BYTES_MAX), 0);
        assert_eq!(count(9, 20, ENTRIES_MAX, BYTES_MAX), 0);
        let first_of = |positions: &[u64], bytes_max| {
            let positions: Vec<_> = positions.iter().copied().map(Position).collect();
            reader.first_of(&positions, bytes_max).unwrap().len()
        };
        assert_eq!(first_of(&[1, 2, 4, 5], 300), 3);
        assert_eq!(first_of(&[1, 2, 3, 4], 300), 2, "no further than the first that does not fit");
        assert_eq!(first_of(&[3, 5], 1), 1, "one entry always comes, however large");
        assert_eq!(first_of(&[9], BYTES_MAX), 0);
    });
}

#[test]
fn every_field_comes_back_as_it_was() {
    check(|mut journal, _| {
        let mut chain = Chain::default();
        let mut all = vec![
            chain.next(Wish::add("chat", "3").key("k").by("bob")),
            chain.next(Wish { item: Some(ItemId::integer(3).unwrap()), ..Wish::add("chat", "3") }),
            chain.next(Wish { owner: Some("bob"), ..Wish::new(Action::Update, "chat", None) }.data("\"\\u0000ä\"")),
            chain.next(Wish { author: None, ..Wish::new(Action::Clear, "chat", None) }),
        ];
        let hash = content_hash(&all[0].content);
        all.push(chain.next_with("chat", Action::Delete, None, Content::Erased { hash }, |entry| {
            entry.request = Some([9; 16]);
            entry.client_time = journal::ClientTime::new("\"2026-01-01T00:00:00Z\"");
        }));
        journal.append(&all).unwrap();
        assert_eq!(journal.reader().page(Position::START, END, ENTRIES_MAX, BYTES_MAX), Ok(all));
    });
}

#[test]
fn what_does_not_continue_the_head_is_refused_and_harms_nothing() {
    check(|mut journal, _| {
        let mut chain = Chain::default();
        journal.append(&chain.adds(5)).unwrap();
        let head = journal.head();
        let refused = |journal: &mut Journal, entries: &[journal::Entry], position, why| {
            let position = Position(position);
            assert_eq!(journal.append(entries), Err(AppendError::NotNext { position, why }));
            assert_eq!(journal.head(), head);
        };
        let good = chain.clone().adds(3);
        refused(&mut journal, &good[1..], 7, Discontinuity::Position);
        refused(&mut journal, &[good[0].clone(), good[2].clone()], 8, Discontinuity::Position);
        let mut foreign = good.clone();
        foreign[1].tag = Tag([0; 32]);
        refused(&mut journal, &foreign, 7, Discontinuity::Tag);
        let mut early = good.clone();
        early[0].time_ms = head.time_ms - 1;
        early[0].tag = head.tag.then(&early[0]);
        refused(&mut journal, &early, 6, Discontinuity::Time);
        assert_eq!(journal.reader().entry(Position(6)), Ok(None));
        journal.append(&[]).unwrap();
        journal.append(&good).unwrap();
    });
}

#[test]
fn after_one_failed_append_nothing_is_written_until_a_reopen() {
    check(|mut journal, faults| {
        let mut chain = Chain::default();
        journal.append(&chain.adds(5)).unwrap();
        let (head, reader) = (journal.head(), journal.reader());
        let batch = chain.adds(3);
        faults.fail_next_append();
        assert!(matches!(journal.append(&batch), Err(AppendError::Failed(_))));
        assert!(journal.is_poisoned());
        assert_eq!(journal.append(&batch), Err(AppendError::Poisoned));
        assert_eq!(journal.checkpoint(), Err(CheckpointError::Poisoned));
        assert_eq!(reader.head(), Ok(head), "reading goes on, of what is durable");
        journal.reopen().unwrap();
        assert_eq!(journal.head(), head);
        journal.append(&batch).unwrap();
        assert_eq!(reader.head(), Ok(chain.head), "a reader outlives the reopen");
    });
}

#[test]
fn after_one_failed_checkpoint_nothing_is_written_until_a_reopen() {
    check(|mut journal, faults| {
        let mut chain = Chain::default();
        journal.append(&chain.adds(5)).unwrap();
        journal.checkpoint().unwrap();
        faults.fail_next_checkpoint();
        assert!(matches!(journal.checkpoint(), Err(CheckpointError::Failed(_))));
        let batch = chain.adds(1);
        assert_eq!(journal.append(&batch), Err(AppendError::Poisoned));
        journal.reopen().unwrap();
        journal.append(&batch).unwrap();
    });
}

#[test]
fn entries_that_are_not_there_are_named() {
    check(|mut journal, _| {
        journal.append(&Chain::default().adds(3)).unwrap();
        let asked = journal.reader().entries(&[Position(2), Position(4)]);
        assert_eq!(asked, Err(ReadError::Absent { position: Position(4) }));
    });
}
