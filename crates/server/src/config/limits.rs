//! The bounds that a user can move, with their defaults; DESIGN's other bounds are constants beside the code they bind.

use std::{ops::RangeInclusive, time::Duration};

use store::limits::SEGMENT_ENTRIES_MAX;

use super::{error::ConfigError, layers::Layers};

/// Largest push in bytes by default: what the clients in the field are told as `maxPayload`.
pub const PAYLOAD_BYTES_DEFAULT: u64 = 1_000_000;

/// Largest push that can be configured, in bytes: it is held in memory a few times while it travels.
pub const PAYLOAD_BYTES_MAX: u64 = 50_000_000;

/// Entries of one file of the journal: every file is opened at every start, so not too few.
const SEGMENT_ENTRIES: RangeInclusive<u64> = 100..=SEGMENT_ENTRIES_MAX;

/// The movable bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a push, on every transport, before anything is allocated for it.
    pub payload_bytes: usize,
    /// Fragments of one WebSocket message.
    pub fragments: u32,
    /// Time from a WebSocket message's first byte to its last.
    pub message_time: Duration,
    /// Time for a connection's first byte, for a request's headers, and for a session's CONNECT.
    pub handshake_time: Duration,
    /// Pushes of one socket that wait for their answer.
    pub unanswered_pushes: usize,
    /// Pushes a second of one person, or of one address without a token; 0 for no limit, which is the default of `--dev`.
    pub pushes_per_second: u32,
    /// Topic patterns that one socket follows.
    pub followed_topics: usize,
    /// Send buffer of a socket in bytes; the kernel doubles it.
    pub send_buffer_bytes: usize,
    /// Followers that read the store at the same time because they fell out of the tail.
    pub catch_up_reads: usize,
    /// Entries of one file of the journal.
    pub segment_entries: u64,
}

/// How a silent connection is found dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Time between two pings.
    pub ping_interval: Duration,
    /// Time that a pong may take.
    pub ping_timeout: Duration,
}

impl Limits {
    pub(crate) fn read(layers: &mut Layers, dev: bool) -> Result<Self, ConfigError> {
        Ok(Self {
            payload_bytes: size(layers.number(
                "limits.payload_bytes",
                PAYLOAD_BYTES_DEFAULT,
                1_000..=PAYLOAD_BYTES_MAX,
            )?),
            fragments: count(layers.number("limits.fragments", 1_024, 1..=65_536)?),
            message_time: Duration::from_secs(layers.number("limits.message_seconds", 30, 1..=600)?),
            handshake_time: Duration::from_secs(layers.number("limits.handshake_seconds", 10, 1..=120)?),
            unanswered_pushes: size(layers.number("limits.unanswered_pushes", 1_024, 1..=65_536)?),
            pushes_per_second: count(layers.number("limits.pushes_per_second", if dev { 0 } else { 50 }, 0..=1_000)?),
            followed_topics: size(layers.number("limits.followed_topics", 1_000, 1..=FOLLOWED_TOPICS_MAX)?),
            send_buffer_bytes: size(layers.number("limits.send_buffer_bytes", 98_304, 4_096..=16_777_216)?),
            catch_up_reads: size(layers.number("limits.catch_up_reads", 64, 1..=1_024)?),
            segment_entries: layers.number("limits.segment_entries", SEGMENT_ENTRIES_MAX, SEGMENT_ENTRIES)?,
        })
    }
}

impl Heartbeat {
    pub(crate) fn read(layers: &mut Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            ping_interval: Duration::from_millis(layers.number("heartbeat.ping_interval_ms", 25_000, 50..=600_000)?),
            ping_timeout: Duration::from_millis(layers.number("heartbeat.ping_timeout_ms", 20_000, 50..=600_000)?),
        })
    }
}

/// What the domain allows at most.
const FOLLOWED_TOPICS_MAX: u64 = journal::limits::FOLLOWED_PATTERNS_MAX as u64;

fn size(number: u64) -> usize {
    usize::try_from(number).expect("its bound fits into 32 bits")
}

fn count(number: u64) -> u32 {
    u32::try_from(number).expect("its bound fits into 32 bits")
}
