//! The sync server over its transports: spaces at work, their followers, and the Socket.IO application.

pub mod app;
pub mod ask;
mod connect;
mod encode;
mod events;
pub mod fanout;
mod pid;
mod presence;
mod projecting;
mod pull;
mod rates;
mod running;
mod session;

pub use app::{SyncApp, SyncConfig};
pub use encode::{Outline, UpdateEncoder, write_update};
pub use pid::Pid;
pub use presence::Presence;
pub use running::{Reply, Running, now_ms};
pub use session::Session;

/// The space behind the namespace `/`.
pub const DEFAULT_SPACE: &str = "default";
