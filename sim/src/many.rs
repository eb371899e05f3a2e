//! Many worlds on all cores: one process for each, because worlds cannot share one (SQLite's random numbers are one sequence
//! for a whole process). Each tells its worlds as lines of JSON, and the first process adds up.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    sync::mpsc::{Sender, channel},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use sim::{Outcome, WorldTally, run};

/// Between two words about how far it is.
const WORD_EVERY: Duration = Duration::from_secs(10);

/// Anomalies of one world that are printed; the rest mostly follows from them.
const ANOMALIES_TOLD_MAX: usize = 12;

/// What came of one world, from one process to another.
#[derive(Serialize, Deserialize)]
struct Report {
    seed: u64,
    /// What is wrong, as sentences.
    wrong: Vec<String>,
    trace: u64,
    tally: WorldTally,
}

/// The sum over all worlds.
#[derive(Default)]
struct Sum {
    worlds: u64,
    unclean: u64,
    /// Traces added up: the same for the same seeds, in whatever order they ran.
    trace: u64,
    tally: WorldTally,
}

/// What is wrong with a world, as sentences.
pub(crate) fn wrong(outcome: &Outcome) -> Vec<String> {
    let anomalies = outcome.anomalies.iter().take(ANOMALIES_TOLD_MAX).map(ToString::to_string);
    outcome.faults.iter().cloned().chain(anomalies).collect()
}

/// Says what is wrong with a world and how to see it alone.
pub(crate) fn tell(seed: u64, wrong: &[String]) {
    println!("seed {seed} is not clean; see it with: cargo run --release -p sim -- --seed {seed}");
    wrong.iter().for_each(|sentence| println!("  {sentence}"));
}

/// Runs every so manyth seed of a range and tells each world on a line.
pub(crate) fn part(first: u64, seeds: u64, every: u64) {
    let mut out = std::io::stdout().lock();
    for seed in (first..first + seeds).step_by(usize::try_from(every).unwrap_or(usize::MAX)) {
        let outcome = run(seed);
        let report = Report { seed, wrong: wrong(&outcome), trace: outcome.trace, tally: outcome.tally };
        let line = serde_json::to_string(&report).expect("a report is numbers and sentences");
        // Whoever asked for it may be gone; then nobody wants the rest.
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// Runs all seeds of a range in that many processes; whether all were clean.
pub(crate) fn many(first: u64, seeds: u64, processes: Option<usize>) -> bool {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let processes = processes.unwrap_or(cores).clamp(1, seeds.clamp(1, 1_000) as usize) as u64;
    let (reports, arrived) = channel();
    let children: Vec<Child> =
        (0..processes).map(|index| start(first + index, seeds - index, processes, &reports)).collect();
    drop(reports);
    let (mut sum, mut word) = (Sum::default(), Instant::now());
    for report in arrived {
        sum.take(report);
        if word.elapsed() >= WORD_EVERY {
            word = Instant::now();
            println!("{} of {seeds} worlds, {} not clean", sum.worlds, sum.unclean);
        }
    }
    for mut child in children {
        // Whether it ended well is seen by what it told.
        let _ = child.wait();
    }
    println!("{seeds} worlds from seed {first}, trace {:016x}; in all of them: {:#?}", sum.trace, sum.tally);
    println!("{} of {seeds} worlds ran to their end, {} not clean", sum.worlds, sum.unclean);
    sum.worlds == seeds && sum.unclean == 0
}

/// A process that runs every so manyth seed, and a thread that reads what it tells.
fn start(first: u64, seeds: u64, every: u64, reports: &Sender<Report>) -> Child {
    let program = std::env::current_exe().expect("a program knows where it lies");
    let numbers = [("--first", first), ("--seeds", seeds), ("--every", every)];
    let arguments = numbers.into_iter().flat_map(|(flag, number)| [flag.to_owned(), number.to_string()]);
    let child = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("a program can be started twice");
    let told = BufReader::new(child.stdout.take().expect("it was piped"));
    let reports = reports.clone();
    std::thread::spawn(move || {
        let lines = told.lines().map_while(Result::ok);
        // Anything else is a line that was cut by the end of the process: that world counts as not run.
        let worlds = lines.filter_map(|line| serde_json::from_str(&line).ok());
        worlds.for_each(|report| drop(reports.send(report)));
    });
    child
}

impl Sum {
    fn take(&mut self, report: Report) {
        let Report { seed, wrong, trace, tally } = report;
        if !wrong.is_empty() {
            self.unclean += 1;
            tell(seed, &wrong);
        }
        self.worlds += 1;
        self.trace = self.trace.wrapping_add(trace);
        self.tally = self.tally + tally;
    }
}
