//! The Socket.IO application: it carries pushes to the writer and the journal's entries to sockets.
//!
//! The protocol lives in `wire`, the order of entries and who may read them in `journal`; this is the hand that holds
//! both.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Instant,
};

use bytes::Bytes;
use journal::Cursor;
use space::Filled;
use tokio::sync::Semaphore;
use wire::socketio::{self, Incoming, Namespace};

use super::{Presence, Running, Session, answers::Answers, fanout::Outlet as Served, rates::Rates, session::Stay};
use crate::{
    doorkeeper::Doorkeeper,
    engine::{Application, CloseReason, Control, Handshake, Link, Message, Outlet},
    limits::MARK_ENTRIES_MIN,
};

/// A socket of this application.
pub type SyncLink = Link<Arc<SyncApp>>;

/// The figures of the application.
#[derive(Clone, Copy, Debug)]
pub struct SyncConfig {
    /// Those of each session.
    pub session: socketio::Config,
    /// Pushes and pulls of one socket that wait for their answer.
    pub unanswered_max: usize,
    /// Topic patterns that one socket follows.
    pub followed_max: usize,
    /// Slow readers that are caught up from the store at once; the others wait their turn.
    pub catch_up_reads_max: usize,
    /// Pushes a second of one person, or of one address without a token; 0 for no limit.
    pub pushes_per_second: u32,
}

/// The application.
pub struct SyncApp {
    pub(super) spaces: HashMap<Box<str>, Arc<Running>>,
    pub(super) presence: HashMap<Box<str>, Arc<Presence>>,
    pub(super) doorkeeper: Arc<Doorkeeper>,
    pub(super) config: SyncConfig,
    /// How fast people push.
    pub rates: Rates,
    pub(super) reads: Arc<Semaphore>,
    answers: Answers<Answered>,
}

/// An acknowledgement on its way to a socket; without a packet when the socket did not ask for one.
struct Answered {
    link: Arc<SyncLink>,
    namespace: Namespace,
    packet: Option<Bytes>,
}

impl SyncApp {
    /// The application over these spaces, by name.
    #[must_use]
    pub fn new(spaces: HashMap<Box<str>, Arc<Running>>, doorkeeper: Arc<Doorkeeper>, config: SyncConfig) -> Arc<Self> {
        let presence = spaces.keys().map(|name| (name.clone(), Arc::default())).collect();
        Arc::new(Self {
            spaces,
            presence,
            doorkeeper,
            config,
            rates: Rates::new(config.pushes_per_second),
            reads: Arc::new(Semaphore::new(config.catch_up_reads_max)),
            answers: Answers::default(),
        })
    }

    /// The bound of readers that are caught up from the store at once.
    #[must_use]
    pub fn reads(&self) -> &Arc<Semaphore> {
        &self.reads
    }

    /// Who is in a space.
    #[must_use]
    pub fn presence(&self, space: &str) -> Option<&Arc<Presence>> {
        self.presence.get(space)
    }

    /// The space behind a namespace.
    pub(super) fn space_of(&self, namespace: &Namespace) -> Option<&Arc<Running>> {
        let name = if namespace.is_main() { super::DEFAULT_SPACE } else { namespace.as_str().trim_start_matches('/') };
        // `/default` would be a second name for `/`: one space, one namespace.
        if !namespace.is_main() && name == super::DEFAULT_SPACE { None } else { self.spaces.get(name) }
    }

    /// Hands acknowledgements to their sockets, on the runtime, for ever. Those of one socket go out together.
    pub async fn deliver_answers(self: Arc<Self>) {
        loop {
            self.answers.arrive().await;
            self.flush_answers().await;
        }
    }

    /// Hands over all acknowledgements that wait, and returns when those that somebody else has taken are handed over too.
    pub async fn flush_answers(&self) {
        let mut taken = self.answers.take().await;
        // Those of one socket side by side and in their order.
        taken.answers.sort_by_key(|answered| Arc::as_ptr(&answered.link) as usize);
        for (index, of_one) in taken.answers.chunk_by(|one, other| Arc::ptr_eq(&one.link, &other.link)).enumerate() {
            deliver(of_one);
            if index % 64 == 63 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Called on the writer's thread: remembers an acknowledgement and wakes who delivers it.
    pub(super) fn answer(&self, link: Arc<SyncLink>, namespace: Namespace, packet: Option<Vec<u8>>) {
        self.answers.leave(Answered { link, namespace, packet: packet.map(Bytes::from) });
    }

    /// Reads a page for a stay that has fallen out of the tail, off the serving threads, a bounded number at once.
    fn read_page(&self, link: &Arc<SyncLink>, stay: &mut Stay, after: journal::Position) {
        if !stay.serving.begins_reading() {
            return;
        }
        let (link, namespace, running) = (Arc::clone(link), stay.namespace.clone(), Arc::clone(&stay.running));
        let (who, filter) = (stay.serving.follower().reader().clone(), stay.serving.follower().filter().clone());
        let reads = Arc::clone(&self.reads);
        tokio::spawn(async move {
            let Ok(permit) = reads.acquire_owned().await else { return };
            // A page needs projections; without them the socket ends, and its client comes back for another try.
            let page = match running.caught_up().await {
                Ok(()) => {
                    let space = Arc::clone(&running.space);
                    tokio::task::spawn_blocking(move || space.page(after, space.head(), &who, &filter)).await.ok()
                }
                Err(_) => None,
            };
            drop(permit);
            match page {
                Some(Ok(page)) => {
                    link.enter(|session, _| {
                        if let Some(stay) = session.stay(&namespace) {
                            stay.serving.take_page(after, page);
                        }
                    });
                }
                Some(Err(error)) => {
                    tracing::error!(%error, "a page cannot be read");
                    link.close(CloseReason::ClosedByServer);
                }
                None => link.close(CloseReason::ClosedByServer),
            }
        });
    }

    /// Tells idle sockets of a space how far the journal has come, so that a later resume need not read what was not for
    /// them. `cursor` is one of [`Fanout::told`](super::fanout::Fanout::told).
    pub fn mark(&self, link: &Arc<SyncLink>, space: &str, cursor: &Cursor) {
        link.enter(|session, control| {
            for stay in session.stays.iter_mut().filter(|stay| *stay.running.name == *space) {
                if stay.serving.mark(cursor.position, MARK_ENTRIES_MIN) {
                    let arguments = format!("\"{}\"", cursor.encode());
                    control.packet(socketio::event(&stay.namespace, "mark", arguments.as_bytes(), None, 0));
                }
            }
        });
    }

    /// Says why, then ends the transport: the client may come back with another token.
    pub(super) fn refuse(stay: &Stay, code: &str, message: &str, control: &mut Control) {
        let arguments = serde_json::json!({ "code": code, "message": message }).to_string();
        control.packet(socketio::event(&stay.namespace, "refused", arguments.as_bytes(), None, 0));
        control.close_after_flush(CloseReason::ClosedByServer);
    }

    /// Ends sockets whose token is no longer good.
    pub fn check_tokens(&self, link: &Arc<SyncLink>) {
        link.enter(|session, control| self.check_session(session, control));
    }

    fn check_session(&self, session: &mut Session, control: &mut Control) {
        let now_ms = super::now_ms();
        let refused = session.stays.iter().find_map(|stay| {
            let reason = self.doorkeeper.recheck(&stay.asker, now_ms).err()?;
            Some((stay, reason))
        });
        if let Some((stay, reason)) = refused {
            Self::refuse(stay, reason.code(), &reason.to_string(), control);
            // From here on nothing more is read: the stays go, and with them their followers.
            session.stays.drain(..).for_each(|stay| self.gone(&stay));
        }
    }
}

fn deliver(of_one: &[Answered]) {
    let Some(first) = of_one.first() else { return };
    first.link.enter(|session, control| {
        for answered in of_one {
            if let Some(stay) = session.stay(&answered.namespace) {
                stay.unanswered = stay.unanswered.saturating_sub(1);
                if let Some(packet) = &answered.packet {
                    control.packet(packet.clone());
                }
            }
        }
    });
}

impl Application for Arc<SyncApp> {
    type Session = Session;

    fn opened(&self, link: &Arc<SyncLink>, handshake: &Handshake) -> Session {
        let wire = socketio::Session::open(Instant::now(), &self.config.session);
        let peer = handshake.peer.map(|peer| peer.ip());
        Session { link: Arc::downgrade(link), wire, peer, stays: Vec::new() }
    }

    fn received(&self, link: &Arc<SyncLink>, session: &mut Session, now: Instant, message: Message, out: &mut Control) {
        match session.wire.receive(now, message, &self.config.session) {
            Ok(None) => {}
            Ok(Some(Incoming::Connect { namespace, auth })) => self.connect(link, session, namespace, auth, out),
            Ok(Some(Incoming::Disconnect(namespace))) => self.leave(session, &namespace),
            Ok(Some(Incoming::Event(event))) => self.event(link, session, event, out),
            // This server never asks for acknowledgements.
            Ok(Some(Incoming::Ack(_))) => {}
            Err(violation) => {
                tracing::debug!(%violation, "a socket broke the protocol");
                out.close(CloseReason::ProtocolError);
            }
        }
    }

    fn next_deadline(&self, session: &Session) -> Option<Instant> {
        [session.wire.next_deadline(), session.ends_at()].into_iter().flatten().min()
    }

    fn deadline(&self, _: &Arc<SyncLink>, session: &mut Session, now: Instant, out: &mut Control) {
        if let Err(violation) = session.wire.advance(now) {
            tracing::debug!(%violation, "a socket ran out of time");
            return out.close(CloseReason::ProtocolError);
        }
        self.check_session(session, out);
        // A wall clock that was set back must not make a deadline that has passed come again and again.
        for stay in &mut session.stays {
            stay.ends_at = stay.ends_at.map(|at| at.max(now + std::time::Duration::from_secs(1)));
        }
    }

    fn fill(&self, session: &mut Session, outlet: &mut Outlet<'_>) {
        let Some(link) = session.link.upgrade() else { return };
        for stay in &mut session.stays {
            self.next_pull(&link, stay);
            match stay.fill(outlet) {
                Filled::Settled => {}
                Filled::Full => return,
                Filled::Page(after) => self.read_page(&link, stay, after),
            }
        }
    }

    fn closed(&self, _: &Arc<SyncLink>, mut session: Session, _: CloseReason) {
        for stay in std::mem::take(&mut session.stays) {
            self.gone(&stay);
        }
    }
}

impl SyncApp {
    fn leave(&self, session: &mut Session, namespace: &Namespace) {
        if let Some(index) = session.stays.iter().position(|stay| stay.namespace == *namespace) {
            self.gone(&session.stays.swap_remove(index));
        }
    }

    fn gone(&self, stay: &Stay) {
        if let Some(presence) = self.presence.get(&*stay.running.name) {
            presence.leave(stay.asker.person());
        }
    }
}

/// What the fan-out calls: one socket's follower in one space.
pub(super) struct FollowerOf {
    pub(super) link: Weak<SyncLink>,
    pub(super) namespace: Namespace,
}

impl Served for FollowerOf {
    fn serve(&self, first: journal::Position) {
        let Some(link) = self.link.upgrade() else { return };
        link.enter(|session, _| {
            if let Some(stay) = session.stay(&self.namespace) {
                stay.serving.touch(first);
            }
        });
    }
}
