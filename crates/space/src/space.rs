//! What the writer, the projector and everybody who reads share: the tail, the head, and the way into the store.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use journal::{Chunk, Cursor, CursorKey, Encode, Entry, Position, RuleBook, Tag, Tail, TopicIndex};
use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use store::{JournalReader, ViewsReader};

use crate::{Bounds, recent::Recent};

/// A space at work.
pub struct Space {
    pub(crate) rules: RuleBook,
    pub(crate) keys: CursorKey,
    pub(crate) encoder: Arc<dyn Encode>,
    pub(crate) journal: JournalReader,
    pub(crate) views: ViewsReader,
    pub(crate) data_bytes_max: usize,
    pub(crate) bounds: Bounds,
    tail: RwLock<Tail>,
    recent: Mutex<Recent>,
    head: AtomicU64,
    projected: AtomicU64,
}

/// What a space is opened with.
pub struct SpaceOptions {
    /// Who may do what.
    pub rules: RuleBook,
    /// The secret behind cursors.
    pub keys: CursorKey,
    /// How entries look on the wire.
    pub encoder: Arc<dyn Encode>,
    /// What a patch may fold to, in bytes.
    pub data_bytes_max: usize,
    /// What it keeps in memory and reads at once.
    pub bounds: Bounds,
}

impl Space {
    /// The shared half of a space, behind a journal and its projections.
    #[must_use]
    pub fn new(options: SpaceOptions, journal: &store::Journal, views: &store::Views) -> Arc<Self> {
        let (head, bounds) = (journal.head(), options.bounds);
        let tail = Tail::bounded(head.position, head.tag, bounds.tail_bytes, bounds.tail_entries);
        Arc::new(Self {
            rules: options.rules,
            keys: options.keys,
            encoder: options.encoder,
            journal: journal.reader(),
            views: views.reader(),
            data_bytes_max: options.data_bytes_max,
            bounds,
            tail: RwLock::new(tail),
            recent: Mutex::new(Recent::bounded(bounds.recent_entries)),
            head: AtomicU64::new(head.position.0),
            projected: AtomicU64::new(views.at().0.0),
        })
    }

    /// The last durable position.
    #[must_use]
    pub fn head(&self) -> Position {
        Position(self.head.load(Ordering::Acquire))
    }

    /// The last position in the projections.
    #[must_use]
    pub fn projected(&self) -> Position {
        Position(self.projected.load(Ordering::Acquire))
    }

    /// The cursor of the head.
    #[must_use]
    pub fn head_cursor(&self) -> Cursor {
        let tail = self.tail();
        self.keys.cursor(tail.head(), tail.head_tag())
    }

    /// The tail, to serve followers from. Held for non-blocking work only.
    pub fn tail(&self) -> RwLockReadGuard<'_, Tail> {
        self.tail.read()
    }

    /// The rules of its topics.
    #[must_use]
    pub fn rules(&self) -> &RuleBook {
        &self.rules
    }

    pub(crate) fn topic_indexes(&self, entries: &[Entry]) -> Vec<TopicIndex> {
        let mut tail = self.tail.write();
        entries.iter().map(|entry| tail.topic_index(&entry.topic, &self.rules)).collect()
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

    pub(crate) fn set_projected(&self, position: Position) {
        self.projected.store(position.0, Ordering::Release);
    }
}
