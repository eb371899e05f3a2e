//! Pushers push and followers follow while the real binary is killed, or their connections break, at random moments;
//! afterwards the judge compares the journal, every receipt, every
//! delivery and the state.
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod breaking;
mod follow;
mod killing;
mod play;
mod push;
#[path = "../rig/mod.rs"]
mod rig;
mod world;
