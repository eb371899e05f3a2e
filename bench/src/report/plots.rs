//! The four plots.

use super::{
    bars::Bars,
    lines::{Line, Lines},
};
use crate::table::{HISTORIES, Results, SWEEP};

/// Servers as the plots call them.
const SERVERS: [(&str, &str); 4] = [
    ("tidings", "Tidings"),
    ("socketioxide", "socketioxide"),
    ("centrifugo", "Centrifugo"),
    ("node", "Socket.IO on Node"),
];

/// Every plot by the name of its file in docs/; without the ones that the results have nothing for.
pub(crate) fn all(results: &Results) -> Vec<(&'static str, String)> {
    let plots = [
        ("bench-cpu.svg", cpu(results)),
        ("bench-memory.svg", memory(results)),
        ("bench-latency.svg", latency(results)),
        ("bench-history.svg", history(results)),
    ];
    plots.into_iter().filter(|(_, plot)| !plot.is_empty()).collect()
}

fn cpu(results: &Results) -> String {
    let groups = [
        ("fanout", "10 000 sockets, bursts"),
        ("fanout-1000", "1 000 sockets, bursts"),
        ("flood", "5 000 sockets, 16 pushers"),
        ("steady-200", "1 000 sockets, 200/s"),
        ("steady-800", "1 000 sockets, 800/s"),
    ];
    bars(
        results,
        "Processor time of the server for one delivery",
        ("µs per delivery; less is better", "µs"),
        &groups,
        ("cpu_per_delivery_us", 1.0),
    )
}

fn memory(results: &Results) -> String {
    bars(
        results,
        "Resident memory of the server for one idle WebSocket",
        ("KB per socket; less is better", "KB"),
        &[("idle", "idle sockets")],
        ("rss_per_socket_bytes", 1e-3),
    )
}

fn bars(
    results: &Results,
    title: &str,
    (axis, unit): (&str, &str),
    groups: &[(&str, &str)],
    (figure, factor): (&str, f64),
) -> String {
    let bar = |scenario: &str, (server, name): (&'static str, &'static str)| {
        Some((server, name, results.spread_of(scenario, server, figure)?.median * factor))
    };
    let group =
        |(scenario, text)| (text, SERVERS.iter().filter_map(|server| bar(scenario, *server)).collect::<Vec<_>>());
    let groups = groups.iter().copied().map(group).filter(|(_, bars)| !bars.is_empty()).collect();
    Bars { title, axis, unit, groups }.draw()
}

fn latency(results: &Results) -> String {
    let mut lines = Vec::new();
    for (server, name) in SERVERS {
        for (figure, quantile, dash) in [("delivery_p50_ms", "p50", ""), ("delivery_p99_ms", "p99", " dashed")] {
            let point = |(scenario, rate, _): &(&str, f64, bool)| {
                Some((*rate, results.spread_of(scenario, server, figure)?.median))
            };
            let points: Vec<_> = SWEEP.iter().filter_map(point).collect();
            if !points.is_empty() {
                lines.push(Line { name: format!("{name} {quantile}"), class: class(server, dash), points });
            }
        }
    }
    let (x_axis, y_axis) = ("pushes per second to 1 000 sockets", "delivery latency, ms");
    Lines { title: "Latency against rate", x_axis, y_axis, lines }.draw()
}

fn history(results: &Results) -> String {
    let figures = [
        ("restart_ms", "restart", "socketioxide dotted"),
        ("delivery_p50_ms", "delivery p50", "tidings"),
        ("ack_p50_ms", "push p50", "node dashed"),
    ];
    let line = |(figure, name, class): (&str, &str, &'static str)| {
        let point = |(scenario, entries): &(&str, u64)| {
            Some((*entries as f64, results.spread_of(scenario, "tidings", figure)?.median))
        };
        Line { name: name.to_owned(), class, points: HISTORIES.iter().filter_map(point).collect() }
    };
    let lines = figures.map(line).into_iter().filter(|line| !line.points.is_empty()).collect();
    let (x_axis, y_axis) = ("entries in the journal", "time, ms");
    Lines { title: "What a long history costs", x_axis, y_axis, lines }.draw()
}

fn class(server: &str, dash: &str) -> &'static str {
    match (server, dash) {
        ("tidings", "") => "tidings",
        ("tidings", _) => "tidings dashed",
        ("socketioxide", "") => "socketioxide",
        ("socketioxide", _) => "socketioxide dashed",
        ("centrifugo", "") => "centrifugo",
        ("centrifugo", _) => "centrifugo dashed",
        (_, "") => "node",
        _ => "node dashed",
    }
}
