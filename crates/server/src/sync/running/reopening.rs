//! After a failed write: pushes are refused, and from time to time the journal is reopened and verified, until that succeeds.
//! A disk that was full is well again when it has room; nobody has to restart the server for it.

use std::time::{Duration, Instant};

use journal::Refusal;
use space::Writer;

use super::WriterThread;
use crate::limits::{REFUSING_POLL, REOPEN_AFTER, REOPEN_EVERY_MAX};

/// How long to wait before the next attempt.
pub(super) struct Pause {
    next: Duration,
    well_since: Instant,
}

impl Pause {
    pub(super) fn new() -> Self {
        Self { next: REOPEN_AFTER, well_since: Instant::now() }
    }

    /// A disk may be read well and fail the next write: short pauses are for one that has been well for a while.
    fn begin(&mut self) {
        if self.well_since.elapsed() > REOPEN_EVERY_MAX {
            self.next = REOPEN_AFTER;
        }
    }

    fn take(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(REOPEN_EVERY_MAX);
        pause
    }
}

impl WriterThread {
    /// Refuses pushes until the writer writes again. False when the space is closed, or nothing but a restart will help.
    pub(super) fn reopen(&mut self, writer: &mut Writer) -> bool {
        self.failed.send_replace(true);
        self.pause.begin();
        loop {
            let pause = self.pause.take();
            if !self.refuse_for(pause) {
                return false;
            }
            match writer.reopen() {
                Ok(left) => {
                    self.wake(left.as_ref());
                    break;
                }
                Err(error) if error.is_passing() => tracing::debug!(%error, "the journal is not reopened yet"),
                Err(error) => {
                    tracing::error!(%error, "the journal cannot be reopened; pushes are refused");
                    self.refuse_all(Refusal::Unavailable);
                    return false;
                }
            }
        }
        self.resume(writer)
    }

    /// Waits for the projections. A read of them that fails is tried again like everything else here.
    fn resume(&mut self, writer: &mut Writer) -> bool {
        while !writer.resume().unwrap_or(false) {
            if !self.refuse_for(REFUSING_POLL) {
                return false;
            }
        }
        tracing::info!("the journal was reopened and verified; pushes are taken again");
        self.pause.well_since = Instant::now();
        self.failed.send_replace(false);
        true
    }

    /// Refuses whatever comes meanwhile; false when nothing comes any more.
    fn refuse_for(&mut self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        while Instant::now() < until {
            self.refuse_waiting(Refusal::Unavailable);
            if self.inbox.is_closed() {
                return false;
            }
            std::thread::park_timeout(REFUSING_POLL);
        }
        true
    }
}
