//! The real binary is killed at random moments while pushers push and followers follow; afterwards the journal, every
//! receipt and every delivery are compared.
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod check;
mod check_tests;
mod follow;
mod history;
mod killing;
mod push;

#[path = "../rig/mod.rs"]
mod rig;
mod world;
