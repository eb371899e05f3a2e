//! What happened, as each side saw it: the journal on disk, the pushers, the followers.

use std::{collections::BTreeMap, path::Path};

use journal::{Cursor, Position};
use serde_json::Value;

/// An entry, as the journal has it or as a follower was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) position: u64,
    pub(crate) topic: String,
    pub(crate) seq: u64,
    pub(crate) action: String,
    pub(crate) item: String,
    /// Which of its versions the item has; 0 where it has no data.
    pub(crate) version: u64,
}

/// An entry on disk, and whose push it was. A push without a key is known by its item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logged {
    pub(crate) seen: Seen,
    pub(crate) author: String,
    pub(crate) key: String,
    pub(crate) time_ms: u64,
}

/// A push: what was asked under a key, and every receipt that came for it.
#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    pub(crate) author: String,
    pub(crate) key: String,
    pub(crate) topic: String,
    pub(crate) action: String,
    pub(crate) item: String,
    pub(crate) receipts: Vec<Receipt>,
    /// How often it was asked, answered or not.
    pub(crate) asked: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) position: u64,
    pub(crate) seq: u64,
    pub(crate) duplicate: bool,
}

/// What one follower was told, from its first cursor on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Followed {
    pub(crate) name: String,
    /// It follows the topics that begin so.
    pub(crate) prefix: String,
    /// Where it began to follow; none if it never came so far.
    pub(crate) start: Option<u64>,
    pub(crate) seen: Vec<Seen>,
    /// Words that must never be said in this test.
    pub(crate) resets: Vec<String>,
    pub(crate) connections: u32,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) journal: Vec<Logged>,
    pub(crate) pushes: Vec<Pushed>,
    pub(crate) followers: Vec<Followed>,
    /// The state that the server answered at the end: topics, and the id and version of each item in its order.
    pub(crate) state: State,
}

pub(crate) type State = BTreeMap<String, Vec<(String, u64)>>;

impl History {
    /// Pushes whose first receipt already was that of a retry: what a broken connection had hidden.
    pub(crate) fn duplicates(&self) -> usize {
        let first = |push: &&Pushed| push.receipts.first().is_some_and(|receipt| receipt.duplicate);
        self.pushes.iter().filter(first).count()
    }
}

impl Seen {
    /// Reads a `sync_update` and its cursor.
    pub(crate) fn read(update: &Value, cursor: &str) -> Self {
        let text = |name: &str| update[name].as_str().unwrap_or_default().to_owned();
        Self {
            position: Cursor::decode(cursor).expect("the server sends cursors").position.0,
            topic: text("type"),
            seq: update["seq"].as_u64().expect("an update has a seq"),
            action: text("action"),
            item: update["data"]["id"].as_str().expect("every item of this test has an id").to_owned(),
            version: update["data"]["version"].as_u64().unwrap_or_default(),
        }
    }
}

impl Receipt {
    /// Reads a receipt; none if the push was refused.
    pub(crate) fn read(answer: &Value) -> Option<Self> {
        answer["success"].as_bool()?;
        Some(Self {
            position: answer["position"].as_u64()?,
            seq: answer["seq"].as_u64()?,
            duplicate: answer["duplicate"].as_bool()?,
        })
    }
}

/// Reads the answer to `GET /api/sync/data`.
pub(crate) fn read_state(state: &Value) -> State {
    let item = |item: &Value| {
        let id = item["id"].as_str().expect("every item of this test has an id");
        (id.to_owned(), item["version"].as_u64().unwrap_or_default())
    };
    let items = |items: &Value| items.as_array().expect("a list").iter().map(item).collect();
    let topics = state.as_object().expect("a state is an object").iter();
    topics.map(|(topic, list)| (topic.clone(), items(list))).collect()
}

/// Reads the whole journal of a space while no server runs on it.
pub(crate) fn read_journal(space: &Path) -> Vec<Logged> {
    let options = store::JournalOptions::new([0; 16]);
    let journal = store::Journal::open(space, options).expect("the lock is free and the journal is whole");
    let reader = journal.reader();
    let head = journal.head().position;
    let mut logged: Vec<Logged> = Vec::new();
    while (logged.len() as u64) < head.0 {
        let after = Position(logged.last().map_or(0, |last| last.seen.position));
        let page = reader.page(after, head, 1_000, 1_000_000).expect("the journal can be read");
        assert!(!page.is_empty(), "the journal ends at {after:?} before its head {head:?}");
        logged.extend(page.iter().map(read_entry));
    }
    logged
}

fn read_entry(entry: &journal::Entry) -> Logged {
    let member = |name| entry.data().and_then(|data| data.member(name));
    let item = member("id").and_then(|id| id.string()).map_or_else(String::new, String::from);
    let version = member("version").and_then(|version| version.integer()).and_then(|version| version.try_into().ok());
    Logged {
        seen: Seen {
            position: entry.position.0,
            topic: entry.topic.as_str().to_owned(),
            seq: entry.seq.0,
            action: entry.action.as_str().to_owned(),
            item: item.clone(),
            version: version.unwrap_or_default(),
        },
        author: entry.author.as_ref().map_or_else(String::new, |author| author.as_str().to_owned()),
        key: entry.key.as_ref().map_or(item, |key| key.as_str().to_owned()),
        time_ms: entry.time_ms,
    }
}

/// The journal's entries by author and key.
pub(crate) fn by_key(journal: &[Logged]) -> BTreeMap<(&str, &str), Vec<&Logged>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for logged in journal {
        found.entry((logged.author.as_str(), logged.key.as_str())).or_default().push(logged);
    }
    found
}
