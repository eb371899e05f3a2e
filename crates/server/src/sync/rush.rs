//! Whether pushes come so fast that gathering more of them for each commit gives everybody more time.
//!
//! A commit costs a sync and its system calls, whatever it holds. On a fast disk it returns before many pushes have gathered by
//! themselves, and at tens of thousands a second those costs take the processor time that reading them needs.

use std::time::{Duration, Instant};

use crate::limits::{RUSH_PUSHES_PER_SECOND, RUSH_SPAN};

/// How fast pushes came lately.
#[derive(Debug)]
pub(super) struct Rush {
    since: Instant,
    pushes: u32,
    is_on: bool,
}

impl Rush {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, pushes: 0, is_on: false }
    }

    /// So many pushes were taken at once.
    pub(super) fn took(&mut self, pushes: usize, now: Instant) {
        self.pushes = self.pushes.saturating_add(u32::try_from(pushes).unwrap_or(u32::MAX));
        let span = now.saturating_duration_since(self.since);
        if span >= RUSH_SPAN {
            self.is_on = self.pushes >= expected(span);
            (self.since, self.pushes) = (now, 0);
        }
    }

    /// Whether a commit should wait for more.
    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }
}

/// Pushes of a rush in that time.
fn expected(span: Duration) -> u32 {
    let pushes = u128::from(RUSH_PUSHES_PER_SECOND) * span.as_micros() / 1_000_000;
    u32::try_from(pushes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rush_is_a_high_rate_over_a_span_and_ends_with_it() {
        let start = Instant::now();
        let mut rush = Rush::new(start);
        let mut take = |pushes: usize, at: Duration| {
            rush.took(pushes, start + at);
            rush.is_on()
        };
        let of_a_span = expected(RUSH_SPAN) as usize;
        assert!(!take(of_a_span, RUSH_SPAN / 2), "a burst alone is none");
        assert!(take(0, RUSH_SPAN), "but as many as that in a whole span");
        assert!(take(1, RUSH_SPAN + RUSH_SPAN / 2), "until the next span is over");
        assert!(!take(of_a_span / 2, RUSH_SPAN * 2));
    }

    #[test]
    fn a_long_pause_ends_a_rush() {
        let start = Instant::now();
        let mut rush = Rush::new(start);
        rush.took(expected(RUSH_SPAN) as usize, start + RUSH_SPAN);
        assert!(rush.is_on());
        rush.took(1, start + Duration::from_secs(100_000));
        assert!(!rush.is_on());
    }
}
