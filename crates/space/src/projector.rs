//! The projector: it follows the journal with a cursor of its own and folds what it finds into the views.

use std::sync::Arc;

use journal::{Bug, Position};

use crate::{Space, limits::PROJECTION_BYTES_MAX};

/// Folds the journal into the views. There is one per space.
pub struct Projector {
    space: Arc<Space>,
    views: store::Views,
}

/// Why a projection cannot go on. Views are derived: the next start rebuilds them.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The journal could not be read.
    #[error("the journal cannot be read: {0}")]
    Read(store::ReadError),
    /// The views could not be written.
    #[error("the views cannot be written: {0}")]
    Write(store::ViewsError),
}

impl Projector {
    /// A projector over views that belong to the space's journal.
    #[must_use]
    pub fn new(space: Arc<Space>, views: store::Views) -> Self {
        Self { space, views }
    }

    /// Folds the next entries in one transaction. Returns how far the views are, and whether there is more to do.
    pub fn step(&mut self) -> Result<(Position, bool), ProjectError> {
        let after = self.views.at().0;
        let head = self.space.head();
        if after >= head {
            return Ok((after, false));
        }
        let entries_max = self.space.bounds.projection_entries;
        let mut page = self.space.published.handed_over(after, entries_max, PROJECTION_BYTES_MAX);
        if page.is_empty() {
            let read = self.space.journal.page(after, head, entries_max, PROJECTION_BYTES_MAX);
            page = read.map_err(ProjectError::Read)?;
        }
        self.views.apply(&page).map_err(ProjectError::Write)?;
        let projected = self.views.at().0;
        self.space.published.set_projected(if Bug::ProjectedTooFar.is_planted() { head } else { projected });
        Ok((projected, projected < self.space.head()))
    }

    /// Keeps the views' log short. To be called after each step, when those who wait for it have been told: it may take as long
    /// as the step.
    pub fn tidy(&mut self) -> Result<(), ProjectError> {
        self.views.tidy().map_err(ProjectError::Write)
    }

    /// Leaves the views so that the next start is quick.
    pub fn end(self) -> Result<(), ProjectError> {
        self.views.end().map_err(ProjectError::Write)
    }
}
