//! Tidings, the server: listeners, drivers, identity, configuration and the command line.

pub mod asker;
pub mod cli;
pub mod config;
pub mod cors;
mod counters;
pub mod doctor;
pub mod doorkeeper;
pub mod engine;
pub mod http;
pub mod identity;
pub mod limits;
pub mod listen;
pub mod logging;
mod pieces;
mod remembered;
pub mod serve;
pub mod sync;
mod threads;
