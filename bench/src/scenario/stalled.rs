//! Half of the sockets stop reading. The others must not notice, the server must not keep more than a bound for each, and
//! who reads again must get everything.

use std::path::Path;

use clap::Args;

use super::{Outcome, deliver::Span, stage::Stage};
use crate::{
    load::{Crowd, Pace, Plan, PushPlan},
    server::{Choice, kernel_socket_bytes},
};

/// What the kernel keeps for a reader that does not read, in bytes: little, so that what is measured is the server's side.
const READER_BYTES: usize = 4_096;

/// The sizes of this scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct Stalled {
    /// Followers that read
    #[arg(long, default_value_t = 1_000)]
    pub(crate) live: usize,
    /// Followers that stop reading
    #[arg(long, default_value_t = 1_000)]
    pub(crate) stalled: usize,
    /// Pushes a second
    #[arg(long, default_value_t = 200.0)]
    pub(crate) rate: f64,
    #[command(flatten)]
    pub(crate) span: Span,
}

impl Stalled {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let without = Self { stalled: 0, ..self.clone() }.run_once(choice, folder)?;
        let mut outcome = self.run_once(choice, folder)?;
        for name in ["delivery_p50_ms", "delivery_p99_ms"] {
            outcome.figure(&format!("without_{name}"), without.figures[name]);
        }
        outcome.counts.add(&without.counts);
        outcome.refusals.extend(without.refusals);
        Ok(outcome)
    }

    fn run_once(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new("stalled", choice, folder)?;
        stage.outcome.size("live", self.live as f64);
        stage.outcome.size("stalled", self.stalled as f64);
        stage.outcome.size("pushes_per_s", self.rate);
        let mut crowd = stage.followers(1)?;
        crowd.open(self.live, |_| Plan::of_everything())?;
        let sleepers = self.live..self.live + self.stalled;
        crowd.open(self.stalled, |_| Plan { receive_bytes: Some(READER_BYTES), ..Plan::of_everything() })?;
        crowd.stall(sleepers.clone());
        let before = stage.server.memory()?.rss + kernel_socket_bytes()?;
        let pace = Pace::Open { per_second: self.rate, burst: 1 };
        let pushing = stage.push(PushPlan { connections: 64, pace, ..PushPlan::default() })?;
        let measured = stage.measure(self.span.settle(), self.span.measured())?;
        let after = stage.server.memory()?.rss + kernel_socket_bytes()?;
        let report = pushing.end()?;
        if self.stalled > 0 {
            let bytes = after.saturating_sub(before) as f64 / self.stalled as f64;
            stage.outcome.figure("per_stalled_socket_bytes", bytes);
        }
        stage.tell_deliveries(&measured);
        stage.tell_pushes(&report);
        self.wake(&stage, &crowd, report.accepted);
        stage.judge(crowd, report.accepted * (self.live + self.stalled) as u64, |_| report.pushed.clone())?;
        Ok(stage.outcome)
    }

    /// Once the others have everything, those that did not read do, so that they are judged too.
    fn wake(&self, stage: &Stage, crowd: &Crowd, accepted: u64) {
        crowd.until_delivered(accepted * self.live as u64);
        stage.window.shut();
        crowd.wake(self.live..self.live + self.stalled);
    }
}
