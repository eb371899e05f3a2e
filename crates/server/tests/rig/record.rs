//! The record of a run in the words of the judge: what clients asked and were told, and the journal in the end.

use std::{collections::BTreeMap, path::Path};

use history::{Ack, Action, Change, Connect, Digest, Entry, Event, Item, PushId, Reader, Role, Snapshot, Told};
use journal::{Cursor, Position};
use serde_json::Value;

use super::Update;

/// Somebody without a token.
pub(crate) fn anonymous() -> Reader {
    Reader { user: None, role: Role::Anonymous }
}

/// The position in a cursor that the server sent.
pub(crate) fn position(cursor: &str) -> u64 {
    Cursor::decode(cursor).expect("the server sends cursors").position.0
}

/// What `{type, action, data}` asks for or tells, by that author.
pub(crate) fn change(body: &Value, author: Option<&str>) -> Change {
    Change {
        topic: body["type"].as_str().expect("a change has a topic").to_owned(),
        action: action(body["action"].as_str().expect("a change has an action")),
        item: item(&body["data"]),
        data: digest(&body["data"]),
        author: author.map(str::to_owned),
    }
}

fn action(word: &str) -> Action {
    serde_json::from_value(Value::from(word)).expect("an action that there is")
}

fn item(data: &Value) -> Item {
    data.get("id").map(Value::to_string)
}

fn digest(data: &Value) -> Option<Digest> {
    (!data.is_null()).then(|| Digest::of(data.to_string().as_bytes()))
}

/// A wish, before it is sent.
pub(crate) fn push(push: PushId, author: &str, body: &Value) -> Event {
    let key = body["key"].as_str().map(str::to_owned);
    Event::Push(history::Push { push, change: change(body, Some(author)), key })
}

/// The receipt of a wish; none if it was refused.
pub(crate) fn ack(push: PushId, answer: &Value) -> Option<Ack> {
    answer["success"].as_bool()?;
    Some(Ack {
        push,
        position: answer["position"].as_u64()?,
        seq: answer["seq"].as_u64()?,
        cursor: position(answer["cursor"].as_str()?),
        duplicate: answer["duplicate"].as_bool()?,
        changed: answer["changed"].as_bool().unwrap_or(true),
    })
}

/// Somebody without a token asks to follow these topics, from that cursor on if they have one.
pub(crate) fn connect(follower: &str, topics: &[String], cursor: Option<&str>) -> Event {
    let (topics, cursor) = (Some(topics.to_vec()), cursor.map(position));
    Event::Connect(Connect { follower: follower.to_owned(), reader: anonymous(), topics, cursor })
}

/// The greeting of a follower.
pub(crate) fn connected(follower: &str, cursor: &str, resumed: bool) -> Event {
    Event::Connected { follower: follower.to_owned(), cursor: position(cursor), resumed }
}

/// A `sync_update` and its cursor.
pub(crate) fn told(follower: &str, update: &Update) -> Event {
    let body = &update.body;
    Event::Told(Told {
        follower: follower.to_owned(),
        position: position(&update.cursor),
        seq: body["seq"].as_u64().expect("an update has a seq"),
        time_ms: body["timestamp"].as_u64().expect("an update has a time"),
        change: change(body, body["author"].as_str()),
    })
}

/// A `reset` and its cursor.
pub(crate) fn reset(follower: &str, body: &Value, cursor: &str) -> Event {
    let reason = body["reason"].as_str().unwrap_or_default().to_owned();
    Event::Reset { follower: follower.to_owned(), reason, cursor: position(cursor) }
}

/// The answer to `GET /api/sync/data` without a token; all topics are lists.
pub(crate) fn snapshot(state: &Value, cursor: &str) -> Event {
    let thing = |data: &Value| (item(data), digest(data).expect("an item has data"));
    let items = |list: &Value| list.as_array().expect("a list").iter().map(thing).collect();
    let topics = state.as_object().expect("a state is an object").iter();
    let state: BTreeMap<_, _> = topics.map(|(topic, list)| (topic.clone(), items(list))).collect();
    Event::Snapshot(Snapshot { reader: anonymous(), follower: None, topics: None, cursor: position(cursor), state })
}

/// The whole journal of a space on which no server runs.
pub(crate) fn entries(space: &Path) -> Vec<Event> {
    let options = store::JournalOptions::new([0; 16]);
    let journal = store::Journal::open(space, options).expect("the lock is free and the journal is whole");
    let (reader, head) = (journal.reader(), journal.head().position);
    let (mut entries, mut after) = (Vec::new(), Position::START);
    while after < head {
        let page = reader.page(after, head, 1_000, 1_000_000).expect("the journal can be read");
        after = page.last().expect("the journal goes to its head").position;
        entries.extend(page.iter().map(|entry| Event::Entry(kept(entry))));
    }
    entries
}

fn kept(entry: &journal::Entry) -> Entry {
    let data = entry.data().map_or(Value::Null, |data| serde_json::from_slice(data.as_bytes()).expect("it is JSON"));
    let change = Change {
        topic: entry.topic.as_str().to_owned(),
        action: action(entry.action.as_str()),
        item: item(&data),
        data: digest(&data),
        author: entry.author.as_ref().map(|author| author.as_str().to_owned()),
    };
    let key = entry.key.as_ref().map(|key| key.as_str().to_owned());
    Entry { position: entry.position.0, seq: entry.seq.0, time_ms: entry.time_ms, change, key }
}
