//! Why something could not be read: the journal or the projections said so.

/// A read that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The journal.
    #[error(transparent)]
    Journal(store::ReadError),
    /// The projections.
    #[error(transparent)]
    Views(store::ViewsError),
}

impl ReadError {
    pub(crate) fn journal(error: store::ReadError) -> Self {
        Self::Journal(error)
    }

    pub(crate) fn views(error: store::ViewsError) -> Self {
        Self::Views(error)
    }
}
