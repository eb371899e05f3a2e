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

use crate::limits::{FANOUT_CHUNK_FOLLOWERS, PACE_MAX, PACE_MIN};

/// Somebody who is served: a socket, or the task behind a poll or a stream.
pub trait Outlet: Send + Sync {
    /// Something from `first` on concerns this follower: write what can be written now, never block.
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

impl Fanout {
    /// A fan-out of so many shards behind a journal's head, one loop each, on the present runtime.
    #[must_use]
    pub fn start(shards: usize, head: Position) -> Arc<Self> {
        let shards: Vec<_> = (0..shards.max(1)).map(|_| Arc::new(Shard::new(head))).collect();
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

    /// Up to here every follower whom an entry concerns has been told of it. So a follower that is clean has nothing of
    /// its own left up to here, while between here and the head there may be something on its way to it.
    #[must_use]
    pub fn told(&self) -> Position {
        let told = self.shards.iter().map(|shard| shard.told.load(Ordering::Acquire)).min();
        Position(told.unwrap_or_default())
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
    fn new(head: Position) -> Self {
        Self {
            audience: Mutex::new(Audience::default()),
            touched: Mutex::default(),
            told: AtomicU64::new(head.0),
            wake: Notify::new(),
        }
    }

    fn touch(&self, committed: &Committed) {
        let mut touched = self.touched.lock();
        for topic in &committed.topics {
            // The earliest batch since the last round counts: a follower looks at everything from there.
            touched.topics.entry(topic.clone()).or_insert(committed.first);
        }
        touched.head = committed.head;
    }

    async fn run(self: Arc<Self>) {
        let mut concerned = Vec::new();
        loop {
            self.wake.notified().await;
            let began = Instant::now();
            let touched = std::mem::take(&mut *self.touched.lock());
            let topics: Vec<(TopicName, Position)> = touched.topics.into_iter().collect();
            if topics.is_empty() {
                continue;
            }
            self.audience.lock().concerned(&topics, &mut concerned);
            for chunk in concerned.chunks(FANOUT_CHUNK_FOLLOWERS) {
                chunk.iter().for_each(|concerned| concerned.handle.serve(concerned.first));
                tokio::task::yield_now().await;
            }
            concerned.clear();
            self.told.store(touched.head.0, Ordering::Release);
            pace(began).await;
        }
    }
}

async fn pace(began: Instant) {
    if let Some(pause) = pause_after(began.elapsed()) {
        tokio::time::sleep_until((began + pause).into()).await;
    }
}

/// How long after a round of this length began the next one may begin: at once after a short one, so that a lone message
/// waits for nothing; after a long one, time for more to gather.
fn pause_after(round: Duration) -> Option<Duration> {
    let pause = (round * 2).min(PACE_MAX);
    (pause >= PACE_MIN).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_message_waits_for_nothing_and_a_busy_machine_gathers() {
        let check = |round_us: u64, expected_us: Option<u64>| {
            let pause = pause_after(Duration::from_micros(round_us));
            assert_eq!(pause, expected_us.map(Duration::from_micros), "after a round of {round_us} µs");
        };
        check(0, None);
        check(499, None);
        check(500, Some(1_000));
        check(4_000, Some(8_000));
        check(10_000, Some(20_000));
        check(2_000_000, Some(20_000));
    }
}
