//! What the writer, the projector and everybody who reads share: what is published, and the way into the store.

use std::sync::Arc;

use journal::{Cursor, CursorKey, Encode, Position, RuleBook, Tail};
use store::{JournalReader, ViewsReader};

use crate::{Bounds, published::Published, recent::Recent, threads::RwLockReadGuard};

/// A space at work.
pub struct Space {
    pub(crate) rules: RuleBook,
    pub(crate) keys: CursorKey,
    pub(crate) encoder: Arc<dyn Encode>,
    pub(crate) journal: JournalReader,
    pub(crate) views: ViewsReader,
    pub(crate) data_bytes_max: usize,
    pub(crate) bounds: Bounds,
    pub(crate) published: Published,
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
            published: Published::new(tail, Recent::bounded(bounds.recent_entries), views.at().0),
        })
    }

    /// The last durable position.
    #[must_use]
    pub fn head(&self) -> Position {
        self.published.head()
    }

    /// The last position in the projections.
    #[must_use]
    pub fn projected(&self) -> Position {
        self.published.projected()
    }

    /// The cursor of the head.
    #[must_use]
    pub fn head_cursor(&self) -> Cursor {
        let tail = self.tail();
        self.keys.cursor(tail.head(), tail.head_tag())
    }

    /// The tail, to serve followers from. Held for non-blocking work only.
    pub fn tail(&self) -> RwLockReadGuard<'_, Tail> {
        self.published.tail()
    }

    /// The rules of its topics.
    #[must_use]
    pub fn rules(&self) -> &RuleBook {
        &self.rules
    }
}
