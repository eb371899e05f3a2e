//! Opening: what can be kept is kept, what cannot is thrown away and built again.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use journal::{Bug, Position, Tag};
use rusqlite::Connection;

use super::{ViewsError, absence::Absence, apply::SqliteViews, query, read::Shared};
use crate::{
    Disk, Failure, JournalReader, ReadError,
    limits::VIEWS_CACHE_KIB,
    sqlite::{self, Sync, Writing},
};

/// What opening found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewsStart {
    /// Views that fit the journal; what the journal has beyond them is still to be applied.
    Kept,
    /// Nothing.
    New,
    /// Something that cannot be used. It was deleted; everything is still to be applied.
    Discarded(Discarded),
}

/// Why views were thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Discarded {
    /// The file is not, or no longer, a database with these tables.
    #[error("the file was damaged")]
    Damaged,
    /// Another version of Tidings wrote it.
    #[error("it had format {0}")]
    Format(i64),
    /// It follows another journal, or one that went further before it was lost.
    #[error("it followed another journal up to position {0}")]
    Diverged(Position),
}

/// A lost batch is folded in again; only order counts.
const WRITING: Writing = Writing { sync: Sync::Normal, cache_kib: VIEWS_CACHE_KIB };

pub(super) struct Opened {
    pub(super) views: SqliteViews,
    pub(super) at: (Position, Tag),
    pub(super) start: ViewsStart,
}

enum Found {
    Usable(Connection, (Position, Tag)),
    Missing,
    Unusable(Discarded),
}

impl SqliteViews {
    pub(super) fn open(space: &Path, journal: &JournalReader) -> Result<Opened, ViewsError> {
        let disk = journal.disk();
        disk.create_folders(space)?;
        let path = space.join("views.db");
        let (connection, at, start) = match find(&disk, &path, journal)? {
            Found::Usable(connection, at) => (connection, at, ViewsStart::Kept),
            Found::Missing => create(&disk, &path, journal, ViewsStart::New)?,
            Found::Unusable(why) => create(&disk, &path, journal, ViewsStart::Discarded(why))?,
        };
        // SQLite does not notice when the name of its log fails to reach the disk. A power cut would then take the log away from
        // under pages that a checkpoint has moved, and leave views that are neither old nor new.
        disk.sync_folder(space)?;
        // What is new holds nothing yet that the filters would have to learn.
        let holds_something = start == ViewsStart::Kept && !Bug::RestartForgetsFilters.is_planted();
        let absence = if holds_something { Absence::default() } else { Absence::of_nothing() };
        let shared = Arc::new(Shared { path, pool: Arc::default(), absence });
        Ok(Opened { views: Self::new(shared, connection), at, start })
    }
}

/// Looks at what is there, and holds it against the journal.
fn find(disk: &Disk, path: &Path, journal: &JournalReader) -> Result<Found, ViewsError> {
    if disk.bytes(path).is_none() {
        return Ok(Found::Missing);
    }
    sqlite::settle_log(disk, path)?;
    let described = sqlite::open_writer(path, WRITING)
        .map_err(|failure| if failure.is_malformed() { ViewsError::Damaged(failure) } else { failure.into() })
        .and_then(|connection| Ok((describe(&connection).map_err(|error| judge(path, &error))?, connection)));
    let ((format, at), connection) = match described {
        Ok(described) => described,
        Err(ViewsError::Damaged(_)) => return Ok(Found::Unusable(Discarded::Damaged)),
        Err(error) => return Err(error),
    };
    match at {
        None => Ok(Found::Unusable(Discarded::Format(format))),
        Some((position, tag)) if journal.tag(position).map_err(ViewsError::Journal)? != Some(tag) => {
            Ok(Found::Unusable(Discarded::Diverged(position)))
        }
        Some(at) => Ok(Found::Usable(connection, at)),
    }
}

/// The format, and, if it is ours, how far the views are.
fn describe(connection: &Connection) -> rusqlite::Result<(i64, Option<(Position, Tag)>)> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok((0, None));
    }
    let format = connection.query_row("SELECT format FROM meta", [], |row| row.get(0))?;
    let at = if format == query::FORMAT { Some(query::at(connection)?) } else { None };
    Ok((format, at))
}

fn create(
    disk: &Disk,
    path: &Path,
    journal: &JournalReader,
    start: ViewsStart,
) -> Result<(Connection, (Position, Tag), ViewsStart), ViewsError> {
    for ending in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(ending);
        disk.delete(&PathBuf::from(file))?;
    }
    let at = start_of(journal)?;
    let mut connection = sqlite::open_writer(path, WRITING)?;
    begin_anew(&mut connection, at).map_err(|error| judge(path, &error))?;
    Ok((connection, at, start))
}

/// Replaces whatever tables there are by empty ones, in one transaction.
pub(super) fn begin_anew(connection: &mut Connection, at: (Position, Tag)) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for table in ["meta", "topics", "items", "ids", "entries", "keys", "adds"] {
        transaction.execute_batch(&format!("DROP TABLE IF EXISTS {table}"))?;
    }
    transaction.execute_batch(query::SCHEMA)?;
    let meta = (query::FORMAT, query::number(at.0), at.1.0);
    transaction.execute("INSERT INTO meta VALUES (?1, ?2, ?3)", meta)?;
    transaction.commit()
}

/// Where empty views of this journal are.
pub(super) fn start_of(journal: &JournalReader) -> Result<(Position, Tag), ViewsError> {
    let genesis = journal.tag(Position::START).map_err(ViewsError::Journal)?;
    let tag = genesis.ok_or(ViewsError::Journal(ReadError::Trimmed { oldest: journal.oldest() }))?;
    Ok((Position::START, tag))
}

/// Whose fault an error of SQLite is: the file's, or the moment's.
pub(super) fn judge(path: &Path, error: &rusqlite::Error) -> ViewsError {
    let failure = Failure::sqlite("using", path, error);
    if failure.is_malformed() { ViewsError::Damaged(failure) } else { ViewsError::Failed(failure) }
}
