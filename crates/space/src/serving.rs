//! One follower being served: from the tail, or a page at a time from the store while it is behind the tail.
//!
//! There is no queue: what comes next is asked of the journal whenever the transport has room. Whoever drives a transport
//! calls [`Serving::fill`], and does what [`Filled`] says.

use arrayvec::ArrayVec;
use journal::{Bug, Filter, Follower, Next, OFFER_PIECES_MAX, Position, Principal, Slice};

use crate::{Page, Space};

/// A follower, and what it holds between two fills.
#[derive(Debug)]
pub struct Serving {
    follower: Follower,
    page: Option<Box<Held>>,
    /// A page has been asked for and has not come yet.
    is_reading: bool,
    /// The last position whose cursor it was given.
    told: Position,
}

/// A page of the store, and how much of it was handed over.
#[derive(Debug)]
struct Held {
    page: Page,
    taken: usize,
}

/// What a follower waits for after a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// Nothing; it was served up to the head.
    Settled,
    /// Room in the transport.
    Full,
    /// A page from the store after this position.
    Page(Position),
}

impl Serving {
    /// Somebody who has seen everything up to `from` and was given its cursor.
    #[must_use]
    pub fn new(reader: Principal, filter: Filter, from: Position) -> Self {
        Self { follower: Follower::new(reader, filter, from), page: None, is_reading: false, told: from }
    }

    /// The follower.
    #[must_use]
    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// A batch that begins at `first` touched a topic it follows.
    pub fn touch(&mut self, first: Position) {
        self.follower.touch(first);
    }

    /// Hands over what comes next, as much as the transport takes. `write` writes messages in order and answers how many
    /// were taken: fewer than offered means that the transport is full. `bytes_max` bounds one offer.
    pub fn fill(&mut self, space: &Space, bytes_max: usize, mut write: impl FnMut(&[Slice<'_>]) -> usize) -> Filled {
        loop {
            if self.page.is_some() {
                if !self.fill_from_page(&mut write) {
                    return Filled::Full;
                }
                continue;
            }
            let tail = space.tail();
            match self.follower.next(&tail, bytes_max) {
                Next::Idle => return Filled::Settled,
                Next::Store => return Filled::Page(self.follower.served()),
                Next::Offer(offer) => {
                    let slices: ArrayVec<Slice<'_>, OFFER_PIECES_MAX> =
                        offer.pieces().iter().map(|piece| Slice { bytes: piece.bytes, spans: piece.spans }).collect();
                    let taken = write(&slices);
                    self.follower.took(&offer, taken);
                    self.told = self.follower.served();
                    if taken < offer.messages() {
                        return Filled::Full;
                    }
                }
            }
        }
    }

    /// Whether the page was handed over whole. A full transport lets the page go: it is read again when there is room,
    /// so that a stalled reader costs no memory.
    fn fill_from_page(&mut self, write: &mut impl FnMut(&[Slice<'_>]) -> usize) -> bool {
        let Some(mut held) = self.page.take() else { return true };
        let spans = held.page.spans.get(held.taken..).unwrap_or_default();
        let taken = if spans.is_empty() { 0 } else { write(&[Slice { bytes: &held.page.bytes, spans }]) };
        held.taken += taken;
        if held.taken == held.page.spans.len() || Bug::PageForgottenWhenFull.is_planted() {
            self.follower.took_page(held.page.through);
            self.told = self.follower.served();
            return true;
        }
        if let Some(last) = held.taken.checked_sub(1).and_then(|last| held.page.positions.get(last)) {
            self.follower.took_page(*last);
            self.told = *last;
        }
        false
    }

    /// Whether the page that a fill asked for is to be read now: not while another one is.
    #[must_use]
    pub fn begins_reading(&mut self) -> bool {
        !std::mem::replace(&mut self.is_reading, true)
    }

    /// A page after `after` has come. One that does not continue from where the follower is was overtaken and is dropped.
    pub fn take_page(&mut self, after: Position, page: Page) {
        self.is_reading = false;
        if self.follower.served() == after {
            self.page = Some(Box::new(Held { page, taken: 0 }));
        }
    }

    /// Whether an idle follower is to be given the cursor of `told`, up to where everybody whom an entry concerns was
    /// told of it: so many entries that were not for this one have passed. A follower that is clean has nothing of its own
    /// left up to there; that the head itself would be too far, because an entry may be on its way, is what `told` is for.
    #[must_use]
    pub fn mark(&mut self, told: Position, entries_min: u64) -> bool {
        let is_behind = self.follower.is_dirty() && !Bug::MarkOfTheUnserved.is_planted();
        if is_behind || told.0 < self.told.0 + entries_min {
            return false;
        }
        self.follower.settle(told);
        self.told = told;
        true
    }
}
