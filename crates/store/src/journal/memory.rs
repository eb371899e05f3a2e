//! The journal in memory: for tests, simulation and spaces that nobody wants to keep.

use std::{path::Path, sync::Arc};

use journal::{Entry, Position, Tag};
use parking_lot::RwLock;

use super::Head;
use crate::{Failure, Faults};

/// Shared by the owner and all readers.
#[derive(Clone)]
pub(super) struct MemoryJournal(Arc<RwLock<Contents>>);

struct Contents {
    genesis: Tag,
    head: Head,
    entries: Vec<Entry>,
}

impl MemoryJournal {
    pub(super) fn new(head: Head) -> Self {
        Self(Arc::new(RwLock::new(Contents { genesis: head.tag, head, entries: Vec::new() })))
    }

    pub(super) fn append(&self, entries: &[Entry], head: Head, faults: &Faults) -> Result<(), Failure> {
        if faults.take_append() {
            return Err(injected());
        }
        let mut contents = self.0.write();
        contents.entries.extend_from_slice(entries);
        contents.head = head;
        Ok(())
    }

    pub(super) fn checkpoint(&self, faults: &Faults) -> Result<(), Failure> {
        if faults.take_checkpoint() { Err(injected()) } else { Ok(()) }
    }

    pub(super) fn head(&self) -> Head {
        self.0.read().head
    }

    pub(super) fn tag(&self, position: Position) -> Option<Tag> {
        let contents = self.0.read();
        match position {
            Position::START => Some(contents.genesis),
            _ => contents.at(position).map(|entry| entry.tag),
        }
    }

    pub(super) fn entry(&self, position: Position) -> Option<Entry> {
        self.0.read().at(position).cloned()
    }

    pub(super) fn page(&self, after: Position, until: Position, entries_max: usize, bytes_max: usize) -> Vec<Entry> {
        let contents = self.0.read();
        let mut budget = super::read::Budget::new(entries_max, bytes_max);
        let first = index(after.next()).unwrap_or(usize::MAX).min(contents.entries.len());
        let wanted = contents.entries[first..].iter().take_while(|entry| entry.position <= until);
        wanted.take_while(|entry| budget.admits(entry)).cloned().collect()
    }
}

impl Contents {
    fn at(&self, position: Position) -> Option<&Entry> {
        self.entries.get(index(position)?)
    }
}

fn index(position: Position) -> Option<usize> {
    usize::try_from(position.0.checked_sub(1)?).ok()
}

fn injected() -> Failure {
    Failure::new("writing", Path::new("memory"), "a fault was injected")
}
