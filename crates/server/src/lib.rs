//! Tidings, the server: listeners, drivers, identity, configuration and the command line.

pub mod config;
pub mod identity;
