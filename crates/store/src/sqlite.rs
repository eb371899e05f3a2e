//! SQLite as every store here uses it: bundled, recent enough, write-ahead log, readers that never write.

mod pool;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use journal::Bug;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, config::DbConfig};

pub(crate) use pool::{Pool, PoolError, Pooled};

use crate::{
    Disk, Failure,
    limits::{BUSY_WAIT_MS_MAX, READER_CACHE_KIB, STATEMENTS_KEPT_MAX, WAL_BYTES_KEPT_MAX},
};

/// Versions before 3.51.3 can corrupt a database when two connections write or checkpoint at once.
const VERSION_MIN: i32 = 3_051_003;

/// What a writer asks of its database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writing {
    pub(crate) sync: Sync,
    pub(crate) cache_kib: u32,
}

/// How durable a commit is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sync {
    /// Synced before it returns: truth.
    Full,
    /// Consistent after a power cut, but the last commits may be gone: derived things.
    Normal,
}

/// Opens or creates a database for reading and writing, with a write-ahead log that only explicit checkpoints empty.
pub(crate) fn open_writer(path: &Path, writing: Writing) -> Result<Connection, Failure> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    let synchronous = match writing.sync {
        Sync::Full if Bug::AckBeforeSync.is_planted() => "NORMAL",
        Sync::Full => "FULL",
        Sync::Normal => "NORMAL",
    };
    let pragmas = format!(
        "PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;
         PRAGMA journal_size_limit = {WAL_BYTES_KEPT_MAX}; PRAGMA cache_size = -{};",
        writing.cache_kib
    );
    let failed = |error: rusqlite::Error| Failure::sqlite("opening", path, &error);
    connection.execute_batch(&pragmas).map_err(failed)?;
    let mode = switch_to_log(&connection).map_err(failed)?;
    if mode == "wal" { Ok(connection) } else { Err(Failure::new("opening", path, "it got no write-ahead log")) }
}

/// Gives a database its write-ahead log and answers the mode that it is in then. One that cannot get a log stays as it is and
/// says so, without an error. The switch is committed only when the statement ends, after its answer: who does not step that far
/// never hears that the commit failed, and writes a database without a log, which no reader can recover after a crash.
fn switch_to_log(connection: &Connection) -> rusqlite::Result<String> {
    let mut statement = connection.prepare("PRAGMA journal_mode = WAL")?;
    let mut rows = statement.query([])?;
    let mode = rows.next()?.map_or_else(|| Ok(String::new()), |row| row.get(0))?;
    while rows.next()?.is_some() {}
    Ok(mode)
}

/// Closes a connection that failed, without another write or sync: its log stays as it is.
pub(crate) fn abandon(connection: Connection) {
    leave_log(&connection);
    drop(connection);
}

/// Has a connection leave its log as it is when it is closed.
pub(crate) fn leave_log(connection: &Connection) {
    // Should this fail, SQLite moves what was synced before the failure; that is true as well.
    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}

/// Opens an existing database for reading. It never checkpoints.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, Failure> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let pragmas = format!("PRAGMA query_only = ON; PRAGMA cache_size = -{READER_CACHE_KIB};");
    connection.execute_batch(&pragmas).map_err(|error| Failure::sqlite("opening", path, &error))?;
    Ok(connection)
}

fn open(path: &Path, mode: OpenFlags) -> Result<Connection, Failure> {
    let failed = |error: rusqlite::Error| Failure::sqlite("opening", path, &error);
    if rusqlite::version_number() < VERSION_MIN {
        let reason = format!("SQLite {} is too old, 3.51.3 is needed", rusqlite::version());
        return Err(Failure::new("opening", path, reason));
    }
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
    connection.busy_timeout(Duration::from_millis(BUSY_WAIT_MS_MAX)).map_err(failed)?;
    // Otherwise SQLite plans a prepared statement anew whenever a bound value might suit another plan: a third of all time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT_MAX);
    Ok(connection)
}

/// How a checkpoint shall treat those who read meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Checkpoint {
    /// Only counts the frames.
    Count,
    /// Moves what no reader needs, waits for nobody.
    Passive,
    /// Waits for readers, moves everything and empties the log.
    Truncate,
}

/// A write-ahead log after a checkpoint. Somebody in the way is not an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    /// Frames in it; negative when somebody else is checkpointing.
    frames: i64,
    /// Those of them that are in the database too.
    moved: i64,
    is_busy: bool,
}

impl Log {
    pub(crate) fn is_longer_than(self, frames: u64) -> bool {
        u64::try_from(self.frames).is_ok_and(|present| present > frames)
    }

    /// Whether everything is in the database, synced.
    pub(crate) fn is_moved(self) -> bool {
        self.frames >= 0 && self.frames == self.moved
    }

    /// Whether nobody was in the way of what was asked.
    pub(crate) fn is_done(self) -> bool {
        !self.is_busy
    }
}

/// Moves frames of the write-ahead log into the database.
pub(crate) fn checkpoint(connection: &Connection, mode: Checkpoint) -> rusqlite::Result<Log> {
    let sql = match mode {
        Checkpoint::Count => "PRAGMA wal_checkpoint(NOOP)",
        Checkpoint::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Checkpoint::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let log = |row: &Row<'_>| Ok(Log { is_busy: row.get(0)?, frames: row.get(1)?, moved: row.get(2)? });
    connection.prepare_cached(sql)?.query_row([], log)
}

/// Moves the whole log of a new database, which nobody else has open, into its file. What stayed in the log would be lost with the
/// file's next name.
pub(crate) fn checkpoint_alone(connection: &Connection, path: &Path) -> Result<(), Failure> {
    let log =
        checkpoint(connection, Checkpoint::Truncate).map_err(|error| Failure::sqlite("creating", path, &error))?;
    if log.is_moved() && log.is_done() {
        Ok(())
    } else {
        Err(Failure::new("creating", path, "another process has it open"))
    }
}

/// Whether the file's content is at fault: a broken page, or a value that is not of the type that was written.
pub(crate) fn is_malformed(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, QueryReturnedNoRows};
    let is_mistyped = matches!(
        error,
        FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | QueryReturnedNoRows
    );
    let code = error.sqlite_error_code();
    is_mistyped || matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Whether a sync failed, of a file or of a folder.
pub(crate) fn is_of_sync(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_FSYNC};
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(SQLITE_IOERR_FSYNC | SQLITE_IOERR_DIR_FSYNC))
}

/// The log that SQLite keeps beside a database.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Makes a database's log what it is on the disk: after a failed sync, memory shows what the disk does not have. A checkpoint of
/// that could be cut short with the database half written and nothing to mend it from.
pub(crate) fn settle_log(disk: &Disk, path: &Path) -> Result<bool, Failure> {
    let log = log_of(path);
    let has_log = disk.bytes(&log).is_some_and(|bytes| bytes > 0);
    if has_log {
        disk.settle(&log)?;
    }
    Ok(has_log)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(sync: Sync) -> (Connection, tempfile::TempDir) {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = open_writer(&folder.path().join("test.db"), Writing { sync, cache_kib: 64 }).unwrap();
        (connection, folder)
    }

    fn pragma(connection: &Connection, name: &str) -> i64 {
        connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_new_database_is_not_done_while_something_is_left_in_its_log() {
        let (connection, folder) = opened(Sync::Full);
        let path = folder.path().join("test.db");
        connection.execute_batch("CREATE TABLE things (thing)").unwrap();
        let reader = open_reader(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM things").unwrap();
        connection.execute_batch("INSERT INTO things VALUES (1)").unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        assert!(checkpoint_alone(&connection, &path).is_err(), "a reader still needs the log");
        reader.execute_batch("ROLLBACK").unwrap();
        checkpoint_alone(&connection, &path).unwrap();
    }

    #[test]
    fn a_writer_is_as_durable_as_was_asked_and_checkpoints_only_when_told() {
        let ((full, _one), (normal, _two)) = (opened(Sync::Full), opened(Sync::Normal));
        assert_eq!((pragma(&full, "synchronous"), pragma(&normal, "synchronous")), (2, 1));
        assert_eq!(pragma(&full, "wal_autocheckpoint"), 0);
        assert_eq!(pragma(&full, "mmap_size"), 0);
    }

    #[test]
    fn a_reader_cannot_write() {
        let (writer, folder) = opened(Sync::Full);
        writer.execute_batch("CREATE TABLE t (x)").unwrap();
        let reader = open_reader(&folder.path().join("test.db")).unwrap();
        assert!(reader.execute("INSERT INTO t VALUES (1)", []).is_err());
    }

    #[test]
    fn a_database_in_memory_gets_no_log_and_that_is_noticed() {
        let writing = Writing { sync: Sync::Full, cache_kib: 64 };
        assert!(open_writer(Path::new(":memory:"), writing).is_err());
    }
}
