//! Every bound of the domain, with its unit in the name and its reason beside it.

/// Topic names are keys in every index and travel in every update.
pub const TOPIC_NAME_BYTES_MAX: usize = 128;

/// Item ids are index keys; a UUID needs 36, a prefixed ULID about 40.
pub const ITEM_ID_BYTES_MAX: usize = 128;

/// The largest integer id that JavaScript keeps exactly: 2^53 − 1.
pub const ITEM_ID_INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// Idempotency keys are index keys; a UUID needs 36.
pub const KEY_BYTES_MAX: usize = 128;

/// A user id: an own one has 28 bytes, an existing app's token may carry its own.
pub const USER_ID_BYTES_MAX: usize = 128;

/// A client's own `timestamp` of a push, kept to recognise a retry: an ISO date needs 24.
pub const CLIENT_TIME_BYTES_MAX: usize = 64;

/// Nesting of pushed JSON. Browsers and servers differ beyond this depth, and no app in the field comes near it.
pub const JSON_DEPTH_MAX: usize = 128;

/// Topics of one space. Each costs about 150 bytes of the writer's memory.
pub const TOPICS_MAX: usize = 1_000_000;

/// Topic patterns one follower may follow; a chat app follows one per room.
pub const FOLLOWED_PATTERNS_MAX: usize = 1_000;

/// Positions stay exactly representable in JavaScript.
pub const POSITION_MAX: u64 = 9_007_199_254_740_991;

/// Encoded bytes a tail keeps in memory before the oldest batches leave it. Live followers need milliseconds of it.
pub const TAIL_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Entries a tail keeps, so that many small ones do not make a large index.
pub const TAIL_ENTRIES_MAX: usize = 262_144;
