//! Opening `accounts.db`: whole or not at all, readable by its owner only, by several processes at once.

use std::{
    fs, io,
    path::Path,
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use rusqlite::Connection;

use super::AccountsError;
use crate::{
    Failure, folder,
    limits::ACCOUNTS_CACHE_KIB,
    sqlite::{self, Sync, Writing},
};

/// The format that this version writes and reads.
const FORMAT: i64 = 1;

/// E-mail addresses are unique by their folded form; user ids in revocations need not be users here.
const SCHEMA: &str = "
    CREATE TABLE meta (format INTEGER NOT NULL) STRICT;
    CREATE TABLE users (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT, email_folded TEXT UNIQUE, password_hash TEXT,
        role INTEGER NOT NULL, picture_url TEXT, kind INTEGER NOT NULL, created_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX users_by_name ON users (name);
    CREATE TABLE revoked_users (user TEXT PRIMARY KEY, not_before_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE revoked_tokens (token TEXT PRIMARY KEY, expires_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE setup (hash BLOB NOT NULL, expires_ms INTEGER NOT NULL) STRICT;
";

/// Every change is synced before it returns.
const WRITING: Writing = Writing { sync: Sync::Full, cache_kib: ACCOUNTS_CACHE_KIB };

/// A connection to the accounts in folder `data`, which are created when they are missing.
pub(super) fn open(data: &Path) -> Result<Connection, AccountsError> {
    folder::create_all(data)?;
    let path = data.join("accounts.db");
    if !path.exists() {
        create(data, &path)?;
    }
    let failed = |error: rusqlite::Error| Failure::sqlite("opening", &path, &error);
    let connection = sqlite::open_writer(&path, WRITING)?;
    // SQLite does not notice when the name of its log fails to reach the disk.
    folder::sync(data)?;
    // Several processes write here, and none of them is always there to checkpoint.
    connection.execute_batch("PRAGMA wal_autocheckpoint = 1000").map_err(failed)?;
    match connection.query_row("SELECT format FROM meta", [], |row| row.get(0)).map_err(failed)? {
        FORMAT => Ok(connection),
        format => Err(AccountsError::Format(format!(
            "{} has format {format}, this version of Tidings reads format {FORMAT}: start the version that wrote it",
            path.display()
        ))),
    }
}

/// Makes a whole database apart and links it to its name, unless another process was faster.
fn create(data: &Path, path: &Path) -> Result<(), Failure> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let unfinished = data.join(format!("accounts.unfinished-{}-{number}", process::id()));
    write_empty(&unfinished)?;
    match fs::hard_link(&unfinished, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Failure::new("creating", path, error));
        }
        _ => {}
    }
    fs::remove_file(&unfinished).map_err(|error| Failure::new("deleting", &unfinished, error))?;
    folder::sync(data)
}

fn write_empty(path: &Path) -> Result<(), Failure> {
    private_file(path).map_err(|error| Failure::new("creating", path, error))?;
    let failed = |error: rusqlite::Error| Failure::sqlite("creating", path, &error);
    let connection = sqlite::open_writer(path, WRITING)?;
    connection.execute_batch(SCHEMA).map_err(failed)?;
    connection.execute("INSERT INTO meta VALUES (?1)", [FORMAT]).map_err(failed)?;
    sqlite::checkpoint_alone(&connection, path)?;
    connection.close().map_err(|(_, error)| failed(error))
}

/// SQLite gives its log and index the permissions of the file that is there.
fn private_file(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}
