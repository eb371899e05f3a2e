//! The scenarios: one for each row of the table. Each starts a server, loads it, checks every delivery and says what was
//! measured.

mod fanout;
mod outcome;
mod stage;

pub(crate) use fanout::Fanout;
pub(crate) use outcome::Outcome;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::server::Choice;

/// What is measured, with its sizes.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Scenario {
    /// One topic, all sockets follow it, bursts of pushes as fast as all of them get them
    Fanout(Fanout),
}

impl Scenario {
    /// Runs it once.
    ///
    /// # Errors
    /// It could not be measured. What was lost, doubled or reordered is no error here: the outcome says it.
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        match self {
            Self::Fanout(fanout) => fanout.run(choice, folder),
        }
    }
}

/// Where servers keep their data during a run: on the disk that the repository is on.
pub(crate) fn folder() -> PathBuf {
    Path::new("target/bench").to_owned()
}
