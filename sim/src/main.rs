//! `sim [--first SEED] [--seeds COUNT]`: runs worlds, prints how much happened in them, and ends with 1 when one of them
//! is not clean. `sim --seed SEED [--record FILE]` runs one, says everything about it, and keeps its record for
//! `history check`.

use std::process::ExitCode;

use sim::{Outcome, WorldTally, run, run_recorded};

/// Seeds between two words about how far it is.
const WORD_EVERY: u64 = 1_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        Some(arguments.get(at + 1)?.parse::<u64>().unwrap_or_else(|_| panic!("{name} takes a number")))
    };
    match number("--seed") {
        Some(seed) => one(seed, arguments.iter().skip_while(|argument| *argument != "--record").nth(1)),
        None => many(number("--first").unwrap_or(0), number("--seeds").unwrap_or(100)),
    }
}

fn one(seed: u64, file: Option<&String>) -> ExitCode {
    let (outcome, record) = run_recorded(seed);
    if let Some(file) = file {
        let lines: String = record.iter().map(|event| history::write_line(event) + "\n").collect();
        if let Err(error) = std::fs::write(file, lines) {
            eprintln!("{file}: {error}");
            return ExitCode::FAILURE;
        }
    }
    println!("seed {seed}, trace {:016x}: {:#?}", outcome.trace, outcome.tally);
    report(seed, &outcome)
}

fn many(first: u64, count: u64) -> ExitCode {
    let (mut sum, mut failed) = (WorldTally::default(), 0);
    for seed in first..first + count {
        let outcome = run(seed);
        sum = sum + outcome.tally;
        if !outcome.is_clean() {
            failed += 1;
            report(seed, &outcome);
        }
        if (seed - first + 1).is_multiple_of(WORD_EVERY) {
            println!("{} seeds, {failed} not clean", seed - first + 1);
        }
    }
    println!("{count} seeds from {first}, {failed} not clean; in all of them: {sum:#?}");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(seed: u64, outcome: &Outcome) -> ExitCode {
    if outcome.is_clean() {
        return ExitCode::SUCCESS;
    }
    println!("seed {seed} is not clean; see it with: cargo run --release -p sim -- --seed {seed}");
    outcome.faults.iter().for_each(|fault| println!("  {fault}"));
    outcome.anomalies.iter().take(12).for_each(|anomaly| println!("  {anomaly}"));
    ExitCode::FAILURE
}
