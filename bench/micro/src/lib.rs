//! What the micro-benchmarks measure on: a push as it comes, entries as the writer makes them, and batches of them.

use bytes::Bytes;
use journal::{
    Action, ChunkBuilder, Content, Cursor, CursorKey, Declaration, Encode, Entry, ItemId, Json, Pattern, Position,
    Rule, RuleBook, Seq, Span, Tag, Tail, TopicName, TopicRules, Undeclared, UserId,
};
use wire::websocket::{FrameHeader, Opcode};

/// A chat message as clients push it, of 200 bytes.
pub const DATA: &str = r#"{"id":"b000001-000000017-000000123456789","userId":"u-1017","userName":"Ann Example","content":"the quick brown fox jumps over the lazy dog the quick brown fox jumps over the lazy dog the quick bro"}"#;

/// The push of that message as an event with an ack.
#[must_use]
pub fn push_packet() -> String {
    format!(r#"4217["push",{{"type":"bench/0000","action":"add","data":{DATA}}}]"#)
}

/// The same in a frame as clients send it.
#[must_use]
pub fn push_frame() -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut payload = push_packet().into_bytes();
    let header = FrameHeader::client(Opcode::Text, payload.len(), key);
    wire::websocket::mask(&mut payload, key, 0);
    [header.as_bytes(), &payload].concat()
}

/// Encodes as the server does: a frame around an event with the data and the cursor.
pub struct Event;

impl Encode for Event {
    fn encode(&self, entry: &Entry, cursor: &Cursor, out: &mut Vec<u8>) -> Span {
        let offset = |at: usize| u32::try_from(at).expect("a batch is smaller");
        let cursor = cursor.encode();
        let data = entry.data().map_or(&b"null"[..], |data| data.as_bytes());
        let (prefix, between) = (b"42[\"sync_update\",{\"data\":", b"},\"");
        let length = prefix.len() + data.len() + between.len() + cursor.len() + 2;
        let start = out.len();
        out.extend_from_slice(FrameHeader::server(Opcode::Text, length).as_bytes());
        let payload = out.len();
        for part in [&prefix[..], data, between, cursor.as_bytes(), b"\"]"] {
            out.extend_from_slice(part);
        }
        Span { start: offset(start), payload: offset(payload), end: offset(out.len()) }
    }
}

/// The name of a topic by its number.
#[must_use]
pub fn topic(number: u64) -> TopicName {
    TopicName::new(&format!("bench/{number:04}")).expect("it keeps to the alphabet")
}

/// Members read every topic.
#[must_use]
pub fn rules() -> RuleBook {
    let rules = TopicRules { read: Rule::Member, write: Rule::Member, clear: Rule::Admin };
    let pattern = Pattern::new("bench/*").expect("it is a pattern");
    RuleBook::new(vec![Declaration { pattern, kind: None, rules }], Undeclared::CLOSED)
}

/// The entry at a position; its topic goes round `topics` of them.
#[must_use]
pub fn entry(position: u64, topics: u64) -> Entry {
    let data = Json::from_stored(Bytes::from_static(DATA.as_bytes()));
    Entry {
        position: Position(position),
        topic: topic(position % topics),
        seq: Seq(position / topics + 1),
        action: Action::Add,
        item: Some(
            ItemId::integer(i64::try_from(position).expect("positions are small here")).expect("it is in range"),
        ),
        content: Content::Present { salt: [7; 16], data: Some(data) },
        author: Some(UserId::new("ann").expect("it is a user id")),
        owner: None,
        key: None,
        client_time: None,
        request: None,
        time_ms: 1_700_000_000_000,
        tag: Tag([7; 32]),
    }
}

/// So many entries that begin at `first`.
#[must_use]
pub fn entries(first: u64, count: u64, topics: u64) -> Vec<Entry> {
    (first..first + count).map(|position| entry(position, topics)).collect()
}

/// Encodes batches into a tail, as the writer's thread does after a commit.
pub struct Encoder {
    rules: RuleBook,
    keys: CursorKey,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { rules: rules(), keys: CursorKey::new([1; 32]) }
    }
}

impl Encoder {
    /// Encodes a batch, and hangs it on the tail.
    pub fn append(&self, tail: &mut Tail, batch: &[Entry]) {
        let mut builder = ChunkBuilder::new(batch[0].position, batch.len());
        for entry in batch {
            let index = tail.topic_index(&entry.topic, &self.rules);
            builder.push(entry, index, &self.keys, &Event);
        }
        tail.push(builder.build(), Tag([0; 32]));
    }
}

/// A tail of so many batches of so many entries each.
#[must_use]
pub fn tail(batches: u64, count: u64, topics: u64) -> Tail {
    let mut tail = Tail::new(Position::START, Tag([0; 32]));
    for number in 0..batches {
        Encoder::default().append(&mut tail, &entries(number * count + 1, count, topics));
    }
    tail
}
