//! The judge, judged: each anomaly is planted into a sound record and must be found, alone.
#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod sound;

use history::{Action, Anomaly, Digest, Event, Read, Role, check, read_lines, write_line};
use sound::{ack, change, connect, connected, entry, person, push, settled, snapshot, sound, told};

/// What is found after a change to the sound record.
fn planted(plant: impl FnOnce(&mut Vec<Event>)) -> Vec<Anomaly> {
    let mut events = sound();
    plant(&mut events);
    check(&events)
}

/// The place of the first event of that kind.
fn place(events: &[Event], is: impl Fn(&Event) -> bool) -> usize {
    events.iter().position(is).unwrap()
}

fn told_of(follower: &str, position: u64) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Told(told) if told.follower == follower && told.position == position)
}

fn entry_at(events: &mut [Event], position: u64) -> &mut history::Entry {
    let entries = events.iter_mut().filter_map(|event| match event {
        Event::Entry(entry) => Some(entry),
        _ => None,
    });
    entries.into_iter().find(|entry| entry.position == position).unwrap()
}

fn live(position: u64, anomaly: fn(String, u64) -> Anomaly) -> Vec<Anomaly> {
    vec![anomaly("live".to_owned(), position)]
}

fn missed(follower: String, position: u64) -> Anomaly {
    Anomaly::Missed { follower, position }
}

fn silent(follower: String, position: u64) -> Anomaly {
    Anomaly::Silent { follower, position }
}

#[test]
fn a_sound_record_has_no_anomaly() {
    assert_eq!(check(&sound()), []);
    assert_eq!(check(&[]), []);
}

#[test]
fn a_record_survives_its_text_form() {
    let text: Vec<String> = sound().iter().map(write_line).collect();
    assert_eq!(read_lines(&text.join("\n\n")).unwrap(), sound());
    assert_eq!(read_lines("\n{\"event\":\"ended\"}\n{}").unwrap_err().number, 3);
}

#[test]
fn the_text_form_is_what_other_languages_write() {
    let lines = [
        r#"{"event":"push","push":1,"topic":"a","action":"add","item":"\"x\"","data":"af63dc4c8601ec8c","key":"k"}"#,
        r#"{"event":"ack","push":1,"position":1,"seq":1,"cursor":1,"duplicate":false}"#,
        r#"{"event":"connect","follower":"f","reader":{"role":"anonymous"},"topics":["a*"],"cursor":0}"#,
        r#"{"event":"connected","follower":"f","cursor":0,"resumed":true}"#,
        r#"{"event":"told","follower":"f","position":1,"seq":1,"time_ms":5,"topic":"a","action":"add","item":"\"x\"","data":"af63dc4c8601ec8c"}"#,
        r#"{"event":"settled","follower":"f","head":1}"#,
        r#"{"event":"entry","position":1,"seq":1,"time_ms":5,"topic":"a","action":"add","item":"\"x\"","data":"af63dc4c8601ec8c","key":"k"}"#,
    ];
    assert_eq!(check(&read_lines(&lines.join("\n")).unwrap()), []);
    assert_eq!(String::from(Digest::of(b"a")), "af63dc4c8601ec8c");
}

#[test]
fn holes_in_the_journal_and_time_going_back_are_found() {
    let found = planted(|events| {
        let extra = [push(90, "a", Action::Add, "p", 1), ack(90, 13, 99)];
        let place = place(events, |event| matches!(event, Event::Entry(_)));
        events.splice(place..place, extra);
        events.push(entry(13, "a", 99, Action::Add, "p", 1, "k90"));
    });
    let seq = Anomaly::SeqHole { position: 13, expected: 7, found: 99 };
    assert_eq!(found, [Anomaly::PositionHole { after: 9, found: 13 }, seq]);
    let found = planted(|events| {
        events.retain(|event| !matches!(event, Event::Told(told) if told.position == 9));
        entry_at(events, 9).time_ms = 1;
    });
    assert!(found.contains(&Anomaly::TimeGoesBack { position: 9 }), "{found:?}");
}

#[test]
fn an_entry_that_does_what_cannot_be_done_is_found() {
    let mut events = vec![push(1, "a", Action::Add, "x", 1), push(2, "a", Action::Add, "x", 2)];
    events.extend([push(3, "a", Action::Delete, "y", 0)]);
    events.extend([entry(1, "a", 1, Action::Add, "x", 1, "k1"), entry(2, "a", 2, Action::Add, "x", 2, "k2")]);
    events.push(entry(3, "a", 3, Action::Delete, "y", 0, "k3"));
    assert_eq!(check(&events), [Anomaly::Misfit { position: 2 }, Anomaly::Misfit { position: 3 }]);
}

#[test]
fn what_nobody_asked_for_and_what_was_asked_otherwise_is_found() {
    let is_push = |event: &Event| matches!(event, Event::Push(push) if push.push == 7);
    let found = planted(|events| events.retain(|event| !is_push(event)));
    assert_eq!(found, [Anomaly::Phantom { position: 7 }, Anomaly::Unasked { push: 7 }]);
    let found = planted(|events| {
        let at = place(events, is_push);
        events[at] = push(7, "b", Action::Add, "v", 77);
    });
    assert_eq!(found, [Anomaly::Phantom { position: 7 }, Anomaly::WrongAck { push: 7, position: 7 }]);
}

#[test]
fn what_was_written_twice_is_found() {
    let events = [
        push(1, "a", Action::Update, "x", 1),
        entry(1, "a", 1, Action::Update, "x", 1, "k1"),
        entry(2, "a", 2, Action::Update, "x", 1, "k1"),
    ];
    assert_eq!(check(&events), [Anomaly::Doubled { position: 2, first: 1 }]);
}

#[test]
fn a_key_of_somebody_else_is_another_key() {
    let by = |author: &str, event: Event| match event {
        Event::Push(mut push) => {
            push.change.author = Some(author.to_owned());
            Event::Push(push)
        }
        Event::Entry(mut entry) => {
            entry.change.author = Some(author.to_owned());
            Event::Entry(entry)
        }
        other => other,
    };
    let events = [
        push(1, "a", Action::Add, "x", 1),
        ack(1, 1, 1),
        by("bob", push(1, "a", Action::Add, "x", 1)),
        by("bob", ack(1, 1, 1)),
        entry(1, "a", 1, Action::Add, "x", 1, "k1"),
    ];
    assert_eq!(check(&events), [Anomaly::Lost { push: 1 }]);
}

#[test]
fn an_entry_before_one_that_was_acked_before_it_was_asked_for_is_found() {
    let events = [
        push(2, "a", Action::Add, "y", 1),
        ack(2, 2, 2),
        push(1, "a", Action::Add, "x", 1),
        ack(1, 1, 1),
        entry(1, "a", 1, Action::Add, "x", 1, "k1"),
        entry(2, "a", 2, Action::Add, "y", 1, "k2"),
    ];
    assert_eq!(check(&events), [Anomaly::OutOfTime { position: 1, acked: 2 }]);
}

#[test]
fn a_lost_push_is_found() {
    let lost = planted(|events| {
        events.retain(|event| !matches!(event, Event::Entry(entry) if entry.position == 9));
        events.retain(|event| !matches!(event, Event::Told(told) if told.position == 9));
    });
    assert_eq!(lost, [Anomaly::Lost { push: 9 }]);
}

#[test]
fn an_unanswered_push_may_be_written_or_not() {
    assert_eq!(planted(|events| events.retain(|event| !matches!(event, Event::Ack(ack) if ack.push == 3))), []);
    assert_eq!(planted(|events| events.insert(0, push(50, "a", Action::Add, "u", 1))), []);
}

#[test]
fn an_answer_that_the_journal_contradicts_is_found() {
    let with = |change: fn(&mut history::Ack)| {
        planted(move |events| {
            let at = place(events, |event| matches!(event, Event::Ack(ack) if ack.push == 5));
            let Event::Ack(ack) = &mut events[at] else { panic!("an ack") };
            change(ack);
        })
    };
    let wrong = |position| vec![Anomaly::WrongAck { push: 5, position }];
    assert_eq!(with(|ack| (ack.position, ack.cursor) = (4, 4)), wrong(4));
    assert_eq!(with(|ack| ack.seq = 9), wrong(5));
    assert_eq!(with(|ack| ack.cursor = 9), wrong(5));
    assert_eq!(with(|ack| ack.duplicate = true), wrong(5), "asked for once");
    assert_eq!(with(|ack| ack.changed = false), wrong(5), "an add changes something");
}

#[test]
fn two_answers_that_differ_are_found() {
    let again = |ack: Event| {
        planted(move |events| {
            let at = place(events, |event| matches!(event, Event::Ack(ack) if ack.push == 5));
            events.splice(at + 1..=at, [push(5, "a", Action::Add, "w", 5), ack]);
        })
    };
    let duplicate = |position, seq| {
        let Event::Ack(mut ack) = ack(5, position, seq) else { panic!("an ack") };
        ack.duplicate = true;
        Event::Ack(ack)
    };
    assert_eq!(again(duplicate(5, 4)), []);
    assert_eq!(again(ack(5, 5, 4)), [Anomaly::AcksDiffer { push: 5, position: 5 }], "twice as new");
    let both = [Anomaly::WrongAck { push: 5, position: 4 }, Anomaly::AcksDiffer { push: 5, position: 4 }];
    assert_eq!(again(duplicate(4, 3)), both);
}

#[test]
fn what_was_refused_and_written_is_found() {
    let refused = |code: &str| {
        let events = [
            push(1, "a", Action::Add, "x", 1),
            Event::Refused { push: 1, code: code.to_owned() },
            entry(1, "a", 1, Action::Add, "x", 1, "k1"),
        ];
        check(&events)
    };
    assert_eq!(refused("forbidden"), [Anomaly::WrittenThoughRefused { push: 1, position: 1 }]);
    let twice = planted(|events| {
        let at = place(events, |event| matches!(event, Event::Ack(ack) if ack.push == 5));
        events[at] = Event::Refused { push: 5, code: "id_taken".to_owned() };
        events.insert(at, push(5, "a", Action::Add, "w", 5));
    });
    assert_eq!(twice, [], "the first asking may have come later than the second");
}

#[test]
fn a_follower_that_missed_something_is_found() {
    let without = |position| planted(move |events| events.retain(|event| !told_of("live", position)(event)));
    assert_eq!(without(2), live(2, missed));
    assert_eq!(without(4), live(4, missed));
    assert_eq!(without(6), live(6, missed), "a deletion always comes");
    assert_eq!(without(9), live(9, silent), "the end too");
    assert_eq!(without(3), live(3, missed), "the item was deleted later, but not yet when it was told of the next");
}

#[test]
fn a_deletion_that_was_not_yet_asked_for_excuses_nobody() {
    let deleted_later = |later: bool| {
        let mut events = vec![
            push(1, "a", Action::Add, "x", 1),
            push(2, "a", Action::Add, "y", 1),
            connect("f", "ann", Some(0)),
            connected("f", 0, true),
            told("f", 2, "a", 2, Action::Add, "y", 1),
        ];
        let at = if later { events.len() } else { 2 };
        events.insert(at, push(3, "a", Action::Delete, "x", 0));
        events.extend([told("f", 3, "a", 3, Action::Delete, "x", 0), settled("f", 3)]);
        events.extend([entry(1, "a", 1, Action::Add, "x", 1, "k1"), entry(2, "a", 2, Action::Add, "y", 1, "k2")]);
        events.push(entry(3, "a", 3, Action::Delete, "x", 0, "k3"));
        check(&events)
    };
    assert_eq!(deleted_later(false), []);
    assert_eq!(deleted_later(true), [missed("f".to_owned(), 1)]);
}

#[test]
fn a_cursor_beyond_what_was_told_is_found() {
    let marked = |position: u64| {
        planted(move |events| {
            let at = place(events, told_of("live", 5));
            events.insert(at, Event::Mark { follower: "live".to_owned(), cursor: position });
            events.remove(at + 1);
        })
    };
    assert_eq!(marked(4), live(5, missed));
    assert_eq!(marked(5), live(5, missed));
    let skipped = planted(|events| {
        let at = place(events, |event| matches!(event, Event::Connected { resumed: true, .. }));
        events[at] = connected("back", 6, true);
        events.retain(|event| ![4, 5, 6].iter().any(|position| told_of("back", *position)(event)));
    });
    let missed = |position| missed("back".to_owned(), position);
    assert_eq!(skipped, [missed(4), missed(5), missed(6)], "the head where the cursor brought should stand");
    let brought = planted(|events| {
        let at = place(events, |event| matches!(event, Event::Connect(connect) if connect.cursor == Some(2)));
        events.retain(|event| !told_of("back", 2)(event));
        assert!(at > 0);
    });
    assert_eq!(brought, [missed(2)], "it brings a cursor that came with what it was never told");
    let given = planted(|events| {
        let Event::Snapshot(mut state) = snapshot(2, &[("a", &[("x", 1)]), ("b", &[("y", 2)])]) else {
            panic!("a state")
        };
        state.follower = Some("back".to_owned());
        let told = place(events, told_of("back", 2));
        events[told] = Event::Snapshot(state);
    });
    assert_eq!(given, [], "it brings the cursor of a state that it was given");
    let none = planted(|events| {
        let at = place(events, told_of("live", 9));
        events.insert(at + 1, Event::Mark { follower: "live".to_owned(), cursor: 99 });
    });
    assert_eq!(none, live(99, |follower, position| Anomaly::NoSuchCursor { follower, position }));
}

#[test]
fn a_follower_that_was_told_twice_or_too_late_is_found() {
    let twice = planted(|events| {
        let at = place(events, told_of("live", 4));
        events.insert(at + 1, events[at].clone());
    });
    assert_eq!(twice, live(4, |follower, position| Anomaly::Repeated { follower, position }));
    let late = planted(|events| {
        let told = events.remove(place(events, told_of("live", 4)));
        let later = place(events, told_of("live", 5));
        events.insert(later + 1, told);
    });
    assert_eq!(late, live(4, |follower, position| Anomaly::OutOfOrder { follower, position }));
}

#[test]
fn something_untrue_is_found() {
    let untrue = |change: fn(&mut history::Told)| {
        let found = planted(move |events| {
            let at = place(events, told_of("live", 5));
            let Event::Told(told) = &mut events[at] else { panic!("told") };
            change(told);
        });
        found.into_iter().filter(|anomaly| !matches!(anomaly, Anomaly::Missed { .. })).collect::<Vec<_>>()
    };
    let expected = live(5, |follower, position| Anomaly::Untrue { follower, position });
    assert_eq!(untrue(|told| told.seq += 1), expected);
    assert_eq!(untrue(|told| told.time_ms += 1), expected);
    assert_eq!(untrue(|told| told.change.topic = "b".to_owned()), expected);
    assert_eq!(untrue(|told| told.change.item = None), expected);
    assert_eq!(untrue(|told| told.change.author = None), expected);
    assert_eq!(untrue(|told| told.change.action = Action::Update), expected);
    assert_eq!(untrue(|told| told.change.data = Some(Digest::of(b"else"))), expected);
    assert_eq!(untrue(|told| told.change.data = None), expected);
}

#[test]
fn what_was_told_and_vanished_is_found() {
    let vanished = planted(|events| {
        events.retain(|event| !matches!(event, Event::Ack(ack) if ack.push == 9));
        events.retain(|event| !matches!(event, Event::Entry(entry) if entry.position == 9));
        events.retain(|event| !matches!(event, Event::Settled { .. }));
    });
    let untrue = |follower: &str| Anomaly::Untrue { follower: follower.to_owned(), position: 9 };
    assert_eq!(vanished, [untrue("live"), untrue("back")]);
}

#[test]
fn present_data_may_come_early_and_old_data_not_late() {
    let with = |position: u64, version: u64| {
        planted(move |events| {
            let at = place(events, told_of("back", position));
            let Event::Told(told) = &mut events[at] else { panic!("told") };
            let item = told.change.item.clone().unwrap();
            told.change.data = change("a", Action::Add, &item, version).data;
        })
    };
    // "back" was away while x went from version 1 to 4 and w from 5 to 8; the server has been restarted since.
    assert_eq!(with(4, 4), []);
    let stale = |position| vec![Anomaly::Stale { follower: "back".to_owned(), position }];
    assert_eq!(with(5, 5), stale(5), "the data of the entry, replaced before it came");
    let untrue = |position| Anomaly::Untrue { follower: "back".to_owned(), position };
    let found = with(4, 1);
    assert!(found.contains(&untrue(4)), "data from before the entry: {found:?}");
}

#[test]
fn present_data_that_was_not_yet_asked_for_is_untrue() {
    let found = planted(|events| {
        let at = place(events, told_of("live", 1));
        let Event::Told(told) = &mut events[at] else { panic!("told") };
        told.change.data = change("a", Action::Add, "x", 4).data;
    });
    assert!(found.contains(&Anomaly::Untrue { follower: "live".to_owned(), position: 1 }), "{found:?}");
}

#[test]
fn what_is_gone_must_not_come_back_from_the_store() {
    let found = planted(|events| {
        let at = place(events, told_of("back", 4));
        events.insert(at, told("back", 3, "a", 2, Action::Add, "z", 3));
    });
    assert_eq!(found, [Anomaly::Stale { follower: "back".to_owned(), position: 3 }]);
}

fn rules(read: Read) -> Event {
    let rule = history::TopicRule { topics: "secret/*".to_owned(), read };
    Event::Rules { rules: vec![rule], others: Read::Public }
}

/// Two people's items in one topic, and what a reader of it is told.
fn shown(read: Read, reader: history::Reader, positions: &[u64]) -> Vec<Anomaly> {
    let topic = "secret/1";
    let of = |author: &str, event: Event| match event {
        Event::Push(mut push) => {
            push.change.author = Some(author.to_owned());
            Event::Push(push)
        }
        Event::Told(mut told) => {
            told.change.author = Some(author.to_owned());
            Event::Told(told)
        }
        Event::Entry(mut entry) => {
            entry.change.author = Some(author.to_owned());
            Event::Entry(entry)
        }
        other => other,
    };
    let deeds = [(1, "ann", Action::Add, "x"), (2, "bob", Action::Add, "y"), (3, "root", Action::Update, "x")];
    let mut events = vec![rules(read)];
    events.extend(deeds.map(|(at, author, action, item)| of(author, push(at, topic, action, item, at))));
    let Event::Connect(mut connect) = connect("f", "ann", Some(0)) else { panic!("connect") };
    connect.reader = reader;
    events.extend([Event::Connect(connect), connected("f", 0, true)]);
    for (at, author, action, item) in deeds.into_iter().filter(|deed| positions.contains(&deed.0)) {
        events.push(of(author, told("f", at, topic, at, action, item, at)));
    }
    events.push(settled("f", 3));
    for (at, author, action, item) in deeds {
        events.push(of(author, entry(at, topic, at, action, item, at, &format!("k{at}"))));
    }
    check(&events)
}

#[test]
fn who_may_not_read_an_entry_must_not_see_it_and_who_may_must() {
    let forbidden = |position| Anomaly::Forbidden { follower: "f".to_owned(), position };
    let silent = |position| silent("f".to_owned(), position);
    let (ann, root) = (person("ann", Role::Member), person("root", Role::Admin));
    let nobody = history::Reader { user: None, role: Role::Anonymous };
    assert_eq!(shown(Read::Public, nobody.clone(), &[1, 2, 3]), []);
    assert_eq!(shown(Read::Member, ann.clone(), &[1, 2, 3]), []);
    assert_eq!(shown(Read::Member, nobody.clone(), &[]), []);
    assert_eq!(shown(Read::Member, nobody, &[2]), [forbidden(2)]);
    assert_eq!(shown(Read::Author, ann.clone(), &[1, 3]), []);
    assert_eq!(shown(Read::Author, ann.clone(), &[1, 2, 3]), [forbidden(2)]);
    assert_eq!(shown(Read::Author, ann.clone(), &[1]), [silent(3)], "an admin's change to one's own item");
    assert_eq!(shown(Read::Admin, ann, &[1]), [forbidden(1)]);
    assert_eq!(shown(Read::Admin, root, &[1, 3]), [missed("f".to_owned(), 2)]);
}

#[test]
fn somebody_who_may_read_no_more_must_see_nothing_new() {
    let barred = planted(|events| {
        let at = place(events, told_of("live", 7));
        events.insert(at, Event::Barred { user: "ann".to_owned(), beyond: 7 });
    });
    let forbidden = |position| Anomaly::Forbidden { follower: "live".to_owned(), position };
    assert_eq!(barred[..2], [forbidden(8), forbidden(9)]);
}

#[test]
fn a_cursor_that_was_not_honoured_must_be_answered_by_a_reset_that_is_needed() {
    let resumed = |event: &Event| matches!(event, Event::Connected { resumed: true, .. });
    let silently = planted(|events| {
        let at = place(events, resumed);
        events[at] = connected("back", 2, false);
    });
    assert_eq!(silently, [Anomaly::NotReset { follower: "back".to_owned() }]);
    let reset = |reason: &str| {
        let reason = reason.to_owned();
        planted(move |events| {
            let at = place(events, resumed);
            events[at] = connected("back", 2, false);
            events.insert(at + 1, Event::Reset { follower: "back".to_owned(), reason, cursor: 2 });
        })
    };
    let found = [Anomaly::Reset { follower: "back".to_owned(), reason: "diverged".to_owned() }];
    assert_eq!(reset("diverged"), found);
    assert_eq!(reset("too_far"), []);
}

#[test]
fn who_was_never_let_in_must_be_told_nothing() {
    let found = planted(|events| events.retain(|event| !matches!(event, Event::Connected { resumed: true, .. })));
    assert!(found.iter().all(|anomaly| *anomaly == Anomaly::Unconnected { follower: "back".to_owned() }));
    assert_eq!(found.len(), 7);
}

#[test]
fn a_state_that_its_entries_do_not_come_to_is_found() {
    let with = |topic: &str, items: &[(&str, u64)]| {
        let (topic, state) = (topic.to_owned(), snapshot(5, &[(topic, items)]));
        let found = planted(move |events| {
            let at = place(events, |event| matches!(event, Event::Snapshot(snapshot) if snapshot.cursor == 5));
            let (Event::Snapshot(given), Event::Snapshot(other)) = (&mut events[at], state) else { panic!("a state") };
            given.state.extend(other.state);
        });
        (topic, found)
    };
    let is_wrong = |(topic, found): (String, Vec<Anomaly>)| {
        assert_eq!(found, [Anomaly::WrongState { topic, cursor: 5 }]);
    };
    assert_eq!(with("a", &[("x", 4), ("z", 3), ("w", 5)]).1, []);
    is_wrong(with("a", &[("x", 4), ("w", 5)]));
    is_wrong(with("a", &[("x", 1), ("z", 3), ("w", 5)]));
    is_wrong(with("a", &[("z", 3), ("x", 4), ("w", 5)]));
    is_wrong(with("a", &[("x", 4), ("z", 3), ("w", 5), ("v", 7)]));
    is_wrong(with("b", &[]));
    is_wrong(with("c", &[("x", 1)]));
}
