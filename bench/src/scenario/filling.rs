//! Puts entries into a journal before something is measured, as fast as the server takes them.

use anyhow::Context;

use super::stage::Stage;
use crate::load::{PushPlan, Way};

/// Sockets that fill, and what each may have unanswered: enough for large commits.
const SOCKETS: usize = 8;
const UNANSWERED_MAX: usize = 1_000;

/// How much is put in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filling {
    pub(crate) entries: u64,
    pub(crate) topics: usize,
}

/// Fills the server of that stage; returns the last numbers of all lanes.
///
/// # Errors
/// Some pushes were not accepted.
pub(crate) fn fill(stage: &Stage, filling: Filling) -> anyhow::Result<Vec<u32>> {
    let pushing = stage.push(PushPlan {
        way: Way::Socket,
        connections: SOCKETS,
        topics: filling.topics,
        unanswered_max: UNANSWERED_MAX,
        pushes_max: filling.entries,
        ..PushPlan::default()
    })?;
    let report = pushing.wait()?;
    let refusal = report.refusals.keys().next();
    anyhow::ensure!(report.accepted == filling.entries, "filling: {}", refusal.context("not everything was accepted")?);
    Ok(report.pushed.last)
}
