//! Following: what a client brings, what it is greeted with, and what it is told.

use std::collections::BTreeMap;

use history::{Change, Connect, Digest, Event, Item, Snapshot, Told};
use journal::{Cursor, Json};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{Client, Errand, Habits, Manner};
use crate::{
    network::ExchangeId,
    plan::DOCUMENT,
    server::asks::{Call, HttpAnswer, HttpAsk},
    stage::Stage,
};

/// Changes that one call asks for.
const CHANGES_LIMIT: u64 = 20;

/// A `sync_update` as it is told, its data as it came.
#[derive(Deserialize)]
struct Update<'t> {
    #[serde(rename = "type")]
    topic: String,
    action: history::Action,
    #[serde(borrow)]
    data: &'t RawValue,
    timestamp: u64,
    author: Option<String>,
    seq: u64,
}

/// The position in a cursor.
fn position(cursor: &str) -> u64 {
    Cursor::decode(cursor).expect("the server sends cursors").position.0
}

/// The id in an item's data, in its JSON spelling.
pub(crate) fn item_in(topic: &str, data: &str) -> Item {
    let data = Json::parse(data.as_bytes()).expect("the server sends JSON");
    data.member("id").filter(|_| topic != DOCUMENT).map(|id| id.as_str().to_owned())
}

fn digest(data: &str) -> Option<Digest> {
    (data != "null").then(|| Digest::of(data.as_bytes()))
}

impl Client {
    /// What it says when it knocks.
    pub(super) fn auth(&self) -> Value {
        let mut auth = json!({});
        if let Some(user) = &self.user {
            auth["token"] = json!(**user);
        }
        if let Some(topics) = &self.topics {
            auth["topics"] = json!(topics);
        }
        match (&self.pid, &self.cursor) {
            (Some(pid), offset) => {
                auth["pid"] = json!(pid);
                if let Some(offset) = offset {
                    auth["offset"] = json!(offset);
                }
            }
            (None, Some(cursor)) => auth["cursor"] = json!(cursor),
            (None, None) => {}
        }
        auth
    }

    pub(super) fn note_connect(&self, stage: &mut Stage) {
        let of_pid = || self.pid.as_deref().and_then(|pid| pid.split_once('.')).map(|(_, cursor)| position(cursor));
        let cursor = self.cursor.as_deref().map(position).or_else(of_pid);
        let connect = Connect { follower: self.name(), reader: self.reader(), topics: self.topics.clone(), cursor };
        stage.note(Event::Connect(connect));
    }

    /// CONNECT was answered. The stock client keeps the process id, whatever else comes.
    pub(super) fn take_connect(&mut self, body: &str) {
        let body: Value = serde_json::from_str(body).expect("a CONNECT is answered with an object");
        if self.manner == Manner::Stock {
            self.pid = body["pid"].as_str().map(str::to_owned);
        }
    }

    pub(super) fn take_event(&mut self, stage: &mut Stage, body: &str) {
        let arguments: Vec<&RawValue> = serde_json::from_str(body).expect("an event is an array");
        let name = arguments[0].get().trim_matches('"');
        let last = arguments.last().expect("an event has a name").get();
        let cursor = last.strip_prefix('"').and_then(|text| text.strip_suffix('"')).filter(|_| arguments.len() > 1);
        match (name, cursor) {
            ("sync_update", Some(cursor)) => self.take_update(stage, arguments[1].get(), cursor),
            ("connected", Some(cursor)) => self.greeted(stage, arguments[1].get(), cursor),
            ("reset", Some(cursor)) => {
                let body: Value = serde_json::from_str(arguments[1].get()).expect("a reset says why");
                let reason = body["reason"].as_str().unwrap_or_default().to_owned();
                self.tally.resets += 1;
                stage.note(Event::Reset { follower: self.name(), reason, cursor: position(cursor) });
            }
            ("mark", Some(cursor)) => {
                self.tally.marks += 1;
                stage.note(Event::Mark { follower: self.name(), cursor: position(cursor) });
            }
            ("refused" | "goaway", None) => {}
            other => panic!("this server never sends {other:?}"),
        }
        // The stock client keeps the last string argument of whatever event.
        if let Some(cursor) = cursor {
            self.cursor = Some(cursor.to_owned());
        }
    }

    fn greeted(&mut self, stage: &mut Stage, body: &str, cursor: &str) {
        let body: Value = serde_json::from_str(body).expect("a greeting is an object");
        let resumed = body["resumed"] == json!(true);
        stage.note(Event::Connected { follower: self.name(), cursor: position(cursor), resumed });
        self.tally.connections += 1;
        if let Some(line) = &mut self.line {
            line.is_in = true;
        }
    }

    fn take_update(&mut self, stage: &mut Stage, update: &str, cursor: &str) {
        self.tally.told += 1;
        let follower = self.name();
        stage.note(Event::Told(told(follower, update, cursor)));
    }

    /// Asks for a state, to look at it or to follow from it as a page does that was just loaded.
    pub(super) fn read_state(&mut self, stage: &mut Stage, habits: Habits, follows: bool) {
        let ask = HttpAsk { user: self.user.clone(), call: Call::State { topics: self.topics.clone() } };
        let exchange = stage.send_request(self.id, ask, habits.lost_one_in);
        self.exchanges.insert(exchange, Errand::State { follows });
    }

    /// Asks for a page of changes, as somebody who has never seen any, after some place.
    pub(super) fn read_changes(&mut self, stage: &mut Stage, habits: Habits) {
        let since = self.cursor.clone().filter(|_| stage.random.one_in(2));
        let limit = stage.random.within(1..=CHANGES_LIMIT) as usize;
        let name = format!("{}.changes.{}", self.id, self.tally.reads);
        self.tally.reads += 1;
        let from = since.as_deref().map_or(0, position);
        let (follower, cursor) = (name.clone(), Some(from));
        let connect = Connect { follower, reader: self.reader(), topics: self.topics.clone(), cursor };
        stage.note(Event::Connect(connect));
        let call = Call::Changes { topics: self.topics.clone(), since, limit };
        let exchange = stage.send_request(self.id, HttpAsk { user: self.user.clone(), call }, habits.lost_one_in);
        self.exchanges.insert(exchange, Errand::Changes { name, from });
    }

    /// An answer came, or none will.
    pub(crate) fn take_answer(&mut self, stage: &mut Stage, exchange: ExchangeId, answer: Option<HttpAnswer>) {
        match (self.exchanges.remove(&exchange), answer) {
            (Some(Errand::Wish(number)), Some(HttpAnswer::Push(answer))) => self.answered(stage, number, &answer),
            (Some(Errand::Wish(number)), _) => self.unanswered(number),
            (Some(Errand::State { follows }), Some(HttpAnswer::State { topics, cursor })) => {
                self.take_state(stage, topics, cursor, follows);
            }
            (Some(Errand::Changes { name, from }), Some(HttpAnswer::Changes { updates, cursor })) => {
                take_changes(stage, &name, from, &updates, &cursor);
            }
            (Some(Errand::Changes { name: follower, .. }), Some(HttpAnswer::Reset { reason, cursor })) => {
                let cursor = position(&cursor);
                stage.note(Event::Connected { follower: follower.clone(), cursor, resumed: false });
                stage.note(Event::Reset { follower, reason: reason.to_owned(), cursor });
            }
            _ => {}
        }
    }

    fn take_state(&mut self, stage: &mut Stage, topics: Vec<(String, Vec<Json>)>, cursor: String, follows: bool) {
        let follows = follows && !self.is_barred;
        if follows {
            self.begin_anew(stage);
        }
        self.tally.reads += 1;
        let mut state = BTreeMap::new();
        for (topic, items) in topics {
            let item = |data: &Json| {
                let text = String::from_utf8_lossy(data.as_bytes());
                (item_in(&topic, &text), Digest::of(data.as_bytes()))
            };
            let items: Vec<(Item, Digest)> = items.iter().map(item).collect();
            state.insert(topic, items);
        }
        let follower = follows.then(|| self.name());
        let (reader, topics) = (self.reader(), self.topics.clone());
        stage.note(Event::Snapshot(Snapshot { reader, follower, topics, cursor: position(&cursor), state }));
        if follows {
            self.cursor = Some(cursor);
        }
    }
}

fn take_changes(stage: &mut Stage, name: &str, from: u64, updates: &[(String, String)], cursor: &str) {
    let follower = || name.to_owned();
    stage.note(Event::Connected { follower: follower(), cursor: from, resumed: true });
    for (update, cursor) in updates {
        stage.note(Event::Told(told(follower(), update, cursor)));
    }
    stage.note(Event::Mark { follower: follower(), cursor: position(cursor) });
}

fn told(follower: String, update: &str, cursor: &str) -> Told {
    let update: Update<'_> = serde_json::from_str(update).expect("a sync_update has its members");
    let data = update.data.get();
    let item = if data == "null" { None } else { item_in(&update.topic, data) };
    let data = digest(data);
    let change = Change { topic: update.topic, action: update.action, item, data, author: update.author };
    Told { follower, position: position(cursor), seq: update.seq, time_ms: update.timestamp, change }
}
