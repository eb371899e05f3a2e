//! The one clock of a run: nanoseconds since its start. Threads share it by copy, messages carry its readings.

use std::time::Instant;

/// Where zero is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Nanoseconds since the start.
    pub(crate) fn now_ns(self) -> u64 {
        self.at_ns(Instant::now())
    }

    /// The same of another moment; 0 for one before the start.
    pub(crate) fn at_ns(self, moment: Instant) -> u64 {
        u64::try_from(moment.saturating_duration_since(self.0).as_nanos()).unwrap_or(u64::MAX)
    }
}
