//! What holds for any row that stands where an entry should: it is read as an entry, which written again is the same entry, or
//! it is damage in a field with a name. The fuzz target and the replay of its seeds both call it.

use rusqlite::{
    Connection, params_from_iter,
    types::{ToSqlOutput, Value, ValueRef},
};

#[path = "../../src/journal/row.rs"]
#[allow(dead_code, reason = "the journal uses the rest of it")]
mod row;

/// In place of the journal's own, which has more to name than fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    Field(&'static str),
}

/// The columns of a row, in the order in which they are read, and their names.
const COLUMNS: [&str; 15] = [
    "position",
    "tag",
    "time_ms",
    "topic",
    "seq",
    "action",
    "item",
    "author",
    "owner",
    "key",
    "client_time",
    "request",
    "salt",
    "content_hash",
    "data",
];

thread_local! {
    static TABLES: Connection = tables();
}

/// Panics when the fact does not hold. The bytes are the columns, each as its kind, its length and its bytes; a kind that is none
/// leaves the column as a good row has it, and so does the end of the bytes.
pub(crate) fn hold_for(bytes: &[u8]) {
    TABLES.with(|tables| match read(tables, "loose", &row_of(bytes)) {
        Ok(entry) => {
            let mut strict = tables.prepare_cached(row::INSERT).expect("the journal's own statement");
            row::insert(&mut strict, &entry).expect("what was read can be written");
            assert_eq!(take(tables, "entries"), Ok(entry));
        }
        Err(Damage::Field(name)) => assert!(COLUMNS.contains(&name), "{name}"),
    });
}

/// The journal's own table, and one of the same columns that takes anything.
fn tables() -> Connection {
    let tables = Connection::open_in_memory().expect("memory");
    tables.execute_batch(row::SCHEMA).expect("the journal's own tables");
    tables.execute_batch(&format!("CREATE TABLE loose ({})", COLUMNS.join(","))).expect("a table");
    tables
}

fn read(tables: &Connection, table: &str, row: &[Value]) -> Result<journal::Entry, Damage> {
    let places = vec!["?"; COLUMNS.len()].join(",");
    let mut insert = tables.prepare_cached(&format!("INSERT INTO {table} VALUES ({places})")).expect("a statement");
    insert.execute(params_from_iter(row.iter().map(Column))).expect("it takes anything");
    take(tables, table)
}

/// Reads the one row of a table and removes it.
fn take(tables: &Connection, table: &str) -> Result<journal::Entry, Damage> {
    let columns = COLUMNS.join(",");
    let mut select = tables.prepare_cached(&format!("SELECT {columns} FROM {table}")).expect("a statement");
    let read = select.query_row([], |found| Ok(row::decode(found))).expect("one row");
    tables.prepare_cached(&format!("DELETE FROM {table}")).and_then(|mut delete| delete.execute([])).expect("it goes");
    read
}

/// A value of a column. Text is bound as the bytes that it has, UTF-8 or not: a damaged file asks nobody.
struct Column<'a>(&'a Value);

impl rusqlite::ToSql for Column<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Blob(bytes) if bytes.first() == Some(&b'"') => ToSqlOutput::Borrowed(ValueRef::Text(&bytes[1..])),
            value => ToSqlOutput::Borrowed(value.into()),
        })
    }
}

fn row_of(mut bytes: &[u8]) -> Vec<Value> {
    good_row().into_iter().map(|good| next(&mut bytes).unwrap_or(good)).collect()
}

/// The next column in the bytes, if it is not to stay as it is. Text is a blob that begins with a quote.
fn next(bytes: &mut &[u8]) -> Option<Value> {
    let (kind, rest) = bytes.split_first()?;
    *bytes = rest;
    if !(b'a'..=b'e').contains(kind) {
        return None;
    }
    let length = bytes.first().map_or(0, |length| usize::from(*length)).min(bytes.len().saturating_sub(1));
    let (value, rest) = bytes.get(1..).unwrap_or_default().split_at(length);
    *bytes = rest;
    let mut number = [0; 8];
    number[..length.min(8)].copy_from_slice(&value[..length.min(8)]);
    Some(match kind {
        b'a' => Value::Null,
        b'b' => Value::Integer(i64::from_le_bytes(number)),
        b'c' => Value::Real(f64::from_le_bytes(number)),
        b'd' => Value::Blob([b"\"", value].concat()),
        _ => Value::Blob(value.to_vec()),
    })
}

fn good_row() -> [Value; 15] {
    let text = |text: &str| Value::Blob(format!("\"{text}").into_bytes());
    let bytes = |length| Value::Blob(vec![7; length]);
    [
        Value::Integer(1),
        bytes(32),
        Value::Integer(1_700_000_000_000),
        text("room/1"),
        Value::Integer(1),
        Value::Integer(1),
        text("a"),
        text("ann"),
        text("ann"),
        text("k"),
        text("1"),
        bytes(16),
        bytes(16),
        Value::Null,
        Value::Blob(br#"{"id":"a"}"#.to_vec()),
    ]
}
