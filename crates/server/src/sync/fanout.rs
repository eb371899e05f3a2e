//! The fan-out: after each commit it serves those followers whom the batch concerns, in chunks, yielding between them.
//!
//! There is one loop per shard, and followers are spread over the shards. Pacing: the first entry after a pause goes out
//! at once; while rounds follow each other, a round begins no sooner than twice the last round's length (at most
//! [`PACE_MAX`]) after it, so that a busy machine sends more messages with each system call. Acks do not wait for rounds.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use journal::{Filter, Position};
use space::Committed;

use super::shard::Shard;
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
    shards: Vec<Arc<Shard<Handle>>>,
    next_id: AtomicU64,
}

/// A follower's place in the fan-out; it leaves when this is dropped.
pub struct Seat {
    id: u64,
    filter: Filter,
    shard: Arc<Shard<Handle>>,
}

impl Fanout {
    /// A fan-out of so many shards behind a journal's head, one loop each, on the present runtime.
    #[must_use]
    pub fn start(shards: usize, head: Position) -> Arc<Self> {
        let shards: Vec<_> = (0..shards.max(1)).map(|_| Arc::new(Shard::new(head))).collect();
        for shard in &shards {
            tokio::spawn(run(Arc::clone(shard)));
        }
        Arc::new(Self { shards, next_id: AtomicU64::new(0) })
    }

    /// Takes in a follower. From now on it is served whatever comes; what came before is its own to ask for.
    #[must_use]
    pub fn join(&self, filter: Filter, handle: &Handle) -> Seat {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let index = usize::try_from(id).unwrap_or_default() % self.shards.len();
        let shard = Arc::clone(&self.shards[index]);
        shard.join(id, &filter, handle);
        Seat { id, filter, shard }
    }

    /// Up to here every follower whom an entry concerns has been told of it. So a follower that is clean has nothing of
    /// its own left up to here, while between here and the head there may be something on its way to it.
    #[must_use]
    pub fn told(&self) -> Position {
        self.shards.iter().map(|shard| shard.told()).min().unwrap_or_default()
    }

    /// A batch is durable and in the tail: whoever follows its topics is served.
    pub fn committed(&self, committed: &Committed) {
        for shard in &self.shards {
            shard.touch(&committed.topics, committed.first, committed.head);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shard.leave(self.id, &self.filter);
    }
}

/// Tells round after round, for ever.
async fn run(shard: Arc<Shard<Handle>>) {
    let mut concerned = Vec::new();
    loop {
        shard.woken().await;
        let began = Instant::now();
        let Some(round) = shard.begins(&mut concerned) else { continue };
        for chunk in concerned.chunks(FANOUT_CHUNK_FOLLOWERS) {
            chunk.iter().for_each(|concerned| concerned.handle.serve(concerned.first));
            tokio::task::yield_now().await;
        }
        concerned.clear();
        shard.ends(&round);
        pace(began).await;
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
