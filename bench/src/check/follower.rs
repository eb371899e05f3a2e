//! One follower's stream: compared with the reference of its topic as long as it is the same, parsed from where it differs.
//!
//! A follower that compares keeps two numbers and no bytes. What is not part of the stream (heartbeats, other events)
//! stands between two frames; it is parsed and left out. A message that differs puts the follower on its own: from then on
//! each of its messages is parsed, and its order is judged by itself.

use super::{Counts, Frame, Opcode, Order, Reference, Tally, order::Pushed};
use crate::dialect::{Dialect, Said};

/// One follower.
#[derive(Debug)]
pub(crate) struct Follower {
    dialect: Dialect,
    reading: Reading,
    /// The beginning of a frame that has not come whole, where it is not known from the reference.
    carry: Vec<u8>,
    strange: u64,
}

#[derive(Debug)]
enum Reading {
    /// Everything until here was as in the reference: so many bytes, so many whole messages.
    Shared { offset: usize, message: usize },
    /// It differs, or there is nothing to compare with.
    Alone(Box<Order>),
}

/// What a follower has to do about what it read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Heartbeats to answer.
    pub(crate) pongs: usize,
    /// The server says that this is the end.
    pub(crate) closed: bool,
}

impl Follower {
    /// Stands at the end of the reference as it is now.
    pub(crate) fn shared(dialect: Dialect, reference: &Reference) -> Self {
        Self::new(dialect, Reading::Shared { offset: reference.end(), message: reference.messages() })
    }

    /// Compares with nobody; has had everything up to those numbers.
    pub(crate) fn alone(dialect: Dialect, last: &[u32]) -> Self {
        Self::new(dialect, Reading::Alone(Box::new(Order::after(last))))
    }

    fn new(dialect: Dialect, reading: Reading) -> Self {
        Self { dialect, reading, carry: Vec::new(), strange: 0 }
    }

    /// Takes the next bytes of its connection, cut anywhere.
    ///
    /// # Errors
    /// Bytes that are no frames.
    pub(crate) fn receive(
        &mut self,
        bytes: &[u8],
        reference: &mut Reference,
        tally: &mut Tally,
        now_ns: u64,
    ) -> anyhow::Result<Wish> {
        let mut reader = Reader { reference, tally, now_ns, wish: Wish::default() };
        if self.carry.is_empty() {
            self.read(bytes, &mut reader)?;
        } else {
            let mut whole = std::mem::take(&mut self.carry);
            whole.extend_from_slice(bytes);
            self.read(&whole, &mut reader)?;
        }
        Ok(reader.wish)
    }

    fn read(&mut self, bytes: &[u8], reader: &mut Reader<'_>) -> anyhow::Result<()> {
        let mut rest = bytes;
        loop {
            if let Reading::Shared { offset, message } = &mut self.reading {
                rest = &rest[reader.compare(rest, offset, message)..];
                if rest.is_empty() {
                    return Ok(());
                }
                let start = reader.reference.start_of(*message);
                if start < *offset {
                    // The frame began like the expected one: what came of it is in the reference.
                    let whole = [&reader.reference.from(start)[..*offset - start], rest].concat();
                    *offset = start;
                    return self.read_differing(&whole, reader);
                }
            }
            let Some(frame) = Frame::first(rest)? else {
                self.carry.extend_from_slice(rest);
                return Ok(());
            };
            self.take(rest, frame, reader)?;
            rest = &rest[frame.end..];
        }
    }

    /// Reads bytes whose first frame is known to differ from the reference's.
    fn read_differing(&mut self, bytes: &[u8], reader: &mut Reader<'_>) -> anyhow::Result<()> {
        let Some(frame) = Frame::first(bytes)? else {
            self.carry.extend_from_slice(bytes);
            return Ok(());
        };
        self.take(bytes, frame, reader)?;
        self.read(&bytes[frame.end..], reader)
    }

    fn take(&mut self, bytes: &[u8], frame: Frame, reader: &mut Reader<'_>) -> anyhow::Result<()> {
        let mut rest = &bytes[frame.header_bytes..frame.end];
        match frame.opcode {
            Opcode::Close => reader.wish.closed = true,
            Opcode::Text => loop {
                let (text, others) = self.dialect.first_text(rest);
                self.text(&bytes[..frame.end], text, reader)?;
                rest = others;
                if rest.is_empty() {
                    break;
                }
            },
            _ => self.strange += 1,
        }
        Ok(())
    }

    fn text(&mut self, frame: &[u8], text: &[u8], reader: &mut Reader<'_>) -> anyhow::Result<()> {
        match self.dialect.said(text) {
            Said::Message => self.message(frame, text, reader)?,
            Said::Ping => reader.wish.pongs += 1,
            Said::Event { reset } => {
                reader.tally.events += 1;
                reader.tally.resets += u64::from(reset);
            }
            Said::Nothing => {}
            Said::Strange => self.strange += 1,
        }
        Ok(())
    }

    fn message(&mut self, frame: &[u8], payload: &[u8], reader: &mut Reader<'_>) -> anyhow::Result<()> {
        if let Reading::Shared { offset, message } = &mut self.reading {
            if *offset == reader.reference.end() && reader.reference.append(frame, payload)? {
                reader.compare(frame, offset, message);
                return Ok(());
            }
            self.reading = Reading::Alone(Box::new(reader.reference.order_after(*message)));
        }
        if let Reading::Alone(order) = &mut self.reading {
            let due_ns = order.take(payload).map_or(0, |stamp| stamp.due_ns);
            reader.tally.deliver(due_ns, reader.now_ns);
        }
        Ok(())
    }

    /// The judgement over everything it received, when it is known what was pushed. `delivered` is left at zero: the
    /// tally counts that.
    pub(crate) fn judge(&self, reference: &Reference, pushed: &Pushed) -> Counts {
        let mut counts = match &self.reading {
            Reading::Shared { message, .. } => {
                let behind = (reference.messages() - message) as u64;
                let shared = reference.judge(pushed);
                Counts { lost: shared.lost + behind, ..shared }
            }
            Reading::Alone(order) => order.judge(pushed),
        };
        counts.strange += self.strange;
        counts.delivered = 0;
        counts
    }

    /// Whether it left the reference, or never had one.
    pub(crate) fn is_alone(&self) -> bool {
        matches!(self.reading, Reading::Alone(_))
    }

    /// Its connection is gone: forgets the frame that had not come whole, and tells the cursor that it would come back
    /// with. Who reads alone has none.
    pub(crate) fn cut<'a>(&mut self, reference: &'a Reference) -> Option<&'a str> {
        self.carry.clear();
        let Reading::Shared { offset, message } = &mut self.reading else { return None };
        *offset = reference.start_of(*message);
        reference.cursor_after(*message)
    }
}

/// What reading needs beside the follower.
struct Reader<'a> {
    reference: &'a mut Reference,
    tally: &'a mut Tally,
    now_ns: u64,
    wish: Wish,
}

impl Reader<'_> {
    /// Goes on as far as `bytes` are what the reference says, and counts the messages that are whole now. Returns how
    /// many bytes that were.
    fn compare(&mut self, bytes: &[u8], offset: &mut usize, message: &mut usize) -> usize {
        let expected = self.reference.from(*offset);
        let length = expected.len().min(bytes.len());
        let same = if bytes[..length] == expected[..length] {
            length
        } else {
            bytes.iter().zip(expected).take_while(|(is, should)| is == should).count()
        };
        *offset += same;
        while let Some(due_ns) = self.reference.due_if_ended(*message, *offset) {
            self.tally.deliver(due_ns, self.now_ns);
            *message += 1;
        }
        same
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::messages as server_messages;
