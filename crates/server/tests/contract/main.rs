//! The sync contract as docs/protocol.md states it, over HTTP, sockets, polling and event streams, with raw clients.
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod changes;
mod follow;
mod health;
mod hostile;
mod origins;
// Only there every address of 127.0.0.0/8 is this machine.
#[cfg(target_os = "linux")]
mod passwords;
mod permission;
mod presence;
mod push;
mod retry;
mod revoked;
#[path = "../rig/mod.rs"]
mod rig;
mod spaces;
mod state;
mod stream;
