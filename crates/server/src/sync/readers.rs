//! Who waits for the projections, so that the projector does not gather while somebody does.
//!
//! Whoever comes while it sleeps wakes it; `interleave/tests/waiting.rs` tries every order of their steps.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use crate::threads::{AtomicUsize, Ordering, Thread, park_timeout};

/// Who waits, and whom to wake.
#[derive(Default)]
pub(super) struct Readers {
    waiting: AtomicUsize,
    projector: OnceLock<Thread>,
}

/// Somebody who waits; the projector does not gather while this lives.
pub(super) struct Waiting(Arc<Readers>);

impl Readers {
    /// The projector's thread, which is told before anybody waits.
    pub(super) fn set_projector(&self, projector: Thread) {
        self.projector.get_or_init(|| projector);
    }

    /// Somebody waits from now on.
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

    /// Sleeps until then, or until somebody waits. For the projector's thread.
    pub(super) fn none_until(&self, then: Instant) {
        while self.is_empty() {
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
