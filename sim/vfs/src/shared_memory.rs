//! The wal-index: memory that all connections to one database share, and the eight locks on it.
//!
//! SQLite keeps pointers into the regions, so a region never moves and lives as long as anybody holds the memory.

use std::{
    cell::UnsafeCell,
    ffi::c_void,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The locks that SQLite takes in the wal-index.
const SLOTS: usize = 8;

/// Shared by everybody who has one database open. Clones are the same memory.
#[derive(Clone, Default)]
pub struct SharedMemory(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    regions: Vec<Region>,
    slots: [Slot; SLOTS],
    users: usize,
}

/// Memory that only SQLite looks at, in words because SQLite reads words there.
struct Region(Box<[UnsafeCell<u64>]>);

// SAFETY: this side only ever hands out the region's address. What stands there is read and written by SQLite alone,
// which orders its own accesses by the locks and barriers that it asks for here.
unsafe impl Send for Region {}

#[derive(Clone, Copy, Default)]
struct Slot {
    readers: usize,
    has_writer: bool,
}

/// One connection's share in the memory: which of its locks it holds.
pub(crate) struct Share {
    memory: SharedMemory,
    shared: [bool; SLOTS],
    exclusive: [bool; SLOTS],
}

impl SharedMemory {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under this lock panics half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn share(self) -> Share {
        self.state().users += 1;
        Share { memory: self, shared: [false; SLOTS], exclusive: [false; SLOTS] }
    }
}

impl Share {
    /// The address of a region; null when it is not there and is not to be made.
    pub(crate) fn region(&self, index: usize, bytes: usize, extend: bool) -> *mut c_void {
        let mut state = self.memory.state();
        while extend && state.regions.len() <= index {
            let region = (0..bytes.div_ceil(size_of::<u64>())).map(|_| UnsafeCell::new(0)).collect();
            state.regions.push(Region(region));
        }
        state.regions.get(index).map_or(std::ptr::null_mut(), |region| UnsafeCell::raw_get(region.0.as_ptr()).cast())
    }

    /// Takes or gives back locks, all of them or none; false when somebody is in the way.
    pub(crate) fn lock(&mut self, slots: std::ops::Range<usize>, takes: bool, is_exclusive: bool) -> bool {
        let mut state = self.memory.state();
        let Some(wanted) = state.slots.get_mut(slots.clone()) else { return false };
        let held = if is_exclusive { &mut self.exclusive } else { &mut self.shared };
        let Some(held) = held.get_mut(slots) else { return false };
        let in_the_way =
            |(slot, held): (&Slot, &bool)| !*held && (slot.has_writer || (is_exclusive && slot.readers > 0));
        if takes && wanted.iter().zip(held.iter()).any(in_the_way) {
            return false;
        }
        for (slot, held) in wanted.iter_mut().zip(held) {
            match (*held, takes, is_exclusive) {
                (false, true, true) => slot.has_writer = true,
                (true, false, true) => slot.has_writer = false,
                (false, true, false) => slot.readers += 1,
                (true, false, false) => slot.readers -= 1,
                (true, true, _) | (false, false, _) => {}
            }
            *held = takes;
        }
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.lock(0..SLOTS, false, true);
        self.lock(0..SLOTS, false, false);
        let mut state = self.memory.state();
        state.users -= 1;
        if state.users == 0 {
            // As on Unix: whoever comes first after the last one begins with empty memory.
            state.regions.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_keep_writers_from_everybody_and_readers_from_writers() {
        let memory = SharedMemory::default();
        let (mut one, mut other) = (memory.clone().share(), memory.share());
        assert!(one.lock(3..4, true, false) && other.lock(3..4, true, false), "two readers");
        assert!(!one.lock(2..4, true, true), "not beside another reader");
        assert!(other.lock(3..4, false, false));
        assert!(one.lock(3..4, false, false) && one.lock(2..4, true, true));
        assert!(!other.lock(3..4, true, false) && !other.lock(2..3, true, true), "not beside a writer");
        drop(one);
        assert!(other.lock(2..3, true, true), "whoever goes lets go");
    }

    #[test]
    fn memory_is_one_for_all_and_begins_anew_after_the_last() {
        let memory = SharedMemory::default();
        let (one, other) = (memory.clone().share(), memory.clone().share());
        assert!(one.region(0, 64, false).is_null());
        let region = one.region(1, 64, true);
        assert_eq!(other.region(1, 64, false), region);
        drop((one, other));
        assert!(memory.share().region(1, 64, false).is_null());
    }
}
