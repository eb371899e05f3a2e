//! The checker: finds what was lost, doubled or put out of order between the journal, the receipts and the deliveries.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::history::{Followed, History, Logged, Pushed, Receipt, Seen, State, by_key};

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
    /// A follower was told an item as it was before this entry.
    Stale { follower: String, position: u64 },
    /// A topic's state is not what its entries come to.
    WrongState { topic: String },
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
    found.extend(state(history));
    found
}

/// Folds the journal and compares.
fn state(history: &History) -> Vec<Anomaly> {
    let mut folded = State::new();
    for Seen { topic, action, item, version, .. } in history.journal.iter().map(|logged| &logged.seen) {
        let items = folded.entry(topic.clone()).or_default();
        match (action.as_str(), items.iter_mut().find(|(id, _)| id == item)) {
            ("delete", _) => items.retain(|(id, _)| id != item),
            (_, Some((_, present))) => *present = *version,
            (_, None) => items.push((item.clone(), *version)),
        }
    }
    let topics: BTreeSet<_> = folded.keys().chain(history.state.keys()).collect();
    let differs = |topic: &&&String| folded.get(**topic) != history.state.get(**topic);
    topics.iter().filter(differs).map(|topic| Anomaly::WrongState { topic: (*topic).clone() }).collect()
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
    let versions: HashSet<_> = journal.iter().map(|logged| version(&logged.seen)).collect();
    let mut told = BTreeMap::new();
    let mut last = 0;
    for seen in &follower.seen {
        let position = seen.position;
        match entries.get(&position) {
            Some(logged) if is_true(seen, &logged.seen, &versions) && seen.topic.starts_with(&follower.prefix) => {
                if seen.version < logged.seen.version {
                    found.push(Anomaly::Stale { follower: name(), position });
                }
            }
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

/// Whether a follower was told what an entry says, with any data that its item ever had.
fn is_true(told: &Seen, logged: &Seen, versions: &HashSet<(&str, &str, u64)>) -> bool {
    let as_logged = Seen { version: told.version, ..logged.clone() };
    as_logged == *told && versions.contains(&version(told))
}

fn version(seen: &Seen) -> (&str, &str, u64) {
    (&seen.topic, &seen.item, seen.version)
}

/// Where each item was last deleted.
fn deletions(journal: &[Logged]) -> HashMap<(&str, &str), u64> {
    let deletions = journal.iter().map(|logged| &logged.seen).filter(|seen| seen.action == "delete");
    deletions.map(|seen| ((seen.topic.as_str(), seen.item.as_str()), seen.position)).collect()
}
