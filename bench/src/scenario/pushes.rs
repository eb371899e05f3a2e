//! Pushes over HTTP from people who each wait for their answer, with one follower that checks them.

use std::path::Path;

use clap::Args;

use super::{Outcome, deliver::Span, stage::Stage};
use crate::{
    load::{Plan, PushPlan},
    server::{Choice, Kind},
};

/// The sizes of this scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct Pushes {
    /// Pushers, each on a connection that is kept
    #[arg(long, default_value_t = 16)]
    pub(crate) pushers: usize,
    #[command(flatten)]
    pub(crate) span: Span,
}

impl Pushes {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new(&format!("pushes-{}", self.pushers), choice, folder)?;
        stage.outcome.size("pushers", self.pushers as f64);
        // The echo has no sockets to follow it.
        let checked = choice.kind != Kind::Echo;
        let mut crowd = stage.followers(1)?;
        crowd.open(usize::from(checked), |_| Plan::of_everything())?;
        let pushing = stage.push(PushPlan { connections: self.pushers, ..PushPlan::default() })?;
        let measured = stage.measure(self.span.settle(), self.span.measured())?;
        let report = pushing.end()?;
        stage.tell_server(&measured);
        stage.tell_pushes(&report);
        stage.judge(crowd, if checked { report.accepted } else { 0 }, |_| report.pushed.clone())?;
        Ok(stage.outcome)
    }
}
