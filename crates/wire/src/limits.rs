//! Every bound of the wire, with its unit in the name and its reason beside it. At each of them the peer is answered
//! or its transport closed; what is configurable is an argument of the machine that holds it.

use std::time::Duration;

/// Payload of a WebSocket control frame in bytes: RFC 6455 §5.5.
pub const WEBSOCKET_CONTROL_BYTES_MAX: usize = 125;

/// Frames of one WebSocket message: a count, because tiny fragments cost far more memory and work than their bytes.
pub const WEBSOCKET_FRAGMENTS_MAX: u32 = 1_024;

/// Milliseconds from the first byte of a WebSocket message to its last: who is slower than this holds memory for nothing.
pub const WEBSOCKET_MESSAGE_TIME_MAX_MS: u32 = 30_000;

/// First allocation for an unfinished message in bytes. Its buffer then grows with what really arrives, so that a
/// declared length alone costs nothing.
pub const WEBSOCKET_FIRST_ALLOCATION_BYTES_MAX: usize = 16 * 1_024;

/// Longest query string that an Engine.IO request may carry in bytes: ours need about 80, foreign ones a few hundred.
pub const ENGINEIO_QUERY_BYTES_MAX: usize = 4_096;

/// Time that a poll which arrives during an upgrade is held before a noop ends it: the upgrade may be a moment behind it,
/// on a connection of its own, and a client that keeps polling meanwhile must not do so as fast as it can.
pub const ENGINEIO_NOOP_DELAY: Duration = Duration::from_millis(20);

/// Time that the answer to a probe waits for the poll which shows that the client has taken in the answer to its last
/// one. Stock clients poll all the while; a client that does not is answered all the same.
pub const ENGINEIO_PROBE_REPLY_DELAY: Duration = Duration::from_millis(250);

/// Time that a polling session which was closed by its client waits for the poll that may have been overtaken.
pub const ENGINEIO_LEAVE_GRACE: Duration = Duration::from_millis(100);

/// Binary attachments of one Socket.IO packet: as many as the reference parser allows.
pub const SOCKETIO_ATTACHMENTS_MAX: u32 = 10;

/// Namespaces one client may hold at a time: the 64 declared spaces and the default one.
pub const SOCKETIO_NAMESPACES_MAX: usize = 65;

/// Name of a namespace in bytes, its slash included: a topic name's 128 and the slash.
pub const SOCKETIO_NAMESPACE_BYTES_MAX: usize = 129;

/// Largest acknowledgement id: the largest integer that every JavaScript client counts exactly.
pub const SOCKETIO_ACK_ID_MAX: u64 = (1 << 53) - 1;

/// Acknowledgements that a client may owe us in one namespace; above it no more are asked for.
pub const SOCKETIO_ACKS_AWAITED_MAX: usize = 64;

/// Name of an event in bytes: as long as a topic name.
pub const SOCKETIO_EVENT_NAME_BYTES_MAX: usize = 128;
