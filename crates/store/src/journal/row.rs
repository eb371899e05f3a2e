//! One entry as one row. This is the disk format of the journal, version 1; a fixture holds it.

use journal::{Action, ClientTime, Content, Entry, ItemId, Json, Key, Position, Seq, Tag, TopicName, UserId};
use rusqlite::{
    Row, Statement,
    types::{ToSqlOutput, Value, ValueRef},
};

use super::Damage;

/// The format that this version writes and reads.
pub(super) const FORMAT: i64 = 1;

/// The tables of a segment. `item` keeps integers and texts apart (`ANY` in a strict table stores what it is given);
/// `salt` is null exactly where content was erased, and then `content_hash` has what it hashed to.
pub(super) const SCHEMA: &str = "
    CREATE TABLE meta (
        format INTEGER NOT NULL,
        journal BLOB NOT NULL,
        first_position INTEGER NOT NULL,
        tag_before BLOB NOT NULL,
        time_before_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE entries (
        position INTEGER PRIMARY KEY,
        tag BLOB NOT NULL,
        time_ms INTEGER NOT NULL,
        topic TEXT NOT NULL,
        seq INTEGER NOT NULL,
        action INTEGER NOT NULL,
        item ANY,
        author TEXT,
        owner TEXT,
        key TEXT,
        client_time TEXT,
        request BLOB,
        salt BLOB,
        content_hash BLOB,
        data BLOB
    ) STRICT;
";

/// The columns in the order in which [`bind`] and [`decode`] count them.
macro_rules! columns {
    () => {
        "position, tag, time_ms, topic, seq, action, item, author, owner, key, client_time, request, salt, content_hash, data"
    };
}

pub(super) const INSERT: &str =
    concat!("INSERT INTO entries (", columns!(), ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)");

pub(super) const SELECT_RANGE: &str =
    concat!("SELECT ", columns!(), " FROM entries WHERE position BETWEEN ?1 AND ?2 ORDER BY position");

/// Runs a prepared [`INSERT`].
pub(super) fn insert(statement: &mut Statement<'_>, entry: &Entry) -> rusqlite::Result<()> {
    let (salt, hash, data) = match &entry.content {
        Content::Present { salt, data } => (Some(&salt[..]), None, data.as_ref().map(|data| &data.as_bytes()[..])),
        Content::Erased { hash } => (None, Some(&hash[..]), None),
    };
    statement.raw_bind_parameter(1, number(entry.position.0))?;
    statement.raw_bind_parameter(2, &entry.tag.0[..])?;
    statement.raw_bind_parameter(3, number(entry.time_ms))?;
    statement.raw_bind_parameter(4, entry.topic.as_str())?;
    statement.raw_bind_parameter(5, number(entry.seq.0))?;
    statement.raw_bind_parameter(6, entry.action.code())?;
    statement.raw_bind_parameter(7, item_value(entry.item.as_ref()))?;
    statement.raw_bind_parameter(8, entry.author.as_ref().map(UserId::as_str))?;
    statement.raw_bind_parameter(9, entry.owner.as_ref().map(UserId::as_str))?;
    statement.raw_bind_parameter(10, entry.key.as_ref().map(Key::as_str))?;
    statement.raw_bind_parameter(11, entry.client_time.as_ref().map(ClientTime::as_str))?;
    statement.raw_bind_parameter(12, entry.request.as_ref().map(|digest| &digest[..]))?;
    statement.raw_bind_parameter(13, salt)?;
    statement.raw_bind_parameter(14, hash)?;
    statement.raw_bind_parameter(15, data)?;
    statement.raw_execute().map(|_| ())
}

/// Numbers of the journal stay below 2^53, a time in milliseconds far below 2^63.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn item_value(item: Option<&ItemId>) -> ToSqlOutput<'_> {
    match item {
        None => ToSqlOutput::Owned(Value::Null),
        Some(ItemId::Integer(id)) => ToSqlOutput::Owned(Value::Integer(*id)),
        Some(ItemId::Text(id)) => ToSqlOutput::Borrowed(ValueRef::Text(id.as_bytes())),
    }
}

/// The entry in a row of [`SELECT_RANGE`]. Every field is checked against its bounds again.
pub(super) fn decode(row: &Row<'_>) -> Result<Entry, Damage> {
    Ok(Entry {
        position: Position(unsigned(row, 0, "position")?),
        tag: Tag(bytes(row, 1, "tag")?.ok_or(Damage::Field("tag"))?),
        time_ms: unsigned(row, 2, "time_ms")?,
        topic: parsed(row, 3, "topic", |text| TopicName::new(text).ok())?.ok_or(Damage::Field("topic"))?,
        seq: Seq(unsigned(row, 4, "seq")?),
        action: action(row)?,
        item: item(row)?,
        author: parsed(row, 7, "author", |text| UserId::new(text).ok())?,
        owner: parsed(row, 8, "owner", |text| UserId::new(text).ok())?,
        key: parsed(row, 9, "key", |text| Key::new(text).ok())?,
        client_time: parsed(row, 10, "client_time", ClientTime::new)?,
        request: bytes(row, 11, "request")?,
        content: content(row)?,
    })
}

fn action(row: &Row<'_>) -> Result<Action, Damage> {
    let code = unsigned(row, 5, "action")?;
    u8::try_from(code).ok().and_then(Action::from_code).ok_or(Damage::Field("action"))
}

fn item(row: &Row<'_>) -> Result<Option<ItemId>, Damage> {
    let field = |_| Damage::Field("item");
    match row.get_ref(6).map_err(|_| Damage::Field("item"))? {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(id) => ItemId::integer(id).map(Some).map_err(field),
        ValueRef::Text(id) => {
            let id = str::from_utf8(id).map_err(|_| Damage::Field("item"))?;
            ItemId::text(id).map(Some).map_err(field)
        }
        ValueRef::Real(_) | ValueRef::Blob(_) => Err(Damage::Field("item")),
    }
}

fn content(row: &Row<'_>) -> Result<Content, Damage> {
    match (bytes(row, 12, "salt")?, bytes(row, 13, "content_hash")?) {
        (Some(salt), None) => Ok(Content::Present { salt, data: data(row)? }),
        (None, Some(hash)) => Ok(Content::Erased { hash }),
        _ => Err(Damage::Field("salt")),
    }
}

fn data(row: &Row<'_>) -> Result<Option<Json>, Damage> {
    match row.get_ref(14) {
        Ok(ValueRef::Null) => Ok(None),
        Ok(ValueRef::Blob(data)) => Ok(Some(Json::from_stored(data.to_vec().into()))),
        _ => Err(Damage::Field("data")),
    }
}

fn unsigned(row: &Row<'_>, column: usize, name: &'static str) -> Result<u64, Damage> {
    match row.get_ref(column) {
        Ok(ValueRef::Integer(value)) => u64::try_from(value).map_err(|_| Damage::Field(name)),
        _ => Err(Damage::Field(name)),
    }
}

fn bytes<const N: usize>(row: &Row<'_>, column: usize, name: &'static str) -> Result<Option<[u8; N]>, Damage> {
    match row.get_ref(column) {
        Ok(ValueRef::Null) => Ok(None),
        Ok(ValueRef::Blob(blob)) => blob.try_into().map(Some).map_err(|_| Damage::Field(name)),
        _ => Err(Damage::Field(name)),
    }
}

fn parsed<T>(
    row: &Row<'_>,
    column: usize,
    name: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Damage> {
    match row.get_ref(column) {
        Ok(ValueRef::Null) => Ok(None),
        Ok(ValueRef::Text(text)) => {
            let text = str::from_utf8(text).map_err(|_| Damage::Field(name))?;
            parse(text).map(Some).ok_or(Damage::Field(name))
        }
        _ => Err(Damage::Field(name)),
    }
}
