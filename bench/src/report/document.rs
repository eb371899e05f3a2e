//! docs/benchmarks.md: the machine, the table with what is to be reached and what is, the servers side by side, what was
//! checked, the plots, and the notes that people wrote.

use super::units::{number, with_unit};
use crate::{
    check::Counts,
    table::{Claim, ROWS, Results, Run, Sense, Spread},
};

/// The document.
pub(crate) fn benchmarks(results: &Results, notes: &str) -> String {
    let parts = [
        head(results),
        "## The table\n".to_owned(),
        table(results),
        "## Side by side\n".to_owned(),
        side_by_side(results),
        "## What was checked\n".to_owned(),
        checked(results),
        notes.trim_end().to_owned() + "\n",
    ];
    parts.join("\n")
}

fn head(results: &Results) -> String {
    let machine = &results.machine;
    let versions: Vec<_> = machine.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    format!(
        "# Benchmarks\n\n\
         <!-- Drawn by `make bench` from bench/results/latest.json and bench/notes.md. Change those, not this. -->\n\n\
         Server and load share the machine: {} cores ({}), {} GB of memory, Linux {}. {}. Each figure is the median of {} runs \
         in which the servers took turns, with the least and the most behind it; a ratio is computed within each run. Every \
         push to Tidings is on the disk before its ack; the others keep everything in memory.\n\n\
         ![Processor time per delivery](bench-cpu.svg)\n\n![Memory per idle socket](bench-memory.svg)\n\n\
         ![Latency against rate](bench-latency.svg)\n\n![Cost against history](bench-history.svg)\n",
        machine.cores,
        machine.processor,
        machine.memory_gb,
        machine.kernel,
        versions.join(", "),
        results.runs
    )
}

fn table(results: &Results) -> String {
    let mut out = String::from("| what | figure to reach | reached | least – most | |\n|---|--:|--:|--:|---|\n");
    for row in ROWS {
        out += &format!("| **{}** | | | | |\n", row.what);
        for claim in row.claims {
            out += &claim_line(results, claim);
        }
    }
    out
}

fn claim_line(results: &Results, claim: &Claim) -> String {
    let target = match claim.sense {
        Sense::AtMost(most) => format!("≤ {}", with_unit_of_target(most, claim.unit)),
        Sense::AtLeast(least) => format!("≥ {}", with_unit_of_target(least, claim.unit)),
    };
    let spread = results.spread(|run| (claim.value)(Run { results, run }));
    let Some(spread) = spread else { return format!("| {} | {target} | not measured | | |\n", claim.what) };
    let verdict = if claim.sense.is_met_by(spread.median) { "reached" } else { "**not reached**" };
    let reached = with_unit(spread.median, claim.unit);
    format!("| {} | {target} | {reached} | {} | {verdict} |\n", claim.what, range(spread))
}

/// Figures to reach are written as they were set, without more digits.
fn with_unit_of_target(value: f64, unit: &str) -> String {
    let digits = if value >= 10_000.0 { number(value) } else { format!("{value}") };
    match unit {
        "" => digits,
        "×" => format!("{digits}×"),
        unit => format!("{digits} {unit}"),
    }
}

fn range(spread: Spread) -> String {
    format!("{} – {}", number(spread.least), number(spread.most))
}

/// What each server showed in the scenarios that several of them ran.
fn side_by_side(results: &Results) -> String {
    let scenarios = [
        ("fanout", "10 000 sockets, bursts"),
        ("fanout-1000", "1 000 sockets, bursts"),
        ("flood", "5 000 sockets, 16 pushers"),
        ("steady-200", "1 000 sockets, 200/s"),
        ("steady-800", "1 000 sockets, 800/s"),
        ("lone", "a lone message"),
        ("idle", "idle sockets"),
        ("pushes-16", "16 pushers over HTTP"),
        ("pushes-64", "64 pushers over HTTP"),
    ];
    let columns = [
        ("CPU per delivery, µs", "cpu_per_delivery_us"),
        ("deliveries/s", "deliveries_per_s"),
        ("delivery p50, ms", "delivery_p50_ms"),
        ("p99, ms", "delivery_p99_ms"),
        ("ack p50, ms", "ack_p50_ms"),
        ("accepted/s", "accepted_per_s"),
        ("memory per socket, B", "rss_per_socket_bytes"),
        ("the load's own CPU per delivery, µs", "load_cpu_per_delivery_us"),
    ];
    let heads: Vec<_> = columns.iter().map(|(head, _)| *head).collect();
    let mut out = format!("| scenario | server | {} |\n|---|---|{}\n", heads.join(" | "), "--:|".repeat(columns.len()));
    for (scenario, what) in scenarios {
        for server in ["tidings", "socketioxide", "centrifugo", "node", "echo"] {
            if results.of(scenario, server).next().is_none() {
                continue;
            }
            let cell = |(_, figure): &(&str, &str)| {
                results
                    .spread_of(scenario, server, figure)
                    .map_or_else(|| "–".to_owned(), |spread| number(spread.median))
            };
            let cells: Vec<_> = columns.iter().map(cell).collect();
            out += &format!("| {what} | {server} | {} |\n", cells.join(" | "));
        }
    }
    out + &floors(results)
}

fn floors(results: &Results) -> String {
    let mut out = String::from(
        "\nWhat the machine itself allows, in the same run:\n\n| what | median | least – most |\n|---|--:|--:|\n",
    );
    let floors = [
        ("write", "cpu_per_write_us", "one `write(2)` of a message to one of 9 000 sockets, CPU, µs"),
        ("commit-1", "commit_p50_ms", "a synced commit of one row, p50, ms"),
        ("commit-8", "commit_p50_ms", "of 8 rows, p50, ms"),
        ("commit-32", "commit_p50_ms", "of 32 rows, p50, ms"),
        ("alone", "delivery_p50_ms", "a commit and a write from idle, p50, ms"),
        ("alone", "delivery_p99_ms", "the same, p99, ms"),
    ];
    for (scenario, figure, what) in floors {
        if let Some(spread) = results.spread_of(scenario, "floor", figure) {
            out += &format!("| {what} | {} | {} |\n", number(spread.median), range(spread));
        }
    }
    out
}

fn checked(results: &Results) -> String {
    let mut out = String::from(
        "Every message on every socket, in all runs together:\n\n\
         | server | deliveries | lost | doubled | reordered | strange | cut off |\n|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for server in ["tidings", "socketioxide", "centrifugo", "node"] {
        if results.outcomes.iter().all(|outcome| outcome.server != server) {
            continue;
        }
        let mut sum = Counts::default();
        results.outcomes.iter().filter(|outcome| outcome.server == server).for_each(|outcome| sum.add(&outcome.counts));
        let counts = [sum.delivered, sum.lost, sum.doubled, sum.reordered, sum.strange, sum.cut];
        let cells: Vec<_> = counts.map(|count| number(count as f64)).into();
        out += &format!("| {server} | {} |\n", cells.join(" | "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Outcome;

    #[test]
    fn a_claim_is_shown_with_what_was_reached_and_whether_that_is_enough() {
        let mut results = Results::new(1);
        let mut outcome = Outcome::new("fanout", "tidings");
        outcome.figure("cpu_per_delivery_us", 0.5);
        results.outcomes.push(outcome);
        let line = claim_line(&results, &ROWS[0].claims[0]);
        assert_eq!(line, "| server CPU per delivery | ≤ 0.7 µs | 0.500 µs | 0.500 – 0.500 | reached |\n");
        results.outcomes[0].figure("cpu_per_delivery_us", 0.8);
        assert!(claim_line(&results, &ROWS[0].claims[0]).contains("not reached"));
        assert!(claim_line(&results, &ROWS[0].claims[1]).contains("not measured"));
    }
}
