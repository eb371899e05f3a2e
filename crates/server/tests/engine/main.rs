//! The Engine.IO driver over real sockets: protocol, delivery, hostile peers, the end.
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod board;
mod delivery;
mod ending;
mod harness;
mod hostile;
mod listening;
mod origins;
mod protocol;
