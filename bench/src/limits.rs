//! The bounds of the generator. A run that meets one fails and says so; it never reports less than it saw.

use std::time::Duration;

/// Connections that are being opened at once: enough to keep both sides busy, below the usual backlog of 1 024.
pub(crate) const OPENING_MAX: usize = 512;

/// Followers that take one source address; more of them would use up its ephemeral ports.
pub(crate) const SOCKETS_PER_ADDRESS: usize = 5_000;

/// What one read takes from a socket, in bytes. A socket's share of the kernel is below it, so one read empties it.
pub(crate) const READ_BYTES: usize = 512 * 1024;

/// Events that one wait brings.
pub(crate) const EVENTS_PER_WAIT: usize = 1_024;

/// One frame from a server, in bytes. A page of history is no frame; nothing that we ask for is larger.
pub(crate) const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What one stream of messages may take in memory to compare with, in bytes.
pub(crate) const REFERENCE_BYTES_MAX: usize = 2 * 1024 * 1024 * 1024;

/// Numbers that were skipped and may still come, per checked stream.
pub(crate) const MISSING_MAX: usize = 1_000_000;

/// Lanes that one run may tell apart, pushers times topics: six digits of a stamp.
pub(crate) const LANES_MAX: usize = 1_000_000;

/// An HTTP answer of a push, in bytes.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How long a server may take to serve after it was started.
pub(crate) const START_TIME: Duration = Duration::from_secs(60);

/// How long a server may take to end after it was told to; then it is killed.
pub(crate) const STOP_TIME: Duration = Duration::from_secs(15);

/// How long nothing may arrive, while something is due, before a run counts it as lost.
pub(crate) const SILENCE_TIME: Duration = Duration::from_secs(15);

/// How long a pusher waits for the last acks.
pub(crate) const ACK_TIME: Duration = Duration::from_secs(60);

/// Latencies are kept from 1 µs to 10 min, in nanoseconds, with three digits.
pub(crate) const LATENCY_NS_MAX: u64 = 600_000_000_000;
