//! The incremental frame decoder: bytes in, whole messages and control frames out.
//!
//! It promises that nothing is allocated from a declared length, that a message is bounded in bytes, fragments and
//! time, and that an idle connection costs a pointer. The driver that reads the socket calls it.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::close::CloseCode;
use super::frame::{Opcode, ParsedHeader, header_bytes, mask, parse_header};
use crate::limits::{WEBSOCKET_FIRST_ALLOCATION_BYTES_MAX, WEBSOCKET_FRAGMENTS_MAX, WEBSOCKET_MESSAGE_TIME_MAX_MS};

/// Which end of the connection reads: a server demands masked frames, a client unmasked ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Reads what clients send.
    Server,
    /// Reads what servers send.
    Client,
}

/// What arrived, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A text message, valid UTF-8.
    Text(Bytes),
    /// A binary message.
    Binary(Bytes),
    /// A ping, to be answered by a pong with the same payload.
    Ping(Bytes),
    /// A pong.
    Pong(Bytes),
    /// The peer's close frame; nothing follows it.
    Close(Option<CloseCode>),
}

/// Why the connection must be failed (RFC 6455 §7.1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// A header ended before its own length said so.
    #[error("malformed frame header")]
    Malformed,
    /// A reserved bit was set although no extension was agreed on.
    #[error("reserved bits are set")]
    ReservedBits,
    /// An opcode outside the six known ones.
    #[error("unknown opcode")]
    UnknownOpcode,
    /// A client's frame without a mask, or a server's with one.
    #[error("frame masked the wrong way")]
    WrongMasking,
    /// A control frame in fragments or of more than 125 bytes.
    #[error("control frame fragmented or too long")]
    BadControlFrame,
    /// A length of 2^63 or more, or not in its shortest form.
    #[error("bad payload length")]
    BadLength,
    /// A continuation without a start, or a start inside a message.
    #[error("fragments out of order")]
    BadFragment,
    /// More frames than a message may have.
    #[error("too many fragments")]
    TooManyFragments,
    /// The message took longer than it may.
    #[error("message took too long")]
    TooSlow,
    /// The message is larger than the bound.
    #[error("message too big")]
    TooBig,
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    InvalidText,
    /// A close frame with one byte or a code that may not travel.
    #[error("bad close frame")]
    BadClose,
}

impl ProtocolError {
    /// The code to close with.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::TooBig => CloseCode::TOO_BIG,
            Self::InvalidText => CloseCode::INVALID_TEXT,
            Self::TooSlow | Self::TooManyFragments => CloseCode::POLICY,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

/// The decoder of one connection's incoming direction.
#[derive(Debug)]
pub struct Decoder {
    bounds: Bounds,
    message_time_max_ms: u32,
    unfinished: Option<Box<Unfinished>>,
}

/// What a frame is judged by.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    role: Role,
    message_bytes_max: usize,
    fragments_max: u32,
}

/// What was read of a message or frame that has not ended. It exists only while there is such a thing.
#[derive(Debug)]
struct Unfinished {
    since: Instant,
    header: [u8; 14],
    header_len: usize,
    frame: Option<OpenFrame>,
    control: BytesMut,
    message: Option<OpenMessage>,
}

#[derive(Debug)]
struct OpenFrame {
    header: ParsedHeader,
    received: u64,
}

#[derive(Debug)]
struct OpenMessage {
    opcode: Opcode,
    data: BytesMut,
    fragments: u32,
}

impl Decoder {
    /// A decoder that refuses messages of more than `message_bytes_max` bytes.
    #[must_use]
    pub const fn new(role: Role, message_bytes_max: usize) -> Self {
        let bounds = Bounds { role, message_bytes_max, fragments_max: WEBSOCKET_FRAGMENTS_MAX };
        Self { bounds, message_time_max_ms: WEBSOCKET_MESSAGE_TIME_MAX_MS, unfinished: None }
    }

    /// The same with another time from a message's first byte to its last than [`WEBSOCKET_MESSAGE_TIME_MAX_MS`].
    #[must_use]
    pub const fn with_message_time_max_ms(mut self, ms: u32) -> Self {
        self.message_time_max_ms = ms;
        self
    }

    /// The same with another number of fragments of a message than [`WEBSOCKET_FRAGMENTS_MAX`].
    #[must_use]
    pub const fn with_fragments_max(mut self, fragments: u32) -> Self {
        self.bounds.fragments_max = fragments;
        self
    }

    /// Reads from `input` up to the end of one event and moves `input` past what was read. `None` means that all of
    /// `input` was taken and more is needed.
    ///
    /// # Errors
    /// When the peer broke the protocol or a bound; the decoder is of no more use then.
    pub fn decode(&mut self, now: Instant, input: &mut &[u8]) -> Result<Option<Event>, ProtocolError> {
        let (bounds, time_max) = (self.bounds, self.message_time_max());
        if let Some(state) = &mut self.unfinished {
            if now.saturating_duration_since(state.since) >= time_max {
                return Err(ProtocolError::TooSlow);
            }
            let event = state.run(input, bounds)?;
            if state.is_empty() {
                self.unfinished = None;
            }
            return Ok(event);
        }
        // What arrives whole, as nearly everything does, needs no state in memory of its own.
        let mut state = Unfinished::new(now);
        let event = state.run(input, bounds)?;
        if !state.is_empty() {
            self.unfinished = Some(Box::new(state));
        }
        Ok(event)
    }

    /// When the message that has begun must have ended.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.unfinished.as_ref().map(|unfinished| unfinished.since + self.message_time_max())
    }

    fn message_time_max(&self) -> Duration {
        Duration::from_millis(self.message_time_max_ms.into())
    }
}

enum Step {
    Event(Event),
    Starved,
    Continue,
}

impl Unfinished {
    fn new(now: Instant) -> Self {
        let control = BytesMut::new();
        Self { since: now, header: [0; 14], header_len: 0, frame: None, control, message: None }
    }

    const fn is_empty(&self) -> bool {
        self.header_len == 0 && self.frame.is_none() && self.message.is_none()
    }

    /// Reads up to the end of one event, or of `input`.
    fn run(&mut self, input: &mut &[u8], bounds: Bounds) -> Result<Option<Event>, ProtocolError> {
        loop {
            match self.step(input, bounds)? {
                Step::Event(event) => return Ok(Some(event)),
                Step::Starved => return Ok(None),
                Step::Continue => {}
            }
        }
    }

    fn step(&mut self, input: &mut &[u8], bounds: Bounds) -> Result<Step, ProtocolError> {
        if self.frame.is_none() {
            let Some(header) = self.read_header(input, bounds.role)? else { return Ok(Step::Starved) };
            self.admit(&header, bounds)?;
            self.frame = Some(OpenFrame { header, received: 0 });
        }
        self.read_payload(input);
        match self.frame.take() {
            Some(frame) if frame.received == frame.header.payload_bytes => self.end_frame(&frame.header),
            open => {
                self.frame = open;
                Ok(Step::Starved)
            }
        }
    }

    fn read_header(&mut self, input: &mut &[u8], role: Role) -> Result<Option<ParsedHeader>, ProtocolError> {
        let wanted = loop {
            let [_, second, ..] = self.header;
            let wanted = if self.header_len < 2 { 2 } else { header_bytes(second) };
            if self.header_len >= wanted {
                break wanted;
            }
            let Some((byte, rest)) = input.split_first() else { return Ok(None) };
            *input = rest;
            *self.header.get_mut(self.header_len).ok_or(ProtocolError::Malformed)? = *byte;
            self.header_len += 1;
        };
        self.header_len = 0;
        parse_header(self.header.get(..wanted).ok_or(ProtocolError::Malformed)?, role).map(Some)
    }

    /// Judges a header by what came before it. Sizes are judged here, before a byte of the payload is stored.
    fn admit(&mut self, header: &ParsedHeader, bounds: Bounds) -> Result<(), ProtocolError> {
        if header.opcode.is_control() {
            return Ok(());
        }
        let message = match (header.opcode, &mut self.message) {
            (Opcode::Continuation, Some(message)) => message,
            (Opcode::Continuation, None) | (_, Some(_)) => return Err(ProtocolError::BadFragment),
            (opcode, none) => none.insert(OpenMessage { opcode, data: BytesMut::new(), fragments: 0 }),
        };
        message.fragments += 1;
        if message.fragments > bounds.fragments_max {
            return Err(ProtocolError::TooManyFragments);
        }
        let bytes_left = bounds.message_bytes_max.saturating_sub(message.data.len());
        if header.payload_bytes > bytes_left as u64 {
            return Err(ProtocolError::TooBig);
        }
        let expected = usize::try_from(header.payload_bytes).unwrap_or(usize::MAX);
        message.data.reserve(expected.min(WEBSOCKET_FIRST_ALLOCATION_BYTES_MAX));
        Ok(())
    }

    fn read_payload(&mut self, input: &mut &[u8]) {
        let Some(frame) = &mut self.frame else { return };
        let target = match &mut self.message {
            Some(message) if !frame.header.opcode.is_control() => &mut message.data,
            _ => &mut self.control,
        };
        let missing = usize::try_from(frame.header.payload_bytes - frame.received).unwrap_or(usize::MAX);
        let (taken, rest) = input.split_at(missing.min(input.len()));
        let start = target.len();
        target.extend_from_slice(taken);
        let added = target.get_mut(start..).expect("the buffer just grew from start");
        mask(added, frame.header.key, (frame.received % 4) as usize);
        frame.received += taken.len() as u64;
        *input = rest;
    }

    fn end_frame(&mut self, header: &ParsedHeader) -> Result<Step, ProtocolError> {
        match header.opcode {
            Opcode::Ping => Ok(Step::Event(Event::Ping(self.control.split().freeze()))),
            Opcode::Pong => Ok(Step::Event(Event::Pong(self.control.split().freeze()))),
            Opcode::Close => parse_close(&self.control.split()).map(|code| Step::Event(Event::Close(code))),
            _ if !header.last => Ok(Step::Continue),
            _ => self.end_message(),
        }
    }

    fn end_message(&mut self) -> Result<Step, ProtocolError> {
        let message = self.message.take().ok_or(ProtocolError::BadFragment)?;
        let data = message.data.freeze();
        if message.opcode == Opcode::Binary {
            return Ok(Step::Event(Event::Binary(data)));
        }
        if std::str::from_utf8(&data).is_err() {
            return Err(ProtocolError::InvalidText);
        }
        Ok(Step::Event(Event::Text(data)))
    }
}

fn parse_close(payload: &[u8]) -> Result<Option<CloseCode>, ProtocolError> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Ok(None) } else { Err(ProtocolError::BadClose) };
    };
    if std::str::from_utf8(reason).is_err() {
        return Err(ProtocolError::InvalidText);
    }
    CloseCode::from_peer(u16::from_be_bytes(*code)).map(Some).ok_or(ProtocolError::BadClose)
}
