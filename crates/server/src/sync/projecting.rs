//! The projector's thread: it folds what was committed into the views, early for whoever waits, otherwise in gathered steps.
//!
//! A step over many entries costs each of them far less than a step of its own, so under load a step begins no sooner than
//! [`PROJECTION_GATHER`] after the last one began, unless [`PROJECTION_GATHER_ENTRIES`] are there before. The first commit after
//! a pause is folded at once, and so is everything while somebody waits to read.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread::Thread,
    time::Instant,
};

use journal::Position;
use space::{Projector, Space};
use tokio::sync::watch;

use crate::limits::{PROJECTION_GATHER, PROJECTION_GATHER_ENTRIES, PROJECTION_IDLE_POLL};

/// What makes the projector hurry: somebody waits for it, or there is enough to do.
pub(super) struct Hurry {
    space: Arc<Space>,
    waiting: AtomicUsize,
    is_ending: AtomicBool,
    projector: OnceLock<Thread>,
}

/// Somebody who waits; the projector does not gather while this lives.
pub(super) struct Waiting(Arc<Hurry>);

impl Hurry {
    pub(super) fn new(space: Arc<Space>) -> Self {
        Self { space, waiting: AtomicUsize::new(0), is_ending: AtomicBool::new(false), projector: OnceLock::new() }
    }

    pub(super) fn wait(self: &Arc<Self>) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.wake();
        Waiting(Arc::clone(self))
    }

    /// Something was committed.
    pub(super) fn committed(&self) {
        if self.is_enough() {
            self.wake();
        }
    }

    /// Nothing more will be committed: what is left is folded at once.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
        self.wake();
    }

    fn wake(&self) {
        if let Some(projector) = self.projector.get() {
            projector.unpark();
        }
    }

    fn is_enough(&self) -> bool {
        self.space.head().0 - self.space.projected().0 >= PROJECTION_GATHER_ENTRIES
    }

    fn is_none(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0 && !self.is_ending.load(Ordering::Relaxed) && !self.is_enough()
    }

    /// Sleeps until then, or until there is a reason to hurry.
    fn none_until(&self, then: Instant) {
        while self.is_none() {
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
    hurry: &Hurry,
) {
    hurry.projector.get_or_init(std::thread::current);
    loop {
        let began = Instant::now();
        match projector.step() {
            Ok((position, more)) => {
                projected.send_replace(position);
                if more {
                    hurry.none_until(began + PROJECTION_GATHER);
                    continue;
                }
            }
            Err(error) => {
                tracing::error!(%error, "the projections stopped; restart the server to rebuild them");
                return;
            }
        }
        match committed.recv_timeout(PROJECTION_IDLE_POLL) {
            Ok(()) => hurry.none_until(began + PROJECTION_GATHER),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
    }
}
