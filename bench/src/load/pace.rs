//! When the next push is due. Open loop: by the clock alone, however late the server is, and a late push counts from when
//! it was due. Closed loop: as soon as one is answered.

/// How pushes follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// Each connection sends the next push as soon as it may.
    Closed,
    /// So many a second, in bursts of that size.
    Open { per_second: f64, burst: u32 },
    /// The same, but a burst is left out while more than `ahead` pushes have not reached all `followers`: for servers that
    /// cannot keep up, so that their memory stays bounded.
    Held { per_second: f64, burst: u32, ahead: u64, followers: u64 },
}

/// The pushes of a run by their times.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pace: Pace,
    /// When the burst that is being sent, or comes next, is due.
    burst_ns: f64,
    /// Pushes of it that are sent.
    sent: u32,
    /// Nothing is due after this.
    end_ns: f64,
}

impl Schedule {
    /// A schedule that begins at that time.
    pub(crate) fn new(pace: Pace, start_ns: u64) -> Self {
        Self { pace, burst_ns: start_ns as f64, sent: 0, end_ns: f64::INFINITY }
    }

    /// The pushing ends at that time. In an open loop what was due before is still sent: a server that is behind must not
    /// be spared the pushes that it would answer latest.
    pub(crate) fn end(&mut self, now_ns: u64) {
        let is_open = matches!(self.pace, Pace::Open { .. });
        self.end_ns = self.end_ns.min(if is_open { now_ns as f64 } else { f64::NEG_INFINITY });
    }

    /// Whether nothing will be due any more.
    pub(crate) fn is_over(&self) -> bool {
        self.burst_ns > self.end_ns
    }

    /// When the push that is to be sent now was due; `None` if none is. `under_way` are deliveries that are owed.
    pub(crate) fn take(&mut self, now_ns: u64, under_way: impl Fn() -> u64) -> Option<u64> {
        if self.is_over() {
            return None;
        }
        let (burst, interval_ns, held) = match self.pace {
            Pace::Closed => return Some(now_ns),
            Pace::Open { per_second, burst } => (burst, interval_ns(per_second, burst), None),
            Pace::Held { per_second, burst, ahead, followers } => {
                (burst, interval_ns(per_second, burst), Some((ahead, followers)))
            }
        };
        if self.burst_ns > now_ns as f64 {
            return None;
        }
        if let Some((ahead, followers)) = held.filter(|_| self.sent == 0)
            && under_way() > ahead.saturating_sub(u64::from(burst)) * followers
        {
            self.burst_ns += interval_ns;
            return None;
        }
        let due_ns = self.burst_ns as u64;
        self.sent += 1;
        if self.sent == burst {
            self.sent = 0;
            self.burst_ns += interval_ns;
        }
        Some(due_ns)
    }

    /// When it is worth asking again.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        (self.pace != Pace::Closed).then_some(self.burst_ns as u64)
    }
}

fn interval_ns(per_second: f64, burst: u32) -> f64 {
    1e9 * f64::from(burst) / per_second
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(schedule: &mut Schedule, now_ns: u64, under_way: u64) -> Vec<u64> {
        std::iter::from_fn(|| schedule.take(now_ns, || under_way)).take(100).collect()
    }

    #[test]
    fn what_is_late_counts_from_when_it_was_due() {
        let mut schedule = Schedule::new(Pace::Open { per_second: 1_000.0, burst: 1 }, 10);
        assert!(all(&mut schedule, 9, 0).is_empty());
        assert_eq!(all(&mut schedule, 2_000_010, 0), [10, 1_000_010, 2_000_010]);
        assert_eq!(schedule.next_ns(), Some(3_000_010));
    }

    #[test]
    fn what_was_due_before_the_end_is_still_sent_in_an_open_loop() {
        let mut schedule = Schedule::new(Pace::Open { per_second: 1_000.0, burst: 1 }, 0);
        schedule.end(2_500_000);
        schedule.end(9_000_000);
        assert!(!schedule.is_over());
        assert_eq!(all(&mut schedule, 9_000_000, 0), [0, 1_000_000, 2_000_000]);
        assert!(schedule.is_over());
        for pace in [Pace::Closed, Pace::Held { per_second: 1_000.0, burst: 1, ahead: 9, followers: 1 }] {
            let mut schedule = Schedule::new(pace, 0);
            schedule.end(2_500_000);
            assert!(schedule.is_over() && all(&mut schedule, 2_500_000, 0).is_empty());
        }
    }

    #[test]
    fn bursts_are_due_at_once() {
        let mut schedule = Schedule::new(Pace::Open { per_second: 1_000.0, burst: 2 }, 0);
        assert_eq!(all(&mut schedule, 2_000_000, 0), [0, 0, 2_000_000, 2_000_000]);
    }

    #[test]
    fn a_burst_is_left_out_while_too_much_is_under_way() {
        let pace = Pace::Held { per_second: 1_000.0, burst: 2, ahead: 4, followers: 10 };
        let mut schedule = Schedule::new(pace, 0);
        assert_eq!(schedule.take(0, || 21), None);
        assert!(all(&mut schedule, 1_000_000, 0).is_empty());
        assert_eq!(all(&mut schedule, 2_000_000, 20), [2_000_000, 2_000_000]);
        assert_eq!(schedule.take(4_000_000, || 20), Some(4_000_000));
        assert_eq!(schedule.take(4_000_000, || 99), Some(4_000_000), "a burst that was begun is ended");
    }
}
