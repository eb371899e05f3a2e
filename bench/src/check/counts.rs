//! What went wrong in a run, counted over all its followers.

use serde::{Deserialize, Serialize};

/// Counts over every follower of a run. A clean run has only `delivered`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Messages that arrived, on all followers together.
    pub(crate) delivered: u64,
    /// Messages that were accepted and never came.
    pub(crate) lost: u64,
    /// Messages that came again.
    pub(crate) doubled: u64,
    /// Messages that came after a later one of the same lane, or out of the order of their topic.
    pub(crate) reordered: u64,
    /// Messages that nobody pushed, and frames that could not be read.
    pub(crate) strange: u64,
    /// Followers whose connection ended before it was meant to.
    pub(crate) cut: u64,
}

impl Counts {
    /// Whether nothing was lost, doubled, reordered or strange, and nobody was cut off.
    pub(crate) fn is_clean(&self) -> bool {
        Self { delivered: 0, ..*self } == Self::default()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
        self.strange += other.strange;
        self.cut += other.cut;
    }
}
