//! What the writer publishes, and the projector and everybody who reads look at: the tail, the head, the newest entries on
//! their way to the projector, and how far the projections are.
//!
//! Whoever reads the head finds everything up to it in the tail, or that it has left it. `interleave/tests/publishing.rs` and
//! `interleave/tests/knowing.rs` try every order of their steps.

use std::sync::Arc;

use journal::{Chunk, Entry, Position, RuleBook, Tag, Tail, TopicIndex};

use crate::{
    recent::Recent,
    threads::{AtomicU64, Mutex, Ordering, RwLock, RwLockReadGuard},
};

/// Where the writer, the projector and the readers of a space meet.
pub(crate) struct Published {
    tail: RwLock<Tail>,
    recent: Mutex<Recent>,
    head: AtomicU64,
    projected: AtomicU64,
}

impl Published {
    /// Behind a journal's head, which the tail has too.
    pub(crate) fn new(tail: Tail, recent: Recent, projected: Position) -> Self {
        let head = AtomicU64::new(tail.head().0);
        Self { tail: RwLock::new(tail), recent: Mutex::new(recent), head, projected: AtomicU64::new(projected.0) }
    }

    pub(crate) fn head(&self) -> Position {
        Position(self.head.load(Ordering::Acquire))
    }

    pub(crate) fn projected(&self) -> Position {
        Position(self.projected.load(Ordering::Acquire))
    }

    pub(crate) fn tail(&self) -> RwLockReadGuard<'_, Tail> {
        self.tail.read()
    }

    pub(crate) fn topic_indexes(&self, entries: &[Entry], rules: &RuleBook) -> Vec<TopicIndex> {
        let mut tail = self.tail.write();
        entries.iter().map(|entry| tail.topic_index(&entry.topic, rules)).collect()
    }

    /// The chunk is in the tail before the head says so: whoever reads the head finds everything up to it.
    pub(crate) fn publish(&self, chunk: Arc<Chunk>, head_tag: Tag) {
        let head = chunk.last();
        self.tail.write().push(chunk, head_tag);
        self.head.store(head.0, Ordering::Release);
    }

    /// Leaves durable entries to the projector.
    pub(crate) fn hand_over(&self, entries: Vec<Entry>) {
        self.recent.lock().push(entries);
    }

    /// The entries behind `after`, as far as they are still in memory.
    pub(crate) fn handed_over(&self, after: Position, entries_max: usize, bytes_max: usize) -> Vec<Entry> {
        self.recent.lock().take(after, entries_max, bytes_max)
    }

    /// The projections have these entries: from now on the writer asks them and forgets what it remembered.
    pub(crate) fn set_projected(&self, position: Position) {
        self.projected.store(position.0, Ordering::Release);
    }
}
