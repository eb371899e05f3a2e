//! What one run of one scenario against one server said.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::check::Counts;

/// The outcome of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) scenario: String,
    pub(crate) server: String,
    /// The sizes of the run.
    pub(crate) sizes: BTreeMap<String, f64>,
    /// What was measured, the unit last in the name.
    pub(crate) figures: BTreeMap<String, f64>,
    pub(crate) counts: Counts,
    /// Pushes that were not accepted, by what the server calls it.
    pub(crate) refusals: BTreeMap<String, u64>,
}

impl Outcome {
    pub(crate) fn new(scenario: &str, server: &str) -> Self {
        Self {
            scenario: scenario.to_owned(),
            server: server.to_owned(),
            sizes: BTreeMap::new(),
            figures: BTreeMap::new(),
            counts: Counts::default(),
            refusals: BTreeMap::new(),
        }
    }

    pub(crate) fn size(&mut self, name: &str, value: f64) {
        self.sizes.insert(name.to_owned(), value);
    }

    pub(crate) fn figure(&mut self, name: &str, value: f64) {
        self.figures.insert(name.to_owned(), value);
    }

    /// The figures that matter most, in one line.
    pub(crate) fn summary(&self) -> String {
        let figures =
            self.figures.iter().filter(|(name, _)| !name.starts_with("load") && !name.starts_with("switches"));
        let figures = figures.map(|(name, value)| format!("{name} {value:.3}"));
        let refusals = self.refusals.iter().map(|(code, count)| format!("refused {code}: {count}"));
        figures.chain(refusals).collect::<Vec<_>>().join(", ")
    }

    /// p50, p99 and the largest of a histogram of nanoseconds, as milliseconds; nothing of an empty one.
    pub(crate) fn latency(&mut self, name: &str, histogram: &Histogram<u64>) {
        if histogram.is_empty() {
            return;
        }
        for (quantile, value) in [("p50", 0.5), ("p99", 0.99), ("max", 1.0)] {
            self.figure(&format!("{name}_{quantile}_ms"), histogram.value_at_quantile(value) as f64 / 1e6);
        }
    }
}
