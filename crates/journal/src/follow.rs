//! Following: one cursor into the journal, whether it catches up or is live.
//!
//! A [`Follower`] holds how far it was served and nothing else: no queue. [`Follower::next`] offers what it may read
//! after its cursor, as slices of the tail's shared bytes; what the transport took is told to [`Follower::took`]. A
//! follower that has fallen out of the tail is told to read a page from the store. Catching up and being live are the
//! same code: the next thing after the cursor.

use arrayvec::ArrayVec;
use bytes::Bytes;

use crate::{
    Bug, Pattern, Position, Principal, TopicName,
    select::{Selection, Wanted},
    tail::{Chunk, Span, Tail},
};

/// Slices of one offer. More would not go out faster: the socket's buffer is full before.
pub const OFFER_PIECES_MAX: usize = 32;

/// Which topics a follower follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// All that it may read.
    #[default]
    Everything,
    /// Those that a pattern selects.
    Patterns(Box<[Pattern]>),
}

impl Filter {
    /// Whether it follows this topic.
    #[must_use]
    pub fn wants(&self, topic: &TopicName) -> bool {
        match self {
            Self::Everything => true,
            Self::Patterns(patterns) => patterns.iter().any(|pattern| pattern.matches(topic)),
        }
    }
}

/// Messages that lie one after the other in shared bytes.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'t> {
    /// The shared bytes.
    pub bytes: &'t Bytes,
    /// Where the messages lie in them, without a hole.
    pub spans: &'t [Span],
    first: Position,
}

/// What comes after the cursor.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for one call; a box would cost every serving an allocation"
)]
pub enum Next<'t> {
    /// Nothing; it has been served up to the head.
    Idle,
    /// These messages.
    Offer(Offer<'t>),
    /// It has fallen out of the tail: read a page from the store after [`Follower::served`].
    Store,
}

/// Messages to be written, and how far the follower is served once all of them were taken.
#[derive(Debug)]
pub struct Offer<'t> {
    pieces: ArrayVec<Piece<'t>, OFFER_PIECES_MAX>,
    through: Position,
}

impl<'t> Offer<'t> {
    /// What to write, in this order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece<'t>] {
        &self.pieces
    }

    /// How many messages it has.
    #[must_use]
    pub fn messages(&self) -> usize {
        self.pieces.iter().map(|piece| piece.spans.len()).sum()
    }
}

/// Somebody who follows a space.
#[derive(Debug)]
pub struct Follower {
    reader: Principal,
    filter: Filter,
    served: Position,
    is_dirty: bool,
}

impl Follower {
    /// A follower that has seen everything up to `served`. It begins dirty: nothing says that this is the head.
    #[must_use]
    pub fn new(reader: Principal, filter: Filter, served: Position) -> Self {
        Self { reader, filter, served, is_dirty: true }
    }

    /// Who reads.
    #[must_use]
    pub fn reader(&self) -> &Principal {
        &self.reader
    }

    /// Which topics it follows.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Everything up to here was handed over, or is not for this follower.
    #[must_use]
    pub fn served(&self) -> Position {
        self.served
    }

    /// Whether there may be something to serve.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    /// A batch that begins at `first` touched a topic it follows. A clean follower has been served up to everything
    /// before: nothing in between concerned it.
    pub fn touch(&mut self, first: Position) {
        if !self.is_dirty || Bug::LiveOvertakesCatchUp.is_planted() {
            self.served = self.served.max(first.previous());
            self.is_dirty = true;
        }
    }

    /// Clean and told the head: everything up to there is behind it.
    pub fn settle(&mut self, head: Position) {
        if !self.is_dirty {
            self.served = self.served.max(head);
        }
    }

    /// What comes next. `bytes_max` bounds the offer, but one message is always offered.
    pub fn next<'t>(&mut self, tail: &'t Tail, bytes_max: usize) -> Next<'t> {
        if self.served >= tail.head() {
            self.is_dirty = false;
            return Next::Idle;
        }
        if self.served.next() < tail.oldest() && !Bug::EvictedUnderReader.is_planted() {
            return Next::Store;
        }
        let offer = self.offer(tail, bytes_max);
        if offer.pieces.is_empty() {
            // Nothing up to the head is for this follower: an offer only ends early when it has something.
            self.served = offer.through;
            self.is_dirty = false;
            return Next::Idle;
        }
        Next::Offer(offer)
    }

    /// The transport took so many messages of an offer.
    pub fn took(&mut self, offer: &Offer<'_>, messages: usize) {
        let mut left = messages;
        for piece in &offer.pieces {
            if left < piece.spans.len() {
                // Everything before the first message that was not taken is done with.
                let left = Position(piece.first.0 + left as u64);
                self.served = if Bug::PartlyTakenIsSkipped.is_planted() { left } else { left.previous() };
                return;
            }
            left -= piece.spans.len();
        }
        self.served = offer.through;
    }

    /// A page from the store was handed over, up to and including `through`.
    pub fn took_page(&mut self, through: Position) {
        self.served = self.served.max(through);
    }

    fn offer<'t>(&self, tail: &'t Tail, bytes_max: usize) -> Offer<'t> {
        let mut offer = Offer { pieces: ArrayVec::new(), through: self.served };
        let mut bytes = 0;
        let wanted = Wanted::by(&self.filter, tail);
        for chunk in tail.chunks_from(self.served.next()) {
            let from = usize::try_from(self.served.next().0.saturating_sub(chunk.first().0)).unwrap_or(0);
            let mut selection = Selection::new(tail, chunk, from, &self.reader, &wanted);
            while let Some(run) = selection.next_run() {
                let end = fitting(chunk, run.start, run.end, bytes_max.saturating_sub(bytes), bytes == 0);
                if end == run.start || offer.pieces.is_full() {
                    return offer;
                }
                let spans = &chunk.spans()[run.start..end];
                let first = Position(chunk.first().0 + run.start as u64);
                bytes += length(spans);
                offer.pieces.push(Piece { bytes: chunk.bytes(), spans, first });
                offer.through = Position(chunk.first().0 + end as u64 - 1);
                if end < run.end {
                    return offer;
                }
            }
            offer.through = chunk.last();
        }
        offer
    }
}

fn length(spans: &[Span]) -> usize {
    match spans {
        [first, .., last] => (last.end - first.start) as usize,
        [only] => (only.end - only.start) as usize,
        [] => 0,
    }
}

/// How many of the messages from `begin` fit into the bytes that are left; the first of an offer always does.
fn fitting(chunk: &Chunk, begin: usize, end: usize, bytes_left: usize, is_first: bool) -> usize {
    let spans = &chunk.spans()[begin..end];
    if length(spans) <= bytes_left {
        return end;
    }
    let base = spans.first().map_or(0, |span| span.start);
    let fit = spans.partition_point(|span| (span.end - base) as usize <= bytes_left);
    begin + fit.max(usize::from(is_first))
}
