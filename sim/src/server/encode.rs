//! How an entry looks on the wire. Mirrors `crates/server/src/sync/encode.rs`.

use std::ops::Range;

use journal::{CURSOR_TEXT_BYTES, Cursor, Encode, Entry, Span, write_string};
use wire::websocket::{FrameHeader, Opcode};

const PREFIX: &[u8] = b"42[\"sync_update\",";

/// Bytes after the update: `,"` the cursor `"]`.
const AFTER_UPDATE_BYTES: usize = 2 + CURSOR_TEXT_BYTES + 2;

/// Encodes `sync_update` events of the namespace `/`, framed for WebSocket.
pub(crate) struct UpdateEncoder;

impl Encode for UpdateEncoder {
    fn encode(&self, entry: &Entry, cursor: &Cursor, out: &mut Vec<u8>) -> Span {
        let mut message = PREFIX.to_vec();
        write_update(entry, &mut message);
        message.extend_from_slice(format!(",\"{}\"]", cursor.encode()).as_bytes());
        let offset = |index: usize| u32::try_from(index).expect("a batch is bounded far below 4 GiB");
        let start = offset(out.len());
        out.extend_from_slice(FrameHeader::server(Opcode::Text, message.len()).as_bytes());
        let payload = offset(out.len());
        out.extend_from_slice(&message);
        Span { start, payload, end: offset(out.len()) }
    }
}

/// Where the update and its cursor lie in a message.
pub(super) fn outline(span: Span) -> (Range<usize>, Range<usize>) {
    let update_end = span.end as usize - AFTER_UPDATE_BYTES;
    let cursor = update_end + 2;
    (span.payload as usize + PREFIX.len()..update_end, cursor..cursor + CURSOR_TEXT_BYTES)
}

fn write_update(entry: &Entry, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":");
    write_string(out, entry.topic.as_str());
    out.extend_from_slice(format!(",\"action\":\"{}\",\"data\":", entry.action.as_str()).as_bytes());
    out.extend_from_slice(entry.data().map_or(b"null".as_slice(), |data| data.as_bytes()));
    out.extend_from_slice(format!(",\"timestamp\":{},\"author\":", entry.time_ms).as_bytes());
    match &entry.author {
        Some(author) => write_string(out, author.as_str()),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(format!(",\"seq\":{}}}", entry.seq.0).as_bytes());
}
