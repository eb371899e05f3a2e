//! The domain of Tidings, pure: entries, cursors, tags, rules, the tail and following.
//!
//! Nothing here does IO, reads a clock, draws randomness or spawns; time, ids and random bytes come in as arguments.

mod cursor;
mod entry;
mod item;
mod json;
pub mod limits;
mod position;
mod principal;
mod tag;
mod topic;

pub use cursor::{BadCursor, CURSOR_TEXT_BYTES, Cursor, CursorKey};
pub use entry::{Action, BadKey, ClientTime, Content, ContentHash, Entry, Key, RequestDigest, Salt};
pub use item::{BadItemId, ItemId};
pub use json::Json;
pub use position::{Position, Seq};
pub use principal::{BadUserId, Principal, Role, UserId};
pub use tag::{Tag, content_hash};
pub use topic::{BadTopicName, Pattern, TopicKind, TopicName};
