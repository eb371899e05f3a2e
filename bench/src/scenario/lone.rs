//! One message to one idle follower, again and again with pauses: what a person sees who is written to.

use std::path::Path;

use clap::Args;

use super::{Outcome, deliver::Span, stage::Stage};
use crate::{
    load::{Pace, Plan, PushPlan, Way},
    server::Choice,
};

/// The sizes of this scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct Lone {
    /// Messages a second: far enough apart that each finds the server idle
    #[arg(long, default_value_t = 13.0)]
    pub(crate) rate: f64,
    #[command(flatten)]
    pub(crate) span: Span,
}

impl Lone {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new("lone", choice, folder)?;
        stage.outcome.size("messages_per_s", self.rate);
        let mut crowd = stage.followers(1)?;
        crowd.open(1, |_| Plan::of_everything())?;
        let pace = Pace::Open { per_second: self.rate, burst: 1 };
        let pushing = stage.push(PushPlan { way: Way::Socket, pace, ..PushPlan::default() })?;
        stage.measure(self.span.settle(), self.span.measured())?;
        let report = pushing.end()?;
        stage.tell_pushes(&report);
        stage.judge(crowd, report.accepted, |_| report.pushed.clone())?;
        Ok(stage.outcome)
    }
}
