//! Locks, with the calls of `parking_lot`: nothing is ever poisoned.

use loom::sync::{self, MutexGuard, RwLockReadGuard, RwLockWriteGuard};

/// Why a lock of a model is never poisoned.
const NEVER_POISONED: &str = "a thread that panicked has failed the model";

/// A mutex.
#[derive(Debug, Default)]
pub struct Mutex<T>(sync::Mutex<T>);

/// A lock for many readers or one writer.
#[derive(Debug)]
pub struct RwLock<T>(sync::RwLock<T>);

impl<T> Mutex<T> {
    /// A mutex around a value.
    pub fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    /// Waits until nobody has it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().expect(NEVER_POISONED)
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> RwLock<T> {
    /// A lock around a value.
    pub fn new(value: T) -> Self {
        Self(sync::RwLock::new(value))
    }

    /// Waits until nobody writes.
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().expect(NEVER_POISONED)
    }

    /// Waits until nobody reads or writes.
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().expect(NEVER_POISONED)
    }
}
