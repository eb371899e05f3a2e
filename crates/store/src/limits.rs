//! Every bound of the stores, with its unit in the name and its reason beside it.

/// Entries of one journal segment. At 200 bytes of data a full one has about 400 MB: quick to copy, verify and delete.
pub const SEGMENT_ENTRIES_MAX: u64 = 1_000_000;

/// Entries before the head whose chain is verified at every start: some milliseconds, and more than any torn tail.
pub const VERIFIED_AT_OPEN_ENTRIES: u64 = 1_000;

/// Frames (pages of 4 KiB) in a write-ahead log before the writer checkpoints by itself: 4 MB, some ten milliseconds.
pub const WAL_FRAMES_MAX: u64 = 1_024;

/// The same for the views, whose batches are larger: 64 MB. Acks wait for nothing of it but the disk, which is busy with it for some
/// forty milliseconds; shorter logs are no shorter together, and at full load the projections could not keep up with them.
pub const VIEWS_WAL_FRAMES_MAX: u64 = 16_384;

/// Page cache of the journal's writer: it only ever needs the last pages, and room for one batch.
pub const JOURNAL_CACHE_KIB: u32 = 8 * 1_024;

/// Page cache of the views' writer, whose batches touch pages all over the file; less makes it write and read them twice.
pub const VIEWS_CACHE_KIB: u32 = 64 * 1_024;

/// Page cache of the accounts.
pub const ACCOUNTS_CACHE_KIB: u32 = 2 * 1_024;

/// A write-ahead log that grew beyond this is cut back when it starts over.
pub const WAL_BYTES_KEPT_MAX: u64 = 128 * 1024 * 1024;

/// Read-only connections of one store in use at once. Catch-up admits as many slow readers.
pub const READERS_MAX: usize = 64;

/// Read-only connections kept open between calls; each holds a page cache and two file descriptors.
pub const READERS_IDLE_MAX: usize = 16;

/// Page cache of one read-only connection.
pub const READER_CACHE_KIB: u32 = 1_024;

/// How long a reader waits for a free connection, or a connection for another process, before it answers "busy".
pub const BUSY_WAIT_MS_MAX: u64 = 5_000;

/// How long a roll waits for readers of the old segment before it leaves the cutting of its log to a later checkpoint.
pub const COOLING_WAIT_MS_MAX: u64 = 50;

/// Prepared statements kept per connection: more than any store has.
pub const STATEMENTS_KEPT_MAX: usize = 48;

/// Rows that a verification reads in one go, so that it never holds a server's write-ahead log open.
pub const VERIFY_PAGE_ENTRIES: usize = 4_096;

/// Data that a verification holds in memory at once, beside the one entry that may be larger.
pub const VERIFY_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// A person's name: what fits beside a message, in any script.
pub const USER_NAME_BYTES_MAX: usize = 128;

/// An e-mail address (RFC 5321, errata 1690).
pub const EMAIL_BYTES_MAX: usize = 254;

/// An encoded password hash; argon2id needs about 100.
pub const PASSWORD_HASH_BYTES_MAX: usize = 512;

/// The address of a picture.
pub const PICTURE_URL_BYTES_MAX: usize = 2_048;

/// The id of a token (`jti`), kept until the token would have expired anyway.
pub const TOKEN_ID_BYTES_MAX: usize = 128;

/// Items and keys each that are kept in filters which prove that something is new. Above, every new one is looked up on
/// disk: at 12 bits each, more would cost the memory that SQLite needs for that look-up.
pub const FILTERED_MAX: usize = 33_554_432;

/// The first filter's capacity. Each further one holds as many as all before it.
pub const FILTER_LAYER_MIN: usize = 16_384;

/// The part of what is absent that a filter does not recognise, and that is looked up all the same.
pub const FILTER_FALSE_POSITIVES: f64 = 0.003;

/// Rows of one look while the filters are loaded.
pub const FILTER_ROWS_PER_READ: usize = 10_000;
