//! The primitives by which our threads meet, as loom has them, under the names and with the calls that our code uses.
//!
//! A model compiles one of our files a second time, by its path, with this crate in the place of the file's
//! `crate::threads`, and [`every_order`] runs it under every order of steps and every value that a relaxed load may see,
//! up to a bound of preemptions. What is missing when all orders were tried cannot be missing by bad luck.

mod asynchronous;
mod blocking;

pub use asynchronous::{Notify, Turn, Turns};
pub use blocking::{Mutex, RwLock};
pub use loom::{
    future::block_on,
    sync::{
        RwLockReadGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::{Thread, spawn},
};

/// How often threads are taken their turn in the middle of something. With two, a broken order in
/// `interleave/tests/following.rs` went unnoticed; with three every one that we tried was found, within seconds.
const PREEMPTIONS_MAX: usize = 3;

/// Tries a model under every order of steps with at most [`PREEMPTIONS_MAX`] preemptions. A thread that waits for what
/// nobody will do fails the test.
///
/// # Panics
/// When the model fails under one of them.
pub fn every_order(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.check(model);
}

/// Sleeps until somebody wakes the thread. Time never passes in a model: a wake-up that gets lost is a sleep for ever.
pub fn park_timeout(_: std::time::Duration) {
    loom::thread::park();
}
