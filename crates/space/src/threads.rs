//! What threads meet by, under one name. The models in `interleave/` compile the files that use it a second time, with
//! primitives in the place of these whose every order of steps is tried.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use parking_lot::{Mutex, RwLock, RwLockReadGuard};
