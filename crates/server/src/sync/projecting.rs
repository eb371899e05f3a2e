//! The projector's thread: it folds what was committed into the views, early for whoever waits, otherwise in gathered steps.
//!
//! A step over many entries costs each of them far less than a step of its own, so under load a step begins no sooner than
//! [`PROJECTION_GATHER`] after the last one began, unless enough of them are there before. The first commit after a pause is
//! folded at once, and so is everything while somebody waits to read. What could not be written is tried again: nothing was,
//! and only the disk can be at fault. After a failed *sync* nothing is certain, and it ends.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use journal::Position;
use space::{ProjectError, Projector};
use tokio::sync::watch;

use super::hurry::Hurry;
use crate::limits::{PROJECTION_GATHER, PROJECTION_IDLE_POLL, REOPEN_AFTER, REOPEN_EVERY_MAX};

/// Folds until the writer is gone and nothing is left, or until the projections have to be built anew. `stalled` is true while
/// they stand still because they cannot be written.
pub(super) fn run(
    mut projector: Projector,
    projected: &watch::Sender<Position>,
    committed: &mpsc::Receiver<()>,
    (hurry, stalled): (&Hurry, &AtomicBool),
) {
    let mut pause = REOPEN_AFTER;
    loop {
        let began = Instant::now();
        let step = projector.step();
        if let Ok((position, _)) = step {
            projected.send_replace(position);
        }
        match step.and_then(|(_, more)| projector.tidy().map(|()| more)) {
            Ok(more) => {
                if stalled.swap(false, Ordering::Relaxed) {
                    tracing::info!("the projections are written again");
                    pause = REOPEN_AFTER;
                }
                if more {
                    hurry.none_until(began + PROJECTION_GATHER);
                    continue;
                }
            }
            Err(error) if is_passing(&error) => {
                if !stalled.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "the projections cannot be written, so states are not answered until they can");
                }
                if !writer_stays(committed, pause) {
                    return;
                }
                pause = (pause * 2).min(REOPEN_EVERY_MAX);
                continue;
            }
            Err(error) => {
                tracing::error!(%error, "the projections stopped; restart the server to rebuild them");
                return;
            }
        }
        match committed.recv_timeout(PROJECTION_IDLE_POLL) {
            Ok(()) => hurry.none_until(began + PROJECTION_GATHER),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    if let Err(error) = projector.end() {
        tracing::warn!(%error, "the projections keep their log, so the next start takes a little longer");
    }
}

/// Whether the same step may succeed later: a disk without room, or a journal that is being reopened. After a failed sync nothing
/// more is written: only the next start, which reads from the disk, knows what is there.
fn is_passing(error: &ProjectError) -> bool {
    use store::{ReadError, ViewsError};
    match error {
        ProjectError::Write(error) => matches!(error, ViewsError::Failed(failure) if !failure.is_of_sync()),
        ProjectError::Read(error) => matches!(error, ReadError::Failed(_) | ReadError::Busy),
    }
}

/// Waits so long; false as soon as the writer is gone.
fn writer_stays(committed: &mpsc::Receiver<()>, pause: Duration) -> bool {
    let until = Instant::now() + pause;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        if committed.recv_timeout(left) == Err(mpsc::RecvTimeoutError::Disconnected) {
            return false;
        }
    }
    true
}
