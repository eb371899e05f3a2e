//! `bench`: loads a server, checks every delivery, and says what it cost.

mod check;
mod clock;
mod dialect;
mod floor;
mod limits;
mod load;
mod report;
mod scenario;
mod server;
mod table;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use scenario::Scenario;
use server::{Choice, Kind};

/// Loads Tidings and its peers, checks every delivery, and says what it cost. Run it from the root of the repository.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs one scenario against one or more servers, one after the other, as often as asked
    Run {
        /// tidings, node, socketioxide or centrifugo; NAME=PROGRAM runs another build of it. More than once, to compare
        #[arg(long, global = true)]
        server: Vec<Choice>,
        /// How often each server has its turn
        #[arg(long, global = true, default_value_t = 1)]
        runs: usize,
        #[command(subcommand)]
        scenario: Scenario,
    },
    /// Runs the whole table side by side and writes the results
    Table {
        /// How often each server has its turn
        #[arg(long, default_value_t = 3)]
        runs: usize,
        /// Only scenarios whose names begin so; more than one separated by commas
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// Keep the results that are there of all other scenarios; they must be of this machine and as many runs
        #[arg(long, requires = "only")]
        keep: bool,
        /// Where the results go
        #[arg(long, default_value = "bench/results/latest.json")]
        out: PathBuf,
    },
    /// Runs every scenario in a small size, and fails if anything is lost, doubled or reordered
    Smoke {
        /// tidings, or tidings=PROGRAM for another build of it
        #[arg(long, default_value = "tidings")]
        server: Choice,
    },
    /// Draws docs/benchmarks.md and its plots from the results of a table
    Render {
        /// The results
        #[arg(long, default_value = "bench/results/latest.json")]
        results: PathBuf,
    },
    /// Answers every request with success, and does nothing else; started by a run
    #[command(hide = true)]
    Echo {
        /// The port to listen on
        port: u16,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Run { server, runs, scenario } => run(server, runs, &scenario),
        Command::Table { runs, only, keep, out } => table::run_table(runs, &only, keep, &out),
        Command::Smoke { server } => table::run_smoke(&server),
        Command::Render { results } => report::render(&results).map(|()| ExitCode::SUCCESS),
        Command::Echo { port } => floor::serve_echo(port).map(|()| ExitCode::SUCCESS),
    }
}

fn run(server: Vec<Choice>, runs: usize, scenario: &Scenario) -> anyhow::Result<ExitCode> {
    let servers = if server.is_empty() { vec![Choice::of(Kind::Tidings)] } else { server };
    let mut clean = true;
    for _ in 0..runs {
        for choice in &servers {
            let outcome = scenario.run(choice, &scenario::folder())?;
            println!("{}", serde_json::to_string_pretty(&outcome)?);
            clean &= outcome.counts.is_clean();
        }
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
