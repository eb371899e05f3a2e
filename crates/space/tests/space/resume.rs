//! Where following starts: every cursor is honoured, or refused with its reason.

use journal::{Ask, Cursor, CursorKey, Filter, Position, Tag};
use space::{ResetReason, Start};

use crate::bench::{BOTH, Bench, Kept, add, member, push};

fn start(bench: &Bench, cursor: Option<&str>) -> Start {
    bench.space.start(cursor, &member("ann"), &Filter::Everything).unwrap()
}

#[test]
fn a_cursor_of_any_age_is_honoured_also_after_a_restart() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let genesis = bench.space.head_cursor();
        let cursors: Vec<Cursor> =
            (1..=20).map(|id| bench.push(&member("ann"), add("a", id)).unwrap().cursor).collect();
        bench.project();
        assert_eq!(start(&bench, None), Start::Fresh(*cursors.last().unwrap()));
        let check = |bench: &Bench| {
            for cursor in cursors.iter().chain([&genesis]) {
                assert_eq!(start(bench, Some(&cursor.encode())), Start::Resumed(*cursor));
            }
        };
        check(&bench);
        if kept == Kept::OnDisk {
            check(&bench.reopened());
        }
    }
}

#[test]
fn a_foreign_cursor_gets_reset_with_its_reason() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        bench.push(&member("ann"), add("a", 1)).unwrap();
        bench.project();
        let head = bench.space.head_cursor();
        let check = |text: &str, reason| assert_eq!(start(&bench, Some(text)), Start::Reset(reason, head), "{text}");
        check("garbage", ResetReason::UnknownCursor);
        check("__proto__", ResetReason::UnknownCursor);
        let foreign = |key: [u8; 32], position| CursorKey::new(key).cursor(Position(position), &Tag([1; 32])).encode();
        check(&foreign([3; 32], 1), ResetReason::Diverged);
        check(&foreign([3; 32], 9), ResetReason::Diverged);
        check(&foreign([4; 32], 1), ResetReason::Diverged);
    }
}

#[test]
fn more_readable_entries_than_are_replayed_are_too_far_and_unreadable_ones_do_not_count() {
    let mut bench = Bench::new(Kept::InMemory);
    let ann = member("ann");
    let first = bench.push(&ann, add("mine", 1)).unwrap().cursor.encode();
    for round in 0..25_u64 {
        let many = (0..4_000)
            .map(|index| (ann.clone(), push("a", Ask::Update, &format!(r#"{{"id":{}}}"#, round * 4_000 + index))));
        bench.batch(many.collect());
        bench.project();
    }
    let filter = |text: &str| Filter::Patterns(Box::new([journal::Pattern::new(text).unwrap()]));
    let start = |filter: &Filter| bench.space.start(Some(&first), &ann, filter).unwrap();
    assert!(matches!(start(&Filter::Everything), Start::Resumed(_)), "exactly as many as are replayed");
    bench.push(&ann, add("a", 100_000)).unwrap();
    bench.project();
    let start = |filter: &Filter| bench.space.start(Some(&first), &ann, filter).unwrap();
    assert!(matches!(start(&Filter::Everything), Start::Reset(ResetReason::TooFar, _)));
    assert!(matches!(start(&filter("mine")), Start::Resumed(_)));
}

#[test]
fn a_cursor_of_the_tail_is_honoured_without_the_store_and_no_other_is() {
    let mut bench = Bench::new(Kept::InMemory);
    let ann = member("ann");
    let genesis = bench.space.head_cursor();
    let cursors: Vec<Cursor> = (1..=20).map(|id| bench.push(&ann, add("a", id)).unwrap().cursor).collect();
    bench.project();
    let in_tail = |cursor: &Cursor| bench.space.start_in_tail(&cursor.encode());
    for cursor in &cursors {
        assert_eq!(in_tail(cursor), Some(Start::Resumed(*cursor)));
        assert_eq!(start(&bench, Some(&cursor.encode())), Start::Resumed(*cursor), "as the store says");
    }
    assert_eq!(in_tail(&genesis), None, "before the tail the store is asked");
    let foreign = |position| CursorKey::new([3; 32]).cursor(Position(position), &Tag([1; 32]));
    assert_eq!((in_tail(&foreign(7)), in_tail(&foreign(21))), (None, None), "and where it is not ours");
    assert_eq!(bench.space.start_in_tail("garbage"), None);
}
