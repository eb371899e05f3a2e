//! Tidings, the server: listeners, drivers, identity, configuration and the command line.

pub mod cors;
pub mod engine;
pub mod limits;
pub mod listen;
