//! The smallest journal that a model needs: one topic, entries that are their positions.

use std::sync::Arc;

use journal::{
    Action, Chunk, ChunkBuilder, Content, Cursor, CursorKey, Encode, Entry, Key, Position, RuleBook, Seq, Span, Tag,
    TopicIndex, TopicName, Undeclared,
};

struct Positions;

impl Encode for Positions {
    fn encode(&self, entry: &Entry, _: &Cursor, out: &mut Vec<u8>) -> Span {
        let start = u32::try_from(out.len()).unwrap();
        out.extend_from_slice(&entry.position.0.to_be_bytes());
        Span { start, payload: start, end: start + 8 }
    }
}

/// The position that a message tells.
pub(crate) fn position(bytes: &[u8], span: Span) -> u64 {
    u64::from_be_bytes(bytes[span.start as usize..span.end as usize].try_into().unwrap())
}

pub(crate) fn topic() -> TopicName {
    TopicName::new("chat").unwrap()
}

pub(crate) fn rules() -> RuleBook {
    RuleBook::new(Vec::new(), Undeclared::OPEN)
}

pub(crate) fn tag(position: u64) -> Tag {
    Tag([u8::try_from(position).unwrap(); 32])
}

/// The key of the entry at a position.
pub(crate) fn key(position: u64) -> Key {
    Key::new(&format!("k{position}")).unwrap()
}

pub(crate) fn entry(position: u64) -> Entry {
    Entry {
        position: Position(position),
        topic: topic(),
        seq: Seq(position),
        action: Action::Clear,
        item: None,
        content: Content::Present { salt: [0; 16], data: None },
        author: None,
        owner: None,
        key: Some(key(position)),
        client_time: None,
        request: None,
        time_ms: 0,
        tag: tag(position),
    }
}

/// A batch of one entry.
pub(crate) fn batch(position: u64, index: TopicIndex) -> Arc<Chunk> {
    let mut builder = ChunkBuilder::new(Position(position), 1);
    builder.push(&entry(position), index, &CursorKey::new([0; 32]), &Positions);
    builder.build()
}
