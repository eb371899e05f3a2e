//! State machines against naive models: the tail, and following it. What fails is shrunk to the few steps that matter.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod follow;
mod tail;
mod world;
