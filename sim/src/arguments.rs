//! What `sim` was called with.

use std::{ffi::OsString, path::PathBuf};

/// What `sim --help` prints.
pub(crate) const HELP: &str = "\
Runs worlds of the deterministic simulation: a server, its clients, their network and a disk that loses power, one world for
each seed, judged when it is over. The same seed gives the same world.

  sim [--seeds COUNT] [--first SEED] [--processes COUNT]
      Runs COUNT worlds (100) from SEED (0) on, in as many processes as there are cores, and prints what happened in them.
      Ends with 1 when one of them is not clean, and says how to see that one alone.

  sim --seed SEED [--record FILE]
      Runs one world, says everything about it, and keeps its record for: cargo run -p history -- check FILE

  sim --help
";

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Help,
    One {
        seed: u64,
        record: Option<PathBuf>,
    },
    Many {
        first: u64,
        seeds: u64,
        processes: Option<usize>,
    },
    /// What a process of `Many` does: every so manyth seed, told as lines of JSON.
    Part {
        first: u64,
        seeds: u64,
        every: u64,
    },
}

/// The flags as they come.
#[derive(Default)]
struct Flags {
    seed: Option<u64>,
    record: Option<PathBuf>,
    first: Option<u64>,
    seeds: Option<u64>,
    processes: Option<u64>,
    every: Option<u64>,
}

/// Reads what stands behind the program's name, or says what is wrong with it.
pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Task, String> {
    let mut flags = Flags::default();
    let mut rest = arguments.into_iter();
    while let Some(flag) = rest.next() {
        let flag = flag.to_string_lossy().into_owned();
        if matches!(&*flag, "--help" | "-h") {
            return Ok(Task::Help);
        }
        let value = rest.next().ok_or_else(|| format!("{flag}: its value is missing, or there is no such flag"))?;
        flags.take(&flag, value)?;
    }
    flags.task()
}

impl Flags {
    fn take(&mut self, flag: &str, value: OsString) -> Result<(), String> {
        let number = || value.to_str().and_then(|text| text.parse().ok()).ok_or(format!("{flag} takes a number"));
        match flag {
            "--seed" => self.seed = Some(number()?),
            "--first" => self.first = Some(number()?),
            "--seeds" => self.seeds = Some(number()?),
            "--processes" => self.processes = Some(number()?),
            "--every" => self.every = Some(number()?),
            "--record" => self.record = Some(value.into()),
            _ => return Err(format!("{flag}: there is no such flag")),
        }
        Ok(())
    }

    fn task(self) -> Result<Task, String> {
        let (first, seeds) = (self.first.unwrap_or(0), self.seeds.unwrap_or(100));
        match (self.seed, self.every) {
            (Some(_), _) if self.first.or(self.seeds).or(self.processes).is_some() => {
                Err("--seed is one world by itself".to_owned())
            }
            (Some(seed), _) => Ok(Task::One { seed, record: self.record }),
            (None, _) if self.record.is_some() => Err("--record keeps the record of one --seed".to_owned()),
            (None, Some(every)) => Ok(Task::Part { first, seeds, every: every.max(1) }),
            (None, None) => Ok(Task::Many { first, seeds, processes: self.processes.map(|count| count as usize) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(text: &str) -> Result<Task, String> {
        read(text.split_whitespace().map(OsString::from))
    }

    #[test]
    fn flags_come_in_any_order_and_have_defaults() {
        assert_eq!(task(""), Ok(Task::Many { first: 0, seeds: 100, processes: None }));
        let many = Task::Many { first: 7, seeds: 20, processes: Some(3) };
        assert_eq!(task("--seeds 20 --processes 3 --first 7"), Ok(many));
        assert_eq!(task("--record f --seed 5"), Ok(Task::One { seed: 5, record: Some("f".into()) }));
        assert_eq!(task("--seeds 20 -h"), Ok(Task::Help));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["--seeds", "--seeds many", "--sedes 5", "5", "--seed 1 --seeds 5", "--record f"] {
            assert!(task(text).is_err(), "{text}");
        }
    }
}
