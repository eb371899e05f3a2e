//! One timer for all links: an ordered map of deadlines and the one task that sleeps until the first of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Application, Engine, Link};

/// Links by their deadline and, to tell equal ones apart, their address.
type Entries<A> = BTreeMap<(Instant, usize), Weak<Link<A>>>;

/// Each link has at most one entry. An entry may come too early, when the link's deadline has moved back since; the
/// link then makes a new one.
pub(super) struct Timers<A: Application> {
    entries: Mutex<Entries<A>>,
    earlier: Notify,
}

impl<A: Application> Timers<A> {
    pub(super) fn new() -> Self {
        Self { entries: Mutex::default(), earlier: Notify::new() }
    }

    /// Replaces the link's entry `old` by one at `at`.
    pub(super) fn schedule(&self, link: &Arc<Link<A>>, old: Option<Instant>, at: Instant) {
        let address = Arc::as_ptr(link).addr();
        let mut entries = self.entries.lock();
        if let Some(old) = old {
            entries.remove(&(old, address));
        }
        let first = entries.first_key_value().is_none_or(|((first, _), _)| at < *first);
        entries.insert((at, address), Arc::downgrade(link));
        drop(entries);
        if first {
            self.earlier.notify_one();
        }
    }

    /// Removes the link's entry.
    pub(super) fn cancel(&self, link: &Arc<Link<A>>, at: Instant) {
        self.entries.lock().remove(&(at, Arc::as_ptr(link).addr()));
    }

    /// Lets the task find out that its engine is gone.
    pub(super) fn wake(&self) {
        self.earlier.notify_one();
    }

    fn next(&self) -> Option<Instant> {
        self.entries.lock().first_key_value().map(|((at, _), _)| *at)
    }

    fn pop_due(&self, now: Instant) -> Option<(Instant, Weak<Link<A>>)> {
        let mut entries = self.entries.lock();
        let entry = entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), link) = entry.remove_entry();
        Some((at, link))
    }
}

/// The task. It ends when the engine is dropped.
pub(super) async fn run<A: Application>(engine: Weak<Engine<A>>) {
    while let Some(running) = engine.upgrade() {
        let timers = Arc::clone(&running.timers);
        fire_due(&timers);
        drop(running);
        let next = timers.next();
        let earlier = timers.earlier.notified();
        match next {
            Some(at) => {
                let _ = tokio::time::timeout_at(at.into(), earlier).await;
            }
            None => earlier.await,
        }
    }
}

fn fire_due<A: Application>(timers: &Timers<A>) {
    let now = Instant::now();
    while let Some((at, link)) = timers.pop_due(now) {
        if let Some(link) = link.upgrade() {
            link.tick(now, at);
        }
    }
}
