//! A segment: one SQLite file with the entries from its first position on, named after it.

use std::path::{Path, PathBuf};

use journal::{Position, Tag};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    Damage, Fault, Head,
    append::WRITING,
    damage::{Trouble, judge},
    row,
};
use crate::{Disk, Failure, sqlite};

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) identity: [u8; 16],
    /// The position of its first entry, present or to come.
    pub(super) first: Position,
    /// The end of everything before it: the place, tag and time that its first entry continues.
    pub(super) before: Head,
}

/// The ending of a segment that is not complete yet; such files are deleted at open.
const UNFINISHED: &str = ".unfinished";

impl Segment {
    /// Creates the segment that continues `before`, whole and durable under its name, or not at all.
    pub(super) fn create(disk: &Disk, folder: &Path, identity: [u8; 16], before: Head) -> Result<Self, Failure> {
        let first = before.position.next();
        let path = folder.join(format!("{:020}.db", first.0));
        let unfinished = folder.join(format!("{:020}{UNFINISHED}", first.0));
        let segment = Self { path, identity, first, before };
        segment.write_empty(&unfinished)?;
        disk.rename(&unfinished, &segment.path)?;
        disk.sync_folder(folder)?;
        Ok(segment)
    }

    /// Writes a complete database without a log beside it, so that one rename makes it visible.
    fn write_empty(&self, path: &Path) -> Result<(), Failure> {
        let failed = |error: rusqlite::Error| Failure::new("creating", path, error);
        let connection = sqlite::open_writer(path, WRITING)?;
        connection.execute_batch(row::SCHEMA).map_err(failed)?;
        let (first, time_ms) = (row::number(self.first.0), row::number(self.before.time_ms));
        let meta = params![row::FORMAT, self.identity, first, self.before.tag.0, time_ms];
        connection.execute("INSERT INTO meta VALUES (?1, ?2, ?3, ?4, ?5)", meta).map_err(failed)?;
        sqlite::checkpoint_alone(&connection, path)?;
        connection.close().map_err(|(_, error)| failed(error))
    }

    /// Reads what the segment in `path` says of itself and holds it against its name.
    pub(super) fn describe(path: &Path, connection: &Connection) -> Result<Self, Trouble> {
        let first = position_in_name(path).unwrap_or_default();
        let damaged = |damage| Trouble::Damaged(Fault { segment: path.to_owned(), position: first, damage });
        let judged = |error: rusqlite::Error| judge(path, first, &error);
        let format =
            connection.query_row("SELECT format FROM meta", [], |row| row.get(0)).optional().map_err(judged)?;
        match format {
            Some(row::FORMAT) => {}
            Some(format) => return Err(damaged(Damage::Format(format))),
            None => return Err(damaged(Damage::Meta("it is missing"))),
        }
        let sql = "SELECT journal, first_position, tag_before, time_before_ms FROM meta";
        let (identity, first_position, tag, time_ms) = connection
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?, row.get::<_, i64>(3)?)))
            .map_err(judged)?;
        if first == Position::START || first_position != row::number(first.0) {
            return Err(damaged(Damage::Meta("its first position is not the one in its name")));
        }
        let time_ms = u64::try_from(time_ms).map_err(|_| damaged(Damage::Meta("its time is negative")))?;
        let before = Head { position: first.previous(), tag: Tag(tag), time_ms };
        Ok(Self { path: path.to_owned(), identity, first, before })
    }

    /// Where the segment ends: its last entry, or what it continues when it has none.
    pub(super) fn end(&self, connection: &Connection) -> Result<Head, Trouble> {
        let sql = "SELECT position, tag, time_ms FROM entries ORDER BY position DESC LIMIT 1";
        let last = connection
            .query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?)))
            .optional()
            .map_err(|error| judge(&self.path, self.first, &error))?;
        let Some((position, tag, time_ms)) = last else { return Ok(self.before) };
        match (u64::try_from(position), u64::try_from(time_ms)) {
            (Ok(position), Ok(time_ms)) => Ok(Head { position: Position(position), tag: Tag(tag), time_ms }),
            _ => Err(self.damaged(self.first, Damage::Field("position"))),
        }
    }

    /// Damage of this segment at a position.
    pub(super) fn damaged(&self, position: Position, damage: Damage) -> Trouble {
        Trouble::Damaged(Fault { segment: self.path.clone(), position, damage })
    }
}

/// A connection that reads the segment in `path`.
pub(super) fn open_reader(path: &Path) -> Result<Connection, Trouble> {
    sqlite::open_reader(path).map_err(|failure| Trouble::of(failure, path, position_in_name(path).unwrap_or_default()))
}

/// A connection that writes it.
pub(super) fn open_writer(path: &Path) -> Result<Connection, Trouble> {
    let connection = sqlite::open_writer(path, WRITING);
    connection.map_err(|failure| Trouble::of(failure, path, position_in_name(path).unwrap_or_default()))
}

/// The finished segments of a journal's folder, oldest first.
pub(super) fn list(disk: &Disk, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = disk.files(folder)?;
    found.retain(|path| position_in_name(path).is_some());
    found.sort();
    Ok(found)
}

/// Deletes what a crash left of segments that were never finished.
pub(super) fn delete_unfinished(disk: &Disk, folder: &Path) -> Result<(), Failure> {
    let is_unfinished = |path: &&PathBuf| path.to_str().is_some_and(|path| path.contains(UNFINISHED));
    disk.files(folder)?.iter().filter(is_unfinished).try_for_each(|path| disk.delete(path))
}

/// `…/00000000000000000001.db` → 1.
fn position_in_name(path: &Path) -> Option<Position> {
    let name = path.file_name()?.to_str()?.strip_suffix(".db")?;
    let digits = name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| name.parse().ok().map(Position))?
}
