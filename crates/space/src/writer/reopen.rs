//! Coming back after a write that failed: the journal is read and verified from disk again (I8), what a failed append has
//! left there is told like any other batch, and only what the projections know by then is decided upon.

use journal::Position;
use store::Head;

use super::{Committed, Writer, known_topics};
use crate::{ReadError, limits::BATCH_PUSHES_MAX, overlay::Overlay};

/// Why a writer does not come back.
#[derive(Debug, thiserror::Error)]
pub enum ReopenError {
    /// The journal cannot be opened, or not be verified.
    #[error(transparent)]
    Open(store::OpenError),
    /// It cannot be read.
    #[error(transparent)]
    Read(ReadError),
    /// The disk has lost what it had said was written, and what others were told.
    #[error("the journal on disk no longer has position {0}, which was acknowledged; restore the folder from a backup")]
    Lost(Position),
}

impl ReopenError {
    /// Whether trying again may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        !matches!(self, Self::Open(store::OpenError::Damaged(_)) | Self::Lost(_))
    }
}

impl Writer {
    /// Reopens and verifies the journal after a failure. What the failed append left there, if anything, is published;
    /// nothing is decided before [`Writer::resume`].
    pub fn reopen(&mut self) -> Result<Option<Committed>, ReopenError> {
        self.fail();
        self.journal.reopen().map_err(ReopenError::Open)?;
        let Head { position, tag, .. } = self.head;
        let is_kept = self.space.journal.tag(position).map_err(read)? == Some(tag);
        if !is_kept {
            return Err(ReopenError::Lost(position));
        }
        let end = self.journal.head();
        let page = self.space.journal.page(position, end.position, BATCH_PUSHES_MAX, usize::MAX).map_err(read)?;
        self.is_reopened = true;
        let Some(last) = page.last() else { return Ok(None) };
        self.head = Head { position: last.position, tag: last.tag, time_ms: last.time_ms };
        assert_eq!(self.head, end, "one append is what may have been left, and a page holds one");
        let committed = self.publish(&page);
        self.space.published.hand_over(page);
        Ok(Some(committed))
    }

    /// Decides again, once the projections have reached the head; whether they have.
    pub fn resume(&mut self) -> Result<bool, ReadError> {
        if !self.is_reopened || self.space.projected() < self.head.position {
            return Ok(false);
        }
        // What was decided for the batch that failed is forgotten with it.
        self.topics = known_topics(&self.space)?;
        self.overlay = Overlay::default();
        (self.failure, self.is_reopened) = (None, false);
        Ok(true)
    }

    /// From here on nothing is decided.
    pub(super) fn fail(&mut self) {
        self.is_reopened = false;
        self.failure.get_or_insert(store::AppendError::Poisoned);
    }
}

fn read(error: store::ReadError) -> ReopenError {
    ReopenError::Read(ReadError::journal(error))
}
