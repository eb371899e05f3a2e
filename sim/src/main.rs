//! `sim`: worlds of the simulation from the command line. `sim --help` says how.

mod arguments;
mod many;

use std::{path::Path, process::ExitCode};

use arguments::Task;
use sim::run_recorded;

fn main() -> ExitCode {
    let is_clean = match arguments::read(std::env::args_os().skip(1)) {
        Ok(Task::Help) => {
            print!("{}", arguments::HELP);
            true
        }
        Ok(Task::One { seed, record }) => one(seed, record.as_deref()),
        Ok(Task::Many { first, seeds, processes }) => many::many(first, seeds, processes),
        Ok(Task::Part { first, seeds, every }) => {
            many::part(first, seeds, every);
            true
        }
        Err(wrong) => {
            eprintln!("{wrong}; see: sim --help");
            return ExitCode::from(2);
        }
    };
    if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs one world and says everything about it; whether it was clean.
fn one(seed: u64, file: Option<&Path>) -> bool {
    let (outcome, record) = run_recorded(seed);
    println!("seed {seed}, trace {:016x}: {:#?}", outcome.trace, outcome.tally);
    if !outcome.is_clean() {
        many::tell(seed, &many::wrong(&outcome));
    }
    let lines: String = record.iter().map(|event| history::write_line(event) + "\n").collect();
    match file.map(|file| std::fs::write(file, lines)) {
        Some(Err(error)) => {
            eprintln!("the record cannot be kept: {error}");
            false
        }
        Some(Ok(())) | None => outcome.is_clean(),
    }
}
