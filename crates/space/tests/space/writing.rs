//! What the writer decides, in one batch and across batches, before and after projection.

use journal::{Ask, Position, Refusal};
use space::Receipt;

use crate::bench::{BOTH, Bench, Kept, add, admin, keyed, member, push};

fn place(receipt: Receipt) -> (u64, u64, bool, bool) {
    (receipt.position.0, receipt.seq.0, receipt.duplicate, receipt.changed)
}

#[test]
fn positions_and_seqs_have_no_holes_and_time_never_goes_back() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let ann = member("ann");
        let answers = bench.batch(vec![
            (ann.clone(), add("a", 1)),
            (ann.clone(), add("b", 1)),
            (ann.clone(), push("a", Ask::Update, r#"{"id":2}"#)),
            (ann.clone(), push("a", Ask::Delete, r#"{"id":9}"#)),
            (ann.clone(), push("a", Ask::Delete, r#"{"id":1}"#)),
        ]);
        let places: Vec<_> = answers.into_iter().map(|answer| place(answer.unwrap())).collect();
        assert_eq!(
            places,
            [(1, 1, false, true), (2, 1, false, true), (3, 2, false, true), (3, 2, false, false), (4, 3, false, true)]
        );
        bench.now_ms = 10;
        assert_eq!(bench.push(&ann, add("a", 5)).map(place), Ok((5, 4, false, true)));
        bench.project();
        assert_eq!(bench.space.head(), Position(5));
    }
}

#[test]
fn a_retry_gets_the_first_receipt_wherever_the_first_one_is() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let ann = member("ann");
        let first = || keyed(add("a", 1), "k");
        let answers = bench.batch(vec![(ann.clone(), first()), (ann.clone(), first())]);
        let places: Vec<_> = answers.into_iter().map(|answer| place(answer.unwrap())).collect();
        assert_eq!(places, [(1, 1, false, true), (1, 1, true, true)], "in the same batch");
        assert_eq!(bench.push(&ann, first()).map(place), Ok((1, 1, true, true)), "in the overlay");
        bench.project();
        bench.push(&ann, push("a", Ask::Delete, r#"{"id":1}"#)).unwrap();
        bench.project();
        assert_eq!(bench.push(&ann, first()).map(place), Ok((1, 1, true, true)), "in the projections");
        assert_eq!(bench.push(&ann, keyed(add("a", 2), "k")), Err(Refusal::KeyConflict));
        assert_eq!(bench.push(&member("bob"), keyed(add("a", 2), "k")).map(place), Ok((3, 3, false, true)));
    }
}

#[test]
fn a_retry_is_known_after_a_restart_and_after_the_views_were_deleted() {
    let mut bench = Bench::new(Kept::OnDisk);
    let ann = member("ann");
    let patch = || keyed(push("a", Ask::Patch, r#"{"id":1,"n":null,"m":2}"#), "p");
    bench.push(&ann, push("a", Ask::Add, r#"{"id":1,"n":1}"#)).unwrap();
    bench.push(&ann, patch()).unwrap();
    let mut bench = bench.reopened();
    assert_eq!(bench.push(&ann, patch()).map(place), Ok((2, 2, true, true)));
    std::fs::remove_file(bench.views_file()).unwrap();
    let mut bench = bench.reopened();
    assert_eq!(bench.push(&ann, patch()).map(place), Ok((2, 2, true, true)));
    assert_eq!(bench.push(&ann, add("a", 2)).map(place), Ok((3, 3, false, true)));
    bench.project();
    assert_eq!(bench.state(&ann), [("a".to_owned(), vec![r#"{"id":1,"m":2}"#.to_owned(), r#"{"id":2}"#.to_owned()])]);
}

#[test]
fn one_batch_sees_what_it_decided_before() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let (ann, root) = (member("ann"), admin());
        bench.push(&ann, add("a", 1)).unwrap();
        bench.project();
        let answers = bench.batch(vec![
            (ann.clone(), push("a", Ask::Delete, r#"{"id":1}"#)),
            (ann.clone(), add("a", 1)),
            (member("bob"), add("a", 1)),
            (root, push("a", Ask::Clear, "")),
            (ann.clone(), push("a", Ask::Delete, r#"{"id":1}"#)),
            (member("bob"), add("a", 1)),
            (ann.clone(), push("a", Ask::Patch, r#"{"id":1,"x":1}"#)),
        ]);
        let verdicts: Vec<_> = answers.into_iter().map(|answer| answer.map(place)).collect();
        assert_eq!(
            verdicts,
            [
                Ok((2, 2, false, true)),
                Ok((3, 3, false, true)),
                Err(Refusal::IdTaken),
                Ok((4, 4, false, true)),
                Ok((4, 4, false, false)),
                Ok((5, 5, false, true)),
                Ok((6, 6, false, true)),
            ]
        );
        bench.project();
        assert_eq!(bench.state(&ann), [("a".to_owned(), vec![r#"{"id":1,"x":1}"#.to_owned()])]);
    }
}

#[test]
fn somebody_elses_item_stays_theirs_whether_projected_or_not() {
    for kept in BOTH {
        for is_projected in [false, true] {
            let mut bench = Bench::new(kept);
            bench.push(&member("ann"), add("own", 1)).unwrap();
            bench.push(&admin(), push("own", Ask::Update, r#"{"id":1,"by":"root"}"#)).unwrap();
            if is_projected {
                bench.project();
            }
            for ask in [Ask::Update, Ask::Patch, Ask::Delete] {
                let change = push("own", ask, r#"{"id":1}"#);
                assert_eq!(bench.push(&member("bob"), change), Err(Refusal::Forbidden), "{ask:?}");
            }
            assert_eq!(bench.push(&member("bob"), add("own", 1)), Err(Refusal::IdTaken));
            assert!(bench.push(&member("ann"), push("own", Ask::Update, r#"{"id":1,"by":"ann"}"#)).is_ok());
        }
    }
}

#[test]
fn after_a_failed_append_nothing_is_acked_until_it_is_opened_again() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let ann = member("ann");
        bench.push(&ann, keyed(add("a", 1), "one")).unwrap();
        bench.project();
        bench.faults.fail_next_append();
        let failed = vec![
            (ann.clone(), keyed(add("a", 2), "two")),
            (ann.clone(), keyed(add("a", 2), "two")),
            (ann.clone(), keyed(add("a", 1), "one")),
        ];
        assert_eq!(bench.batch(failed), vec![Err(Refusal::Unavailable); 3]);
        assert!(bench.writer.failure().is_some());
        assert_eq!(bench.push(&ann, keyed(add("a", 1), "one")), Err(Refusal::Unavailable));
        assert_eq!(bench.space.head(), Position(1));
        if kept == Kept::OnDisk {
            let mut bench = bench.reopened();
            assert_eq!(bench.push(&ann, keyed(add("a", 2), "two")).map(place), Ok((2, 2, false, true)));
        }
    }
}
