//! What pushers and followers know of the server (where it is now, and when to end), and what they tell of it.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use history::{Ack, Event, Recorder};
use tokio::sync::watch;

/// How long somebody who was cut off waits for news of another server before trying the same one again.
const TRY_AGAIN: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) address: watch::Receiver<Option<SocketAddr>>,
    /// Pushers end after the push that they are at.
    pub(crate) enough: watch::Receiver<bool>,
    /// Followers end when they have seen this position.
    pub(crate) goal: watch::Receiver<Option<u64>>,
    /// What everybody sees is written down here.
    pub(crate) recorder: Recorder,
    /// The last position that anybody was acknowledged.
    pub(crate) acked: Arc<AtomicU64>,
}

impl World {
    /// Where the server is, as soon as there is one.
    pub(crate) async fn server(&mut self) -> SocketAddr {
        let found = self.address.wait_for(Option::is_some).await.expect("the test keeps its sender");
        found.expect("it was waited for")
    }

    /// After a broken connection: waits until there is reason to try again.
    pub(crate) async fn broken(&mut self, error: &io::Error) {
        let is_foreseen = error.kind() != io::ErrorKind::InvalidData;
        assert!(is_foreseen, "a connection may break, but not speak nonsense: {error}");
        // Whichever comes first is reason enough.
        let _ = tokio::time::timeout(TRY_AGAIN, self.address.changed()).await;
    }

    pub(crate) fn note(&self, event: Event) {
        if let Event::Ack(Ack { position, .. }) = event {
            self.acked.fetch_max(position, Ordering::Relaxed);
        }
        self.recorder.note(event);
    }

    pub(crate) fn is_enough(&self) -> bool {
        *self.enough.borrow()
    }

    /// Waits until somebody who has seen `position` has seen enough.
    pub(crate) async fn has_seen_enough(&self, position: u64) {
        let mut goal = self.goal.clone();
        let reached = goal.wait_for(|goal| goal.is_some_and(|goal| goal <= position));
        reached.await.expect("the test keeps its sender");
    }
}
