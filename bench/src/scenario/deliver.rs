//! One topic, all sockets follow it: in bursts that are held back only while too many are under way, by pushers as fast as
//! they can, and at a fixed rate.

use std::{path::Path, time::Duration};

use clap::Args;

use super::{Outcome, stage::Stage};
use crate::{
    load::{Pace, PushPlan, Way},
    server::Choice,
};

/// How long a load runs.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Span {
    /// Seconds before the measured ones
    #[arg(long, default_value_t = 2.0)]
    pub(crate) settle: f64,
    /// Seconds that are measured
    #[arg(long, default_value_t = 8.0)]
    pub(crate) seconds: f64,
}

impl Span {
    pub(crate) fn settle(self) -> Duration {
        Duration::from_secs_f64(self.settle)
    }

    pub(crate) fn measured(self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

/// Bursts.
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
    /// Pushes that may be on their way to some socket; a burst beyond it is left out. As many connections push
    #[arg(long, default_value_t = 100)]
    pub(crate) ahead: u32,
    /// How pushes travel
    #[arg(long, default_value = "http")]
    pub(crate) by: Way,
    #[command(flatten)]
    pub(crate) span: Span,
}

/// Pushers as fast as they can.
#[derive(Clone, Debug, Args)]
pub(crate) struct Flood {
    /// Followers
    #[arg(long, default_value_t = 5_000)]
    pub(crate) sockets: usize,
    /// Pushers over HTTP, each waiting for its answer
    #[arg(long, default_value_t = 16)]
    pub(crate) pushers: usize,
    #[command(flatten)]
    pub(crate) span: Span,
}

/// A fixed rate.
#[derive(Clone, Debug, Args)]
pub(crate) struct Steady {
    /// Followers
    #[arg(long, default_value_t = 1_000)]
    pub(crate) sockets: usize,
    /// Pushes a second
    #[arg(long, default_value_t = 200.0)]
    pub(crate) rate: f64,
    /// Connections that push
    #[arg(long, default_value_t = 64)]
    pub(crate) pushers: usize,
    #[command(flatten)]
    pub(crate) span: Span,
}

impl Fanout {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new("fanout", choice, folder)?;
        stage.outcome.size("burst", f64::from(self.burst));
        stage.outcome.size("pushes_per_s", self.rate);
        stage.outcome.size("pushes_ahead", f64::from(self.ahead));
        let (ahead, followers) = (u64::from(self.ahead), self.sockets as u64);
        let pace = Pace::Held { per_second: self.rate, burst: self.burst, ahead, followers };
        let (connections, unanswered_max) = match self.by {
            Way::Http => (usize::try_from(self.ahead)?, 1),
            Way::Socket => (1, usize::try_from(self.ahead)?),
        };
        let plan = PushPlan { way: self.by, connections, unanswered_max, pace, ..PushPlan::default() };
        deliver(stage, self.sockets, plan, self.span)
    }
}

impl Flood {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new("flood", choice, folder)?;
        stage.outcome.size("pushers", self.pushers as f64);
        let plan = PushPlan { connections: self.pushers, ..PushPlan::default() };
        deliver(stage, self.sockets, plan, self.span)
    }
}

impl Steady {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new(&format!("steady-{}", self.rate), choice, folder)?;
        stage.outcome.size("pushes_per_s", self.rate);
        let pace = Pace::Open { per_second: self.rate, burst: 1 };
        let plan = PushPlan { connections: self.pushers, pace, ..PushPlan::default() };
        deliver(stage, self.sockets, plan, self.span)
    }
}

/// Pushes by that plan to one topic that all sockets follow.
fn deliver(mut stage: Stage, sockets: usize, plan: PushPlan, span: Span) -> anyhow::Result<Outcome> {
    stage.outcome.size("sockets", sockets as f64);
    let mut crowd = stage.followers(1)?;
    crowd.open(sockets, |_| crate::load::Plan::of_everything())?;
    let pushing = stage.push(plan)?;
    let measured = stage.measure(span.settle(), span.measured())?;
    let report = pushing.end()?;
    stage.outcome.figure("rss_after_mb", stage.server.memory()?.rss as f64 / 1e6);
    stage.tell_deliveries(&measured);
    stage.tell_pushes(&report);
    stage.judge(crowd, report.may_arrive() * sockets as u64, |_| report.pushed.clone())?;
    Ok(stage.outcome)
}
