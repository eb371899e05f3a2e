//! The deterministic simulation: the real `wire`, `journal`, `store` and `space` under simulated time, network and disk.
//!
//! [`run`] takes a seed, builds a world from it, and lets it happen in one thread: clients push, follow, stall, drop and come
//! back; the server crashes, loses what was not synced, gets errors from its disk, is restarted. Every world is judged by
//! `history` and by the store's own verification. The same seed gives the same [`Outcome`], its trace included.
//!
//! What is real and what is mirrored stands at the head of `server.rs`, what a disk may do at that of `disk.rs`.

mod action;
mod client;
mod disk;
mod network;
mod plan;
mod random;
mod server;
mod stage;
mod world;

pub use client::Tally;
pub use disk::Wear;
#[cfg(feature = "planted")]
pub use world::run_planted;
pub use world::{Outcome, WorldTally, run, run_recorded};
