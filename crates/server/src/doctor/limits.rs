//! The doctor's bounds, with their unit in the name and their reason beside them.

use std::time::Duration;

/// How long any single answer may take. A healthy server needs milliseconds; a person who waits for ten of these still
/// waits for less than a minute.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// How long the server may take to end a socket of ours that says goodbye.
pub const LEAVE_TIME_MAX: Duration = Duration::from_secs(1);

/// The largest answer that is read, in bytes: whatever listens there may be no Tidings.
pub const ANSWER_BYTES_MAX: usize = 1_000_000;

/// How often a message may come again before the doctor stops reading: whoever repeats may do so for ever.
pub const REPEATS_MAX: usize = 16;

/// Time for a push to come back, above which people feel it.
pub const PUSH_TIME_GOOD: Duration = Duration::from_millis(250);

/// How long a token lasts that the doctor makes for itself.
pub const TOKEN_TIME: Duration = Duration::from_secs(300);
