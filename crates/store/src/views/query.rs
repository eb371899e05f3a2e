//! The questions as SQL, and the tables they are asked of. A file of another format is thrown away and built again.

use journal::{ItemId, Key, Position, Seq, Tag, TopicKind, TopicName, UserId};
use rusqlite::{
    Connection, OptionalExtension as _, Row,
    types::{FromSqlError, ToSqlOutput, Type, Value, ValueRef},
};

use super::{
    Item, KeyUse, Topic,
    fold::{ItemKey, ItemRow, TopicId},
};

/// Raised whenever [`SCHEMA`] or the meaning of a column changes.
pub(super) const FORMAT: i64 = 1;

/// Trees clustered by topic. A topic's number is the position of its first entry; an item id is an integer, a text, or,
/// for the document, an empty blob; nobody's author is the empty text.
pub(super) const SCHEMA: &str = "
    CREATE TABLE meta (format INTEGER NOT NULL, position INTEGER NOT NULL, tag BLOB NOT NULL) STRICT;
    CREATE TABLE topics (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, is_document INTEGER NOT NULL, seq INTEGER NOT NULL,
        last INTEGER NOT NULL, cleared INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE items (
        topic INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, id ANY NOT NULL, owner TEXT,
        is_added INTEGER NOT NULL, PRIMARY KEY (topic, first)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE ids (
        topic INTEGER NOT NULL, id ANY NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (topic, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE entries (
        topic INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (topic, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE keys (
        topic INTEGER NOT NULL, author TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL,
        PRIMARY KEY (topic, author, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE adds (
        topic INTEGER NOT NULL, author TEXT NOT NULL, id ANY NOT NULL, position INTEGER NOT NULL,
        PRIMARY KEY (topic, author, id)
    ) STRICT, WITHOUT ROWID;
";

type Result<T> = rusqlite::Result<T>;

pub(super) fn at(connection: &Connection) -> Result<(Position, Tag)> {
    let mut statement = connection.prepare_cached("SELECT position, tag FROM meta")?;
    statement.query_row([], |row| Ok((position(row, 0)?, Tag(row.get(1)?))))
}

pub(super) fn topic(connection: &Connection, name: &TopicName) -> Result<Option<Topic>> {
    let sql = "SELECT id, name, is_document, seq, last, cleared FROM topics WHERE name = ?1";
    connection.prepare_cached(sql)?.query_row([name.as_str()], topic_in).optional()
}

pub(super) fn topics(connection: &Connection, after: Position, limit: usize) -> Result<Vec<Topic>> {
    let sql = "SELECT id, name, is_document, seq, last, cleared FROM topics WHERE id > ?1 ORDER BY id LIMIT ?2";
    connection.prepare_cached(sql)?.query_map([number(after), bound(limit)], topic_in)?.collect()
}

/// An item that was not deleted; it may have been cleared.
pub(super) fn row(connection: &Connection, key: &ItemKey) -> Result<Option<ItemRow>> {
    row_of(connection, key.0, key.1.as_ref())
}

fn row_of(connection: &Connection, topic: TopicId, id: Option<&ItemId>) -> Result<Option<ItemRow>> {
    let sql = "SELECT items.first, last, owner, is_added FROM ids JOIN items USING (topic, first)
               WHERE ids.topic = ?1 AND ids.id = ?2";
    let decode = |row: &Row<'_>| {
        let is_added = row.get(3)?;
        Ok(ItemRow { first: position(row, 0)?, last: position(row, 1)?, owner: user(row, 2)?, is_added })
    };
    connection.prepare_cached(sql)?.query_row((number(topic), id_value(id)), decode).optional()
}

pub(super) fn item(connection: &Connection, name: &TopicName, id: Option<&ItemId>) -> Result<Option<Item>> {
    let Some(topic) = topic(connection, name)? else { return Ok(None) };
    let row = row_of(connection, topic.first_position, id)?.filter(|row| row.first > topic.cleared_position);
    Ok(row.map(|row| Item { id: id.cloned(), first_position: row.first, last_position: row.last, owner: row.owner }))
}

pub(super) fn items(connection: &Connection, name: &TopicName, after: Position, limit: usize) -> Result<Vec<Item>> {
    let Some(topic) = topic(connection, name)? else { return Ok(Vec::new()) };
    let sql = "SELECT first, last, owner, id FROM items WHERE topic = ?1 AND first > ?2 ORDER BY first LIMIT ?3";
    let after = after.max(topic.cleared_position);
    let item = |row: &Row<'_>| {
        let (first_position, last_position) = (position(row, 0)?, position(row, 1)?);
        Ok(Item { id: id(row, 3)?, first_position, last_position, owner: user(row, 2)? })
    };
    let topic = number(topic.first_position);
    connection.prepare_cached(sql)?.query_map([topic, number(after), bound(limit)], item)?.collect()
}

pub(super) fn positions(
    connection: &Connection,
    name: &TopicName,
    after: Position,
    limit: usize,
) -> Result<Vec<Position>> {
    let sql = "SELECT position FROM entries
               WHERE topic = (SELECT id FROM topics WHERE name = ?1) AND position > ?2 ORDER BY position LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map((name.as_str(), number(after), bound(limit)), |row| position(row, 0))?.collect()
}

pub(super) fn key(
    connection: &Connection,
    topic: &TopicName,
    author: Option<&UserId>,
    key: &Key,
) -> Result<Option<Position>> {
    let sql = "SELECT position FROM keys
               WHERE topic = (SELECT id FROM topics WHERE name = ?1) AND author = ?2 AND key = ?3";
    let asked = [topic.as_str(), author_text(author), key.as_str()];
    connection.prepare_cached(sql)?.query_row(asked, |row| position(row, 0)).optional()
}

pub(super) fn keys(connection: &Connection, after: Option<&KeyUse>, limit: usize) -> Result<Vec<KeyUse>> {
    let sql = "SELECT name, author, key, position FROM keys JOIN topics ON topics.id = keys.topic
               WHERE (topic, author, key) > (?1, ?2, ?3) ORDER BY topic, author, key LIMIT ?4";
    let (topic, author, key) = match after {
        None => (0, "", ""),
        Some(after) => {
            let topic = topic(connection, &after.topic)?.map_or(0, |topic| number(topic.first_position));
            (topic, author_text(after.author.as_ref()), after.key.as_str())
        }
    };
    let used = |row: &Row<'_>| {
        let author = if row.get_ref(1)?.as_str()?.is_empty() { None } else { user(row, 1)? };
        let (topic, key) = (parsed(row, 0, TopicName::new)?, parsed(row, 2, Key::new)?);
        Ok(KeyUse { topic, author, key, position: position(row, 3)? })
    };
    connection.prepare_cached(sql)?.query_map((topic, author, key, bound(limit)), used)?.collect()
}

pub(super) fn last_add(
    connection: &Connection,
    name: &TopicName,
    author: Option<&UserId>,
    id: &ItemId,
) -> Result<Option<Position>> {
    let Some(topic) = topic(connection, name)?.map(|topic| topic.first_position) else { return Ok(None) };
    let own = row_of(connection, topic, Some(id))?.filter(|row| row.is_added && row.owner.as_ref() == author);
    if let Some(row) = own {
        return Ok(Some(row.first));
    }
    let sql = "SELECT position FROM adds WHERE topic = ?1 AND author = ?2 AND id = ?3";
    let asked = (number(topic), author_text(author), id_value(Some(id)));
    connection.prepare_cached(sql)?.query_row(asked, |row| position(row, 0)).optional()
}

/// Positions stay below 2^53.
pub(super) fn number(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn id_value(id: Option<&ItemId>) -> ToSqlOutput<'_> {
    match id {
        None => ToSqlOutput::Borrowed(ValueRef::Blob(&[])),
        Some(ItemId::Integer(id)) => ToSqlOutput::Owned(Value::Integer(*id)),
        Some(ItemId::Text(id)) => ToSqlOutput::Borrowed(ValueRef::Text(id.as_bytes())),
    }
}

pub(super) fn author_text(author: Option<&UserId>) -> &str {
    author.map_or("", UserId::as_str)
}

fn topic_in(row: &Row<'_>) -> Result<Topic> {
    let kind = if row.get(2)? { TopicKind::Document } else { TopicKind::List };
    Ok(Topic {
        name: parsed(row, 1, TopicName::new)?,
        kind,
        seq: Seq(position(row, 3)?.0),
        first_position: position(row, 0)?,
        last_position: position(row, 4)?,
        cleared_position: position(row, 5)?,
    })
}

fn position(row: &Row<'_>, column: usize) -> Result<Position> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map(Position).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

fn user(row: &Row<'_>, column: usize) -> Result<Option<UserId>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => parsed(row, column, UserId::new).map(Some),
    }
}

pub(super) fn id(row: &Row<'_>, column: usize) -> Result<Option<ItemId>> {
    match row.get_ref(column)? {
        ValueRef::Blob([]) => Ok(None),
        ValueRef::Integer(id) => ItemId::integer(id).map(Some).map_err(|error| unreadable(column, error)),
        _ => parsed(row, column, ItemId::text).map(Some),
    }
}

pub(super) fn parsed<T, E: std::error::Error + Send + Sync + 'static>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<T> {
    let text = row.get_ref(column)?.as_str().map_err(|error: FromSqlError| unreadable(column, error))?;
    parse(text).map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, Box::new(error))
}
