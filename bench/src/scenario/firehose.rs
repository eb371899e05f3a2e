//! Pushes over a few sockets to many topics at a fixed rate, each durable, with one follower of everything that checks
//! them, and somebody who asks for a small state all the while: its answer comes when every projection has caught up.

use std::{path::Path, time::Duration};

use clap::Args;

use super::{Outcome, deliver::Span, stage::Stage};
use crate::{
    check::topic_name,
    load::{Asking, Pace, Plan, PushPlan, Way},
    server::Choice,
};

/// How often the state is asked for: asking makes the projections hurry, so more often would be a load of its own.
const ASK_INTERVAL: Duration = Duration::from_millis(500);

/// The sizes of this scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct Firehose {
    /// Sockets that push
    #[arg(long, default_value_t = 8)]
    pub(crate) sockets: usize,
    /// Topics, pushed to in turn
    #[arg(long, default_value_t = 100)]
    pub(crate) topics: usize,
    /// Pushes a second on all sockets together
    #[arg(long, default_value_t = 60_000.0)]
    pub(crate) rate: f64,
    /// Pushes of one socket without an answer
    #[arg(long, default_value_t = 1_024)]
    pub(crate) unanswered: usize,
    #[command(flatten)]
    pub(crate) span: Span,
}

impl Firehose {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new(&format!("firehose-{}", self.rate), choice, folder)?;
        stage.outcome.size("sockets", self.sockets as f64);
        stage.outcome.size("topics", self.topics as f64);
        stage.outcome.size("pushes_per_s", self.rate);
        let mut crowd = stage.followers(1)?;
        crowd.open(1, |_| Plan { reference: None, ..Plan::of_everything() })?;
        let asking = Asking::start(&stage.target, small_state(self.topics), ASK_INTERVAL)?;
        let pushing = stage.push(self.plan())?;
        let measured = stage.measure(self.span.settle(), self.span.measured())?;
        let report = pushing.end()?;
        let asked = asking.end()?;
        stage.outcome.latency("caught_up", &asked.whole);
        stage.outcome.figure("not_caught_up", asked.failures as f64);
        stage.tell_server(&measured);
        stage.tell_pushes(&report);
        stage.judge(crowd, report.accepted, |_| report.pushed.clone())?;
        Ok(stage.outcome)
    }

    fn plan(&self) -> PushPlan {
        // A burst each millisecond: sockets are written to in the batches in which a busy client writes.
        let burst = (self.rate / 1_000.0).ceil().max(1.0) as u32;
        PushPlan {
            way: Way::Socket,
            connections: self.sockets,
            topics: self.topics,
            unanswered_max: self.unanswered,
            pace: Pace::Open { per_second: self.rate, burst },
            ..PushPlan::default()
        }
    }
}

/// A state of a topic that nobody pushes to: small, and it comes when the projections have reached the head.
pub(super) fn small_state(topics: usize) -> String {
    format!("/api/sync/data?topics={}", topic_name(topics + 1))
}
