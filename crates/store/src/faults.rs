//! A switch that makes writes fail, so that tests and simulations can show what happens then.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Handed to a journal at open; production leaves it alone. Clones share the switch.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Switches>);

#[derive(Debug, Default)]
struct Switches {
    append: AtomicBool,
    checkpoint: AtomicBool,
}

impl Faults {
    /// The next append fails after its rows were written and before they were committed.
    pub fn fail_next_append(&self) {
        self.0.append.store(true, Ordering::Release);
    }

    /// The next checkpoint fails.
    pub fn fail_next_checkpoint(&self) {
        self.0.checkpoint.store(true, Ordering::Release);
    }

    pub(crate) fn take_append(&self) -> bool {
        self.0.append.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn take_checkpoint(&self) -> bool {
        self.0.checkpoint.swap(false, Ordering::AcqRel)
    }
}
