//! How an entry looks on the wire: the Socket.IO event `sync_update`, framed for WebSocket, encoded once for everybody.
//!
//! Polling and server-sent events take the same bytes without the frame, so an [`Outline`] tells where the update and the
//! cursor lie inside a message.

use std::ops::Range;

use journal::{CURSOR_TEXT_BYTES, Cursor, Encode, Entry, Span, write_string};
use wire::websocket::{FrameHeader, Opcode};

/// Bytes after the update: `,"` the cursor `"]`.
const AFTER_UPDATE_BYTES: usize = 2 + CURSOR_TEXT_BYTES + 2;

/// Encodes `sync_update` events for the namespace of one space.
#[derive(Clone, Debug)]
pub struct UpdateEncoder {
    prefix: Box<[u8]>,
}

/// Where the parts of a message lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The update object.
    pub update: Range<usize>,
    /// The cursor, without quotes.
    pub cursor: Range<usize>,
}

impl UpdateEncoder {
    /// The encoder of a space; the space `default` is the namespace `/`.
    #[must_use]
    pub fn new(space: &str) -> Self {
        Self { prefix: format!("{}[\"sync_update\",", event_prefix(space)).into_bytes().into() }
    }

    /// Where the parts of an encoded message lie.
    #[must_use]
    pub fn outline(&self, span: Span) -> Outline {
        let update_end = span.end as usize - AFTER_UPDATE_BYTES;
        let cursor_start = update_end + 2;
        Outline {
            update: span.payload as usize + self.prefix.len()..update_end,
            cursor: cursor_start..cursor_start + CURSOR_TEXT_BYTES,
        }
    }
}

/// What stands before the array of an event: Engine.IO `4`, Socket.IO `2`, and the namespace unless it is `/`.
#[must_use]
fn event_prefix(space: &str) -> String {
    if space == super::DEFAULT_SPACE { "42".to_owned() } else { format!("42/{space},") }
}

impl Encode for UpdateEncoder {
    fn encode(&self, entry: &Entry, cursor: &Cursor, out: &mut Vec<u8>) -> Span {
        let start = out.len();
        // The header's length depends on the message's: leave room for the longest, then close up.
        out.resize(start + FrameHeader::SERVER_BYTES_MAX, 0);
        let payload = out.len();
        out.extend_from_slice(&self.prefix);
        write_update(entry, out);
        out.extend_from_slice(b",\"");
        out.extend_from_slice(cursor.encode().as_bytes());
        out.extend_from_slice(b"\"]");
        let header = FrameHeader::server(Opcode::Text, out.len() - payload);
        let header = header.as_bytes();
        out[start..start + header.len()].copy_from_slice(header);
        out.drain(start + header.len()..payload);
        Span { start: offset(start), payload: offset(start + header.len()), end: offset(out.len()) }
    }
}

/// The update object of an entry.
pub fn write_update(entry: &Entry, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":");
    write_string(out, entry.topic.as_str());
    out.extend_from_slice(b",\"action\":\"");
    out.extend_from_slice(entry.action.as_str().as_bytes());
    out.extend_from_slice(b"\",\"data\":");
    out.extend_from_slice(entry.data().map_or(b"null".as_slice(), |data| data.as_bytes()));
    out.extend_from_slice(b",\"timestamp\":");
    out.extend_from_slice(entry.time_ms.to_string().as_bytes());
    out.extend_from_slice(b",\"author\":");
    match &entry.author {
        Some(author) => write_string(out, author.as_str()),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"seq\":");
    out.extend_from_slice(entry.seq.0.to_string().as_bytes());
    out.push(b'}');
}

fn offset(index: usize) -> u32 {
    u32::try_from(index).expect("a batch is bounded far below 4 GiB")
}
