//! A bounded pool of read-only connections, each to one of several files.
//!
//! A connection is out for one call (or one snapshot) and comes back without an open transaction, so that no reader
//! keeps a write-ahead log from starting over.

use std::{ops::Deref, path::Path, sync::Arc, time::Duration};

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use super::open_reader;
use crate::{
    Failure,
    limits::{BUSY_WAIT_MS_MAX, READERS_IDLE_MAX, READERS_MAX},
};

/// Shared by all clones of a reader.
#[derive(Default)]
pub(crate) struct Pool {
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    /// Oldest first, with the number of the file each belongs to.
    idle: Vec<(u64, Connection)>,
    in_use: usize,
    is_paused: bool,
}

/// While it lives, nobody has a connection.
pub(crate) struct Pause(Arc<Pool>);

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum PoolError {
    /// All are in use, and stayed so.
    Busy,
    Failed(Failure),
}

/// A connection on loan.
pub(crate) struct Pooled {
    pool: Arc<Pool>,
    file: u64,
    connection: Option<Connection>,
}

impl Pool {
    /// A connection to the file with that number, which lies at `path`; waits for one when too many are in use.
    pub(crate) fn take(self: &Arc<Self>, file: u64, path: &Path) -> Result<Pooled, PoolError> {
        let idle = self.claim(file)?;
        // From here on the loan is counted; dropping it without a connection gives the place back.
        let mut loan = Pooled { pool: Arc::clone(self), file, connection: idle };
        if loan.connection.is_none() {
            loan.connection = Some(open_reader(path).map_err(PoolError::Failed)?);
        }
        Ok(loan)
    }

    fn claim(&self, file: u64) -> Result<Option<Connection>, PoolError> {
        let mut state = self.state.lock();
        let wait = Duration::from_millis(BUSY_WAIT_MS_MAX);
        let result = self.returned.wait_while_for(&mut state, State::is_full, wait);
        if result.timed_out() && state.is_full() {
            return Err(PoolError::Busy);
        }
        state.in_use += 1;
        let place = state.idle.iter().rposition(|(idle, _)| *idle == file);
        Ok(place.map(|place| state.idle.remove(place).1))
    }

    /// Waits until nobody has a connection, closes them all and lets nobody have one: the files are about to be opened
    /// anew, and whoever opens them meanwhile would read what is not on disk.
    pub(crate) fn pause(self: &Arc<Self>) -> Result<Pause, PoolError> {
        let mut state = self.state.lock();
        state.is_paused = true;
        let pause = Pause(Arc::clone(self));
        let wait = Duration::from_millis(BUSY_WAIT_MS_MAX);
        let result = self.returned.wait_while_for(&mut state, |state| state.in_use > 0, wait);
        let is_busy = result.timed_out() && state.in_use > 0;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        drop(idle);
        if is_busy { Err(PoolError::Busy) } else { Ok(pause) }
    }

    fn give_back(&self, file: u64, connection: Option<Connection>) {
        let mut state = self.state.lock();
        state.in_use -= 1;
        state.idle.extend(connection.map(|connection| (file, connection)));
        let surplus = (state.idle.len() > READERS_IDLE_MAX).then(|| state.idle.remove(0));
        drop(state);
        self.returned.notify_all();
        drop(surplus);
    }
}

impl State {
    fn is_full(&mut self) -> bool {
        self.is_paused || self.in_use >= READERS_MAX
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.0.state.lock().is_paused = false;
        self.0.returned.notify_all();
    }
}

impl Deref for Pooled {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a loan has its connection until it is dropped")
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        // A connection that still has a transaction open would pin the write-ahead log: close it instead.
        let clean = self.connection.take().filter(Connection::is_autocommit);
        self.pool.give_back(self.file, clean);
    }
}
