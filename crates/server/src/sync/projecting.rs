//! The projector's thread: it folds what was committed into the views, early for whoever waits, otherwise in gathered steps.
//!
//! A step over many entries costs each of them far less than a step of its own, so under load a step begins no sooner than
//! [`PROJECTION_GATHER`] after the last one began. The first commit after a pause is folded at once, and so is everything
//! while somebody waits to read.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::Thread,
    time::Instant,
};

use journal::Position;
use space::Projector;
use tokio::sync::watch;

use crate::limits::{PROJECTION_GATHER, PROJECTION_IDLE_POLL};

/// Who waits for the projections.
#[derive(Default)]
pub(super) struct Readers {
    waiting: AtomicUsize,
    projector: OnceLock<Thread>,
}

/// Somebody who waits; the projector does not gather while this lives.
pub(super) struct Waiting(Arc<Readers>);

impl Readers {
    pub(super) fn wait(self: &Arc<Self>) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if let Some(projector) = self.projector.get() {
            projector.unpark();
        }
        Waiting(Arc::clone(self))
    }

    fn is_empty(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0
    }

    /// Sleeps until then, or until somebody waits.
    fn none_until(&self, then: Instant) {
        while self.is_empty() {
            let left = then.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Folds until the writer is gone and nothing is left, or until a step fails.
pub(super) fn run(
    mut projector: Projector,
    projected: &watch::Sender<Position>,
    committed: &mpsc::Receiver<()>,
    readers: &Readers,
) {
    readers.projector.get_or_init(std::thread::current);
    loop {
        let began = Instant::now();
        match projector.step() {
            Ok((position, more)) => {
                projected.send_replace(position);
                if more {
                    continue;
                }
            }
            Err(error) => {
                tracing::error!(%error, "the projections stopped; restart the server to rebuild them");
                return;
            }
        }
        match committed.recv_timeout(PROJECTION_IDLE_POLL) {
            Ok(()) => readers.none_until(began + PROJECTION_GATHER),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
    }
}
