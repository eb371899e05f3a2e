//! One consistent look at views, whichever arm they have: every question is answered here once for each.

use journal::{Entry, ItemId, Key, Position, Tag, TopicName, UserId};
use rusqlite::Connection;

use super::{Item, KeyUse, Topic, memory::State, query};

/// Where to look.
pub(super) enum View<'a> {
    Memory(&'a State),
    Sqlite(&'a Connection),
}

impl View<'_> {
    pub(super) fn at(&self) -> rusqlite::Result<(Position, Tag)> {
        match self {
            Self::Memory(state) => Ok(state.at()),
            Self::Sqlite(connection) => query::at(connection),
        }
    }

    pub(super) fn topic(&self, name: &TopicName) -> rusqlite::Result<Option<Topic>> {
        match self {
            Self::Memory(state) => Ok(state.topic(name).cloned()),
            Self::Sqlite(connection) => query::topic(connection, name),
        }
    }

    pub(super) fn item(&self, topic: &TopicName, id: Option<&ItemId>) -> rusqlite::Result<Option<Item>> {
        match self {
            Self::Memory(state) => Ok(state.item(topic, id)),
            Self::Sqlite(connection) => query::item(connection, topic, id),
        }
    }

    pub(super) fn key(
        &self,
        topic: &TopicName,
        author: Option<&UserId>,
        key: &Key,
    ) -> rusqlite::Result<Option<Position>> {
        match self {
            Self::Memory(state) => Ok(state.key(topic, author, key)),
            Self::Sqlite(connection) => query::key(connection, topic, author, key),
        }
    }

    pub(super) fn last_add(
        &self,
        topic: &TopicName,
        author: Option<&UserId>,
        id: &ItemId,
    ) -> rusqlite::Result<Option<Position>> {
        match self {
            Self::Memory(state) => Ok(state.last_add(topic, author, id)),
            Self::Sqlite(connection) => query::last_add(connection, topic, author, id),
        }
    }

    pub(super) fn topics(&self, after: Position, limit: usize) -> rusqlite::Result<Vec<Topic>> {
        match self {
            Self::Memory(state) => Ok(state.topics(after, limit)),
            Self::Sqlite(connection) => query::topics(connection, after, limit),
        }
    }

    pub(super) fn items(&self, topic: &TopicName, after: Position, limit: usize) -> rusqlite::Result<Vec<Item>> {
        match self {
            Self::Memory(state) => Ok(state.items(topic, after, limit)),
            Self::Sqlite(connection) => query::items(connection, topic, after, limit),
        }
    }

    pub(super) fn positions(
        &self,
        topic: &TopicName,
        after: Position,
        limit: usize,
    ) -> rusqlite::Result<Vec<Position>> {
        match self {
            Self::Memory(state) => Ok(state.positions(topic, after, limit)),
            Self::Sqlite(connection) => query::positions(connection, topic, after, limit),
        }
    }

    pub(super) fn present(&self, entries: &[Entry]) -> rusqlite::Result<Vec<Option<Position>>> {
        let last = |entry: &Entry| Ok(self.item(&entry.topic, entry.item.as_ref())?.map(|item| item.last_position));
        entries.iter().map(last).collect()
    }

    pub(super) fn keys(&self, after: Option<&KeyUse>, limit: usize) -> rusqlite::Result<Vec<KeyUse>> {
        match self {
            Self::Memory(state) => Ok(state.keys(after, limit)),
            Self::Sqlite(connection) => query::keys(connection, after, limit),
        }
    }
}
