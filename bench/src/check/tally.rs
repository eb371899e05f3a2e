//! What all followers of a thread add to: deliveries, latencies inside the measured window, what they have to answer.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use hdrhistogram::Histogram;

use crate::limits::LATENCY_NS_MAX;

/// The measured part of a run, in nanoseconds since its start; messages that were due in it count. Closed until it is
/// opened.
#[derive(Clone, Debug)]
pub(crate) struct Window(Arc<[AtomicU64; 2]>);

impl Window {
    pub(crate) fn closed() -> Self {
        Self(Arc::new([AtomicU64::new(u64::MAX), AtomicU64::new(u64::MAX)]))
    }

    pub(crate) fn open(&self, now_ns: u64) {
        self.0[0].store(now_ns, Ordering::Relaxed);
    }

    pub(crate) fn close(&self, now_ns: u64) {
        self.0[1].store(now_ns, Ordering::Relaxed);
    }

    /// From now on nothing counts, whenever it was due.
    pub(crate) fn shut(&self) {
        self.close(0);
    }

    /// Whether something due at that time counts.
    pub(crate) fn holds(&self, due_ns: u64) -> bool {
        self.0[0].load(Ordering::Relaxed) <= due_ns && due_ns < self.0[1].load(Ordering::Relaxed)
    }
}

/// An empty histogram of latencies in nanoseconds.
pub(crate) fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1_000, LATENCY_NS_MAX, 3).expect("the bounds are in order and three digits are allowed")
}

/// What the followers of one thread add to.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Messages that arrived, on all followers.
    pub(crate) delivered: u64,
    /// From when a message was due until a follower had read it, in nanoseconds.
    pub(crate) latency: Histogram<u64>,
    /// Events that are no messages: `connected`, `mark`, `reset` and others.
    pub(crate) events: u64,
    /// Of them, `reset`: the server says that something cannot be replayed.
    pub(crate) resets: u64,
    window: Window,
}

impl Tally {
    pub(crate) fn new(window: Window) -> Self {
        Self { delivered: 0, latency: latencies(), events: 0, resets: 0, window }
    }

    /// One message has arrived.
    pub(crate) fn deliver(&mut self, due_ns: u64, now_ns: u64) {
        self.delivered += 1;
        if self.window.holds(due_ns) {
            self.latency.saturating_record(now_ns.saturating_sub(due_ns));
        }
    }
}
