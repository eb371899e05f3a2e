//! The projector's thread: it folds what was committed into the views, early for whoever waits, otherwise in gathered steps.
//!
//! A step over many entries costs each of them far less than a step of its own, so under load a step begins no sooner than
//! [`PROJECTION_GATHER`] after the last one began, unless enough of them are there before. The first commit after
//! a pause is folded at once, and so is everything while somebody waits to read.

use std::{sync::mpsc, time::Instant};

use journal::Position;
use space::Projector;
use tokio::sync::watch;

use super::hurry::Hurry;
use crate::limits::{PROJECTION_GATHER, PROJECTION_IDLE_POLL};

/// Folds until the writer is gone and nothing is left, or until a step fails.
pub(super) fn run(
    mut projector: Projector,
    projected: &watch::Sender<Position>,
    committed: &mpsc::Receiver<()>,
    hurry: &Hurry,
) {
    loop {
        let began = Instant::now();
        match projector.step() {
            Ok((position, more)) => {
                projected.send_replace(position);
                if more {
                    hurry.none_until(began + PROJECTION_GATHER);
                    continue;
                }
            }
            Err(error) => {
                tracing::error!(%error, "the projections stopped; restart the server to rebuild them");
                return;
            }
        }
        match committed.recv_timeout(PROJECTION_IDLE_POLL) {
            Ok(()) => hurry.none_until(began + PROJECTION_GATHER),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
    }
}
