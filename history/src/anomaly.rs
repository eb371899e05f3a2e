//! What must never be.

use crate::{Follower, PushId};

/// One thing that is wrong with a run. `Display` is the sentence for the person who reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Anomaly {
    // The journal itself.
    /// The journal's positions have a hole, a repetition or a step back after this one.
    #[error("the entry after position {after} stands at {found}")]
    PositionHole {
        /// The position before.
        after: u64,
        /// What follows it.
        found: u64,
    },
    /// A topic's seqs have a hole or a repetition.
    #[error("at position {position} its topic goes on with seq {found} instead of {expected}")]
    SeqHole {
        /// Where.
        position: u64,
        /// The seq that was due.
        expected: u64,
        /// The seq that is there.
        found: u64,
    },
    /// Time goes back.
    #[error("time goes back at position {position}")]
    TimeGoesBack {
        /// Where.
        position: u64,
    },
    /// An entry does what cannot be done there: an `add` of an item that is present, a `delete` of one that is not.
    #[error("the entry at position {position} does not fit the items before it")]
    Misfit {
        /// Where.
        position: u64,
    },
    /// An entry that nobody asked for, or not so.
    #[error("nobody asked for the entry at position {position}")]
    Phantom {
        /// Where.
        position: u64,
    },
    /// One wish was written twice.
    #[error("the entry at position {position} was written before, at {first}")]
    Doubled {
        /// Where it stands again.
        position: u64,
        /// Where it stands first.
        first: u64,
    },
    /// An entry stands before one that was acknowledged before this one was even asked for.
    #[error("the entry at position {position} was asked for after position {acked} was acknowledged")]
    OutOfTime {
        /// The entry.
        position: u64,
        /// The later position, acknowledged earlier.
        acked: u64,
    },

    // Answers to pushes.
    /// An acknowledged wish is not in the journal.
    #[error("push {push} was acknowledged and is lost")]
    Lost {
        /// The wish.
        push: PushId,
    },
    /// An acknowledgement says something else than the journal.
    #[error("push {push} was acknowledged as position {position}, which the journal contradicts")]
    WrongAck {
        /// The wish.
        push: PushId,
        /// What it was told.
        position: u64,
    },
    /// Two acknowledgements of one wish, or of one key, differ.
    #[error("push {push} was acknowledged as position {position} and before as another one, or twice as new")]
    AcksDiffer {
        /// The wish.
        push: PushId,
        /// What it was told the second time.
        position: u64,
    },
    /// A wish was refused for good and written all the same.
    #[error("push {push} was refused and stands at position {position}")]
    WrittenThoughRefused {
        /// The wish.
        push: PushId,
        /// Where it stands.
        position: u64,
    },
    /// An answer to a wish that nobody had.
    #[error("push {push} was answered and never asked")]
    Unasked {
        /// The wish.
        push: PushId,
    },

    // What followers are told.
    /// A follower was told of a later entry, or given a later cursor, and never of this one, which it might read.
    #[error("{follower} was never told of position {position}")]
    Missed {
        /// The follower.
        follower: Follower,
        /// The entry.
        position: u64,
    },
    /// A follower that was idle at the head had not been told of this one, and had not been told to start anew.
    #[error("{follower} settled and was never told of position {position}")]
    Silent {
        /// The follower.
        follower: Follower,
        /// The entry.
        position: u64,
    },
    /// A follower was told of an entry twice.
    #[error("{follower} was told twice of position {position}")]
    Repeated {
        /// The follower.
        follower: Follower,
        /// The entry.
        position: u64,
    },
    /// A follower was told of an entry after a later one.
    #[error("{follower} was told too late of position {position}")]
    OutOfOrder {
        /// The follower.
        follower: Follower,
        /// The entry.
        position: u64,
    },
    /// A follower was told something that the journal does not say.
    #[error("{follower} was told something untrue at position {position}")]
    Untrue {
        /// The follower.
        follower: Follower,
        /// The position it came with.
        position: u64,
    },
    /// A follower that caught up was told data that had been replaced or deleted before it came.
    #[error("{follower} was told at position {position} what was no longer so")]
    Stale {
        /// The follower.
        follower: Follower,
        /// The entry.
        position: u64,
    },
    /// Somebody was shown what they may not read.
    #[error("{follower} was shown position {position}, which it may not read")]
    Forbidden {
        /// The follower.
        follower: Follower,
        /// The entry.
        position: u64,
    },
    /// A cursor was not honoured, and the follower was not told `reset`.
    #[error("{follower} brought a cursor that was not honoured, and was not told so")]
    NotReset {
        /// The follower.
        follower: Follower,
    },
    /// A follower was told to start anew though its cursor was good.
    #[error("{follower} was told reset ({reason}) without need")]
    Reset {
        /// The follower.
        follower: Follower,
        /// The word.
        reason: String,
    },
    /// A follower was given a cursor beyond the journal's end.
    #[error("{follower} was given the cursor of position {position}, which never was")]
    NoSuchCursor {
        /// The follower.
        follower: Follower,
        /// The position in it.
        position: u64,
    },
    /// A follower was told something without having been let in.
    #[error("{follower} was told something before it was let in")]
    Unconnected {
        /// The follower.
        follower: Follower,
    },

    // States.
    /// A state is not what the entries up to its cursor come to.
    #[error("the state of {topic} at position {cursor} is not what its entries come to")]
    WrongState {
        /// The topic.
        topic: String,
        /// The cursor beside the state.
        cursor: u64,
    },
}
