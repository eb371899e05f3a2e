//! What the writer is held against: wishes, and a model that keeps everything in plain lists and does one thing after the
//! other.

use std::collections::HashMap;

use journal::{Ask, ClientTime, Principal, Push, Refusal};
use proptest::prelude::*;

use crate::bench::{admin, keyed, member, push};

#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) who: usize,
    topic: usize,
    ask: Ask,
    id: u8,
    value: u8,
    key: Option<u8>,
    /// The client's own timestamp.
    time: Option<u8>,
}

const TOPICS: [&str; 3] = ["a", "b", "own"];

pub(crate) fn people() -> [Principal; 3] {
    [member("ann"), member("bob"), admin()]
}

pub(crate) fn wishes() -> impl Strategy<Value = Wish> {
    let ask = prop_oneof![
        4 => Just(Ask::Add),
        3 => Just(Ask::Update),
        2 => Just(Ask::Patch),
        3 => Just(Ask::Delete),
        1 => Just(Ask::Clear),
    ];
    let time = prop::option::weighted(0.3, 0..2_u8);
    (0..3_usize, 0..3_usize, ask, 0..4_u8, 0..3_u8, prop::option::of(0..5_u8), time)
        .prop_map(|(who, topic, ask, id, value, key, time)| Wish { who, topic, ask, id, value, key, time })
}

impl Wish {
    pub(crate) fn push(&self) -> Push {
        let data = match self.ask {
            Ask::Clear => String::new(),
            Ask::Delete => format!(r#"{{"id":{}}}"#, self.id),
            Ask::Patch => format!(r#"{{"id":{},"p{}":1}}"#, self.id, self.value),
            Ask::Add | Ask::Update => format!(r#"{{"id":{},"v":{}}}"#, self.id, self.value),
        };
        let mut push = push(TOPICS[self.topic], self.ask, &data);
        push.client_time = self.time.and_then(|time| ClientTime::new(&time.to_string()));
        match self.key {
            Some(key) => keyed(push, &format!("key{key}")),
            None => push,
        }
    }
}

/// A position and a seq.
pub(crate) type Place = (u64, u64);

/// The place and whether it is a duplicate's; `None` where nothing changes.
pub(crate) type Verdict = Result<Option<(Place, bool)>, Refusal>;

/// One present item.
#[derive(Clone, Debug)]
struct Item {
    id: u8,
    owner: usize,
    text: String,
}

/// An `add` that was written.
#[derive(Clone, Debug)]
struct Added {
    wish: Wish,
    text: String,
    place: Place,
}

/// What was written, in plain lists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Naive {
    pub(crate) head: u64,
    seqs: [u64; 3],
    items: [Vec<Item>; 3],
    keys: HashMap<(usize, usize, u8), (Push, Place)>,
    adds: Vec<Added>,
}

impl Naive {
    pub(crate) fn answer(&mut self, wish: &Wish) -> Verdict {
        let asked = wish.push();
        let is_admin = wish.who == 2;
        if wish.ask == Ask::Clear && !is_admin {
            return Err(Refusal::Forbidden);
        }
        if let Some(key) = wish.key
            && let Some((first, place)) = self.keys.get(&(wish.topic, wish.who, key))
        {
            let same = first.ask == asked.ask && first.data == asked.data;
            return if same { Ok(Some((*place, true))) } else { Err(Refusal::KeyConflict) };
        }
        if self.seqs[wish.topic] == 0 && matches!(wish.ask, Ask::Delete | Ask::Clear) {
            return Ok(None);
        }
        let present = self.items[wish.topic].iter().position(|item| item.id == wish.id);
        if wish.ask == Ask::Add {
            return self.add(wish, &asked, present);
        }
        if wish.ask == Ask::Clear {
            self.items[wish.topic].clear();
            return Ok(Some((self.write(wish, asked), false)));
        }
        if let Some(index) = present {
            let is_foreign = self.items[wish.topic][index].owner != wish.who;
            if TOPICS[wish.topic] == "own" && is_foreign && !is_admin {
                return Err(Refusal::Forbidden);
            }
        }
        match (wish.ask, present) {
            (Ask::Delete, None) => return Ok(None),
            (Ask::Delete, Some(index)) => drop(self.items[wish.topic].remove(index)),
            (_, Some(index)) => {
                let item = &mut self.items[wish.topic][index];
                item.text = changed(wish, Some(&item.text));
            }
            (_, None) => {
                let item = Item { id: wish.id, owner: wish.who, text: changed(wish, None) };
                self.items[wish.topic].push(item);
            }
        }
        Ok(Some((self.write(wish, asked), false)))
    }

    fn add(&mut self, wish: &Wish, asked: &Push, present: Option<usize>) -> Verdict {
        let text = format!("{:?}", asked.data.clone().unwrap());
        let about = |wish: &Wish| (wish.who, wish.topic, wish.id);
        let last = self.adds.iter().rev().find(|added| about(&added.wish) == about(wish));
        if let (None, Some(last)) = (wish.key, last) {
            let same_data = present.is_some() && last.text == text;
            let same_time = wish.time.is_some() && last.wish.time == wish.time;
            if same_data || same_time {
                return Ok(Some((last.place, true)));
            }
        }
        if present.is_some() {
            return Err(Refusal::IdTaken);
        }
        self.items[wish.topic].push(Item { id: wish.id, owner: wish.who, text: text.clone() });
        let place = self.write(wish, asked.clone());
        self.adds.push(Added { wish: wish.clone(), text, place });
        Ok(Some((place, false)))
    }

    fn write(&mut self, wish: &Wish, asked: Push) -> Place {
        self.head += 1;
        self.seqs[wish.topic] += 1;
        let place = (self.head, self.seqs[wish.topic]);
        if let Some(key) = wish.key {
            self.keys.insert((wish.topic, wish.who, key), (asked, place));
        }
        place
    }

    pub(crate) fn state(&self) -> Vec<(String, Vec<String>)> {
        let mut topics: Vec<(String, Vec<String>)> = (0..3)
            .filter(|topic| self.seqs[*topic] > 0)
            .map(|topic| (TOPICS[topic].to_owned(), self.items[topic].iter().map(|item| item.text.clone()).collect()))
            .collect();
        topics.sort();
        topics
    }
}

/// What an update or a patch leaves, spelled as the fold spells it.
fn changed(wish: &Wish, before: Option<&str>) -> String {
    if wish.ask == Ask::Update {
        return format!(r#"{{"id":{},"v":{}}}"#, wish.id, wish.value);
    }
    let mut text = before.map_or(format!(r#"{{"id":{}}}"#, wish.id), str::to_owned);
    let member = format!(r#""p{}":1"#, wish.value);
    if !text.contains(&member) {
        text.pop();
        text.push_str(&format!(",{member}}}"));
    }
    text
}
