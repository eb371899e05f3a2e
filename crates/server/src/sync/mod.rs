//! The sync server over its transports: spaces at work, their followers, and the Socket.IO application.

mod answers;
pub mod app;
pub mod ask;
mod connect;
mod crash;
mod encode;
mod events;
pub mod fanout;
mod hurry;
mod line;
mod pid;
mod presence;
mod projecting;
mod pull;
mod rates;
mod running;
mod rush;
mod session;
mod shard;

pub use app::{SyncApp, SyncConfig};
pub use encode::{Outline, UpdateEncoder, write_update};
pub use pid::Pid;
pub use presence::Presence;
pub use running::{Reply, Running, now_ms};
pub use session::Session;

/// The space behind the namespace `/`.
pub const DEFAULT_SPACE: &str = "default";
