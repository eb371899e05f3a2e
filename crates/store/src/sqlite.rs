//! SQLite as every store here uses it: bundled, recent enough, write-ahead log, readers that never write.

mod pool;

use std::{path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

pub(crate) use pool::{Pool, PoolError, Pooled};

use crate::{
    Failure,
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
        Sync::Full => "FULL",
        Sync::Normal => "NORMAL",
    };
    let pragmas = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = {WAL_BYTES_KEPT_MAX}; PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{};",
        writing.cache_kib
    );
    connection.execute_batch(&pragmas).map_err(|error| Failure::sqlite("opening", path, &error))?;
    Ok(connection)
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

/// Moves frames of the write-ahead log into the database. Answers (frames in the log, frames moved so far); somebody in
/// the way is not an error.
pub(crate) fn checkpoint(connection: &Connection, mode: Checkpoint) -> rusqlite::Result<(u64, u64)> {
    let sql = match mode {
        Checkpoint::Count => "PRAGMA wal_checkpoint(NOOP)",
        Checkpoint::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Checkpoint::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let (frames, moved): (i64, i64) =
        connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))?;
    Ok((frames.max(0).unsigned_abs(), moved.max(0).unsigned_abs()))
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
