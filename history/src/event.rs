//! The words of a record: one [`Event`] for each thing that somebody saw, one JSON object on a line for each event.
//!
//! The order of events is the order in which they were seen. A push is written down before it is sent and an answer after
//! it came, so that "asked before" is never claimed too early and "answered before" never too late.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// Whoever follows: one client through all of its connections.
pub type Follower = String;

/// One wish of a client, however often it is asked for.
pub type PushId = u64;

/// The id of an item in its JSON spelling (`3` and `"3"` differ); none for a document and a `clear`.
pub type Item = Option<String>;

/// Who pushed; none without a token.
pub type Author = Option<String>;

/// What stands for data: equal digests, equal data. FNV-1a of the minified JSON, 16 hexadecimal digits in a record, so
/// that a client in any language writes it in three lines. Nobody here makes collisions on purpose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest(u64);

impl Digest {
    /// The digest of minified JSON.
    #[must_use]
    pub fn of(json: &[u8]) -> Self {
        let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(json.iter().fold(0xcbf2_9ce4_8422_2325, fold))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        format!("{digest:?}")
    }
}

/// Not sixteen hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest has 16 hexadecimal digits")]
pub struct BadDigest;

impl TryFrom<String> for Digest {
    type Error = BadDigest;

    fn try_from(text: String) -> Result<Self, BadDigest> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(&text, 16).ok().filter(|_| digits);
        number.map(Self).ok_or(BadDigest)
    }
}

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A new item.
    Add,
    /// Replaces the item, or creates it.
    Update,
    /// Asked for only: merged into the item, kept and told as an update whose data this judge does not foresee.
    Patch,
    /// Removes the item.
    Delete,
    /// Removes all items.
    Clear,
}

/// What an entry says, as it was asked for, kept or told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// The topic.
    pub topic: String,
    /// What is done.
    pub action: Action,
    /// To which item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Item,
    /// The data; none for a `clear`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Digest>,
    /// Whose push it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Author,
}

impl Change {
    /// Whether an entry that had data has none any more.
    pub(crate) fn is_erased(&self) -> bool {
        self.data.is_none() && self.action != Action::Clear
    }
}

/// Somebody is about to ask for a change, for the first time or again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The wish.
    pub push: PushId,
    /// What is asked for.
    #[serde(flatten)]
    pub change: Change,
    /// The idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A wish was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The wish.
    pub push: PushId,
    /// Its place in the journal; the head's when nothing had to change.
    pub position: u64,
    /// Its place in the topic.
    pub seq: u64,
    /// The position in the cursor that came with it.
    pub cursor: u64,
    /// It was said to have been done before.
    pub duplicate: bool,
    /// Something was written, now or by an earlier asking.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub changed: bool,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_yes(changed: &bool) -> bool {
    *changed
}

/// What somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Without a token.
    Anonymous,
    /// With a token.
    Member,
    /// May read everything.
    Admin,
}

/// Who reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reader {
    /// Their id; none without a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What they are.
    pub role: Role,
}

/// Who reads a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Read {
    /// Everybody.
    Public,
    /// Everybody with a token.
    Member,
    /// Admins.
    Admin,
    /// Members read entries about items that they added first, and see that a topic was cleared.
    Author,
}

/// The rule of one topic, or of all whose names begin so: `room/1`, `room/*`, `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TopicRule {
    /// Which topics. An exact name wins over a beginning, a longer beginning over a shorter one.
    pub topics: String,
    /// Who reads them.
    pub read: Read,
}

/// A client asks to follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connect {
    /// The client.
    pub follower: Follower,
    /// As whom it comes.
    pub reader: Reader,
    /// Which topics it wants: names, or beginnings followed by `*`; none for all that it may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topics: Option<Vec<String>>,
    /// The position of the cursor that it brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<u64>,
}

/// A follower was told an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The client.
    pub follower: Follower,
    /// The position in the cursor that came with it.
    pub position: u64,
    /// The place in the topic.
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// What.
    #[serde(flatten)]
    pub change: Change,
}

/// A present state that somebody was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Who was given it.
    pub reader: Reader,
    /// The client that follows from its cursor, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follower: Option<Follower>,
    /// Which topics they wanted; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topics: Option<Vec<String>>,
    /// The position of the cursor beside it.
    pub cursor: u64,
    /// The items of each topic, in their order. Topics without items may be left out.
    pub state: BTreeMap<String, Vec<(Item, Digest)>>,
}

/// An entry as the journal has it when everything is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the journal.
    pub position: u64,
    /// Its place in the topic.
    pub seq: u64,
    /// When it was numbered, in milliseconds since 1970.
    pub time_ms: u64,
    /// What it says; its data is none, too, when it was erased.
    #[serde(flatten)]
    pub change: Change,
    /// The idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// One thing that somebody saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Who may read what, for every connection that is let in from now on. Without one, everybody reads everything.
    Rules {
        /// The rules of topics.
        rules: Vec<TopicRule>,
        /// Who reads the others.
        others: Read,
    },
    /// A server began to serve a journal that went at least so far. What is up to there it reads from its disk.
    Started {
        /// A position that it had.
        head: u64,
    },
    /// A server ended, in order or not.
    Ended,
    /// A change is about to be asked for.
    Push(Push),
    /// It was acknowledged.
    Ack(Ack),
    /// It was refused for good: asking again would not help.
    Refused {
        /// The wish.
        push: PushId,
        /// The stable word.
        code: String,
    },
    /// A client is about to ask to follow.
    Connect(Connect),
    /// It was let in, and following starts from there.
    Connected {
        /// The client.
        follower: Follower,
        /// The position of the cursor that it was greeted with.
        cursor: u64,
        /// It was said to have been resumed.
        resumed: bool,
    },
    /// It was told that what it missed cannot be replayed.
    Reset {
        /// The client.
        follower: Follower,
        /// The stable word.
        reason: String,
        /// The position from which it follows.
        cursor: u64,
    },
    /// It was told an entry.
    Told(Told),
    /// It was given a cursor and nothing else: nothing up to there is still owed to it.
    Mark {
        /// The client.
        follower: Follower,
        /// The position.
        cursor: u64,
    },
    /// It has been told everything that it will be told up to there: the server was idle, the line open, and long enough.
    Settled {
        /// The client.
        follower: Follower,
        /// The journal's head.
        head: u64,
    },
    /// Its connection ended.
    Disconnected {
        /// The client.
        follower: Follower,
    },
    /// Somebody may read no more: nothing behind this position may ever reach them.
    Barred {
        /// Who.
        user: String,
        /// The head when it was decided.
        beyond: u64,
    },
    /// Somebody was given a state.
    Snapshot(Snapshot),
    /// What the journal has in the end.
    Entry(Entry),
}
