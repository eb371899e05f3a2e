//! The domain of Tidings, pure: entries, cursors, tags, rules, the tail and following.
//!
//! Nothing here does IO, reads a clock, draws randomness or spawns; time, ids and random bytes come in as arguments.

mod audience;
mod cursor;
mod decide;
mod entry;
mod follow;
mod item;
mod json;
pub mod limits;
mod planted;
mod position;
mod principal;
mod push;
mod refusal;
mod rules;
mod select;
mod tag;
mod tail;
mod topic;

pub use cursor::{BadCursor, CURSOR_TEXT_BYTES, Cursor, CursorKey};
pub use entry::{Action, BadKey, ClientTime, Content, ContentHash, Entry, Key, RequestDigest, Salt};
pub use item::{BadItemId, ItemId};
pub use json::{Elements, Json, JsonError, JsonKind, Members, RawJson, write_string};
pub use position::{Position, Seq};
pub use principal::{BadUserId, Principal, Role, UserId};
pub use tag::{Tag, content_hash};
pub use topic::{BadTopicName, Pattern, TopicKind, TopicName};

pub use audience::{Audience, Concerned};
pub use decide::{Decision, Draft, Facts, Needs, decide, needs};
pub use follow::{Filter, Follower, Next, OFFER_PIECES_MAX, Offer, Piece};
pub use planted::Bug;
#[cfg(feature = "planted")]
pub use planted::plant;
pub use push::{Ask, EarlierPush, ItemFacts, Push, TopicFacts};
pub use refusal::Refusal;
pub use rules::{Declaration, Rule, RuleBook, Sight, TopicRules, Undeclared};
pub use tail::{Chunk, ChunkBuilder, Encode, Slice, Span, Tail, TopicIndex};
