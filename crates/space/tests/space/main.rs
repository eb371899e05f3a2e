//! A space at work, over memory and over SQLite: what the writer decides, what followers are handed, what pages and
//! snapshots show, and what is still true after everything was opened again.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod bench;
mod model;
mod naive;
mod pages;
mod reopening;
mod resume;
mod writing;
