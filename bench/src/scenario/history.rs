//! What a long history costs: pushes, deliveries and a restart with that many entries in the journal.

use std::{fs, path::Path};

use clap::Args;

use super::{
    Outcome,
    deliver::Span,
    filling::{Filling, fill},
    stage::Stage,
};
use crate::{
    load::{Pace, Plan, PushPlan},
    server::{Choice, Server},
};

/// Starts of which the median counts.
const RESTARTS: usize = 7;

/// The sizes of this scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct History {
    /// Entries in the journal before it is measured
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) entries: u64,
    /// Topics that they are in
    #[arg(long, default_value_t = 100)]
    pub(crate) topics: usize,
    /// Pushes a second, to one topic, with one follower
    #[arg(long, default_value_t = 100.0)]
    pub(crate) rate: f64,
    #[command(flatten)]
    pub(crate) span: Span,
}

impl History {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let own = folder.join(format!("history-{}", std::process::id()));
        fs::create_dir_all(&own)?;
        let outcome = self.run_in(choice, &own);
        // What cannot be removed is left in the folder of the run; nothing depends on it.
        let _ = fs::remove_dir_all(&own);
        outcome
    }

    fn run_in(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let scenario = format!("history-{}", self.entries);
        let filled = Stage::on(&scenario, choice, Server::start_in(choice, folder)?);
        let before = fill(&filled, Filling { entries: self.entries, topics: self.topics })?;
        drop(filled);
        // What the filling wrote and is still on its way to the disk would slow the start, and is no part of it.
        rustix::fs::sync();
        let (server, restart_ms) = restarted(choice, folder)?;
        let mut stage = Stage::on(&scenario, choice, server);
        stage.outcome.size("entries", self.entries as f64);
        stage.outcome.figure("restart_ms", restart_ms);
        let mut crowd = stage.followers_after(1, &before)?;
        crowd.open(1, |_| Plan::of_everything())?;
        let pace = Pace::Open { per_second: self.rate, burst: 1 };
        let pushing = stage.push(PushPlan { pace, before, ..PushPlan::default() })?;
        let measured = stage.measure(self.span.settle(), self.span.measured())?;
        let report = pushing.end()?;
        stage.tell_server(&measured);
        stage.tell_pushes(&report);
        stage.judge(crowd, report.accepted, |_| report.pushed.clone())?;
        stage.outcome.figure("rss_after_mb", stage.server.memory()?.rss as f64 / 1e6);
        Ok(stage.outcome)
    }
}

/// A server on what is in the folder, and how long a start of it takes: the median of some, as a start is over too soon for one
/// alone to say much.
fn restarted(choice: &Choice, folder: &Path) -> anyhow::Result<(Server, f64)> {
    let mut times = Vec::new();
    let mut server = Server::start_in(choice, folder)?;
    loop {
        times.push(server.started_in().as_secs_f64() * 1e3);
        if times.len() == RESTARTS {
            break;
        }
        drop(server);
        server = Server::start_in(choice, folder)?;
    }
    times.sort_by(f64::total_cmp);
    Ok((server, times[RESTARTS / 2]))
}
