//! Every bound of a space at work, with its unit in the name and its reason beside it.

/// Pushes that share one commit. A thousand already make the sync a small part of the work.
pub const BATCH_PUSHES_MAX: usize = 4_096;

/// Data bytes that share one commit, so that a batch never takes long to write and encode.
pub const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Entries that may be committed and not yet projected. The overlay holds their facts; when it is full, pushes are told
/// that the server is busy until the projector has caught up.
pub const OVERLAY_ENTRIES_MAX: usize = 131_072;

/// Entries that one projection transaction folds: large enough that sorted inserts pay, small enough to lag little.
pub const PROJECTION_ENTRIES_MAX: usize = 10_000;

/// Data bytes that one projection transaction reads.
pub const PROJECTION_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Entries that are handed to the projector from memory; those that it is further behind with it reads from the journal.
pub const RECENT_ENTRIES_MAX: usize = 16_384;

/// Data bytes of them.
pub const RECENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Entries that a page for a follower behind the tail looks at.
pub const PAGE_ENTRIES_MAX: usize = 512;

/// Encoded bytes of such a page. A socket's send buffer takes about this much at once.
pub const PAGE_BYTES_MAX: usize = 64 * 1024;

/// Entries that a scan may skip for a follower of few topics before it looks the topics up one by one.
pub const SCAN_ENTRIES_MAX: u64 = 10_000;

/// Topics that are looked up one by one; a follower of more scans the journal.
pub const TOPICS_LOOKED_UP_MAX: usize = 64;

/// Readable entries that a resume replays. Above, a snapshot is cheaper for both sides: `reset`, reason `too_far`.
pub const RESUME_ENTRIES_MAX: u64 = 100_000;

/// Changes that one page of the changes call answers.
pub const CHANGES_MAX: usize = 1_000;

/// Data bytes after which a read for a snapshot stops gathering.
pub const SNAPSHOT_BYTES_PER_READ: usize = 64 * 1024;

/// Rows of one look at the projections while a snapshot is taken.
pub const SNAPSHOT_ROWS_PER_READ: usize = 1_000;

/// Topics of one read when all are wanted.
pub const TOPICS_PER_READ: usize = 1_000;
