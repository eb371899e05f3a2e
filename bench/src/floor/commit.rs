//! The bare commit: rows of a message's size appended to one SQLite table keyed by position, synced, and nothing else.

use std::{fs, path::Path, time::Instant};

use clap::Args;
use rusqlite::{Connection, params};

use crate::{check::latencies, scenario::Outcome};

/// Bytes of a row: a chat message and what stands beside it.
const ROW_BYTES: usize = 250;

/// The sizes of this floor.
#[derive(Clone, Debug, Args)]
pub(crate) struct Commit {
    /// Rows in one commit
    #[arg(long, default_value_t = 1)]
    pub(crate) rows: usize,
    /// Commits
    #[arg(long, default_value_t = 2_000)]
    pub(crate) commits: usize,
}

impl Commit {
    pub(crate) fn run(&self, folder: &Path) -> anyhow::Result<Outcome> {
        in_own_folder(folder, "commit", |folder| self.run_in(folder))
    }

    fn run_in(&self, folder: &Path) -> anyhow::Result<Outcome> {
        let mut rows = Rows::open(folder)?;
        let mut took = latencies();
        let start = Instant::now();
        for _ in 0..self.commits {
            let begin = Instant::now();
            rows.commit(self.rows)?;
            took.saturating_record(u64::try_from(begin.elapsed().as_nanos())?);
        }
        let mut outcome = Outcome::new(&format!("commit-{}", self.rows), "floor");
        outcome.size("rows", self.rows as f64);
        outcome.latency("commit", &took);
        outcome.figure("rows_per_s", (self.rows * self.commits) as f64 / start.elapsed().as_secs_f64());
        Ok(outcome)
    }
}

/// The table of rows.
pub(super) struct Rows(Connection);

impl Rows {
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(folder.join("rows.db"))?;
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL; CREATE TABLE rows (position INTEGER PRIMARY KEY, data BLOB NOT NULL)",
        )?;
        Ok(Self(connection))
    }

    /// Appends so many rows and syncs them.
    pub(super) fn commit(&mut self, rows: usize) -> anyhow::Result<()> {
        let transaction = self.0.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO rows (data) VALUES (?)")?;
            for _ in 0..rows {
                insert.execute(params![[b'x'; ROW_BYTES]])?;
            }
        }
        Ok(transaction.commit()?)
    }
}

/// Runs `work` in a folder of its own below `folder`, and removes it.
pub(super) fn in_own_folder<T>(
    folder: &Path,
    name: &str,
    work: impl FnOnce(&Path) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let own = folder.join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&own)?;
    let result = work(&own);
    // What cannot be removed is left in the folder of the run; nothing depends on it.
    let _ = fs::remove_dir_all(&own);
    result
}
