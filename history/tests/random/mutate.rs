//! What may go wrong with a run, as changes to its record, each with the anomaly that must be found.
#![expect(clippy::ptr_arg, reason = "all mutations have one signature, and some need more than a slice")]

use history::{Action, Anomaly, Change, Digest, Entry, Event, Role};

use crate::model::Random;

/// Changes a record, or finds nothing in it to change.
type Mutate = fn(&mut Vec<Event>, &mut Random) -> Option<()>;

type Expected = fn(&Anomaly) -> bool;

pub(crate) const MUTATIONS: [(&str, Mutate, Expected); 24] = [
    ("an acked entry is lost", lose, |found| matches!(found, Anomaly::Lost { .. })),
    ("the last entry is lost", lose_last, |found| matches!(found, Anomaly::Lost { .. } | Anomaly::Untrue { .. })),
    ("an entry stands twice", double, |found| matches!(found, Anomaly::Doubled { .. } | Anomaly::Misfit { .. })),
    ("an entry that nobody asked for", invent, |found| matches!(found, Anomaly::Phantom { .. })),
    ("a position is skipped", skip_position, |found| matches!(found, Anomaly::PositionHole { .. })),
    ("a seq is skipped", skip_seq, |found| matches!(found, Anomaly::SeqHole { .. })),
    ("time goes back", turn_back, |found| matches!(found, Anomaly::TimeGoesBack { .. })),
    ("two entries change places", swap_entries, |found| {
        matches!(found, Anomaly::WrongAck { .. } | Anomaly::Untrue { .. } | Anomaly::Misfit { .. })
    }),
    ("an ack names another position", ack_elsewhere, |found| {
        matches!(found, Anomaly::WrongAck { .. } | Anomaly::Lost { .. })
    }),
    ("an ack names another seq", ack_seq, |found| matches!(found, Anomaly::WrongAck { .. })),
    ("an ack comes twice as new", ack_twice, |found| matches!(found, Anomaly::AcksDiffer { .. })),
    ("the journal has other data", other_data, |found| matches!(found, Anomaly::Phantom { .. })),
    ("a written wish is refused", refuse, |found| matches!(found, Anomaly::WrittenThoughRefused { .. })),
    ("a follower is told twice", tell_twice, |found| matches!(found, Anomaly::Repeated { .. })),
    ("a follower is told in the wrong order", tell_late, |found| matches!(found, Anomaly::OutOfOrder { .. })),
    ("a follower is not told", tell_not, |found| matches!(found, Anomaly::Missed { .. } | Anomaly::Silent { .. })),
    ("a follower is told nothing at the end", fall_silent, |found| matches!(found, Anomaly::Silent { .. })),
    ("a follower is told something else", tell_lies, |found| matches!(found, Anomaly::Untrue { .. })),
    ("a follower is told a secret", tell_secret, |found| matches!(found, Anomaly::Forbidden { .. })),
    ("following starts at the head", start_at_head, |found| {
        matches!(found, Anomaly::Missed { .. } | Anomaly::Repeated { .. } | Anomaly::OutOfOrder { .. })
    }),
    ("a cursor is not honoured in silence", not_honoured, |found| matches!(found, Anomaly::NotReset { .. })),
    ("a reset comes without need", needless_reset, |found| matches!(found, Anomaly::Reset { .. })),
    ("a state misses an item", forget_item, |found| matches!(found, Anomaly::WrongState { .. })),
    ("somebody barred goes on reading", bar, |found| matches!(found, Anomaly::Forbidden { .. })),
];

/// The places of all events of a kind.
fn places(events: &[Event], is: impl Fn(&Event) -> bool) -> Vec<usize> {
    (0..events.len()).filter(|place| is(&events[*place])).collect()
}

fn pick(events: &[Event], random: &mut Random, is: impl Fn(&Event) -> bool) -> Option<usize> {
    let places = places(events, is);
    (!places.is_empty()).then(|| places[random.below(places.len())])
}

fn is_told(event: &Event) -> bool {
    matches!(event, Event::Told(_))
}

fn is_entry(event: &Event) -> bool {
    matches!(event, Event::Entry(_))
}

fn is_written(event: &Event) -> bool {
    matches!(event, Event::Ack(ack) if ack.changed)
}

/// A random entry of the journal.
fn entry<'e>(events: &'e mut [Event], random: &mut Random, is: fn(&Entry) -> bool) -> Option<&'e mut Entry> {
    let place = pick(events, random, |event| matches!(event, Event::Entry(entry) if is(entry)))?;
    match &mut events[place] {
        Event::Entry(entry) => Some(entry),
        _ => None,
    }
}

fn last(events: &[Event]) -> Option<Entry> {
    match events.last()? {
        Event::Entry(entry) => Some(entry.clone()),
        _ => None,
    }
}

/// An entry that follows the last one.
fn follow_up(events: &[Event], of: &Entry) -> Option<Entry> {
    let last = last(events)?;
    let seqs = events.iter().filter_map(|event| match event {
        Event::Entry(entry) if entry.change.topic == of.change.topic => Some(entry.seq),
        _ => None,
    });
    let seq = seqs.max().unwrap_or(0) + 1;
    Some(Entry { position: last.position + 1, seq, time_ms: last.time_ms, ..of.clone() })
}

fn lose(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let place = pick(events, random, is_written)?;
    let Event::Ack(ack) = events[place] else { return None };
    events.retain(|event| !matches!(event, Event::Entry(entry) if entry.position == ack.position));
    Some(())
}

fn lose_last(events: &mut Vec<Event>, _: &mut Random) -> Option<()> {
    let lost = last(events)?;
    let is_seen = |event: &Event| match event {
        Event::Ack(ack) => ack.position == lost.position,
        Event::Told(told) => told.position == lost.position,
        _ => false,
    };
    let was_seen = events.iter().any(is_seen);
    events.pop();
    was_seen.then_some(())
}

fn double(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let of = entry(events, random, |entry| entry.key.is_some())?.clone();
    events.push(Event::Entry(follow_up(events, &of)?));
    Some(())
}

fn invent(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let mut of = entry(events, random, |entry| entry.change.action == Action::Add)?.clone();
    of.change = Change { item: Some("\"nobody's\"".to_owned()), ..of.change };
    events.push(Event::Entry(follow_up(events, &of)?));
    Some(())
}

fn skip_position(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let from = entry(events, random, |entry| entry.position > 1)?.position;
    for event in events {
        match event {
            Event::Entry(entry) if entry.position >= from => entry.position += 1,
            _ => {}
        }
    }
    Some(())
}

fn skip_seq(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    entry(events, random, |_| true)?.seq += 1;
    Some(())
}

fn turn_back(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    entry(events, random, |entry| entry.position > 1)?.time_ms = 1;
    Some(())
}

fn swap_entries(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let place = pick(events, random, is_entry).filter(|place| place + 1 < events.len())?;
    let acked = |position: u64| events.iter().any(|event| matches!(event, Event::Ack(ack) if ack.position == position));
    let (Event::Entry(one), Event::Entry(other)) = (&events[place], &events[place + 1]) else { return None };
    if !acked(one.position) && !acked(other.position) {
        return None;
    }
    let (mut first, mut second) = (one.clone(), other.clone());
    std::mem::swap(&mut first.change, &mut second.change);
    std::mem::swap(&mut first.key, &mut second.key);
    (events[place], events[place + 1]) = (Event::Entry(first), Event::Entry(second));
    Some(())
}

fn ack_elsewhere(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let place = pick(events, random, is_written)?;
    let Event::Ack(ack) = &mut events[place] else { return None };
    (ack.position, ack.cursor) = (ack.position + 1, ack.cursor + 1);
    Some(())
}

fn ack_seq(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let place = pick(events, random, is_written)?;
    let Event::Ack(ack) = &mut events[place] else { return None };
    ack.seq += 1;
    Some(())
}

fn ack_twice(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let keyed: Vec<u64> = events.iter().filter_map(keyed_push).collect();
    let place =
        pick(events, random, |event| matches!(event, Event::Ack(ack) if !ack.duplicate && keyed.contains(&ack.push)))?;
    events.insert(place + 1, events[place].clone());
    Some(())
}

fn keyed_push(event: &Event) -> Option<u64> {
    match event {
        Event::Push(push) if push.key.is_some() => Some(push.push),
        _ => None,
    }
}

fn other_data(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    entry(events, random, |entry| entry.change.data.is_some())?.change.data = Some(Digest::of(b"flipped"));
    Some(())
}

fn refuse(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let mut keyed: Vec<u64> = events.iter().filter_map(keyed_push).collect();
    keyed.sort_unstable();
    // Only those that were asked for once.
    let once = keyed.chunk_by(|one, other| one == other).filter(|same| same.len() == 1);
    let keyed: Vec<u64> = once.flatten().copied().collect();
    let place = pick(events, random, |event| matches!(event, Event::Ack(ack) if keyed.contains(&ack.push)))?;
    let Event::Ack(ack) = events[place] else { return None };
    events[place] = Event::Refused { push: ack.push, code: "forbidden".to_owned() };
    Some(())
}

fn tell_twice(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let place = pick(events, random, is_told)?;
    events.insert(place + 1, events[place].clone());
    Some(())
}

/// The next thing that the same follower of this connection is told.
fn next_told(events: &[Event], place: usize) -> Option<usize> {
    let Event::Told(told) = &events[place] else { return None };
    for (next, event) in events.iter().enumerate().skip(place + 1) {
        match event {
            Event::Told(other) if other.follower == told.follower => return Some(next),
            Event::Disconnected { follower } if *follower == told.follower => return None,
            _ => {}
        }
    }
    None
}

fn is_excusable(event: &Event) -> bool {
    matches!(event, Event::Told(told) if matches!(told.change.action, Action::Add | Action::Update))
}

fn tell_late(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    // What may be left out because its item is gone by then is repeated when it comes all the same.
    let place = pick(events, random, |event| is_told(event) && !is_excusable(event))?;
    let next = next_told(events, place)?;
    let told = events.remove(place);
    events.insert(next, told);
    Some(())
}

fn tell_not(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let place = pick(events, random, |event| is_told(event) && !is_excusable(event))?;
    events.remove(place);
    Some(())
}

fn fall_silent(events: &mut Vec<Event>, _: &mut Random) -> Option<()> {
    let place = places(events, is_told).into_iter().rev().find(|place| next_told(events, *place).is_none())?;
    let Event::Told(told) = events[place].clone() else { return None };
    let rest = events.get(place..)?;
    let marked = |event: &Event| matches!(event, Event::Mark { follower, .. } if *follower == told.follower);
    let left = |event: &Event| matches!(event, Event::Disconnected { follower } if *follower == told.follower);
    if rest.iter().any(|event| marked(event) || left(event)) {
        return None;
    }
    events.remove(place);
    Some(())
}

fn tell_lies(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let place = pick(events, random, is_told)?;
    let Event::Told(told) = &mut events[place] else { return None };
    match random.below(4) {
        0 => told.change.data = Some(Digest::of(b"a lie")),
        1 => told.time_ms += 1,
        2 => told.seq += 1,
        _ => told.change.author = Some("somebody".to_owned()),
    }
    Some(())
}

fn tell_secret(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let is_of_member = |event: &Event| matches!(event, Event::Connect(connect) if connect.reader.role < Role::Admin);
    let place = pick(
        events,
        random,
        |event| matches!(event, Event::Told(told) if told.change.topic == "staff" && told.follower == "root"),
    )?;
    let Event::Told(mut told) = events[place].clone() else { return None };
    // To somebody who is in at that moment.
    let comes = events[..place].iter().rposition(is_of_member)?;
    let Event::Connect(connect) = &events[comes] else { return None };
    let leaves = |event: &Event| matches!(event, Event::Disconnected { follower } if *follower == connect.follower);
    if events[comes..place].iter().any(leaves) {
        return None;
    }
    told.follower.clone_from(&connect.follower);
    events.insert(place + 1, Event::Told(told));
    Some(())
}

fn start_at_head(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    // One that still has something to be told, and does not leave before.
    let place = pick(events, random, |event| matches!(event, Event::Connected { resumed: true, .. }))?;
    let Event::Connected { follower: of, cursor, .. } = events[place].clone() else { return None };
    let told = |event: &Event| matches!(event, Event::Told(told) if told.follower == of);
    let leaves = |event: &Event| matches!(event, Event::Disconnected { follower } if *follower == of);
    let next = place + events[place..].iter().position(|event| told(event) || leaves(event))?;
    let Event::Told(told) = &events[next] else { return None };
    let head = told.position.max(cursor);
    let Event::Connected { cursor, .. } = &mut events[place] else { return None };
    *cursor = head;
    Some(())
}

fn not_honoured(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let place = pick(events, random, |event| matches!(event, Event::Connected { resumed: true, .. }))?;
    let Event::Connected { follower: of, .. } = events[place].clone() else { return None };
    let hears = |event: &Event| match event {
        Event::Told(told) => told.follower == of,
        Event::Mark { follower, .. } | Event::Settled { follower, .. } => *follower == of,
        _ => false,
    };
    let leaves = |event: &Event| matches!(event, Event::Disconnected { follower } if *follower == of);
    let next = place + events[place..].iter().position(|event| hears(event) || leaves(event))?;
    if leaves(&events[next]) {
        return None;
    }
    let Event::Connected { resumed, .. } = &mut events[place] else { return None };
    *resumed = false;
    Some(())
}

fn needless_reset(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let place = pick(events, random, |event| matches!(event, Event::Connected { .. }))?;
    let Event::Connected { follower, cursor, .. } = events[place].clone() else { return None };
    events.insert(place + 1, Event::Reset { follower, reason: "unknown_cursor".to_owned(), cursor });
    Some(())
}

fn forget_item(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let has_items = |event: &Event| matches!(event, Event::Snapshot(snapshot) if !snapshot.state.is_empty());
    let place = pick(events, random, has_items)?;
    let Event::Snapshot(snapshot) = &mut events[place] else { return None };
    snapshot.state.values_mut().next()?.pop();
    Some(())
}

fn bar(events: &mut Vec<Event>, random: &mut Random) -> Option<()> {
    let place = pick(events, random, |event| matches!(event, Event::Told(told) if told.follower != "nobody"))?;
    let Event::Told(told) = &events[place] else { return None };
    let barred = Event::Barred { user: told.follower.clone(), beyond: told.position - 1 };
    events.insert(place, barred);
    Some(())
}
