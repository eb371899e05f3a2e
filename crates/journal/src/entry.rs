//! The entry: one durable change, and the small texts it carries.

use std::fmt;

use crate::{
    ItemId, Json, Position, Seq, Tag, TopicName, UserId,
    limits::{CLIENT_TIME_BYTES_MAX, KEY_BYTES_MAX},
};

/// What an entry does to its topic. `patch` is folded by the writer and journaled as [`Action::Update`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A new item at the end of the list.
    Add,
    /// Replaces the item, in its place, or creates it; in a document topic, replaces the document.
    Update,
    /// Removes the item.
    Delete,
    /// Removes all items.
    Clear,
}

impl Action {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Clear => "clear",
        }
    }

    /// The number on disk and in the hash chain. Numbers are never reused.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Add => 1,
            Self::Update => 2,
            Self::Delete => 3,
            Self::Clear => 4,
        }
    }

    /// The action behind a number on disk.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Add, Self::Update, Self::Delete, Self::Clear].into_iter().find(|action| action.code() == code)
    }
}

/// A client's idempotency key: 1 to [`KEY_BYTES_MAX`] bytes without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<str>);

/// A key that is empty, too long or has control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is a string of 1 to {KEY_BYTES_MAX} bytes without control characters")]
pub struct BadKey;

impl Key {
    /// Checks a key against its bounds.
    pub fn new(key: &str) -> Result<Self, BadKey> {
        let fits = (1..=KEY_BYTES_MAX).contains(&key.len()) && !key.chars().any(char::is_control);
        if fits { Ok(Self(key.into())) } else { Err(BadKey) }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A client's own `timestamp` of a push, in its JSON spelling. It never orders anything; it only recognises a retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTime(Box<str>);

impl ClientTime {
    /// Keeps the JSON spelling of a timestamp; one that is too long is as good as none.
    #[must_use]
    pub fn new(json: &str) -> Option<Self> {
        (1..=CLIENT_TIME_BYTES_MAX).contains(&json.len()).then(|| Self(json.into()))
    }

    /// The JSON spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Sixteen random bytes beside the data, so that an erased entry's hash tells nothing about what it held.
pub type Salt = [u8; 16];

/// A hash over salt and data; it stays when both are erased.
pub type ContentHash = [u8; 32];

/// A digest of a request (action, id, data) by which a retry is told from a conflict.
pub type RequestDigest = [u8; 16];

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Data as pushed (minified), `{"id":…}` for a delete, nothing for a clear.
    Present {
        /// Random bytes hashed with the data.
        salt: Salt,
        /// The data.
        data: Option<Json>,
    },
    /// Data and salt are gone for ever; the chain still verifies.
    Erased {
        /// What they hashed to.
        hash: ContentHash,
    },
}

/// One durable change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Place in the journal.
    pub position: Position,
    /// The topic it changes.
    pub topic: TopicName,
    /// Place in the topic.
    pub seq: Seq,
    /// What it does.
    pub action: Action,
    /// Which item; none for a clear and in document topics.
    pub item: Option<ItemId>,
    /// The data, or what erasure left of it.
    pub content: Content,
    /// Who pushed it; none when anonymous.
    pub author: Option<UserId>,
    /// Who first added the item, where that is somebody else than the author.
    pub owner: Option<UserId>,
    /// The client's idempotency key.
    pub key: Option<Key>,
    /// The client's own timestamp of the push.
    pub client_time: Option<ClientTime>,
    /// What the client asked for, where the entry is not literally that (a folded patch).
    pub request: Option<RequestDigest>,
    /// When it was numbered, in milliseconds since 1970; never less than in the entry before.
    pub time_ms: u64,
    /// The hash chain up to here.
    pub tag: Tag,
}

impl Entry {
    /// Who first added the item that this entry is about.
    #[must_use]
    pub fn owner(&self) -> Option<&UserId> {
        self.owner.as_ref().or(self.author.as_ref())
    }

    /// The data, unless there is none or it was erased.
    #[must_use]
    pub fn data(&self) -> Option<&Json> {
        match &self.content {
            Content::Present { data, .. } => data.as_ref(),
            Content::Erased { .. } => None,
        }
    }
}
