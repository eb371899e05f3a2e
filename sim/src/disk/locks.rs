//! The locks on a database file, as <https://sqlite.org/lockingv3.html> describes them.

use std::collections::BTreeMap;

use vfs::{FileId, Lock, Refusal};

/// Who has which lock on one file.
#[derive(Debug, Default)]
pub(super) struct Locks(BTreeMap<FileId, Lock>);

impl Locks {
    pub(super) fn take(&mut self, file: FileId, wanted: Lock) -> Result<(), Refusal> {
        let others = || self.0.iter().filter(|(other, _)| **other != file).map(|(_, lock)| *lock);
        let strongest = others().max().unwrap_or(Lock::None);
        let is_free = match wanted {
            Lock::None => true,
            Lock::Shared => strongest < Lock::Pending,
            Lock::Reserved | Lock::Pending => strongest < Lock::Reserved,
            Lock::Exclusive => strongest == Lock::None,
        };
        if is_free {
            self.0.insert(file, wanted);
            return Ok(());
        }
        if wanted == Lock::Exclusive && strongest == Lock::Shared {
            // It waits for the readers to end, and lets no new ones in.
            self.0.insert(file, Lock::Pending);
        }
        Err(Refusal::Busy)
    }

    pub(super) fn give_back(&mut self, file: FileId, kept: Lock) {
        match kept {
            Lock::None => drop(self.0.remove(&file)),
            kept => drop(self.0.insert(file, kept)),
        }
    }

    pub(super) fn is_reserved(&self) -> bool {
        self.0.values().any(|lock| *lock >= Lock::Reserved)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
