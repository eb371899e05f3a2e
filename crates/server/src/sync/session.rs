//! One socket's session: its Socket.IO state, and a [`Stay`] for every space it is in.
//!
//! A stay holds a follower and, while the follower is behind the tail, one page of the store. There is no queue: what
//! comes next is asked of the journal whenever the transport has room.

use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Arc, Weak},
    time::Instant,
};

use journal::{Follower, Next, Position};
use space::Page;
use wire::socketio::{self, Namespace};

use super::{Running, app::SyncLink, fanout::Seat, pull::Pull};
use crate::{
    asker::Asker,
    engine::{Outlet, Slice},
    limits::FILL_BYTES_MAX,
};

/// What the application keeps for each socket.
pub struct Session {
    pub(super) link: Weak<SyncLink>,
    pub(super) wire: socketio::Session,
    pub(super) peer: Option<IpAddr>,
    pub(super) stays: Vec<Stay>,
}

/// A socket's stay in one space.
pub(super) struct Stay {
    pub(super) namespace: Namespace,
    pub(super) running: Arc<Running>,
    pub(super) asker: Asker,
    pub(super) follower: Follower,
    /// Dropping it ends being woken.
    pub(super) _seat: Seat,
    pub(super) page: Option<Box<Held>>,
    /// A page has been asked for and has not come yet.
    pub(super) is_reading: bool,
    pub(super) unanswered: usize,
    /// Pages that were asked for and are not being read yet.
    pub(super) pulls: VecDeque<Pull>,
    pub(super) is_pulling: bool,
    pub(super) watches_presence: bool,
    /// The last position whose cursor it was given.
    pub(super) told: Position,
    /// When its token ends.
    pub(super) ends_at: Option<Instant>,
}

/// A page of the store, and how much of it was handed over.
pub(super) struct Held {
    page: Page,
    taken: usize,
}

/// What a stay waits for after a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// Nothing; it was served up to the head.
    Settled,
    /// Room in the transport.
    Full,
    /// A page from the store after this position.
    Page(Position),
}

impl Session {
    pub(super) fn stay(&mut self, namespace: &Namespace) -> Option<&mut Stay> {
        self.stays.iter_mut().find(|stay| stay.namespace == *namespace)
    }

    /// The namespaces it is in.
    pub fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.stays.iter().map(|stay| &stay.namespace)
    }

    /// The namespaces of that space in which it watches who is here.
    pub fn presence_watchers(&self, space: &str) -> impl Iterator<Item = &Namespace> {
        let watches = move |stay: &&Stay| stay.watches_presence && *stay.running.name == *space;
        self.stays.iter().filter(watches).map(|stay| &stay.namespace)
    }

    /// When the first of its tokens ends.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        self.stays.iter().filter_map(|stay| stay.ends_at).min()
    }
}

impl Stay {
    /// Hands over what comes next, as much as the transport takes.
    pub(super) fn fill(&mut self, outlet: &mut Outlet<'_>) -> Filled {
        loop {
            if self.page.is_some() {
                if !self.fill_from_page(outlet) {
                    return Filled::Full;
                }
                continue;
            }
            let tail = self.running.space.tail();
            match self.follower.next(&tail, FILL_BYTES_MAX) {
                Next::Idle => return Filled::Settled,
                Next::Store => return Filled::Page(self.follower.served()),
                Next::Offer(offer) => {
                    let slices: arrayvec::ArrayVec<Slice<'_>, 32> =
                        offer.pieces().iter().map(|piece| Slice { bytes: piece.bytes, spans: piece.spans }).collect();
                    let taken = outlet.write(&slices);
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
    fn fill_from_page(&mut self, outlet: &mut Outlet<'_>) -> bool {
        let Some(mut held) = self.page.take() else { return true };
        let spans = held.page.spans.get(held.taken..).unwrap_or_default();
        let taken = if spans.is_empty() { 0 } else { outlet.write(&[Slice { bytes: &held.page.bytes, spans }]) };
        held.taken += taken;
        if held.taken == held.page.spans.len() {
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

    /// A page has come. One that does not continue from where the follower is was overtaken and is dropped.
    pub(super) fn take_page(&mut self, after: Position, page: Page) {
        self.is_reading = false;
        if self.follower.served() == after {
            self.page = Some(Box::new(Held { page, taken: 0 }));
        }
    }

    /// Whether an idle follower is to be given the cursor of `told`, up to where the fan-out has told everybody: so many
    /// entries that were not for it have passed. A follower that is clean has nothing of its own left up to there; that
    /// the head itself would be too far, because an entry may be on its way, is what `told` is for.
    pub(super) fn mark(&mut self, told: Position, entries_min: u64) -> bool {
        if self.follower.is_dirty() || told.0 < self.told.0 + entries_min {
            return false;
        }
        self.follower.settle(told);
        self.told = told;
        true
    }
}
