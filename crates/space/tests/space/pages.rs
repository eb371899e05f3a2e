//! What pages and snapshots show: present data only, and only to those who may read it.

use journal::{Ask, Filter, Pattern, Principal};

use crate::bench::{BOTH, Bench, add, admin, keyed, member, push};

fn followed(patterns: &[&str]) -> Filter {
    Filter::Patterns(patterns.iter().map(|text| Pattern::new(text).unwrap()).collect())
}

#[test]
fn a_page_never_brings_back_what_was_replaced_or_deleted() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let ann = member("ann");
        bench.batch(vec![
            (ann.clone(), push("a", Ask::Add, r#"{"id":1,"old":1}"#)),
            (ann.clone(), push("a", Ask::Add, r#"{"id":2,"secret":1}"#)),
            (ann.clone(), push("a", Ask::Update, r#"{"id":1,"new":1}"#)),
            (ann.clone(), push("a", Ask::Delete, r#"{"id":2,"secret":1}"#)),
            (ann.clone(), push("doc", Ask::Update, r#"{"v":1}"#)),
            (ann.clone(), push("doc", Ask::Update, r#"{"v":2}"#)),
        ]);
        bench.project();
        assert_eq!(
            bench.page(0, &ann, &Filter::Everything),
            [
                r#"1 a add {"id":1,"new":1} ann"#,
                r#"3 a update {"id":1,"new":1} ann"#,
                r#"4 a delete {"id":2} ann"#,
                r#"5 doc update {"v":2} ann"#,
                r#"6 doc update {"v":2} ann"#,
            ]
        );
        bench.push(&admin(), push("a", Ask::Clear, "")).unwrap();
        bench.project();
        assert_eq!(bench.page(0, &ann, &followed(&["a"])), ["4 a delete {\"id\":2} ann", "7 a clear - root"]);
    }
}

#[test]
fn a_page_reaches_no_further_than_the_projections() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let ann = member("ann");
        bench.push(&ann, add("a", 1)).unwrap();
        bench.project();
        bench.push(&ann, push("a", Ask::Update, r#"{"id":1,"n":2}"#)).unwrap();
        let page = bench.space.page(journal::Position(0), bench.space.head(), &ann, &Filter::Everything).unwrap();
        assert_eq!((page.through.0, page.positions.len()), (1, 1));
        bench.project();
        assert_eq!(bench.page(1, &ann, &Filter::Everything), [r#"2 a update {"id":1,"n":2} ann"#]);
    }
}

#[test]
fn who_may_not_read_never_receives_it_by_page_or_snapshot() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let (ann, bob) = (member("ann"), member("bob"));
        bench.push(&ann, add("own", 1)).unwrap();
        bench.push(&bob, add("own", 2)).unwrap();
        bench.push(&admin(), push("own", Ask::Update, r#"{"id":1,"by":"root"}"#)).unwrap();
        bench.push(&admin(), add("desk", 1)).unwrap();
        bench.push(&ann, add("open", 1)).unwrap();
        bench.project();
        let seen = |who: &Principal| -> Vec<u64> {
            let number = |line: String| line.split(' ').next().unwrap().parse().unwrap();
            bench.page(0, who, &Filter::Everything).into_iter().map(number).collect()
        };
        assert_eq!(seen(&ann), [1, 3, 5], "an admin's change of her item included");
        assert_eq!(seen(&bob), [2, 5]);
        assert_eq!(seen(&admin()), [1, 2, 3, 4, 5]);
        assert_eq!(seen(&Principal::ANONYMOUS), [5]);
        let of =
            |who: &Principal| bench.state(who).into_iter().map(|(name, items)| (name, items.len())).collect::<Vec<_>>();
        assert_eq!(of(&ann), [("own".to_owned(), 1), ("open".to_owned(), 1)]);
        assert_eq!(of(&admin()), [("own".to_owned(), 2), ("desk".to_owned(), 1), ("open".to_owned(), 1)]);
        assert_eq!(of(&Principal::ANONYMOUS), [("open".to_owned(), 1)]);
        assert_eq!(
            bench
                .space
                .topic(&crate::bench::topic("desk"), &ann, |_| panic!("nothing of it may be seen"))
                .unwrap()
                .map(|_| ()),
            None
        );
    }
}

#[test]
fn a_follower_of_few_topics_is_served_without_reading_what_lies_between() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let ann = member("ann");
        bench.push(&ann, add("rare", 1)).unwrap();
        let mut expected = vec!["1 rare".to_owned()];
        for round in 0..6_u64 {
            let noise = (0..2_000).map(|index| (ann.clone(), add("noise", round * 2_000 + index))).collect();
            bench.batch(noise);
            bench.push(&ann, keyed(add("rare", round + 2), &format!("k{round}"))).unwrap();
            expected.push(format!("{} rare", (round + 1) * 2_001 + 1));
        }
        bench.project();
        let filter = followed(&["rare"]);
        let head = bench.space.head();
        let page = bench.space.page(journal::Position(0), head, &ann, &filter).unwrap();
        assert_eq!(page.through, head, "one page takes it over everything that is not its own");
        let lines = bench.page(0, &ann, &filter);
        let places: Vec<String> =
            lines.iter().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(places, expected);
        let narrow = bench.space.bounded_page(journal::Position(0), head, 3, &ann, &filter).unwrap();
        assert_eq!(narrow.positions.len(), 3);
        assert_eq!(Some(&narrow.through), narrow.positions.last());
    }
}

#[test]
fn an_id_that_somebody_else_took_over_brings_nothing_of_theirs_to_its_former_owner() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let (ann, bob) = (member("ann"), member("bob"));
        bench.push(&ann, add("own", 1)).unwrap();
        bench.push(&ann, push("own", Ask::Delete, r#"{"id":1}"#)).unwrap();
        bench.push(&bob, push("own", Ask::Add, r#"{"id":1,"secret":"bob's"}"#)).unwrap();
        bench.project();
        assert_eq!(bench.page(0, &ann, &Filter::Everything), [r#"2 own delete {"id":1} ann"#]);
        assert_eq!(bench.page(0, &bob, &Filter::Everything), [r#"3 own add {"id":1,"secret":"bob's"} bob"#]);
    }
}

#[test]
fn a_page_of_items_that_have_grown_stays_bounded_and_loses_none() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let ann = member("ann");
        bench.batch((0..300).map(|id| (ann.clone(), add("a", id))).collect());
        let large = "x".repeat(900);
        let grow = |id: u64| push("a", Ask::Update, &format!(r#"{{"id":{id},"text":"{large}"}}"#));
        bench.batch((0..300).map(|id| (ann.clone(), grow(id))).collect());
        bench.project();
        let (mut after, mut seen) = (journal::Position(0), Vec::new());
        while after < journal::Position(300) {
            let page = bench.space.page(after, journal::Position(300), &ann, &Filter::Everything).unwrap();
            assert!(page.bytes.len() < 80_000, "{} bytes", page.bytes.len());
            assert!(page.through > after, "a page moves on");
            seen.extend(page.positions.iter().map(|position| position.0));
            after = page.through;
        }
        assert_eq!(seen, (1..=300).collect::<Vec<_>>());
    }
}
