//! `bench`: loads a server, checks every delivery, and says what it cost.

mod check;
mod clock;
mod floor;
mod limits;
mod load;
mod scenario;
mod server;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use scenario::{Outcome, Scenario};
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
        /// tidings, node or socketioxide; NAME=PROGRAM runs another build of it. More than once, to compare
        #[arg(long, global = true)]
        server: Vec<Choice>,
        /// How often each server has its turn
        #[arg(long, global = true, default_value_t = 1)]
        runs: usize,
        #[command(subcommand)]
        scenario: Scenario,
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
            clean &= is_clean(&outcome);
        }
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_clean(outcome: &Outcome) -> bool {
    outcome.counts.is_clean() && outcome.refusals.is_empty()
}
