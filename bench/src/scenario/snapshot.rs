//! The state of a large topic, asked for again and again, while others push, follow, and ask for something small.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use clap::Args;

use super::{
    Outcome,
    filling::{Filling, fill},
    firehose::small_state,
    stage::Stage,
};
use crate::{
    load::{Ask, Asking, Pace, Plan, PushPlan},
    server::Choice,
};

/// How often the small state is asked for.
const ASK_INTERVAL: Duration = Duration::from_millis(20);

/// The sizes of this scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct Snapshot {
    /// Items of the topic
    #[arg(long, default_value_t = 100_000)]
    pub(crate) items: u64,
    /// How often its state is asked for, one after the other
    #[arg(long, default_value_t = 20)]
    pub(crate) times: usize,
    /// Pushes a second meanwhile
    #[arg(long, default_value_t = 50.0)]
    pub(crate) rate: f64,
}

impl Snapshot {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new("snapshot", choice, folder)?;
        let before = fill(&stage, Filling { entries: self.items, topics: 1 })?;
        stage.outcome.size("items", self.items as f64);
        stage.outcome.size("pushes_per_s", self.rate);
        let mut crowd = stage.followers_after(1, &before)?;
        crowd.open(1, |_| Plan::of_everything())?;
        // What is measured is a state, not the rest of the filling that it would wait for.
        let filled = Ask::open(&stage.target, &small_state(1))?.get(Instant::now())?;
        anyhow::ensure!(filled.status == 200, "after the filling, a state is answered with {}", filled.status);
        let asking = Asking::start(&stage.target, small_state(1), ASK_INTERVAL)?;
        let pace = Pace::Open { per_second: self.rate, burst: 1 };
        let pushing = stage.push(PushPlan { pace, connections: 4, before, ..PushPlan::default() })?;
        let opened = stage.open()?;
        self.ask(&mut stage)?;
        let measured = stage.close(&opened)?;
        let report = pushing.end()?;
        let asked = asking.end()?;
        anyhow::ensure!(asked.failures == 0, "{} requests for the small state failed", asked.failures);
        stage.outcome.latency("other", &asked.whole);
        stage.outcome.figure("rss_after_mb", stage.server.memory()?.rss as f64 / 1e6);
        stage.tell_server(&measured);
        stage.tell_pushes(&report);
        stage.judge(crowd, report.accepted, |_| report.pushed.clone())?;
        Ok(stage.outcome)
    }

    fn ask(&self, stage: &mut Stage) -> anyhow::Result<()> {
        let (mut first, mut whole) = (crate::check::latencies(), crate::check::latencies());
        for _ in 0..self.times {
            let mut ask = Ask::open(&stage.target, "/api/sync/data")?;
            let answer = ask.get(Instant::now())?;
            anyhow::ensure!(answer.status == 200, "the state is answered with {}", answer.status);
            anyhow::ensure!(
                answer.items >= self.items,
                "a state of {} items, {} were pushed",
                answer.items,
                self.items
            );
            first.saturating_record(u64::try_from(answer.first.as_nanos())?);
            whole.saturating_record(u64::try_from(answer.whole.as_nanos())?);
        }
        stage.outcome.latency("first_byte", &first);
        stage.outcome.latency("state", &whole);
        Ok(())
    }
}
