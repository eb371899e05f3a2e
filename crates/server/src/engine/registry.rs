//! The open links by their ids.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Application, Link, SessionId};
use crate::limits::ENGINE_REGISTRY_SHARDS;

type Shard<A> = Mutex<HashMap<SessionId, Arc<Link<A>>>>;

pub(super) struct Registry<A: Application> {
    shards: [Shard<A>; ENGINE_REGISTRY_SHARDS],
    count: AtomicUsize,
    emptied: Notify,
}

impl<A: Application> Registry<A> {
    pub(super) fn new() -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { shards, count: AtomicUsize::new(0), emptied: Notify::new() }
    }

    fn shard(&self, id: SessionId) -> &Shard<A> {
        self.shards.get(id.shard(ENGINE_REGISTRY_SHARDS)).expect("a shard's number is below their count")
    }

    pub(super) fn insert(&self, link: &Arc<Link<A>>) {
        self.shard(link.id()).lock().insert(link.id(), Arc::clone(link));
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn remove(&self, id: SessionId) {
        if self.shard(id).lock().remove(&id).is_some() && self.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.emptied.notify_waiters();
        }
    }

    pub(super) fn get(&self, id: SessionId) -> Option<Arc<Link<A>>> {
        self.shard(id).lock().get(&id).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// All links that are open now, without holding a lock while they are used.
    pub(super) fn snapshot(&self) -> Vec<Arc<Link<A>>> {
        self.shards.iter().flat_map(|shard| shard.lock().values().cloned().collect::<Vec<_>>()).collect()
    }

    /// Waits until no link is open.
    pub(super) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            emptied.as_mut().enable();
            if self.len() == 0 {
                return;
            }
            emptied.await;
        }
    }
}
