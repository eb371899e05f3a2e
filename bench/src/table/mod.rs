//! The table: every scenario against every server that it concerns, side by side, and what is claimed of the results.

mod claims;
mod entries;
mod machine;
mod results;
mod smoke;

pub(crate) use claims::{Claim, ROWS, Run, Sense};
pub(crate) use entries::{Entry, HISTORIES, SWEEP};
pub(crate) use results::{Results, Spread};

use std::{path::Path, process::ExitCode};

use anyhow::Context;

use crate::{scenario, server::Choice};

/// Runs the whole table, or the scenarios whose names begin with one of `only`, and writes the results to `out`. Servers
/// of one scenario take turns, `runs` times, because machines are noisy. With `keep`, what is there of other scenarios stays.
///
/// # Errors
/// A scenario could not be measured.
pub(crate) fn run_table(runs: usize, only: &[String], keep: bool, out: &Path) -> anyhow::Result<ExitCode> {
    let wanted = |name: &str| only.is_empty() || only.iter().any(|begin| name.starts_with(begin.as_str()));
    let mut results = Results::new(runs);
    if keep {
        results.take_others(Results::read(out)?, wanted)?;
    }
    for entry in entries::full().into_iter().filter(|entry| wanted(entry.name)) {
        for run in 0..runs.min(entry.runs_max) {
            for kind in entry.servers.iter().filter(|kind| !kind.is_absent()) {
                results.outcomes.push(run_entry(&entry, &Choice::of(*kind), run)?);
                results.write(out)?;
            }
        }
    }
    Ok(if results.ours_are_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs every scenario in a small size against Tidings. Fails on anything lost, doubled or out of order, never on a time.
///
/// # Errors
/// A scenario could not be run.
pub(crate) fn run_smoke(choice: &Choice) -> anyhow::Result<ExitCode> {
    let mut clean = true;
    for entry in smoke::small() {
        let outcome = run_entry(&entry, choice, 0)?;
        clean &= outcome.counts.is_clean();
    }
    println!("{}", if clean { "Every delivery came, once and in order." } else { "See the counts above." });
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_entry(entry: &Entry, choice: &Choice, run: usize) -> anyhow::Result<scenario::Outcome> {
    let outcome = entry.scenario.run(choice, &scenario::folder());
    let outcome = outcome.with_context(|| format!("{} against {}", entry.name, choice.label))?;
    let outcome = scenario::Outcome { scenario: entry.name.to_owned(), ..outcome };
    let counts = if outcome.counts.is_clean() { String::new() } else { format!(" {:?}", outcome.counts) };
    println!("{} · {} · run {}: {}{counts}", outcome.scenario, outcome.server, run + 1, outcome.summary());
    Ok(outcome)
}
