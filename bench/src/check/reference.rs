//! What the followers of one topic have to receive, byte for byte: the messages of whoever was first, in their frames.
//!
//! It is checked once, by its [`Order`], and takes nothing that is out of order; whoever has received the same bytes has
//! the same order.

use super::{Counts, Order, Stamp, order::Pushed};
use crate::limits::REFERENCE_BYTES_MAX;

/// The end of a frame in which its cursor stands, in bytes. The rest of it is ASCII.
const CURSOR_BYTES_MAX: usize = 80;

/// One stream of messages.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    bytes: Vec<u8>,
    frames: Vec<Mark>,
    /// The last numbers that were pushed before it began.
    before: Vec<u32>,
    order: Order,
}

/// One message in the stream.
#[derive(Clone, Copy, Debug)]
struct Mark {
    end: usize,
    due_ns: u64,
}

impl Reference {
    /// A stream that begins when those numbers had been pushed.
    pub(crate) fn after(before: &[u32]) -> Self {
        Self { before: before.to_vec(), order: Order::after(before), ..Self::default() }
    }

    /// The bytes from there on.
    pub(crate) fn from(&self, offset: usize) -> &[u8] {
        &self.bytes[offset..]
    }

    /// Where it ends, in bytes; the beginning of a frame.
    pub(crate) fn end(&self) -> usize {
        self.bytes.len()
    }

    /// How many messages it has.
    pub(crate) fn messages(&self) -> usize {
        self.frames.len()
    }

    /// Where that message begins.
    pub(crate) fn start_of(&self, message: usize) -> usize {
        message.checked_sub(1).map_or(0, |before| self.frames[before].end)
    }

    /// When that message was due, if it ends at or before `offset`.
    pub(crate) fn due_if_ended(&self, message: usize, offset: usize) -> Option<u64> {
        self.frames.get(message).filter(|mark| mark.end <= offset).map(|mark| mark.due_ns)
    }

    /// Appends a message in its frame, which whoever is first has just received. A message that is not the next one of
    /// its lane is not taken, and false returned: the fault may be of that one follower.
    ///
    /// # Errors
    /// More than [`REFERENCE_BYTES_MAX`].
    pub(crate) fn append(&mut self, frame: &[u8], payload: &[u8]) -> anyhow::Result<bool> {
        anyhow::ensure!(self.bytes.len() + frame.len() <= REFERENCE_BYTES_MAX, "too long a run to compare: shorten it");
        let Some(stamp) = Stamp::find(payload).filter(|stamp| self.order.expects(*stamp)) else { return Ok(false) };
        self.order.take(payload);
        self.bytes.extend_from_slice(frame);
        self.frames.push(Mark { end: self.bytes.len(), due_ns: stamp.due_ns });
        Ok(true)
    }

    /// The order of somebody who has received the first so many messages and goes on alone.
    pub(crate) fn order_after(&self, messages: usize) -> Order {
        if messages == self.frames.len() {
            return self.order.clone();
        }
        let mut order = Order::after(&self.before);
        for message in 0..messages {
            if let Some(stamp) = Stamp::find(&self.bytes[self.start_of(message)..self.frames[message].end]) {
                order.take_number(stamp);
            }
        }
        order
    }

    /// The cursor of whoever has received so many messages: the last string of the last of them.
    pub(crate) fn cursor_after(&self, messages: usize) -> Option<&str> {
        let last = messages.checked_sub(1)?;
        let frame = &self.bytes[self.start_of(last)..self.frames[last].end];
        let end = std::str::from_utf8(&frame[frame.len().saturating_sub(CURSOR_BYTES_MAX)..]).ok()?;
        end.strip_suffix("\"]").and_then(|rest| rest.rsplit('"').next())
    }

    /// The judgement over the stream itself.
    pub(crate) fn judge(&self, pushed: &Pushed) -> Counts {
        self.order.judge(pushed)
    }
}
