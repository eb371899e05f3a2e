//! What the contract suites share: entries that are numbered and chained as the writer does it.

#![allow(dead_code, reason = "each suite uses its part")]

pub(crate) mod model;

use std::collections::HashMap;

use journal::{Action, Content, Entry, ItemId, Json, Key, Position, Seq, Tag, TopicName, UserId};
use store::{Head, JournalReader};

/// Everything there is.
pub(crate) fn all(reader: &JournalReader) -> Vec<Entry> {
    reader.page(Position::START, Position(u64::MAX), usize::MAX, usize::MAX).unwrap()
}

pub(crate) const IDENTITY: [u8; 16] = [7; 16];

/// Numbers, chains and times entries, as the one writer of a space does.
#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) head: Head,
    seqs: HashMap<TopicName, Seq>,
}

/// What somebody wants to push, before it has a place.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) topic: &'static str,
    pub(crate) action: Action,
    pub(crate) item: Option<ItemId>,
    pub(crate) data: Option<String>,
    pub(crate) author: Option<&'static str>,
    pub(crate) owner: Option<&'static str>,
    pub(crate) key: Option<String>,
}

impl Wish {
    pub(crate) fn new(action: Action, topic: &'static str, item: Option<ItemId>) -> Self {
        Self { topic, action, item, data: None, author: Some("ann"), owner: None, key: None }
    }

    pub(crate) fn add(topic: &'static str, id: &str) -> Self {
        let data = Some(format!(r#"{{"id":"{id}"}}"#));
        Self { data, ..Self::new(Action::Add, topic, Some(ItemId::text(id).unwrap())) }
    }

    pub(crate) fn by(self, author: &'static str) -> Self {
        Self { author: Some(author), ..self }
    }

    pub(crate) fn key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    pub(crate) fn data(self, data: impl Into<String>) -> Self {
        Self { data: Some(data.into()), ..self }
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::of(IDENTITY)
    }
}

impl Chain {
    pub(crate) fn of(identity: [u8; 16]) -> Self {
        let head = Head { position: Position::START, tag: Tag::genesis(identity), time_ms: 0 };
        Self { head, seqs: HashMap::new() }
    }

    /// A chain that goes on where these entries, all of a journal, end.
    pub(crate) fn behind(entries: &[Entry]) -> Self {
        let mut chain = Self::default();
        for entry in entries {
            chain.seqs.insert(entry.topic.clone(), entry.seq);
            chain.head = Head { position: entry.position, tag: entry.tag, time_ms: entry.time_ms };
        }
        chain
    }

    pub(crate) fn next(&mut self, wish: Wish) -> Entry {
        let salt = [u8::try_from(self.head.position.0 % 251).unwrap(); 16];
        let data = wish.data.map(|data| Json::from_stored(data.into_bytes().into()));
        self.next_with(wish.topic, wish.action, wish.item, Content::Present { salt, data }, |entry| {
            entry.author = wish.author.map(|author| UserId::new(author).unwrap());
            entry.owner = wish.owner.map(|owner| UserId::new(owner).unwrap());
            entry.key = wish.key.map(|key| Key::new(&key).unwrap());
        })
    }

    pub(crate) fn next_with(
        &mut self,
        topic: &str,
        action: Action,
        item: Option<ItemId>,
        content: Content,
        set: impl FnOnce(&mut Entry),
    ) -> Entry {
        let topic = TopicName::new(topic).unwrap();
        let seq = self.seqs.entry(topic.clone()).or_default();
        *seq = seq.next();
        let mut entry = Entry {
            position: self.head.position.next(),
            topic,
            seq: *seq,
            action,
            item,
            content,
            author: None,
            owner: None,
            key: None,
            client_time: None,
            request: None,
            time_ms: self.head.time_ms + 3,
            tag: self.head.tag,
        };
        set(&mut entry);
        entry.tag = self.head.tag.then(&entry);
        self.head = Head { position: entry.position, tag: entry.tag, time_ms: entry.time_ms };
        entry
    }

    /// So many `add`s of new items, over three topics.
    pub(crate) fn adds(&mut self, count: usize) -> Vec<Entry> {
        let topics = ["chat", "room/1", "news"];
        (0..count)
            .map(|n| {
                let id = format!("item-{}", self.head.position.0 + 1);
                self.next(Wish::add(topics[n % topics.len()], &id))
            })
            .collect()
    }
}
