//! The one table of refusals: what a push or a read can be told, and what its sender should do.
//!
//! The names travel on the wire as `code`; they are never reused for something else.

/// Why something was refused. `Display` is the sentence for the person who reads the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The action is none of the five.
    #[error("unknown action; use add, update, patch, delete or clear")]
    UnknownAction,
    /// The topic name breaks the rule of names.
    #[error("bad topic: 1 to 128 characters out of A-Z a-z 0-9 . _ / -, beginning with a letter or a digit")]
    BadTopic,
    /// The name belongs to a path of the API.
    #[error("this topic name is reserved; choose another one")]
    ReservedTopic,
    /// The data is not what the action needs.
    #[error("bad data: add, update and patch need an object, delete needs {{\"id\": …}}, clear needs null or nothing")]
    BadData,
    /// A list item without id.
    #[error("data.id is missing; give every item of a list an id")]
    MissingId,
    /// An id of the wrong type or size.
    #[error("data.id must be a string of 1 to 128 bytes or an integer between ±9007199254740991")]
    BadId,
    /// The key is not a bounded string.
    #[error("key must be a string of 1 to 128 bytes without control characters")]
    BadKey,
    /// The action does not fit a list or a document.
    #[error("this topic holds a document, not a list: use update or patch without an id, or clear")]
    IsDocument,
    /// Nobody is signed in.
    #[error("sign in first: this needs a token")]
    Unauthorized,
    /// Somebody else's.
    #[error("you may not do this here; ask an admin")]
    Forbidden,
    /// In closed mode only declared topics, and those that admins created, exist.
    #[error("there is no such topic; declare it in tidings.toml or let an admin make the first entry")]
    UnknownTopic,
    /// The id exists and this is not a retry.
    #[error("an item with this id exists already; use update to change it, or another id")]
    IdTaken,
    /// The key was used for something else.
    #[error("this key was used for a different push; use a new key for each change")]
    KeyConflict,
    /// Bigger than the configured payload.
    #[error("the data is too large; send less, or raise limits.payload_bytes in tidings.toml")]
    TooLarge,
    /// The space has as many topics as it may.
    #[error("this space has reached its number of topics; use one of the present ones")]
    TooManyTopics,
    /// One person, or one address, pushes more than it may.
    #[error("too many pushes; wait a second and send them again with the same keys")]
    TooFast,
    /// Too much is waiting, or views are being rebuilt.
    #[error("the server is busy; try again in a moment with the same key")]
    Busy,
    /// The store failed, or the server is stopping. Whether it was written is unknown: a retry with the key tells.
    #[error("the server cannot write now; try again later with the same key")]
    Unavailable,
}

impl Refusal {
    /// The stable word on the wire.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownAction => "unknown_action",
            Self::BadTopic => "bad_topic",
            Self::ReservedTopic => "reserved_topic",
            Self::BadData => "bad_data",
            Self::MissingId => "missing_id",
            Self::BadId => "bad_id",
            Self::BadKey => "bad_key",
            Self::IsDocument => "is_document",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::UnknownTopic => "unknown_topic",
            Self::IdTaken => "id_taken",
            Self::KeyConflict => "key_conflict",
            Self::TooLarge => "too_large",
            Self::TooManyTopics => "too_many_topics",
            Self::TooFast => "rate_limited",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
        }
    }

    /// Whether the same push may succeed later without being changed.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::TooFast | Self::Busy | Self::Unavailable)
    }
}
