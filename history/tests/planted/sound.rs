//! A sound record to plant anomalies into, and the words to write it with. A module of `planted.rs`.
#![allow(dead_code, reason = "as a test of its own it says nothing")]

use history::{Ack, Action, Change, Connect, Digest, Entry, Event, Push, Reader, Role, Snapshot, Told};

pub(crate) fn person(user: &str, role: Role) -> Reader {
    Reader { user: Some(user.to_owned()), role }
}

/// Data is told apart by its version; a deletion has the same data every time.
pub(crate) fn change(topic: &str, action: Action, item: &str, version: u64) -> Change {
    let version = if action == Action::Delete { 0 } else { version };
    Change {
        topic: topic.to_owned(),
        action,
        item: Some(item.to_owned()),
        data: Some(Digest::of(format!("{item} {version}").as_bytes())),
        author: Some("ann".to_owned()),
    }
}

/// Ann's wish under the key of its number.
pub(crate) fn push(number: u64, topic: &str, action: Action, item: &str, version: u64) -> Event {
    let key = Some(format!("k{number}"));
    Event::Push(Push { push: number, change: change(topic, action, item, version), key })
}

pub(crate) fn ack(push: u64, position: u64, seq: u64) -> Event {
    Event::Ack(Ack { push, position, seq, cursor: position, duplicate: false, changed: true })
}

pub(crate) fn entry(
    position: u64,
    topic: &str,
    seq: u64,
    action: Action,
    item: &str,
    version: u64,
    key: &str,
) -> Event {
    let change = change(topic, action, item, version);
    Event::Entry(Entry { position, seq, time_ms: 10 + position, change, key: Some(key.to_owned()) })
}

pub(crate) fn connect(follower: &str, user: &str, cursor: Option<u64>) -> Event {
    let reader = person(user, Role::Member);
    Event::Connect(Connect { follower: follower.to_owned(), reader, topics: None, cursor })
}

pub(crate) fn connected(follower: &str, cursor: u64, resumed: bool) -> Event {
    Event::Connected { follower: follower.to_owned(), cursor, resumed }
}

pub(crate) fn told(
    follower: &str,
    position: u64,
    topic: &str,
    seq: u64,
    action: Action,
    item: &str,
    version: u64,
) -> Event {
    let change = change(topic, action, item, version);
    Event::Told(Told { follower: follower.to_owned(), position, seq, time_ms: 10 + position, change })
}

pub(crate) fn settled(follower: &str, head: u64) -> Event {
    Event::Settled { follower: follower.to_owned(), head }
}

/// A state, items as id and version.
pub(crate) fn snapshot(cursor: u64, state: &[(&str, &[(&str, u64)])]) -> Event {
    let item = |(id, version): &(&str, u64)| {
        (Some((*id).to_owned()), change("", Action::Add, id, *version).data.expect("an item has data"))
    };
    let topic = |(topic, items): &(&str, &[(&str, u64)])| ((*topic).to_owned(), items.iter().map(item).collect());
    let state = state.iter().map(topic).collect();
    Event::Snapshot(Snapshot { reader: person("ann", Role::Member), follower: None, topics: None, cursor, state })
}

/// What is done: position, topic, seq, action, item, version.
const DEEDS: [(u64, &str, u64, Action, &str, u64); 9] = [
    (1, "a", 1, Action::Add, "x", 1),
    (2, "b", 1, Action::Add, "y", 2),
    (3, "a", 2, Action::Add, "z", 3),
    (4, "a", 3, Action::Update, "x", 4),
    (5, "a", 4, Action::Add, "w", 5),
    (6, "a", 5, Action::Delete, "z", 6),
    (7, "b", 2, Action::Add, "v", 7),
    (8, "a", 6, Action::Update, "w", 8),
    (9, "b", 3, Action::Add, "u", 9),
];

/// Nine pushes, all acknowledged. "live" is told everything as it happens. "back" is told two, goes away, and is caught
/// up from the store of a server that was restarted; there `w` has meanwhile been changed, and `z` is gone.
pub(crate) fn sound() -> Vec<Event> {
    let told_of = |follower: &str, position: u64, version: u64| {
        let (_, topic, seq, action, item, _) = DEEDS[position as usize - 1];
        told(follower, position, topic, seq, action, item, version)
    };
    let mut events = vec![Event::Started { head: 0 }];
    events.extend([connect("live", "ann", None), connected("live", 0, false)]);
    events.extend([connect("back", "ann", None), connected("back", 0, false)]);
    for (position, topic, seq, action, item, version) in DEEDS {
        events.extend([push(position, topic, action, item, version), ack(position, position, seq)]);
        if position == 5 {
            events.push(snapshot(5, &[("a", &[("x", 4), ("z", 3), ("w", 5)]), ("b", &[("y", 2)])]));
        }
        events.push(told_of("live", position, version));
        match position {
            1 => events.push(told_of("back", 1, 1)),
            2 => events.extend([told_of("back", 2, 2), Event::Disconnected { follower: "back".to_owned() }]),
            _ => {}
        }
    }
    events.extend([settled("live", 9), Event::Ended, Event::Started { head: 9 }]);
    events.extend([connect("back", "ann", Some(2)), connected("back", 2, true)]);
    let caught_up = [(4, 4), (5, 8), (6, 6), (7, 7), (8, 8), (9, 9)];
    events.extend(caught_up.map(|(position, version)| told_of("back", position, version)));
    events.push(settled("back", 9));
    let keep = |(position, topic, seq, action, item, version): (u64, &str, u64, Action, &str, u64)| {
        entry(position, topic, seq, action, item, version, &format!("k{position}"))
    };
    events.extend(DEEDS.map(keep));
    events
}
