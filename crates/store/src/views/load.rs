//! Loading the filters from views that an older run left, a page of rows at a time, so that no read transaction lasts.
//!
//! Rows that are written meanwhile need not be seen: whoever writes them tells the filters too.

use std::collections::HashMap;

use journal::{Key, Position, TopicName, UserId};
use rusqlite::{Connection, Row, types::Value};

use super::{
    ViewsError,
    absence::{Absence, item_hash, key_hash},
    open::judge,
    query::{self, number},
    read::Shared,
};
use crate::limits::FILTER_ROWS_PER_READ;

/// The names of the topics by their numbers, as the tables know them.
type Names = HashMap<i64, TopicName>;

/// A table, how its rows are paged, and what the filters are told of each.
struct Table {
    sql: &'static str,
    tell: fn(&Row<'_>, &Names) -> rusqlite::Result<Option<u64>>,
    add: fn(&Absence, Vec<u64>),
}

/// What was ever an item lies in `ids` while it is there and in `adds` afterwards, if it was added by anybody; one that was
/// only ever updated leaves nothing behind, and need not be known.
fn tables() -> [Table; 3] {
    [
        Table {
            sql: "SELECT topic, id, 0 FROM ids WHERE (topic, id, 0) > (?1, ?2, ?3) ORDER BY topic, id LIMIT ?4",
            tell: |row, names| item_of(row, names, 1),
            add: |absence, hashes| absence.add_items(hashes.into_iter()),
        },
        Table {
            sql: "SELECT topic, author, id FROM adds WHERE (topic, author, id) > (?1, ?2, ?3) ORDER BY topic, author, id LIMIT ?4",
            tell: |row, names| item_of(row, names, 2),
            add: |absence, hashes| absence.add_items(hashes.into_iter()),
        },
        Table {
            sql: "SELECT topic, author, key FROM keys WHERE (topic, author, key) > (?1, ?2, ?3) ORDER BY topic, author, key LIMIT ?4",
            tell: key_of,
            add: |absence, hashes| absence.add_keys(hashes.into_iter()),
        },
    ]
}

/// Tells the filters everything that is in the views.
pub(super) fn load(shared: &Shared) -> Result<(), ViewsError> {
    let names = names(shared)?;
    for table in tables() {
        // Before the first row: topics are numbered from 1.
        let mut after = [Value::Integer(0), Value::Integer(0), Value::Integer(0)];
        loop {
            let read = |connection: &Connection| page(connection, &table, &after, &names);
            let (hashes, last) = read(&*shared.connect()?).map_err(|error| judge(&shared.path, &error))?;
            (table.add)(&shared.absence, hashes);
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
    }
    shared.absence.loaded();
    Ok(())
}

fn names(shared: &Shared) -> Result<Names, ViewsError> {
    let mut names = Names::new();
    let mut after = Position::START;
    loop {
        let topics = query::topics(&*shared.connect()?, after, FILTER_ROWS_PER_READ);
        let topics = topics.map_err(|error| judge(&shared.path, &error))?;
        let Some(last) = topics.last() else { return Ok(names) };
        after = last.first_position;
        names.extend(topics.into_iter().map(|topic| (number(topic.first_position), topic.name)));
    }
}

/// The hashes of the next rows, and the last row, after which to go on.
fn page(
    connection: &Connection,
    table: &Table,
    after: &[Value; 3],
    names: &Names,
) -> rusqlite::Result<(Vec<u64>, Option<[Value; 3]>)> {
    let mut statement = connection.prepare_cached(table.sql)?;
    let [first, second, third] = after;
    let limit = i64::try_from(FILTER_ROWS_PER_READ).unwrap_or(i64::MAX);
    let mut rows = statement.query((first, second, third, limit))?;
    let (mut hashes, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        hashes.extend((table.tell)(row, names)?);
        last = Some([row.get(0)?, row.get(1)?, row.get(2)?]);
    }
    Ok((hashes, last))
}

/// The row's topic. One that has no name yet was made meanwhile.
fn name<'n>(row: &Row<'_>, names: &'n Names) -> rusqlite::Result<Option<&'n TopicName>> {
    Ok(names.get(&row.get(0)?))
}

/// The item whose id stands in this column.
fn item_of(row: &Row<'_>, names: &Names, column: usize) -> rusqlite::Result<Option<u64>> {
    let Some(topic) = name(row, names)? else { return Ok(None) };
    Ok(Some(item_hash(topic, query::id(row, column)?.as_ref())))
}

fn key_of(row: &Row<'_>, names: &Names) -> rusqlite::Result<Option<u64>> {
    let Some(topic) = name(row, names)? else { return Ok(None) };
    let author = match row.get_ref(1)?.as_str()? {
        "" => None,
        _ => Some(query::parsed(row, 1, UserId::new)?),
    };
    let key = query::parsed(row, 2, Key::new)?;
    Ok(Some(key_hash(topic, author.as_ref(), &key)))
}
