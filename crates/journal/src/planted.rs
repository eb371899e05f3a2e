//! Bugs that are put into the code on purpose, so that the simulation and its judge can be shown to find such bugs.
//!
//! The place that would be wrong asks [`Bug::is_planted`]. Without the feature `planted` that is the constant `false` and
//! nothing of it is left in the program; with it, whoever runs a world says by [`plant`] which bug its thread has. No build
//! of the product has the feature: `cargo xtask tidy` sees to that. Why it is so: `docs/decisions/0005-planted-bugs.md`.

macro_rules! bugs {
    ($($(#[$sentence:meta])* $name:ident,)*) => {
        /// What is wrong on purpose.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bug {
            $($(#[$sentence])* $name,)*
        }

        impl Bug {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

bugs! {
    // Here in `journal`.
    /// The first message that a full socket did not take counts as taken.
    PartlyTakenIsSkipped,
    /// A follower that has fallen out of the tail goes on with the oldest entry that is still there.
    EvictedUnderReader,
    /// A new batch moves a follower on that is still catching up.
    LiveOvertakesCatchUp,
    /// The tail is served without a look at who owns an item.
    LiveToEverybody,
    /// An entry goes out with the cursor of the one before it.
    CursorOffByOne,
    // In `store`.
    /// A commit returns before it is synced.
    AckBeforeSync,
    /// After a failed write the journal goes on writing.
    WritesAfterFailure,
    /// The first entry of a new segment is left out.
    RollLosesEntry,
    /// The filter of keys is not told of new ones, and calls used keys new.
    FilterForgetsKeys,
    /// After a restart the filters are taken for complete before they were loaded.
    RestartForgetsFilters,
    /// The projections say how far they are in a transaction of its own, before what they say is there.
    PositionBeforeContent,
    /// A `clear` leaves the items in the projections.
    ClearKeepsItems,
    // In `space`.
    /// A batch whose append failed is acknowledged.
    AckedThoughFailed,
    /// The writer asks the projections alone, not what is decided and not yet in them.
    OverlayUnasked,
    /// After a restart each topic's seq begins anew.
    SeqBeginsAnew,
    /// Entries are stamped by a clock that may have been set back.
    TimeGoesBack,
    /// The projector says that it has reached the head before it has.
    ProjectedTooFar,
    /// A state comes with the cursor of the head instead of its own.
    StateCursorTooLate,
    /// A page brings data that was since replaced.
    PageOfReplaced,
    /// A page leaves deletions out.
    PageWithoutDeletes,
    /// A page is read without a look at who may read what.
    PageWithoutPermission,
    /// A page that was cut says that it goes to the end.
    PageCutSaysWhole,
    /// A page reaches beyond the projections, where nothing is known of what is present.
    PageBeyondViews,
    /// What a full socket did not take of a page is forgotten.
    PageForgottenWhenFull,
    /// A follower that has not been served yet is given the cursor of what others were told.
    MarkOfTheUnserved,
    /// Whoever brings a cursor follows from the head.
    ResumedFromHead,
    /// The head's own cursor is taken for one that lies beyond it.
    ResetWithoutNeed,
    // In the glue of the server as `sim` mirrors it.
    /// The rest of a frame that a full socket cut is forgotten.
    FrameForgotten,
    /// A cursor is not honoured, and nobody says so.
    ResetWithheld,
    /// An open socket goes on after its user may read no more.
    RevocationUnseen,
    /// Idle sockets are given the cursor of the head, though an entry may be on its way.
    MarkAtHead,
}

impl Bug {
    /// Whether this thread has this bug.
    #[cfg(feature = "planted")]
    #[must_use]
    pub fn is_planted(self) -> bool {
        PLANTED.get() == Some(self)
    }

    /// Never, in this build.
    #[cfg(not(feature = "planted"))]
    #[inline(always)]
    #[must_use]
    pub const fn is_planted(self) -> bool {
        false
    }
}

#[cfg(feature = "planted")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Gives this thread a bug, or none.
#[cfg(feature = "planted")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}
