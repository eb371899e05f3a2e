//! The writing half on disk: a batch is folded in memory and stored in sorted order, tree by tree, in one transaction.

use std::sync::Arc;

use journal::{Action, Bug, Entry, Position, Tag, UserId};
use rusqlite::{Connection, Transaction, params};

use super::{
    Topic, ViewsError,
    absence::{Absence, item_hash, key_hash},
    fold::{Fold, ItemKey, ItemRow, Slot},
    open::{begin_anew, judge},
    query::{self, author_text, id_value, number},
    read::Shared,
};
use crate::{
    limits::VIEWS_WAL_FRAMES_MAX,
    sqlite::{self, Checkpoint},
};

/// The writer's side of views on disk.
pub(super) struct SqliteViews {
    shared: Arc<Shared>,
    connection: Connection,
}

impl SqliteViews {
    pub(super) fn new(shared: Arc<Shared>, connection: Connection) -> Self {
        Self { shared, connection }
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    pub(super) fn apply(&mut self, entries: &[Entry]) -> Result<(), ViewsError> {
        apply(&mut self.connection, &self.shared.absence, entries).map_err(|error| self.judged(&error))
    }

    pub(super) fn reset(&mut self, at: (Position, Tag)) -> Result<(), ViewsError> {
        begin_anew(&mut self.connection, at).map_err(|error| self.judged(&error))
    }

    /// Empties the log when it has grown long.
    pub(super) fn checkpoint_if_long(&mut self) -> Result<(), ViewsError> {
        let log = sqlite::checkpoint(&self.connection, Checkpoint::Count).map_err(|error| self.judged(&error))?;
        if log.is_longer_than(VIEWS_WAL_FRAMES_MAX) { self.checkpoint() } else { Ok(()) }
    }

    pub(super) fn checkpoint(&mut self) -> Result<(), ViewsError> {
        let done = sqlite::checkpoint(&self.connection, Checkpoint::Passive);
        done.map(|_| ()).map_err(|error| self.judged(&error))
    }

    pub(super) fn end(self) -> Result<(), ViewsError> {
        let done = sqlite::checkpoint(&self.connection, Checkpoint::Truncate);
        done.map(|_| ()).map_err(|error| self.judged(&error))
    }

    fn judged(&self, error: &rusqlite::Error) -> ViewsError {
        judge(&self.shared.path, error)
    }
}

/// SQLite would move the log once more, also after a sync of it that failed.
impl Drop for SqliteViews {
    fn drop(&mut self) {
        sqlite::leave_log(&self.connection);
    }
}

fn apply(connection: &mut Connection, absence: &Absence, entries: &[Entry]) -> rusqlite::Result<()> {
    if let (Some(last), true) = (entries.last(), Bug::PositionBeforeContent.is_planted()) {
        let early = connection.transaction()?;
        store_at(&early, last.position, &last.tag)?;
        early.commit()?;
    }
    let transaction = connection.transaction()?;
    let mut fold = Fold::topics(entries, |name| query::topic(&transaction, name))?;
    fold.items(entries, |key, entry| {
        let is_new = absence.of_item(item_hash(&entry.topic, entry.item.as_ref()));
        if is_new { Ok(None) } else { query::row(&transaction, key) }
    })?;
    fold.run(entries);
    store(&transaction, fold, entries)?;
    announce(absence, entries);
    transaction.commit()
}

/// Before the commit: nobody may be told that something is not there once it is.
fn announce(absence: &Absence, entries: &[Entry]) {
    let with_item = entries.iter().filter(|entry| entry.action != Action::Clear);
    absence.add_items(with_item.map(|entry| item_hash(&entry.topic, entry.item.as_ref())));
    if Bug::FilterForgetsKeys.is_planted() {
        return;
    }
    let author = |entry: &Entry| entry.author.clone();
    let with_key = entries.iter().filter_map(|entry| Some((entry, entry.key.as_ref()?)));
    absence.add_keys(with_key.map(|(entry, key)| key_hash(&entry.topic, author(entry).as_ref(), key)));
}

fn store(transaction: &Transaction<'_>, fold: Fold, entries: &[Entry]) -> rusqlite::Result<()> {
    store_entries(transaction, &fold, entries)?;
    store_keys(transaction, &fold, entries)?;
    store_topics(transaction, fold.topics.values())?;
    let mut slots: Vec<(ItemKey, Slot)> = fold.items.into_iter().filter(|(_, slot)| slot.before != slot.now).collect();
    slots.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    store_ids(transaction, &slots)?;
    store_items(transaction, &slots)?;
    store_adds(transaction, fold.adds)?;
    entries.last().map_or(Ok(()), |last| store_at(transaction, last.position, &last.tag))
}

fn store_at(transaction: &Transaction<'_>, position: Position, tag: &Tag) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached("UPDATE meta SET position = ?1, tag = ?2")?;
    statement.execute(params![number(position), tag.0]).map(|_| ())
}

fn store_entries(transaction: &Transaction<'_>, fold: &Fold, entries: &[Entry]) -> rusqlite::Result<()> {
    let mut rows: Vec<_> = entries.iter().map(|entry| (fold.topic_id(entry), entry.position)).collect();
    rows.sort_unstable();
    let mut statement = transaction.prepare_cached("INSERT INTO entries VALUES (?1, ?2)")?;
    rows.iter().try_for_each(|row| statement.execute([number(row.0), number(row.1)]).map(|_| ()))
}

/// A key names the first entry that carried it.
fn store_keys(transaction: &Transaction<'_>, fold: &Fold, entries: &[Entry]) -> rusqlite::Result<()> {
    let author = |entry: &Entry| entry.author.clone();
    let keyed = entries.iter().filter_map(|entry| Some((entry, entry.key.clone()?)));
    let mut rows: Vec<_> =
        keyed.map(|(entry, key)| (fold.topic_id(entry), author(entry), key, entry.position)).collect();
    rows.sort_unstable();
    let mut statement = transaction.prepare_cached("INSERT OR IGNORE INTO keys VALUES (?1, ?2, ?3, ?4)")?;
    rows.iter().try_for_each(|(topic, author, key, position)| {
        let row = params![number(*topic), author_text(author.as_ref()), key.as_str(), number(*position)];
        statement.execute(row).map(|_| ())
    })
}

fn store_topics<'a>(transaction: &Transaction<'_>, topics: impl Iterator<Item = &'a Topic>) -> rusqlite::Result<()> {
    let sql = "INSERT INTO topics VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, last = excluded.last, cleared = excluded.cleared";
    let mut statement = transaction.prepare_cached(sql)?;
    for topic in topics {
        let is_document = topic.kind == journal::TopicKind::Document;
        let (id, last, cleared) = (topic.first_position, topic.last_position, topic.cleared_position);
        let seq = number(Position(topic.seq.0));
        statement.execute(params![number(id), topic.name.as_str(), is_document, seq, number(last), number(cleared)])?;
    }
    Ok(())
}

fn store_ids(transaction: &Transaction<'_>, slots: &[(ItemKey, Slot)]) -> rusqlite::Result<()> {
    let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO ids VALUES (?1, ?2, ?3)")?;
    let mut delete = transaction.prepare_cached("DELETE FROM ids WHERE topic = ?1 AND id = ?2")?;
    for ((topic, id), slot) in slots {
        match &slot.now {
            Some(row) if slot.place_before() == Some(row.first) => {}
            Some(row) => put.execute(params![number(*topic), id_value(id.as_ref()), number(row.first)]).map(|_| ())?,
            None => delete.execute(params![number(*topic), id_value(id.as_ref())]).map(|_| ())?,
        }
    }
    Ok(())
}

fn store_items(transaction: &Transaction<'_>, slots: &[(ItemKey, Slot)]) -> rusqlite::Result<()> {
    let mut left: Vec<_> = slots.iter().filter_map(|((topic, _), slot)| Some((*topic, slot.place_left()?))).collect();
    left.sort_unstable();
    let mut delete = transaction.prepare_cached("DELETE FROM items WHERE topic = ?1 AND first = ?2")?;
    left.iter().try_for_each(|(topic, first)| delete.execute([number(*topic), number(*first)]).map(|_| ()))?;
    let mut taken: Vec<_> = slots.iter().filter_map(|(key, slot)| Some((key, slot.now.as_ref()?))).collect();
    taken.sort_unstable_by_key(|((topic, _), row)| (*topic, row.first));
    let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO items VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    taken.iter().try_for_each(|((topic, id), row)| {
        let ItemRow { first, last, owner, is_added } = row;
        let owner = owner.as_ref().map(UserId::as_str);
        let row = params![number(*topic), number(*first), number(*last), id_value(id.as_ref()), owner, is_added];
        put.execute(row).map(|_| ())
    })
}

fn store_adds(
    transaction: &Transaction<'_>,
    adds: impl IntoIterator<Item = ((Position, Option<UserId>, Option<journal::ItemId>), Position)>,
) -> rusqlite::Result<()> {
    let mut rows: Vec<_> = adds.into_iter().collect();
    rows.sort_unstable();
    let mut statement = transaction.prepare_cached("INSERT OR REPLACE INTO adds VALUES (?1, ?2, ?3, ?4)")?;
    rows.iter().try_for_each(|((topic, author, id), position)| {
        let row = params![number(*topic), author_text(author.as_ref()), id_value(id.as_ref()), number(*position)];
        statement.execute(row).map(|_| ())
    })
}
