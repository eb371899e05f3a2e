//! All sockets are cut at once, miss some entries and come back together, while somebody goes on pushing.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use clap::Args;

use super::{Outcome, stage::Stage};
use crate::{
    load::{Pace, Plan, PushPlan},
    server::Choice,
};

/// How often it is looked whether everybody has everything.
const LOOK: Duration = Duration::from_millis(2);

/// After this it is given up.
const STORM_TIME: Duration = Duration::from_secs(60);

/// The sizes of this scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct Storm {
    /// Followers
    #[arg(long, default_value_t = 9_000)]
    pub(crate) sockets: usize,
    /// Entries that each has missed
    #[arg(long, default_value_t = 100)]
    pub(crate) missed: u64,
    /// Pushes a second while they come back
    #[arg(long, default_value_t = 20.0)]
    pub(crate) rate: f64,
}

impl Storm {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new("storm", choice, folder)?;
        let followers = self.sockets as u64;
        stage.outcome.size("sockets", self.sockets as f64);
        stage.outcome.size("missed", self.missed as f64);
        let mut crowd = stage.followers(1)?;
        crowd.open(self.sockets, |_| Plan::of_everything())?;
        let first = stage.push(PushPlan { pushes_max: 1, ..PushPlan::default() })?.wait()?;
        anyhow::ensure!(crowd.until_delivered(followers), "the first message does not reach everybody");
        crowd.cut(0..self.sockets);
        crowd.until_cut()?;
        let missed = PushPlan { pushes_max: self.missed, before: first.pushed.last, ..PushPlan::default() };
        let missed = stage.push(missed)?.wait()?;

        let pace = Pace::Open { per_second: self.rate, burst: 1 };
        let pushing = stage.push(PushPlan { pace, before: missed.pushed.last, ..PushPlan::default() })?;
        let opened = stage.open()?;
        let start = Instant::now();
        crowd.resume(0..self.sockets);
        let wait_until = |is_true: &dyn Fn() -> bool| {
            while !is_true() && start.elapsed() < STORM_TIME {
                std::thread::sleep(LOOK);
            }
        };
        wait_until(&|| stage.progress.live() == followers);
        // While pushes come there is nearly always one on its way to somebody.
        let report = pushing.end()?;
        let due = followers * (1 + self.missed + report.accepted);
        wait_until(&|| stage.progress.delivered() >= due);
        stage.outcome.figure("complete_ms", start.elapsed().as_secs_f64() * 1e3);
        let measured = stage.close(&opened)?;
        stage.tell_server(&measured);
        stage.tell_pushes(&report);
        stage.judge(crowd, followers * (1 + self.missed + report.accepted), |_| report.pushed.clone())?;
        Ok(stage.outcome)
    }
}
