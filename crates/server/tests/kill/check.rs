//! The checker: finds what was lost, doubled or put out of order between the journal, the receipts and the deliveries.

use std::collections::{BTreeMap, HashMap};

use crate::history::{Followed, History, Logged, Pushed, Receipt, Seen, by_key};

/// Something that must never be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Anomaly {
    /// The journal's positions have a hole or a repetition after this one.
    PositionHole(u64),
    /// A topic's seqs have a hole or a repetition at this position.
    SeqHole(u64),
    /// Time goes back at this position.
    TimeGoesBack(u64),
    /// An acknowledged push is not in the journal.
    Lost { key: String },
    /// A push is in the journal more than once.
    Doubled { key: String },
    /// A receipt names another place than the journal.
    WrongReceipt { key: String, position: u64 },
    /// The journal has something else under the key, or something that nobody asked for.
    Foreign { position: u64 },
    /// A follower was not told of an entry.
    Missed { follower: String, position: u64 },
    /// A follower was told of an entry again.
    Repeated { follower: String, position: u64 },
    /// A follower was told of an entry after a later one.
    OutOfOrder { follower: String, position: u64 },
    /// A follower was told something that the journal does not say.
    Untrue { follower: String, position: u64 },
    /// A follower was told to start anew.
    Reset { follower: String, word: String },
}

/// Everything that is wrong with a history.
pub(crate) fn check(history: &History) -> Vec<Anomaly> {
    let mut found = journal(&history.journal);
    found.extend(pushes(history));
    for follower in &history.followers {
        found.extend(deliveries(follower, &history.journal));
    }
    found
}

fn journal(journal: &[Logged]) -> Vec<Anomaly> {
    let mut found = Vec::new();
    let mut seqs: HashMap<&str, u64> = HashMap::new();
    let (mut position, mut time_ms) = (0, 0);
    for logged in journal {
        if logged.seen.position != position + 1 {
            found.push(Anomaly::PositionHole(position));
        }
        position = logged.seen.position;
        let seq = seqs.entry(&logged.seen.topic).or_default();
        if logged.seen.seq != *seq + 1 {
            found.push(Anomaly::SeqHole(position));
        }
        *seq = logged.seen.seq;
        if logged.time_ms < time_ms {
            found.push(Anomaly::TimeGoesBack(position));
        }
        time_ms = logged.time_ms;
    }
    found
}

fn pushes(history: &History) -> Vec<Anomaly> {
    let logged = by_key(&history.journal);
    let mut found: Vec<Anomaly> = history.pushes.iter().flat_map(|push| receipts(push, &logged)).collect();
    let asked: HashMap<_, _> =
        history.pushes.iter().map(|push| ((push.author.as_str(), push.key.as_str()), push)).collect();
    for entry in &history.journal {
        let is_asked = asked.get(&(entry.author.as_str(), entry.key.as_str())).is_some_and(|push| {
            (&push.topic, &push.action, &push.item) == (&entry.seen.topic, &entry.seen.action, &entry.seen.item)
        });
        if !is_asked {
            found.push(Anomaly::Foreign { position: entry.seen.position });
        }
    }
    found
}

fn receipts(push: &Pushed, logged: &BTreeMap<(&str, &str), Vec<&Logged>>) -> Vec<Anomaly> {
    let key = || push.key.clone();
    let entries = logged.get(&(push.author.as_str(), push.key.as_str())).map_or(&[][..], Vec::as_slice);
    match entries {
        // A push that was never acknowledged may or may not have been written.
        [] if push.receipts.is_empty() => Vec::new(),
        [] => vec![Anomaly::Lost { key: key() }],
        [entry] => {
            let wrong = |receipt: &&Receipt| {
                (receipt.position, receipt.seq) != (entry.seen.position, entry.seen.seq)
                    || (push.asked == 1 && receipt.duplicate)
            };
            let wrong = push.receipts.iter().filter(wrong);
            wrong.map(|receipt| Anomaly::WrongReceipt { key: key(), position: receipt.position }).collect()
        }
        _ => vec![Anomaly::Doubled { key: key() }],
    }
}

fn deliveries(follower: &Followed, journal: &[Logged]) -> Vec<Anomaly> {
    let name = || follower.name.clone();
    let mut found: Vec<Anomaly> =
        follower.resets.iter().map(|word| Anomaly::Reset { follower: name(), word: word.clone() }).collect();
    let entries: BTreeMap<u64, &Logged> = journal.iter().map(|logged| (logged.seen.position, logged)).collect();
    let mut told = BTreeMap::new();
    let mut last = 0;
    for seen in &follower.seen {
        let position = seen.position;
        match entries.get(&position) {
            Some(logged) if logged.seen == *seen && seen.topic.starts_with(&follower.prefix) => {}
            _ => found.push(Anomaly::Untrue { follower: name(), position }),
        }
        if told.insert(position, ()).is_some() {
            found.push(Anomaly::Repeated { follower: name(), position });
        } else if position < last {
            found.push(Anomaly::OutOfOrder { follower: name(), position });
        }
        last = last.max(position);
    }
    let gone = deletions(journal);
    let start = follower.start.unwrap_or(u64::MAX);
    let wanted = |seen: &&Seen| seen.position > start && seen.topic.starts_with(&follower.prefix);
    let missed = journal.iter().map(|logged| &logged.seen).filter(wanted);
    let missed = missed.filter(|seen| !told.contains_key(&seen.position));
    // A follower that catches up is not told of items that are gone by then; of the deletion it always is.
    let missed = missed.filter(|seen| {
        let deleted = gone.get(&(seen.topic.as_str(), seen.item.as_str()));
        seen.action == "delete" || deleted.is_none_or(|deleted| *deleted < seen.position)
    });
    found.extend(missed.map(|seen| Anomaly::Missed { follower: name(), position: seen.position }));
    found
}

/// Where each item was last deleted.
fn deletions(journal: &[Logged]) -> HashMap<(&str, &str), u64> {
    let deletions = journal.iter().map(|logged| &logged.seen).filter(|seen| seen.action == "delete");
    deletions.map(|seen| ((seen.topic.as_str(), seen.item.as_str()), seen.position)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
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
            seen: Seen { position, topic: topic.into(), seq, action: action.into(), item: item.into() },
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
        History { journal, pushes, followers }
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
        assert_eq!(
            planted(|history| drop(history.followers[0].seen.remove(4))),
            [missed(5)],
            "a deletion always comes"
        );
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
}
