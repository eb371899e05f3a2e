//! The tail: the newest entries of a space in encoded form, shared by everybody who follows it.
//!
//! One batch of the writer becomes one [`Chunk`]: its entries' encoded messages lie one after the other in position
//! order, so that a follower of everything, or of the one topic a batch touched, is served by one contiguous slice,
//! and a follower of some topics by a few. Chunks are immutable; nobody copies a message to serve it.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;

use crate::{
    Action, Bug, Cursor, CursorKey, Entry, Position, Role, RuleBook, Sight, Tag, TopicName, UserId,
    limits::{TAIL_BYTES_MAX, TAIL_ENTRIES_MAX},
};

/// Turns an entry into the bytes that followers are sent. Injected, because the domain knows no wire.
pub trait Encode: Send + Sync {
    /// Appends one encoded message to `out` and says where it lies in it.
    fn encode(&self, entry: &Entry, cursor: &Cursor, out: &mut Vec<u8>) -> Span;
}

/// One message inside shared bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where its framing begins.
    pub start: u32,
    /// Where the framing ends and the message itself begins.
    pub payload: u32,
    /// Where it ends.
    pub end: u32,
}

/// Some messages that lie one behind the other in shared bytes: each span starts where the one before it ends.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'t> {
    /// The bytes that the spans point into.
    pub bytes: &'t Bytes,
    /// The messages.
    pub spans: &'t [Span],
}

impl<'t> Slice<'t> {
    /// Where the first message begins and the last one ends.
    #[must_use]
    pub fn bounds(&self) -> (usize, usize) {
        match (self.spans.first(), self.spans.last()) {
            (Some(first), Some(last)) => (first.start as usize, last.end as usize),
            _ => (0, 0),
        }
    }

    /// All messages, with their framing.
    #[must_use]
    pub fn contiguous(&self) -> &'t [u8] {
        let (start, end) = self.bounds();
        self.bytes.get(start..end).expect("spans lie inside their bytes")
    }
}

/// A topic as the tail numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicIndex(u32);

/// What a reader's right to an entry is judged by.
#[derive(Clone, Debug)]
struct Slot {
    topic: TopicIndex,
    owner: Option<UserId>,
    is_clear: bool,
}

/// One batch, encoded.
#[derive(Debug)]
pub struct Chunk {
    first: Position,
    bytes: Bytes,
    spans: Vec<Span>,
    slots: Vec<Slot>,
    /// The cursor of each entry.
    cursors: Vec<Cursor>,
    /// Its topics, ascending, each once.
    topics: Vec<TopicIndex>,
    /// With several topics: the places of each topic's entries, topic by topic.
    places: Vec<u32>,
    /// With several topics: where each topic's places end.
    places_end: Vec<u32>,
}

/// The newest entries of a space.
#[derive(Debug)]
pub struct Tail {
    chunks: VecDeque<Arc<Chunk>>,
    head: Position,
    head_tag: Tag,
    bytes: usize,
    bytes_max: usize,
    entries: usize,
    entries_max: usize,
    indexes: HashMap<TopicName, TopicIndex>,
    topics: Vec<TopicInTail>,
}

#[derive(Debug)]
struct TopicInTail {
    name: TopicName,
    sights: [Sight; 3],
}

impl Chunk {
    /// The position of the first entry.
    #[must_use]
    pub fn first(&self) -> Position {
        self.first
    }

    /// The position of the last entry.
    #[must_use]
    pub fn last(&self) -> Position {
        Position(self.first.0 + self.spans.len() as u64 - 1)
    }

    /// All messages, one after the other.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Where each message lies.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The topics it touches, ascending, each once.
    #[must_use]
    pub fn topics(&self) -> &[TopicIndex] {
        &self.topics
    }

    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(crate) fn topic(&self, index: usize) -> TopicIndex {
        self.slots[index].topic
    }

    /// Where the entries of one of its topics lie; nothing in a chunk with a single topic, where they lie everywhere.
    pub(crate) fn places_of(&self, topic: TopicIndex) -> &[u32] {
        let Ok(at) = self.topics.binary_search(&topic) else { return &[] };
        let bound = |at: usize| self.places_end.get(at).map_or(0, |end| *end as usize);
        let begin = at.checked_sub(1).map_or(0, bound);
        self.places.get(begin..bound(at)).unwrap_or_default()
    }

    /// Sorts its places by topic, once all entries are there.
    fn index_topics(&mut self) {
        let mut by_topic: Vec<(TopicIndex, u32)> = self.slots.iter().map(|slot| slot.topic).zip(0..).collect();
        by_topic.sort_unstable();
        for of_one in by_topic.chunk_by(|(one, _), (other, _)| one == other) {
            self.topics.extend(of_one.first().map(|(topic, _)| *topic));
            self.places.extend(of_one.iter().map(|(_, place)| *place));
            self.places_end.push(u32::try_from(self.places.len()).expect("a batch has far fewer entries than 2^32"));
        }
        if self.topics.len() == 1 {
            (self.places, self.places_end) = (Vec::new(), Vec::new());
        }
    }

    pub(crate) fn owner(&self, index: usize) -> (Option<&UserId>, bool) {
        (self.slots[index].owner.as_ref(), self.slots[index].is_clear)
    }
}

impl Tail {
    /// An empty tail behind the head of a journal.
    #[must_use]
    pub fn new(head: Position, head_tag: Tag) -> Self {
        Self::bounded(head, head_tag, TAIL_BYTES_MAX, TAIL_ENTRIES_MAX)
    }

    /// An empty tail with bounds of its own. The newest batch always stays, however large.
    #[must_use]
    pub fn bounded(head: Position, head_tag: Tag, bytes_max: usize, entries_max: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            head,
            head_tag,
            bytes: 0,
            bytes_max,
            entries: 0,
            entries_max,
            indexes: HashMap::new(),
            topics: Vec::new(),
        }
    }

    /// The last position it has.
    #[must_use]
    pub fn head(&self) -> Position {
        self.head
    }

    /// The tag of the head.
    #[must_use]
    pub fn head_tag(&self) -> &Tag {
        &self.head_tag
    }

    /// The oldest position it still has; the one after the head when it is empty.
    #[must_use]
    pub fn oldest(&self) -> Position {
        self.chunks.front().map_or(self.head.next(), |chunk| chunk.first)
    }

    /// The cursor of an entry that it still has.
    #[must_use]
    pub fn cursor_at(&self, position: Position) -> Option<Cursor> {
        let chunk = self.chunks_from(position).next()?;
        let place = usize::try_from(position.0.checked_sub(chunk.first.0)?).ok()?;
        chunk.cursors.get(place).copied()
    }

    /// The name behind a topic's number.
    #[must_use]
    pub fn topic_name(&self, index: TopicIndex) -> &TopicName {
        &self.topics[index.0 as usize].name
    }

    /// The number of a topic that has one.
    pub(crate) fn index_of(&self, name: &TopicName) -> Option<TopicIndex> {
        self.indexes.get(name).copied()
    }

    /// What somebody of this role sees of a topic.
    #[must_use]
    pub fn sight(&self, index: TopicIndex, role: Role) -> Sight {
        self.topics[index.0 as usize].sights[role as usize]
    }

    /// Numbers a topic. Rules are fixed while a process runs, so what each role sees is found once.
    pub fn topic_index(&mut self, name: &TopicName, rules: &RuleBook) -> TopicIndex {
        if let Some(index) = self.indexes.get(name) {
            return *index;
        }
        let index = TopicIndex(u32::try_from(self.topics.len()).expect("TOPICS_MAX is far below 2^32"));
        let sights = [Role::Anonymous, Role::Member, Role::Admin].map(|role| rules.sight(name, role));
        self.topics.push(TopicInTail { name: name.clone(), sights });
        self.indexes.insert(name.clone(), index);
        index
    }

    /// Takes the next batch. It must continue the head; the oldest batches leave when the bounds are reached.
    pub fn push(&mut self, chunk: Arc<Chunk>, head_tag: Tag) {
        assert_eq!(chunk.first, self.head.next(), "a batch continues the head");
        self.head = chunk.last();
        self.head_tag = head_tag;
        self.bytes += chunk.bytes.len();
        self.entries += chunk.len();
        self.chunks.push_back(chunk);
        while self.chunks.len() > 1 && (self.bytes > self.bytes_max || self.entries > self.entries_max) {
            self.evict();
        }
    }

    /// The chunks from the one that holds `position` on.
    pub(crate) fn chunks_from(&self, position: Position) -> impl Iterator<Item = &Chunk> {
        let at = self.chunks.partition_point(|chunk| chunk.last() < position);
        self.chunks.range(at..).map(|chunk| &**chunk)
    }

    fn evict(&mut self) {
        if let Some(chunk) = self.chunks.pop_front() {
            self.bytes -= chunk.bytes.len();
            self.entries -= chunk.len();
        }
    }
}

/// Encodes a batch, outside of any lock but the one that numbers topics.
pub struct ChunkBuilder {
    chunk: Chunk,
    bytes: Vec<u8>,
}

impl ChunkBuilder {
    /// A batch that begins at this position.
    #[must_use]
    pub fn new(first: Position, entries: usize) -> Self {
        let chunk = Chunk {
            first,
            bytes: Bytes::new(),
            spans: Vec::with_capacity(entries),
            slots: Vec::with_capacity(entries),
            cursors: Vec::with_capacity(entries),
            topics: Vec::new(),
            places: Vec::new(),
            places_end: Vec::new(),
        };
        Self { chunk, bytes: Vec::new() }
    }

    /// Adds the next entry of the batch.
    pub fn push(&mut self, entry: &Entry, topic: TopicIndex, keys: &CursorKey, encoder: &dyn Encode) {
        debug_assert_eq!(entry.position.0, self.chunk.first.0 + self.chunk.len() as u64);
        let position = if Bug::CursorOffByOne.is_planted() { entry.position.previous() } else { entry.position };
        let cursor = keys.cursor(position, &entry.tag);
        self.chunk.spans.push(encoder.encode(entry, &cursor, &mut self.bytes));
        self.chunk.cursors.push(cursor);
        self.chunk.slots.push(Slot { topic, owner: entry.owner().cloned(), is_clear: entry.action == Action::Clear });
    }

    /// The finished batch; at least one entry was pushed.
    #[must_use]
    pub fn build(mut self) -> Arc<Chunk> {
        assert!(!self.chunk.spans.is_empty(), "a batch has entries");
        self.chunk.bytes = self.bytes.into();
        self.chunk.index_topics();
        Arc::new(self.chunk)
    }
}
