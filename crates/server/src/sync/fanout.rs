//! The fan-out: after each commit it serves those followers whom the batch concerns, in chunks, yielding between them.
//!
//! There is one loop per shard, and followers are spread over the shards. Pacing: the first entry after a pause goes out
//! at once; while rounds follow each other, a round begins no sooner than twice the last round's length (at most
//! [`PACE_MAX`]) after it, so that a busy machine sends more messages with each system call. Acks do not wait for rounds.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use journal::{Audience, Filter, Position, TopicName};
use parking_lot::Mutex;
use space::Committed;
use tokio::sync::Notify;

use crate::limits::{FANOUT_CHUNK_FOLLOWERS, PACE_MAX};

/// Somebody who is served: a socket, or the task behind a poll or a stream.
pub trait Outlet: Send + Sync {
    /// A batch from `first` on concerns this follower: write what can be written now, never block.
    fn serve(&self, first: Position);
}

/// A shared handle of somebody who is served.
pub type Handle = Arc<dyn Outlet>;

/// All followers of a space.
pub struct Fanout {
    shards: Vec<Arc<Shard>>,
    next_id: AtomicU64,
}

/// A follower's place in the fan-out; it leaves when this is dropped.
pub struct Seat {
    id: u64,
    filter: Filter,
    shard: Arc<Shard>,
}

struct Shard {
    audience: Mutex<Audience<Handle>>,
    touched: Mutex<HashMap<TopicName, Position>>,
    wake: Notify,
}

impl Fanout {
    /// A fan-out of so many shards, one loop each, on the present runtime.
    #[must_use]
    pub fn start(shards: usize) -> Arc<Self> {
        let shards: Vec<_> = (0..shards.max(1)).map(|_| Arc::new(Shard::new())).collect();
        for shard in &shards {
            tokio::spawn(Arc::clone(shard).run());
        }
        Arc::new(Self { shards, next_id: AtomicU64::new(0) })
    }

    /// Takes in a follower. From now on it is served whatever comes; what came before is its own to ask for.
    #[must_use]
    pub fn join(&self, filter: Filter, handle: &Handle) -> Seat {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let index = usize::try_from(id).unwrap_or_default() % self.shards.len();
        let shard = Arc::clone(&self.shards[index]);
        shard.audience.lock().join(id, &filter, handle);
        Seat { id, filter, shard }
    }

    /// A batch is durable and in the tail: whoever follows its topics is served.
    pub fn committed(&self, committed: &Committed) {
        for shard in &self.shards {
            shard.touch(committed);
            shard.wake.notify_one();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shard.audience.lock().leave(self.id, &self.filter);
    }
}

impl Shard {
    fn new() -> Self {
        Self { audience: Mutex::new(Audience::default()), touched: Mutex::new(HashMap::new()), wake: Notify::new() }
    }

    fn touch(&self, committed: &Committed) {
        let mut touched = self.touched.lock();
        for topic in &committed.topics {
            // The earliest batch since the last round counts: a follower looks at everything from there.
            touched.entry(topic.clone()).or_insert(committed.first);
        }
    }

    async fn run(self: Arc<Self>) {
        let mut concerned = Vec::new();
        loop {
            self.wake.notified().await;
            let began = Instant::now();
            let touched = std::mem::take(&mut *self.touched.lock());
            let Some(first) = touched.values().min().copied() else { continue };
            let topics: Vec<TopicName> = touched.into_keys().collect();
            self.audience.lock().concerned(&topics, &mut concerned);
            for chunk in concerned.chunks(FANOUT_CHUNK_FOLLOWERS) {
                chunk.iter().for_each(|(_, handle)| handle.serve(first));
                tokio::task::yield_now().await;
            }
            concerned.clear();
            pace(began).await;
        }
    }
}

/// Nothing after a short round; after a long one, time for more to gather.
async fn pace(began: Instant) {
    let pause = (began.elapsed() * 2).min(PACE_MAX);
    if pause >= Duration::from_millis(1) {
        tokio::time::sleep_until((began + pause).into()).await;
    }
}
