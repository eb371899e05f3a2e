//! What the engine asks of the application it carries.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use hyper::HeaderMap;
use wire::engineio::{CloseReason, Message, Transport};

use super::{Control, Link, Outlet};

/// The first request of a session.
#[derive(Debug)]
pub struct Handshake {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its raw query string.
    pub query: String,
    /// Who sent it, if the listener told (as an extension of the request).
    pub peer: Option<SocketAddr>,
    /// What it opened the session over.
    pub transport: Transport,
}

/// The protocol above Engine.IO. All but `opened` and `closed` are called with the link's lock held: they must not block
/// and must not call the same link's [`Link::serve`] or [`Link::enter`], directly or through anything that waits.
pub trait Application: Send + Sync + Sized + 'static {
    /// What the application keeps per link.
    type Session: Send + 'static;

    /// A session was opened. The link can be kept, but nothing may be sent before this returns.
    fn opened(&self, link: &Arc<Link<Self>>, handshake: &Handshake) -> Self::Session;

    /// A message arrived. Text is valid UTF-8.
    fn received(
        &self,
        link: &Arc<Link<Self>>,
        session: &mut Self::Session,
        now: Instant,
        message: Message,
        out: &mut Control,
    );

    /// When [`Application::deadline`] is to be called unless something changes before. It is asked after every call
    /// that could have changed it.
    fn next_deadline(&self, session: &Self::Session) -> Option<Instant>;

    /// The deadline has passed; afterwards `next_deadline` must give a later one, or none, or the link must be closing.
    fn deadline(&self, link: &Arc<Link<Self>>, session: &mut Self::Session, now: Instant, out: &mut Control);

    /// The transport has room and nothing of the link's own waits: offer messages. It is called often, so it must be
    /// cheap when there is nothing.
    fn fill(&self, session: &mut Self::Session, outlet: &mut Outlet<'_>);

    /// The session ended; called exactly once for each `opened`, without the lock.
    fn closed(&self, link: &Arc<Link<Self>>, session: Self::Session, reason: CloseReason);
}
