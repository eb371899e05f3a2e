//! Every bound of the server, with its unit in the name and its reason beside it.

use std::time::Duration;

/// Control messages that may wait on a link in bytes before the link stops reading from its peer: room for a few
/// hundred acknowledgements, and little enough that ten thousand slow peers cost little.
pub const ENGINE_CONTROL_BYTES_MAX: usize = 64 * 1_024;

/// What a waiting control message counts for beside its bytes: its place in the queue and its allocation.
pub const ENGINE_CONTROL_OVERHEAD_BYTES: usize = 64;

/// Rest of a cut frame in bytes that is copied. A longer one is kept as a share of the buffer it lies in.
pub const ENGINE_PENDING_COPY_BYTES_MAX: usize = 4 * 1_024;

/// Slices handed to one vectored write: far below the kernel's 1 024, and small enough for the stack.
pub const ENGINE_SLICES_PER_WRITE_MAX: usize = 64;

/// Control messages handed to one vectored write, each of them two slices.
pub const ENGINE_CONTROL_PER_WRITE_MAX: usize = 32;

/// Times that a socket is filled in a row while its peer reads as fast as we write, before other links get their turn.
pub const ENGINE_FLUSH_ROUNDS_MAX: usize = 8;

/// Chunk of a poll's answer in bytes: what hyper took of it counts as delivered, so a chunk is what may be unknown.
pub const ENGINE_BODY_CHUNK_BYTES: usize = 64 * 1_024;

/// Bytes read from a WebSocket at a time, into a buffer on the stack.
pub const ENGINE_READ_BYTES: usize = 8 * 1_024;

/// Send buffer of a WebSocket in bytes, before the kernel doubles it: it holds what a reader has not taken yet, for
/// each of thousands of sockets, and everything else waits in the journal.
pub const ENGINE_SEND_BUFFER_BYTES: usize = 96 * 1_024;

/// Time that a link which is being ended has for its last messages, and a closed socket for the peer's own end.
pub const ENGINE_LINGER: Duration = Duration::from_secs(3);

/// Time that a drain waits for a poller to come for its last messages: a client that is there polls again within a round
/// trip, and one whose every poll needs a new connection cannot come any more once the listeners are closed.
pub const ENGINE_NEXT_POLL_MAX: Duration = Duration::from_millis(500);

/// Bytes read and thrown away from a socket that is closed on our side, so that the peer still gets our last words.
pub const ENGINE_LINGER_BYTES_MAX: usize = 1_024 * 1_024;

/// Parts of the registry of links, each behind its own lock.
pub const ENGINE_REGISTRY_SHARDS: usize = 16;

/// Time a connection has to its first request, and each request for its headers.
pub const LISTEN_HEADERS_TIMEOUT: Duration = Duration::from_secs(10);

/// Time that a connection may idle between requests: longer than the minute for which common proxies keep theirs, so
/// that it is never us who close a connection that a request is just being sent on.
pub const LISTEN_IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// Largest head of a request in bytes, its line and headers; also hyper's read buffer.
pub const LISTEN_HEAD_BYTES_MAX: usize = 64 * 1_024;

/// Headers of a request.
pub const LISTEN_HEADERS_MAX: usize = 100;

/// Time a request's body has before its rate counts.
pub const LISTEN_BODY_GRACE: Duration = Duration::from_secs(10);

/// Least bytes per second that a request's body must bring after [`LISTEN_BODY_GRACE`], on average: half the speed of
/// an old modem.
pub const LISTEN_BODY_RATE_MIN_BYTES: u64 = 4 * 1_024;

/// Time that sent data may stay unacknowledged before the kernel drops the connection: longer than the heartbeat, which
/// says the same of sockets, and the only bound on readers of plain answers.
pub const LISTEN_UNACKED_TIMEOUT: Duration = Duration::from_secs(60);

/// Connections that wait to be accepted: the kernel caps it at `net.core.somaxconn`.
pub const LISTEN_BACKLOG: i32 = 4_096;

/// First pause of the accept loop when the process has no file descriptors left; it doubles up to the next figure.
pub const LISTEN_PAUSE_MIN: Duration = Duration::from_millis(5);

/// Longest pause of the accept loop.
pub const LISTEN_PAUSE_MAX: Duration = Duration::from_secs(1);

/// Refused origins that are remembered, so that each is logged once.
pub const CORS_REFUSED_ORIGINS_MAX: usize = 256;

/// Longest origin in bytes that is logged.
pub const CORS_ORIGIN_BYTES_MAX: usize = 256;

/// A piece in which a body is kept while it comes, four pages: at most so much is kept beyond what came.
pub const BODY_PIECE_BYTES: usize = 16 * 1_024;

/// Bytes beyond the largest body that are read and thrown away, so that a client which sends first and listens afterwards
/// learns that it sent too much; a broken connection would make it try again.
pub const BODY_BYTES_DISCARDED_MAX: usize = 4 * 1_024 * 1_024;

/// Pushes that wait for the writer, all transports together. One more is told that the server is busy.
pub const WAITING_PUSHES_MAX: usize = 65_536;

/// Data bytes of the pushes that wait for a space's writer or are being written: some of its largest batches, so that it
/// never starves. A push beyond that is told that the server is busy; one alone is always taken.
pub const WAITING_PUSHES_BYTES_MAX: usize = 64 * 1_024 * 1_024;

/// How long a call that answers with state waits for the projections to catch up before it says "busy".
pub const CAUGHT_UP_WAIT_MAX: Duration = Duration::from_secs(1);

/// Commits after which the journal's log is written back at the first moment when no push waits: some hundred pages, so that
/// it takes a few milliseconds, and few enough checkpoints that their syncs do not count.
pub const CHECKPOINT_COMMITS: usize = 256;

/// Time without a push after which it is written back whatever it holds.
pub const CHECKPOINT_IDLE: Duration = Duration::from_secs(1);

/// Pushes a second from which on each commit waits a little for more of them. Pushers that wait for their answers bring about
/// 40 000 on two cores, and must not be made to wait for each other: with 30 000 here they were held to that.
pub const RUSH_PUSHES_PER_SECOND: u32 = 50_000;

/// How long a commit then waits, so that some dozens share it: nothing beside the time that they spend in line.
pub const RUSH_GATHER: Duration = Duration::from_millis(1);

/// The time over which the rate is looked at.
pub const RUSH_SPAN: Duration = Duration::from_millis(20);

/// How long after the start of a space the filters of its views are loaded: a start needs all cores, and is over by then.
pub const FILTERS_LOADED_AFTER: Duration = Duration::from_millis(200);

/// How long the projector sleeps when nothing wakes it; only a lost wake-up would ever make it matter.
pub const PROJECTION_IDLE_POLL: Duration = Duration::from_millis(500);

/// After a write of the journal or of the projections failed: how long until it is tried whether the disk is well again.
pub const REOPEN_AFTER: Duration = Duration::from_secs(1);

/// Each time that it is not, twice as long, and at most so long: a disk that gets room is noticed soon, and a broken one is
/// not read over and over.
pub const REOPEN_EVERY_MAX: Duration = Duration::from_secs(15);

/// How often pushes that came meanwhile are refused.
pub const REFUSING_POLL: Duration = Duration::from_millis(10);

/// Under load, a projection step begins no sooner after the last one began: long enough that the pages that entries share are
/// written once for many of them, short enough to stay within a second of the head, and for whoever waits in the midst of it.
pub const PROJECTION_GATHER: Duration = Duration::from_millis(400);

/// Entries that are enough for a step however soon: more would not share many more pages.
pub const PROJECTION_GATHER_ENTRIES: u64 = 8_192;

/// Salts that are drawn from their generator at once: the blocks that one call of it fills side by side.
pub const SALTS_DRAWN_AT_ONCE: usize = 64;

/// Bytes offered to a transport at once: what a socket's send buffer takes, and a share of a poll's answer.
pub const FILL_BYTES_MAX: usize = 256 * 1_024;

/// Followers that a fan-out round serves before it lets others run: about a millisecond.
pub const FANOUT_CHUNK_FOLLOWERS: usize = 64;

/// The longest that a fan-out round waits after the last one began, so that each system call carries more.
pub const PACE_MAX: Duration = Duration::from_millis(20);

/// Entries of others after which an idle socket is told how far the journal has come.
pub const MARK_ENTRIES_MIN: u64 = 10_000;

/// How often sockets are looked over for marks and presence is told.
pub const ROUNDS_EVERY: Duration = Duration::from_secs(1);

/// Bytes of a process id that a client brings back.
pub const PID_BYTES_MAX: usize = 128;

/// Names that a presence signal tells.
pub const PRESENCE_NAMES_MAX: usize = 64;

/// Topic patterns in a query string.
pub const TOPICS_QUERY_PATTERNS_MAX: usize = 64;

/// Pages that one call for changes goes through while it finds nothing for its reader.
pub const CHANGES_PAGES_MAX: usize = 32;

/// Parts of a state that wait for a slow client, each of about
/// [`SNAPSHOT_BYTES_PER_READ`](space::limits::SNAPSHOT_BYTES_PER_READ): the next is read when this one was taken.
pub const SNAPSHOT_PARTS_AHEAD: usize = 1;

/// Parts of an event stream that wait for a slow client.
pub const STREAM_PARTS_AHEAD: usize = 1;

/// How often an idle event stream gets a comment, so that proxies keep it open.
pub const STREAM_COMMENT_EVERY: Duration = Duration::from_secs(15);

/// Tokens whose holders are remembered. One more takes the place of another, which is verified again when it comes back.
pub const TOKENS_REMEMBERED: usize = 1_024;

/// Counters of attempts or pushes, 8 bytes each. Keys that fall on the same counter share it, so memory is bounded and no
/// flood of other keys makes one forgotten.
pub const COUNTERS: usize = 16_384;

/// Seconds of pushes that somebody may send at once after a pause: an outbox that comes back from a day offline.
pub const PUSH_BURST_SECONDS: u32 = 10;

/// The shortest pause between fan-out rounds that is worth the timer's own millisecond.
pub const PACE_MIN: Duration = Duration::from_millis(1);
