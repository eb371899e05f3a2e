//! The results of a table: every outcome, in the order in which they came, and how to ask for one.

use std::{fs, path::Path};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use crate::scenario::Outcome;

/// The results of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    /// How often everything ran.
    pub(crate) runs: usize,
    pub(crate) outcomes: Vec<Outcome>,
}

/// A figure over the runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Results {
    pub(crate) fn new(runs: usize) -> Self {
        Self { machine: Machine::here(), runs, outcomes: Vec::new() }
    }

    /// # Errors
    /// The file cannot be read, or is no table.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} is no table of results", path.display()))
    }

    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string_pretty(self)?;
        fs::write(path, text + "\n").with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Takes over what an earlier table has of scenarios that are not measured again.
    ///
    /// # Errors
    /// It is of another machine, or of another number of runs.
    pub(crate) fn take_others(&mut self, earlier: Self, again: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let is_alike = earlier.machine == self.machine && earlier.runs == self.runs;
        anyhow::ensure!(is_alike, "the earlier results are of another machine or number of runs; run the whole table");
        self.outcomes.extend(earlier.outcomes.into_iter().filter(|outcome| !again(&outcome.scenario)));
        Ok(())
    }

    /// A figure of one run. Where something ran less often, its last run counts for the later ones.
    pub(crate) fn figure(&self, run: usize, scenario: &str, server: &str, figure: &str) -> Option<f64> {
        let mut outcomes = self.of(scenario, server);
        let first = outcomes.next()?;
        let outcome = outcomes.take(run).last().unwrap_or(first);
        outcome.figures.get(figure).copied()
    }

    /// The runs of a scenario against a server.
    pub(crate) fn of<'a>(&'a self, scenario: &'a str, server: &'a str) -> impl Iterator<Item = &'a Outcome> {
        self.outcomes.iter().filter(move |outcome| outcome.scenario == scenario && outcome.server == server)
    }

    /// A value over all runs, computed in each of them.
    pub(crate) fn spread(&self, value: impl Fn(usize) -> Option<f64>) -> Option<Spread> {
        let mut values: Vec<f64> = (0..self.runs).filter_map(value).filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Some(Spread { median, least, most })
    }

    /// A figure over all runs.
    pub(crate) fn spread_of(&self, scenario: &str, server: &str, figure: &str) -> Option<Spread> {
        self.spread(|run| self.figure(run, scenario, server, figure))
    }

    /// Whether Tidings lost, doubled and reordered nothing.
    pub(crate) fn ours_are_clean(&self) -> bool {
        self.outcomes.iter().filter(|outcome| outcome.server == "tidings").all(|outcome| outcome.counts.is_clean())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_results_of_the_same_machine_and_of_other_scenarios_are_kept() {
        let outcomes = ["storm", "idle"].map(|name| Outcome::new(name, "tidings")).to_vec();
        let earlier = Results { outcomes, ..Results::new(3) };
        let mut results = Results::new(3);
        results.take_others(earlier.clone(), |name| name == "storm").unwrap();
        assert_eq!(results.outcomes.iter().map(|outcome| outcome.scenario.as_str()).collect::<Vec<_>>(), ["idle"]);
        assert!(Results::new(2).take_others(earlier.clone(), |_| false).is_err());
        let machine = Machine { cores: earlier.machine.cores + 1, ..earlier.machine.clone() };
        assert!(results.take_others(Results { machine, ..earlier }, |_| false).is_err());
    }

    fn results(values: &[f64]) -> Results {
        let mut results = Results::new(values.len());
        for value in values {
            let mut outcome = Outcome::new("a", "tidings");
            outcome.figure("x_ms", *value);
            results.outcomes.push(outcome);
        }
        results
    }

    #[test]
    fn a_spread_has_the_median_of_the_runs() {
        let spread = |values: &[f64]| results(values).spread_of("a", "tidings", "x_ms");
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, least: 1.0, most: 3.0 }));
        assert_eq!(spread(&[3.0, 1.0]), Some(Spread { median: 2.0, least: 1.0, most: 3.0 }));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn what_ran_less_often_counts_with_its_last_run() {
        let mut results = results(&[1.0, 2.0]);
        results.runs = 3;
        let values: Vec<_> = (0..3).map(|run| results.figure(run, "a", "tidings", "x_ms")).collect();
        assert_eq!(values, [Some(1.0), Some(2.0), Some(2.0)]);
        assert_eq!(results.figure(0, "b", "tidings", "x_ms"), None);
    }

    #[test]
    fn results_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/latest.json");
        let results = results(&[1.0, 2.0]);
        results.write(&path).unwrap();
        let read = Results::read(&path).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&results).unwrap());
    }
}
