//! Durability: the journal's segments, the projections and the accounts, in memory or in SQLite.
//!
//! Every store is a closed choice of back ends behind plain methods that block; nothing outside this crate knows which
//! one is at work, and nothing here knows HTTP, Socket.IO or sockets. One contract suite per store runs over every arm.

mod accounts;
mod disk;
mod failure;
mod faults;
mod folder;
mod journal;
pub mod limits;
mod sqlite;
mod threads;
mod views;

pub use accounts::{
    Accounts, AccountsError, AccountsVersion, PasswordHash, Revocations, SetupHash, User, UserKind, UserRole,
};
pub use disk::{Disk, SimulatedDisk};
pub use failure::Failure;
pub use faults::Faults;
pub use journal::{
    AppendError, CheckpointError, Damage, Discontinuity, Fault, Head, Journal, JournalOptions, JournalReader,
    OpenError, ReadError, Verification, verify, verify_on,
};
pub use views::{Discarded, Item, KeyUse, Topic, Views, ViewsError, ViewsReader, ViewsSnapshot, ViewsStart};
