//! The servers under load: each is a child process on a port and a folder of its own, ended with the run. What they cost
//! is read from the kernel.

mod centrifugo;
mod child;
mod cost;
mod kind;
mod tidings;

pub(crate) use child::Server;
pub(crate) use cost::{Cost, Memory, kernel_socket_bytes, thread_cpu_ns};
pub(crate) use kind::{Choice, Kind};
