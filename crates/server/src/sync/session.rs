//! One socket's session: its Socket.IO state, and a [`Stay`] for every space it is in.
//!
//! A stay holds a follower being served. There is no queue: what comes next is asked of the journal whenever the transport
//! has room.

use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Arc, Weak},
    time::Instant,
};

use space::{Filled, Serving};
use wire::socketio::{self, Namespace};

use super::{Running, app::SyncLink, fanout::Seat, pull::Pull};
use crate::{asker::Asker, engine::Outlet, limits::FILL_BYTES_MAX};

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
    pub(super) serving: Serving,
    /// Dropping it ends being woken.
    pub(super) _seat: Seat,
    pub(super) unanswered: usize,
    /// Pages that were asked for and are not being read yet.
    pub(super) pulls: VecDeque<Pull>,
    pub(super) is_pulling: bool,
    pub(super) watches_presence: bool,
    /// When its token ends.
    pub(super) ends_at: Option<Instant>,
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
        self.serving.fill(&self.running.space, FILL_BYTES_MAX, |slices| outlet.write(slices))
    }
}
