//! Counters that the threads of a run share: written by the one that does the work, read by the one that measures.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How far a run is.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    live: AtomicU64,
    delivered: AtomicU64,
    failed: AtomicU64,
    accepted: AtomicU64,
    stop_pushing: AtomicBool,
}

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident, $set:ident) => {
        $(#[$doc])*
        pub(crate) fn $name(&self) -> u64 {
            self.$name.load(Ordering::Relaxed)
        }

        pub(crate) fn $set(&self, value: u64) {
            self.$name.store(value, Ordering::Relaxed);
        }
    };
}

impl Progress {
    counter!(/// Followers that are connected and listening.
        live, set_live);
    counter!(/// Messages that arrived, on all followers.
        delivered, set_delivered);
    counter!(/// Followers that could not connect.
        failed, set_failed);
    counter!(/// Pushes that were answered with success.
        accepted, set_accepted);

    /// Pushers begin, from zero.
    pub(crate) fn begin_pushing(&self) {
        self.set_accepted(0);
        self.stop_pushing.store(false, Ordering::Relaxed);
    }

    /// Tells the pushers to send nothing more and to wait for their last acks.
    pub(crate) fn stop_pushing(&self) {
        self.stop_pushing.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_pushing_over(&self) -> bool {
        self.stop_pushing.load(Ordering::Relaxed)
    }
}
