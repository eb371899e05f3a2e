//! What threads meet by in those files that the models in `interleave/` compile a second time, with primitives in the place of
//! these whose every order of steps is tried.

pub(crate) use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use parking_lot::RwLock;
