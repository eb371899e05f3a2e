//! The scenarios: one for each row of the table. Each starts a server, loads it, checks every delivery and says what was
//! measured.

mod deliver;
mod filling;
mod firehose;
mod history;
mod idle;
mod lone;
mod outcome;
mod pushes;
mod snapshot;
mod stage;
mod stalled;
mod storm;
mod topics;

pub(crate) use deliver::{Fanout, Flood, Span, Steady};
pub(crate) use firehose::Firehose;
pub(crate) use history::History;
pub(crate) use idle::Idle;
pub(crate) use lone::Lone;
pub(crate) use outcome::Outcome;
pub(crate) use pushes::Pushes;
pub(crate) use snapshot::Snapshot;
pub(crate) use stalled::Stalled;
pub(crate) use storm::Storm;
pub(crate) use topics::Topics;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::{
    floor::{Alone, Commit, Write},
    server::Choice,
};

/// What is measured, with its sizes.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Scenario {
    /// One topic, all sockets follow it, bursts of pushes as fast as all of them get them
    Fanout(Fanout),
    /// One topic, all sockets follow it, pushers as fast as they can
    Flood(Flood),
    /// One topic, all sockets follow it, pushes at a fixed rate
    Steady(Steady),
    /// One message to one idle follower, again and again
    Lone(Lone),
    /// Memory of sockets that do nothing
    Idle(Idle),
    /// Pushes over HTTP, each pusher waiting for its answer
    Pushes(Pushes),
    /// Pushes over a few sockets to many topics at a fixed rate
    Firehose(Firehose),
    /// Many topics with a few followers each
    Topics(Topics),
    /// Pushes, deliveries and a restart with a long history
    History(History),
    /// All sockets are cut at once and come back
    Storm(Storm),
    /// Half of the sockets stop reading
    Stalled(Stalled),
    /// The state of a large topic
    Snapshot(Snapshot),
    /// The machine alone: commits to its disk
    Commit(Commit),
    /// The machine alone: from idle, one commit and one write to one socket
    Alone(Alone),
    /// The machine alone: one write to each of many sockets
    Write(Write),
}

impl Scenario {
    /// Runs it once.
    ///
    /// # Errors
    /// It could not be measured. What was lost, doubled or reordered is no error here: the outcome says it.
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        match self {
            Self::Fanout(scenario) => scenario.run(choice, folder),
            Self::Flood(scenario) => scenario.run(choice, folder),
            Self::Steady(scenario) => scenario.run(choice, folder),
            Self::Lone(scenario) => scenario.run(choice, folder),
            Self::Idle(scenario) => scenario.run(choice, folder),
            Self::Pushes(scenario) => scenario.run(choice, folder),
            Self::Firehose(scenario) => scenario.run(choice, folder),
            Self::Topics(scenario) => scenario.run(choice, folder),
            Self::History(scenario) => scenario.run(choice, folder),
            Self::Storm(scenario) => scenario.run(choice, folder),
            Self::Stalled(scenario) => scenario.run(choice, folder),
            Self::Snapshot(scenario) => scenario.run(choice, folder),
            Self::Commit(floor) => floor.run(folder),
            Self::Alone(floor) => floor.run(folder),
            Self::Write(floor) => floor.run(),
        }
    }
}

/// Where servers keep their data during a run: on the disk that the repository is on.
pub(crate) fn folder() -> PathBuf {
    Path::new("target/bench").to_owned()
}
