//! The checker, checked: each anomaly is planted into a sound history and must be found, alone.

use crate::{
    check::{Anomaly, check},
    history::{Followed, History, Logged, Pushed, Receipt, Seen},
};

/// Two topics, six entries, the third item is deleted; every push acknowledged, one of them twice, and one follower
/// that saw all, and one that came late.
fn sound() -> History {
    let entries = [
        (1, "a", 1, "add", "x"),
        (2, "b", 1, "add", "y"),
        (3, "a", 2, "add", "z"),
        (4, "a", 3, "update", "x"),
        (5, "a", 4, "delete", "z"),
        (6, "b", 2, "add", "w"),
    ];
    let logged = |(position, topic, seq, action, item): (u64, &str, u64, &str, &str)| Logged {
        seen: Seen {
            position,
            topic: topic.into(),
            seq,
            action: action.into(),
            item: item.into(),
            version: if action == "delete" { 0 } else { position },
        },
        author: "ann".into(),
        key: format!("k{position}"),
        time_ms: position / 2,
    };
    let journal: Vec<_> = entries.into_iter().map(logged).collect();
    let pushed = |logged: &Logged| Pushed {
        author: logged.author.clone(),
        key: logged.key.clone(),
        topic: logged.seen.topic.clone(),
        action: logged.seen.action.clone(),
        item: logged.seen.item.clone(),
        receipts: vec![Receipt { position: logged.seen.position, seq: logged.seen.seq, duplicate: false }],
        asked: 1,
    };
    let mut pushes: Vec<_> = journal.iter().map(pushed).collect();
    pushes[1].asked = 2;
    pushes[1].receipts.push(Receipt { position: 2, seq: 1, duplicate: true });
    let seen: Vec<_> = journal.iter().map(|logged| logged.seen.clone()).collect();
    let mut late = seen.clone();
    late.remove(2);
    let follower = |name: &str, seen| Followed { name: name.into(), start: Some(0), seen, ..Followed::default() };
    let followers = vec![follower("live", seen), follower("late", late)];
    let items = |items: &[(&str, u64)]| items.iter().map(|(id, version)| ((*id).to_owned(), *version)).collect();
    let state = [("a".to_owned(), items(&[("x", 4)])), ("b".to_owned(), items(&[("y", 2), ("w", 6)]))].into();
    History { journal, pushes, followers, state }
}

/// Plants an anomaly into a sound history and looks whether it is found, alone.
fn planted(plant: impl FnOnce(&mut History)) -> Vec<Anomaly> {
    let mut history = sound();
    plant(&mut history);
    check(&history)
}

fn live() -> String {
    "live".to_owned()
}

#[test]
fn a_sound_history_has_no_anomaly() {
    assert_eq!(check(&sound()), []);
}

#[test]
fn an_unanswered_push_may_be_written_or_not() {
    let push = |history: &mut History| {
        let mut push = history.pushes[0].clone();
        push.key = "unanswered".to_owned();
        push.receipts.clear();
        history.pushes.push(push);
    };
    assert_eq!(planted(push), []);
    assert_eq!(planted(|history| history.pushes[0].receipts.clear()), []);
}

#[test]
fn holes_in_the_journal_are_found() {
    let cut = |history: &mut History| {
        history.journal.pop();
        history.pushes.pop();
        history.followers.clear();
        history.state.get_mut("b").unwrap().pop();
    };
    let hole = planted(|history| {
        cut(history);
        history.journal[4].seen.position = 7;
        history.pushes[4].receipts[0].position = 7;
    });
    assert_eq!(hole, [Anomaly::PositionHole(4)]);
    let seq = planted(|history| {
        cut(history);
        history.journal[4].seen.seq = 5;
        history.pushes[4].receipts[0].seq = 5;
    });
    assert_eq!(seq, [Anomaly::SeqHole(5)]);
    assert_eq!(planted(|history| history.journal[5].time_ms = 1), [Anomaly::TimeGoesBack(6)]);
}

#[test]
fn a_lost_push_is_found() {
    let lost = planted(|history| {
        history.journal.pop();
        history.followers.iter_mut().for_each(|follower| drop(follower.seen.pop()));
        history.state.get_mut("b").unwrap().pop();
    });
    assert_eq!(lost, [Anomaly::Lost { key: "k6".to_owned() }]);
}

#[test]
fn a_doubled_push_is_found() {
    let doubled = planted(|history| {
        let mut again = history.journal[5].clone();
        (again.seen.position, again.seen.seq) = (7, 3);
        history.followers.iter_mut().for_each(|follower| follower.seen.push(again.seen.clone()));
        history.journal.push(again);
    });
    assert_eq!(doubled, [Anomaly::Doubled { key: "k6".to_owned() }]);
}

#[test]
fn a_receipt_of_another_place_is_found() {
    let wrong = Anomaly::WrongReceipt { key: "k2".to_owned(), position: 4 };
    assert_eq!(planted(|history| history.pushes[1].receipts[1].position = 4), [wrong]);
    let first = Anomaly::WrongReceipt { key: "k1".to_owned(), position: 1 };
    assert_eq!(planted(|history| history.pushes[0].receipts[0].duplicate = true), [first]);
}

#[test]
fn what_nobody_asked_for_is_found() {
    let foreign = planted(|history| drop(history.pushes.remove(0)));
    assert_eq!(foreign, [Anomaly::Foreign { position: 1 }]);
    assert_eq!(planted(|history| history.pushes[0].item = "other".to_owned()), [Anomaly::Foreign { position: 1 }]);
}

#[test]
fn a_follower_that_missed_something_is_found() {
    let missed = |position| Anomaly::Missed { follower: live(), position };
    assert_eq!(planted(|history| drop(history.followers[0].seen.remove(1))), [missed(2)]);
    assert_eq!(planted(|history| drop(history.followers[0].seen.pop())), [missed(6)]);
    assert_eq!(planted(|history| drop(history.followers[0].seen.remove(4))), [missed(5)], "a deletion always comes");
}

#[test]
fn a_follower_is_owed_what_it_follows_from_where_it_began() {
    let narrow = planted(|history| {
        history.followers[0].prefix = "a".to_owned();
        history.followers[0].seen.retain(|seen| seen.topic == "a");
    });
    assert_eq!(narrow, []);
    let untrue = planted(|history| {
        history.followers[0].prefix = "a".to_owned();
        history.followers[0].seen.retain(|seen| seen.topic == "a" || seen.position == 2);
    });
    assert_eq!(untrue, [Anomaly::Untrue { follower: live(), position: 2 }]);
    let young = planted(|history| {
        history.followers[0].start = Some(1);
        history.followers[0].seen.remove(0);
    });
    assert_eq!(young, []);
}

#[test]
fn a_follower_that_was_told_twice_or_too_late_is_found() {
    let again = planted(|history| {
        let seen = history.followers[0].seen[1].clone();
        history.followers[0].seen.push(seen);
    });
    assert_eq!(again, [Anomaly::Repeated { follower: live(), position: 2 }]);
    let late = planted(|history| history.followers[0].seen.swap(1, 2));
    assert_eq!(late, [Anomaly::OutOfOrder { follower: live(), position: 2 }]);
}

#[test]
fn a_follower_that_was_told_something_else_or_to_start_anew_is_found() {
    let untrue = planted(|history| history.followers[0].seen[1].item = "other".to_owned());
    assert_eq!(untrue, [Anomaly::Untrue { follower: live(), position: 2 }]);
    let reset = planted(|history| history.followers[0].resets.push("diverged".to_owned()));
    assert_eq!(reset, [Anomaly::Reset { follower: live(), word: "diverged".to_owned() }]);
}

#[test]
fn a_follower_that_catches_up_is_told_items_as_they_are_and_never_as_they_were() {
    assert_eq!(planted(|history| history.followers[1].seen[0].version = 4), [], "the item's present data");
    let stale = planted(|history| history.followers[0].seen[3].version = 1);
    assert_eq!(stale, [Anomaly::Stale { follower: live(), position: 4 }]);
    let untrue = planted(|history| history.followers[0].seen[0].version = 3);
    assert_eq!(untrue, [Anomaly::Untrue { follower: live(), position: 1 }], "data that it never had");
}

#[test]
fn a_state_that_its_entries_do_not_come_to_is_found() {
    let wrong = |topic: &str| vec![Anomaly::WrongState { topic: topic.to_owned() }];
    let with = |topic: &'static str, items: &[(&str, u64)]| {
        let items = items.iter().map(|(id, version)| ((*id).to_owned(), *version)).collect();
        planted(move |history| drop(history.state.insert(topic.to_owned(), items)))
    };
    assert_eq!(with("a", &[]), wrong("a"), "an item is missing");
    assert_eq!(with("a", &[("x", 1)]), wrong("a"), "an item is as it was");
    assert_eq!(with("a", &[("x", 4), ("z", 3)]), wrong("a"), "an item is back");
    assert_eq!(with("b", &[("w", 6), ("y", 2)]), wrong("b"), "items have changed places");
    assert_eq!(with("c", &[]), wrong("c"), "a topic that nobody made");
    assert_eq!(planted(|history| drop(history.state.remove("b"))), wrong("b"), "a topic is missing");
}
