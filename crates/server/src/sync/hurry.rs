//! What makes the projector hurry instead of gathering: somebody waits for it (a reader, or the writer when there is enough to
//! do), or the end has come.
//!
//! Whoever comes while it sleeps wakes it; `interleave/tests/waiting.rs` tries every order of their steps.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use crate::threads::{AtomicBool, AtomicUsize, Ordering, Thread, park_timeout};

/// The reasons to hurry, and whom to wake.
#[derive(Default)]
pub(super) struct Hurry {
    waiting: AtomicUsize,
    is_ending: AtomicBool,
    projector: OnceLock<Thread>,
}

/// Somebody who waits; the projector does not gather while this lives.
pub(super) struct Waiting(Arc<Hurry>);

impl Hurry {
    /// The projector's thread, which is told before anybody waits.
    pub(super) fn set_projector(&self, projector: Thread) {
        self.projector.get_or_init(|| projector);
    }

    /// Somebody waits from now on.
    pub(super) fn wait(self: &Arc<Self>) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.wake();
        Waiting(Arc::clone(self))
    }

    /// Nothing more will come: what is left is folded at once.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
        self.wake();
    }

    fn wake(&self) {
        if let Some(projector) = self.projector.get() {
            projector.unpark();
        }
    }

    fn is_none(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0 && !self.is_ending.load(Ordering::Relaxed)
    }

    /// Sleeps until then, or until there is a reason to hurry. For the projector's thread.
    pub(super) fn none_until(&self, then: Instant) {
        while self.is_none() {
            let left = then.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            park_timeout(left);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
