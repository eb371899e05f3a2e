//! What a socket costs that does nothing: memory of the server, and the kernel's.

use std::{path::Path, time::Duration};

use clap::Args;

use super::{Outcome, stage::Stage};
use crate::{
    load::Plan,
    server::{Choice, kernel_socket_bytes},
};

/// The sizes of this scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct Idle {
    /// Followers
    #[arg(long, default_value_t = 10_000)]
    pub(crate) sockets: usize,
    /// Seconds of doing nothing before the memory is read
    #[arg(long, default_value_t = 3.0)]
    pub(crate) seconds: f64,
}

impl Idle {
    pub(crate) fn run(&self, choice: &Choice, folder: &Path) -> anyhow::Result<Outcome> {
        let mut stage = Stage::new("idle", choice, folder)?;
        let sockets = self.sockets as f64;
        stage.outcome.size("sockets", sockets);
        let (empty, empty_kernel) = (stage.server.memory()?, kernel_socket_bytes()?);
        let mut crowd = stage.followers(1)?;
        crowd.open(self.sockets, |_| Plan::of_everything())?;
        // A pause on purpose: what opening needed for a moment is given back, if the server gives it back at all.
        std::thread::sleep(Duration::from_secs_f64(self.seconds));
        let (full, full_kernel) = (stage.server.memory()?, kernel_socket_bytes()?);
        stage.outcome.figure("rss_empty_mb", empty.rss as f64 / 1e6);
        stage.outcome.figure("rss_per_socket_bytes", full.rss.saturating_sub(empty.rss) as f64 / sockets);
        stage.outcome.figure("pss_per_socket_bytes", full.pss.saturating_sub(empty.pss) as f64 / sockets);
        stage.outcome.figure("kernel_per_socket_bytes", full_kernel.saturating_sub(empty_kernel) as f64 / sockets);
        stage.judge(crowd, 0, |_| crate::check::Pushed::default())?;
        Ok(stage.outcome)
    }
}
