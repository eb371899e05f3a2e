//! What the table runs, in the sizes of the table.

use rustix::process::{Resource, getrlimit};

use crate::{
    floor::{Alone, Commit, Write},
    load::Way,
    scenario::{
        Fanout, Firehose, Flood, History, Idle, Lone, Pushes, Scenario, Snapshot, Span, Stalled, Steady, Storm, Topics,
    },
    server::Kind,
};

/// One scenario in one size.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What results and claims call it.
    pub(crate) name: &'static str,
    pub(crate) scenario: Scenario,
    /// Who takes turns.
    pub(crate) servers: Vec<Kind>,
    /// Long ones run less often.
    pub(crate) runs_max: usize,
}

/// Sockets of the large rows, and of a machine that allows fewer files.
const SOCKETS: usize = 10_000;
const SOCKETS_WHERE_FILES_RUN_SHORT: usize = 9_000;

/// Files that a server needs beside its sockets.
const OTHER_FILES: u64 = 500;

/// Pushes a second at which latency is shown against rate, and for whom. Node cannot keep up with the higher ones.
pub(crate) const SWEEP: [(&str, f64, bool); 7] = [
    ("rate-25", 25.0, true),
    ("rate-50", 50.0, true),
    ("rate-100", 100.0, false),
    ("rate-200", 200.0, false),
    ("rate-400", 400.0, false),
    ("rate-800", 800.0, false),
    ("rate-1600", 1_600.0, false),
];

/// Entries of the histories that costs are shown against.
pub(crate) const HISTORIES: [(&str, u64); 4] =
    [("history-1000", 1_000), ("history-10000", 10_000), ("history-100000", 100_000), ("history-1000000", 1_000_000)];

const EVERYBODY: [Kind; 4] = [Kind::Tidings, Kind::Node, Kind::Socketioxide, Kind::Centrifugo];
const PUSH_ANSWERERS: [Kind; 5] = [Kind::Tidings, Kind::Node, Kind::Socketioxide, Kind::Centrifugo, Kind::Echo];
/// Those that keep up with more than Node does.
const ALL_BUT_NODE: [Kind; 3] = [Kind::Tidings, Kind::Socketioxide, Kind::Centrifugo];
/// Those that are pushed to over sockets.
const SOCKET_PUSHED: [Kind; 3] = [Kind::Tidings, Kind::Node, Kind::Socketioxide];
const OURS: [Kind; 1] = [Kind::Tidings];

/// The table, in the order in which it is run.
pub(crate) fn full() -> Vec<Entry> {
    let mut entries = vec![
        entry("write", Scenario::Write(Write { sockets: 9_000, bytes: 330, seconds: 4.0 }), &OURS),
        entry("commit-1", Scenario::Commit(Commit { rows: 1, commits: 3_000 }), &OURS),
        entry("commit-8", Scenario::Commit(Commit { rows: 8, commits: 3_000 }), &OURS),
        entry("commit-32", Scenario::Commit(Commit { rows: 32, commits: 3_000 }), &OURS),
        entry("alone", Scenario::Alone(Alone { rate: 13.0, messages: 130 }), &OURS),
        entry("fanout", fanout(sockets()), &EVERYBODY),
        entry("fanout-1000", fanout(1_000), &EVERYBODY),
        entry("flood", Scenario::Flood(Flood { sockets: 5_000, pushers: 16, span: span(2.0, 8.0) }), &EVERYBODY),
        entry("steady-200", steady(200.0, 8.0), &ALL_BUT_NODE),
        entry("steady-800", steady(800.0, 8.0), &ALL_BUT_NODE),
        entry("lone", Scenario::Lone(Lone { rate: 13.0, span: span(1.0, 10.0) }), &SOCKET_PUSHED),
        entry("idle", Scenario::Idle(Idle { sockets: sockets(), seconds: 3.0 }), &EVERYBODY),
        entry("pushes-16", pushes(16), &PUSH_ANSWERERS),
        entry("pushes-64", pushes(64), &PUSH_ANSWERERS),
        entry("firehose", firehose(60_000.0, 10.0), &OURS),
        entry("topics", topics(), &OURS),
        entry("storm", Scenario::Storm(Storm { sockets: 9_000, missed: 100, rate: 20.0 }), &OURS),
        entry("stalled", stalled(), &OURS),
        entry("snapshot", Scenario::Snapshot(Snapshot { items: 100_000, times: 20, rate: 50.0 }), &OURS),
    ];
    entries.extend(HISTORIES.map(|(name, entries)| entry(name, history(entries), &OURS)));
    entries.extend(SWEEP.map(|(name, rate, node)| {
        let servers: &[Kind] = if node { &EVERYBODY } else { &ALL_BUT_NODE };
        Entry { runs_max: 1, ..entry(name, steady(rate, 5.0), servers) }
    }));
    entries.push(Entry { runs_max: 1, ..entry("firehose-long", firehose(25_000.0, 300.0), &OURS) });
    entries
}

fn entry(name: &'static str, scenario: Scenario, servers: &[Kind]) -> Entry {
    Entry { name, scenario, servers: servers.to_vec(), runs_max: usize::MAX }
}

pub(super) fn span(settle: f64, seconds: f64) -> Span {
    Span { settle, seconds }
}

fn sockets() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if files >= SOCKETS as u64 + OTHER_FILES { SOCKETS } else { SOCKETS_WHERE_FILES_RUN_SHORT }
}

fn fanout(sockets: usize) -> Scenario {
    Scenario::Fanout(Fanout { sockets, rate: 1_000.0, burst: 10, ahead: 100, by: Way::Http, span: span(2.0, 8.0) })
}

fn steady(rate: f64, seconds: f64) -> Scenario {
    Scenario::Steady(Steady { sockets: 1_000, rate, pushers: 64, span: span(2.0, seconds) })
}

fn pushes(pushers: usize) -> Scenario {
    Scenario::Pushes(Pushes { pushers, span: span(1.0, 6.0) })
}

fn firehose(rate: f64, seconds: f64) -> Scenario {
    Scenario::Firehose(Firehose { sockets: 8, topics: 100, rate, unanswered: 1_024, span: span(2.0, seconds) })
}

/// At full rate, because the bare call that it is held against is made in a loop, on a core that never sleeps.
fn topics() -> Scenario {
    Scenario::Topics(Topics { topics: 1_000, followers: 10, rate: 16_000.0, burst: 160, span: span(2.0, 8.0) })
}

fn stalled() -> Scenario {
    // Long enough that one hiccup of the machine is not the slowest hundredth of either part.
    Scenario::Stalled(Stalled { live: 1_000, stalled: 1_000, rate: 200.0, span: span(2.0, 20.0) })
}

fn history(entries: u64) -> Scenario {
    Scenario::History(History { entries, topics: 100, rate: 100.0, span: span(1.0, 6.0) })
}
