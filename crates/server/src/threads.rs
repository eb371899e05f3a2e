//! What threads and tasks meet by, under one name. The models in `interleave/` compile the files that use it a second time,
//! with primitives in the place of these whose every order of steps is tried.

pub(crate) use std::{
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    thread::{Thread, park_timeout},
};

pub(crate) use parking_lot::Mutex;
pub(crate) use tokio::sync::{Mutex as Turns, MutexGuard as Turn, Notify};
