//! The server's figures that no plan varies.

use std::time::Duration;

use wire::{engineio, socketio};

/// Bytes that one look at the tail offers at most.
pub(super) const FILL_BYTES_MAX: usize = 256 * 1_024;

/// Heartbeats come faster than in production, so that stalls of seconds meet them.
pub(super) const ENGINE: engineio::Config = engineio::Config {
    ping_interval: Duration::from_secs(5),
    ping_timeout: Duration::from_secs(4),
    upgrade_timeout: Duration::from_secs(10),
    max_payload_bytes: 1_000_000,
};

pub(super) const SESSION: socketio::Config = socketio::Config {
    connect_timeout: Duration::from_secs(10),
    attachments_timeout: Duration::from_secs(10),
    packet_bytes_max: 1_000_000,
};

/// How long whoever needs the views waits for them, in microseconds.
pub(super) const CAUGHT_UP_WAIT_MAX: u64 = 1_000_000;

/// Pushes that wait at most.
pub(super) const WAITING_PUSHES_MAX: usize = 64;

/// Pushes of one socket that wait for their answer at most.
pub(super) const UNANSWERED_MAX: usize = 16;

/// Time between two looks for idle sockets that are due a cursor, in microseconds.
pub(super) const MARKS_EVERY: u64 = 1_000_000;

/// Empty pages that one call for changes goes through.
pub(super) const CHANGES_PAGES_MAX: usize = 32;
