//! Many topics with a few followers each: every message is written to a few sockets only, so each costs a system call.

use std::path::Path;

use clap::Args;

use super::{Outcome, deliver::Span, stage::Stage};
use crate::{
    check::topic_name,
    load::{Pace, Plan, PushPlan, Way},
    server::Choice,
};

/// The sizes of this scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct Topics {
    /// Topics, pushed to in turn
    #[arg(long, default_value_t = 1_000)]
    pub(crate) topics: usize,
    /// Followers of each topic
    #[arg(long, default_value_t = 10)]
    pub(crate) followers: usize,
    /// Messages a second, on all topics together
    #[arg(long, default_value_t = 2_000.0)]
    pub(crate) rate: f64,
    /// Messages that are due at once, each on another topic
    #[arg(long, default_value_t = 20)]
    pub(crate) burst: u32,
    #[command(flatten)]
    pub(crate) span: Span,
}

impl Topics {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new("topics", choice, folder)?;
        stage.outcome.size("topics", self.topics as f64);
        stage.outcome.size("followers_per_topic", self.followers as f64);
        stage.outcome.size("pushes_per_s", self.rate);
        let mut crowd = stage.followers(self.topics)?;
        crowd.open(self.topics * self.followers, |follower| {
            let topic = follower % self.topics;
            let auth = format!("\"topics\":[\"{}\"]", topic_name(topic)).into();
            Plan { reference: Some(topic), auth, ..Plan::of_everything() }
        })?;
        let pushing = stage.push(PushPlan {
            way: Way::Socket,
            topics: self.topics,
            unanswered_max: 1_000,
            pace: Pace::Open { per_second: self.rate, burst: self.burst },
            ..PushPlan::default()
        })?;
        let measured = stage.measure(self.span.settle(), self.span.measured())?;
        let report = pushing.end()?;
        stage.tell_deliveries(&measured);
        stage.tell_pushes(&report);
        let pushed_to = |topic: Option<usize>| report.pushed.of_topic(topic.unwrap_or(0), self.topics);
        stage.judge(crowd, report.accepted * self.followers as u64, pushed_to)?;
        Ok(stage.outcome)
    }
}
