//! What is claimed: each row of the table with the figures to reach, and how each is computed from one run.

use super::Results;

/// One run of the results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) results: &'a Results,
    pub(crate) run: usize,
}

impl Run<'_> {
    fn figure(self, scenario: &str, server: &str, figure: &str) -> Option<f64> {
        self.results.figure(self.run, scenario, server, figure)
    }

    fn ours(self, scenario: &str, figure: &str) -> Option<f64> {
        self.figure(scenario, "tidings", figure)
    }

    /// How many times less of it we need than they.
    fn less(self, scenario: &str, peer: &str, figure: &str) -> Option<f64> {
        Some(self.figure(scenario, peer, figure)? / self.ours(scenario, figure)?)
    }

    /// How many times theirs ours is.
    fn times(self, scenario: &str, peer: &str, figure: &str) -> Option<f64> {
        Some(self.ours(scenario, figure)? / self.figure(scenario, peer, figure)?)
    }

    fn floor(self, scenario: &str, figure: &str) -> Option<f64> {
        self.figure(scenario, "floor", figure)
    }

    /// Pushes a second that this disk and this HTTP stack allow to so many pushers who wait for each answer: half of them
    /// share a commit while the others gather.
    fn pushes_allowed(self, pushers: f64, pushes: &str, commit: &str) -> Option<f64> {
        let disk = pushers / (2.0 * self.floor(commit, "commit_p50_ms")? / 1e3);
        Some(disk.min(self.figure(pushes, "echo", ACCEPTED)?))
    }

    /// Of two histories, how many times longer it takes with the long one.
    fn history(self, figure: &str) -> Option<f64> {
        Some(self.ours("history-1000000", figure)? / self.ours("history-1000", figure)?)
    }
}

const CPU: &str = "cpu_per_delivery_us";
const DELIVERIES: &str = "deliveries_per_s";
const RSS: &str = "rss_per_socket_bytes";
const ACCEPTED: &str = "accepted_per_s";

/// Which side of the figure to reach is good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sense {
    AtMost(f64),
    AtLeast(f64),
}

impl Sense {
    /// Whether that is reached.
    pub(crate) fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

/// One figure to reach.
#[derive(Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) what: &'static str,
    pub(crate) sense: Sense,
    /// `×` for ratios.
    pub(crate) unit: &'static str,
    pub(crate) value: fn(Run<'_>) -> Option<f64>,
}

/// One row of the table.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) claims: &'static [Claim],
}

const fn most(what: &'static str, most: f64, unit: &'static str, value: fn(Run<'_>) -> Option<f64>) -> Claim {
    Claim { what, sense: Sense::AtMost(most), unit, value }
}

const fn least(what: &'static str, least: f64, unit: &'static str, value: fn(Run<'_>) -> Option<f64>) -> Claim {
    Claim { what, sense: Sense::AtLeast(least), unit, value }
}

/// The table.
pub(crate) const ROWS: &[Row] = &[
    Row {
        what: "One topic, 10 000 sockets (9 000 where files run short), bursts of 10 pushes every 10 ms",
        claims: &[
            most("server CPU per delivery", 0.7, "µs", |run| run.ours("fanout", CPU)),
            least("CPU per delivery, times less than Node", 30.0, "×", |run| run.less("fanout", "node", CPU)),
            least("CPU per delivery, times less than socketioxide", 4.0, "×", |run| {
                run.less("fanout", "socketioxide", CPU)
            }),
            least("deliveries a second, times Node's", 40.0, "×", |run| run.times("fanout", "node", DELIVERIES)),
            least("deliveries a second, times socketioxide's", 3.5, "×", |run| {
                run.times("fanout", "socketioxide", DELIVERIES)
            }),
        ],
    },
    Row {
        what: "One topic, 5 000 sockets, 16 pushers as fast as they can",
        claims: &[
            least("CPU per delivery, times less than Node", 30.0, "×", |run| run.less("flood", "node", CPU)),
            least("CPU per delivery, times less than socketioxide", 3.0, "×", |run| {
                run.less("flood", "socketioxide", CPU)
            }),
            least("deliveries a second, times Node's", 30.0, "×", |run| run.times("flood", "node", DELIVERIES)),
            least("deliveries a second, times socketioxide's", 2.5, "×", |run| {
                run.times("flood", "socketioxide", DELIVERIES)
            }),
        ],
    },
    Row {
        what: "One topic, 1 000 sockets, 200 pushes a second, open loop",
        claims: &[
            most("CPU per delivery, of socketioxide's", 0.65, "×", |run| run.times("steady-200", "socketioxide", CPU)),
            most("delivery p99, of socketioxide's", 0.5, "×", |run| {
                run.times("steady-200", "socketioxide", "delivery_p99_ms")
            }),
            most("ack p50", 3.0, "ms", |run| run.ours("steady-200", "ack_p50_ms")),
        ],
    },
    Row {
        what: "One topic, 1 000 sockets, 800 pushes a second, open loop",
        claims: &[
            most("CPU per delivery, of socketioxide's", 0.7, "×", |run| run.times("steady-800", "socketioxide", CPU)),
            most("delivery p99, of socketioxide's", 0.5, "×", |run| {
                run.times("steady-800", "socketioxide", "delivery_p99_ms")
            }),
            most("ack p50", 3.0, "ms", |run| run.ours("steady-800", "ack_p50_ms")),
        ],
    },
    Row {
        what: "An idle follower and a lone message",
        claims: &[most("delivery p50, of the bare commit and write from idle", 1.5, "×", |run| {
            Some(run.ours("lone", "delivery_p50_ms")? / run.floor("alone", "delivery_p50_ms")?)
        })],
    },
    Row {
        what: "Resident memory per idle WebSocket, 10 000 of them (9 000 where files run short)",
        claims: &[
            most("memory per socket", 2_500.0, "B", |run| run.ours("idle", RSS)),
            least("times less than Node", 6.0, "×", |run| run.less("idle", "node", RSS)),
            least("times less than socketioxide", 11.0, "×", |run| run.less("idle", "socketioxide", RSS)),
        ],
    },
    Row {
        what: "Durable acked pushes over HTTP, 16 closed-loop keep-alive pushers",
        claims: &[least("of what the disk and the HTTP stack allow", 0.7, "×", |run| {
            Some(run.ours("pushes-16", ACCEPTED)? / run.pushes_allowed(16.0, "pushes-16", "commit-8")?)
        })],
    },
    Row {
        what: "Durable acked pushes over HTTP, 64 closed-loop keep-alive pushers",
        claims: &[
            least("of what the disk and the HTTP stack allow", 0.7, "×", |run| {
                Some(run.ours("pushes-64", ACCEPTED)? / run.pushes_allowed(64.0, "pushes-64", "commit-32")?)
            }),
            least("times Node's, which stores nothing", 1.5, "×", |run| run.times("pushes-64", "node", ACCEPTED)),
            least("of socketioxide's, which stores nothing", 0.6, "×", |run| {
                run.times("pushes-64", "socketioxide", ACCEPTED)
            }),
        ],
    },
    Row {
        what: "Durable acked pushes over 8 sockets, 100 topics, open loop, 60 000 a second for 10 s",
        claims: &[
            least("accepted a second", 59_700.0, "", |run| run.ours("firehose", ACCEPTED)),
            most("ack p99", 60.0, "ms", |run| run.ours("firehose", "ack_p99_ms")),
        ],
    },
    Row {
        what: "The same, 25 000 a second for 5 min",
        claims: &[
            least("accepted a second", 24_875.0, "", |run| run.ours("firehose-long", ACCEPTED)),
            most("ack p99", 30.0, "ms", |run| run.ours("firehose-long", "ack_p99_ms")),
            most("longest wait for a state as of now", 1_000.0, "ms", |run| {
                run.ours("firehose-long", "caught_up_max_ms")
            }),
            most("states that could not be had within a second", 0.0, "", |run| {
                run.ours("firehose-long", "not_caught_up")
            }),
        ],
    },
    Row {
        what: "1 000 topics with 10 followers each, one message each in turn",
        claims: &[most("CPU per delivery, of the bare system call", 1.2, "×", |run| {
            Some(run.ours("topics", CPU)? / run.floor("write", "cpu_per_write_us")?)
        })],
    },
    Row {
        what: "1 000 000 entries in the journal against 1 000",
        claims: &[
            most("push p50", 1.2, "×", |run| run.history("ack_p50_ms")),
            most("delivery p50", 1.2, "×", |run| run.history("delivery_p50_ms")),
            most("restart", 1.2, "×", |run| run.history("restart_ms")),
            most("restart with 1 000 000, until it serves", 1_000.0, "ms", |run| {
                run.ours("history-1000000", "restart_ms")
            }),
        ],
    },
    Row {
        what: "9 000 sockets cut at once and reconnecting, each 100 entries behind",
        claims: &[
            most("until all are complete", 5_000.0, "ms", |run| run.ours("storm", "complete_ms")),
            most("slowest ack of a push meanwhile", 250.0, "ms", |run| run.ours("storm", "ack_max_ms")),
        ],
    },
    Row {
        what: "Half of 2 000 sockets never reading, the rest live",
        claims: &[
            most("live p99, of the run without them", 1.1, "×", |run| {
                Some(run.ours("stalled", "delivery_p99_ms")? / run.ours("stalled", "without_delivery_p99_ms")?)
            }),
            most("memory per stalled socket, the kernel's included", 262_144.0, "B", |run| {
                run.ours("stalled", "per_stalled_socket_bytes")
            }),
        ],
    },
    Row {
        what: "`GET /api/sync/data` of a topic with 100 000 items",
        claims: &[
            most("first byte, p99", 20.0, "ms", |run| run.ours("snapshot", "first_byte_p99_ms")),
            most("p99 of small requests meanwhile", 50.0, "ms", |run| run.ours("snapshot", "other_p99_ms")),
            most("p99 of acks meanwhile", 50.0, "ms", |run| run.ours("snapshot", "ack_p99_ms")),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{scenario::Outcome, table::entries};

    #[test]
    fn a_claim_is_met_on_its_good_side_and_at_its_edge() {
        assert!(Sense::AtMost(1.0).is_met_by(1.0) && !Sense::AtMost(1.0).is_met_by(1.1));
        assert!(Sense::AtLeast(1.0).is_met_by(1.0) && !Sense::AtLeast(1.0).is_met_by(0.9));
    }

    /// Names that no scenario has, or figures that nobody measures, would leave holes in the table.
    #[test]
    fn every_claim_asks_for_scenarios_that_are_run() {
        let mut results = Results::new(1);
        let figures = [
            CPU,
            DELIVERIES,
            RSS,
            ACCEPTED,
            "delivery_p50_ms",
            "delivery_p99_ms",
            "ack_p50_ms",
            "ack_p99_ms",
            "ack_max_ms",
            "cpu_per_write_us",
            "commit_p50_ms",
            "caught_up_max_ms",
            "not_caught_up",
            "restart_ms",
            "complete_ms",
            "without_delivery_p99_ms",
            "per_stalled_socket_bytes",
            "first_byte_p99_ms",
            "other_p99_ms",
        ];
        for entry in entries::full() {
            let floor = ["write", "alone"].contains(&entry.name) || entry.name.starts_with("commit");
            for kind in entry.servers {
                let mut outcome = Outcome::new(entry.name, if floor { "floor" } else { kind.name() });
                figures.iter().for_each(|name| outcome.figure(name, 1.0));
                results.outcomes.push(outcome);
            }
        }
        for claim in ROWS.iter().flat_map(|row| row.claims) {
            assert!((claim.value)(Run { results: &results, run: 0 }).is_some(), "{}", claim.what);
        }
    }
}
