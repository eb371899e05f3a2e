//! Pushers push and followers follow while the real binary is killed, its disk fails or fills up, or their connections break;
//! afterwards the judge compares the journal, every receipt, every delivery and the state.
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod breaking;
mod failing;
mod filling;
mod follow;
mod killing;
mod loss;
mod play;
mod points;
mod push;
#[path = "../rig/mod.rs"]
mod rig;
mod small_disk;
mod starting;
mod world;
