//! The same scenarios in sizes that pass in seconds: for what is lost, doubled or reordered, not for what it costs.

use super::{Entry, entries::span};
use crate::{
    load::Way,
    scenario::{
        Fanout, Firehose, Flood, History, Idle, Lone, Pushes, Scenario, Snapshot, Stalled, Steady, Storm, Topics,
    },
    server::Kind,
};

/// Every scenario, small.
pub(super) fn small() -> Vec<Entry> {
    let short = span(0.2, 1.0);
    let fanout = |by| Fanout { sockets: 500, rate: 1_000.0, burst: 10, ahead: 100, by, span: short };
    let all = [
        ("fanout", Scenario::Fanout(fanout(Way::Http))),
        ("fanout-by-socket", Scenario::Fanout(fanout(Way::Socket))),
        ("flood", Scenario::Flood(Flood { sockets: 200, pushers: 16, span: short })),
        ("steady", Scenario::Steady(Steady { sockets: 100, rate: 200.0, pushers: 16, span: short })),
        ("lone", Scenario::Lone(Lone { rate: 13.0, span: short })),
        ("idle", Scenario::Idle(Idle { sockets: 500, seconds: 0.2 })),
        ("pushes", Scenario::Pushes(Pushes { pushers: 16, span: short })),
        (
            "firehose",
            Scenario::Firehose(Firehose { sockets: 8, topics: 20, rate: 5_000.0, unanswered: 1_024, span: short }),
        ),
        ("topics", Scenario::Topics(Topics { topics: 50, followers: 4, rate: 1_000.0, burst: 20, span: short })),
        ("history", Scenario::History(History { entries: 5_000, topics: 10, rate: 100.0, span: short })),
        ("storm", Scenario::Storm(Storm { sockets: 300, missed: 100, rate: 20.0 })),
        ("stalled", Scenario::Stalled(Stalled { live: 50, stalled: 50, rate: 1_000.0, span: short })),
        ("snapshot", Scenario::Snapshot(Snapshot { items: 5_000, times: 3, rate: 50.0 })),
    ];
    let entry = |(name, scenario)| Entry { name, scenario, servers: vec![Kind::Tidings], runs_max: 1 };
    all.map(entry).into()
}
