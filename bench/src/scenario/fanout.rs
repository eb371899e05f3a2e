//! One topic, thousands of sockets, bursts of pushes that are held back only while too many are under way.

use std::{path::Path, sync::Arc, time::Duration};

use clap::Args;

use super::{Outcome, stage::Stage};
use crate::{
    load::{Pace, Plan, PushPlan, Way},
    server::Choice,
};

/// The sizes of this scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct Fanout {
    /// Followers
    #[arg(long, default_value_t = 10_000)]
    pub(crate) sockets: usize,
    /// Pushes a second
    #[arg(long, default_value_t = 1_000.0)]
    pub(crate) rate: f64,
    /// Pushes that are due at once
    #[arg(long, default_value_t = 10)]
    pub(crate) burst: u32,
    /// Pushes that may be under way to some socket; more are left out
    #[arg(long, default_value_t = 100)]
    pub(crate) ahead: u64,
    /// Seconds before the measured ones
    #[arg(long, default_value_t = 2.0)]
    pub(crate) settle: f64,
    /// Seconds that are measured
    #[arg(long, default_value_t = 8.0)]
    pub(crate) seconds: f64,
}

impl Fanout {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new("fanout", choice, folder)?;
        stage.outcome.size("sockets", self.sockets as f64);
        stage.outcome.size("pushes_per_s", self.rate);
        stage.outcome.size("burst", f64::from(self.burst));
        let empty = stage.server.memory()?;
        let mut crowd = stage.followers(1)?;
        crowd.open(self.sockets, |_| Plan { reference: Some(0), auth: Arc::default(), receive_bytes: None })?;
        let idle = stage.server.memory()?;
        stage.outcome.figure("rss_per_socket_bytes", (idle.rss - empty.rss) as f64 / self.sockets as f64);
        let followers = self.sockets as u64;
        let pace = Pace::Held { per_second: self.rate, burst: self.burst, ahead: self.ahead, followers };
        let unanswered_max = 1_000;
        let pushing = stage.push(PushPlan { way: Way::Socket, pace, unanswered_max, ..PushPlan::default() })?;
        let measured = stage.measure(Duration::from_secs_f64(self.settle), Duration::from_secs_f64(self.seconds))?;
        let report = pushing.end()?;
        stage.outcome.figure("rss_after_mb", stage.server.memory()?.rss as f64 / 1e6);
        stage.tell_deliveries(&measured);
        stage.tell_pushes(&report);
        stage.judge(crowd, report.accepted * followers, |_| report.pushed.clone())?;
        Ok(stage.outcome)
    }
}
