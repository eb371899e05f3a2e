//! A shard of the fan-out: who follows, what was committed since the last round, and how far everybody was told.
//!
//! Three meet here: the writer's thread, which says what was committed, the one loop that tells, and whoever joins. Nobody
//! waits for what nobody will tell: a batch is in the tail before it is touched here, and who joins looks at the tail
//! afterwards. `interleave/tests/following.rs` tries every order of their steps.

use std::collections::HashMap;

use journal::{Audience, Concerned, Filter, Position, TopicName};

use crate::threads::{AtomicU64, Mutex, Notify, Ordering};

/// A part of a space's followers. A handle is whatever they are served by.
pub(super) struct Shard<H> {
    audience: Mutex<Audience<H>>,
    touched: Mutex<Touched>,
    /// Whoever is concerned by a batch up to here has been told.
    told: AtomicU64,
    wake: Notify,
}

/// What was committed since the last round.
#[derive(Default)]
struct Touched {
    topics: HashMap<TopicName, Position>,
    head: Position,
}

/// What a round tells.
pub(super) struct Round {
    head: Position,
}

impl<H: Clone> Shard<H> {
    /// A shard behind a journal's head.
    pub(super) fn new(head: Position) -> Self {
        Self {
            audience: Mutex::default(),
            touched: Mutex::default(),
            told: AtomicU64::new(head.0),
            wake: Notify::new(),
        }
    }

    /// Takes in a follower. From now on it is told whatever comes; what came before is its own to look for, afterwards.
    pub(super) fn join(&self, id: u64, filter: &Filter, handle: &H) {
        self.audience.lock().join(id, filter, handle);
    }

    /// Forgets a follower.
    pub(super) fn leave(&self, id: u64, filter: &Filter) {
        self.audience.lock().leave(id, filter);
    }

    /// A batch of these topics is durable and in the tail.
    pub(super) fn touch(&self, topics: &[TopicName], first: Position, head: Position) {
        let mut touched = self.touched.lock();
        for topic in topics {
            // The earliest batch since the last round counts: a follower looks at everything from there.
            touched.topics.entry(topic.clone()).or_insert(first);
        }
        touched.head = head;
        drop(touched);
        self.wake.notify_one();
    }

    /// Waits until something was committed since the last time. For the one loop.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Collects whom it concerns; nothing when the last round told of it already.
    pub(super) fn begins(&self, concerned: &mut Vec<Concerned<H>>) -> Option<Round> {
        let Touched { topics, head } = std::mem::take(&mut *self.touched.lock());
        if topics.is_empty() {
            return None;
        }
        let topics: Vec<(TopicName, Position)> = topics.into_iter().collect();
        self.audience.lock().concerned(&topics, concerned);
        Some(Round { head })
    }

    /// Everybody whom the round concerns has been told.
    pub(super) fn ends(&self, round: &Round) {
        self.told.store(round.head.0, Ordering::Release);
    }

    /// Up to here every follower whom an entry concerns has been told of it.
    pub(super) fn told(&self) -> Position {
        Position(self.told.load(Ordering::Acquire))
    }
}
