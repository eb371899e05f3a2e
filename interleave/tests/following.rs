//! Publication against parking: the writer publishes and touches, the fan-out's loop tells, a follower joins and looks.
//! The follower, the tail and the audience are the real ones, as are the files in which the three threads meet.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(unreachable_pub, reason = "what is public in its own crate is compiled here as a part of another")]
#![expect(dead_code, reason = "a model uses a part of what it compiles")]

use std::sync::Arc;

use interleave::{Mutex, block_on, every_order, spawn};
use journal::{Filter, Follower, Next, Position, Principal, Tail};

/// What `crate::threads` is in the files below.
use interleave as threads;

#[path = "../../crates/space/src/limits.rs"]
mod limits;
#[path = "../../crates/space/src/published.rs"]
mod published;
#[path = "../../crates/space/src/recent.rs"]
mod recent;
#[path = "../../crates/server/src/sync/shard.rs"]
mod shard;
mod small;

use published::Published;
use recent::Recent;
use shard::Shard;
use small::{batch, tag, topic};

/// A space without entries, and its followers.
struct World {
    published: Published,
    shard: Shard<Arc<Client>>,
}

/// A socket: its follower and what was written to it, under the link's one lock.
struct Client {
    state: Mutex<(Follower, Vec<u64>)>,
}

impl World {
    fn new() -> Arc<Self> {
        let tail = Tail::new(Position::START, tag(0));
        Arc::new(Self {
            published: Published::new(tail, Recent::bounded(10), Position::START),
            shard: Shard::new(Position::START),
        })
    }

    /// What the writer's thread does once an entry is durable.
    fn commit(&self, position: u64) {
        let topics = self.published.topic_indexes(&[small::entry(position)], &small::rules());
        self.published.publish(batch(position, topics[0]), tag(position));
        self.shard.touch(&[topic()], Position(position), Position(position));
    }

    /// The fan-out's loop, until it has told up to there.
    fn tell(&self, until: u64) {
        let mut concerned = Vec::new();
        while self.shard.told().0 < until {
            block_on(self.shard.woken());
            let Some(round) = self.shard.begins(&mut concerned) else { continue };
            concerned.drain(..).for_each(|concerned| concerned.handle.serve(self, Some(concerned.first)));
            self.shard.ends(&round);
        }
    }

    /// A client that comes: first it joins, then it looks.
    fn connect(&self) -> Arc<Client> {
        let follower = Follower::new(Principal::ANONYMOUS, Filter::Everything, Position::START);
        let client = Arc::new(Client { state: Mutex::new((follower, Vec::new())) });
        self.shard.join(1, &Filter::Everything, &client);
        client.serve(self, None);
        client
    }
}

impl Client {
    /// Told of a batch or not: writes what there is.
    fn serve(&self, world: &World, first: Option<Position>) {
        let mut state = self.state.lock();
        let (follower, written) = &mut *state;
        if let Some(first) = first {
            follower.touch(first);
        }
        loop {
            let tail = world.published.tail();
            match follower.next(&tail, usize::MAX) {
                Next::Idle => return,
                Next::Store => panic!("nothing has left the tail"),
                Next::Offer(offer) => {
                    let spans =
                        offer.pieces().iter().flat_map(|piece| piece.spans.iter().map(|span| (piece.bytes, span)));
                    written.extend(spans.map(|(bytes, span)| small::position(bytes, *span)));
                    follower.took(&offer, offer.messages());
                }
            }
        }
    }
}

#[test]
fn no_follower_waits_for_what_nobody_will_tell() {
    every_order(|| {
        let world = World::new();
        let (of_writer, of_loop) = (Arc::clone(&world), Arc::clone(&world));
        let writer = spawn(move || [1, 2].into_iter().for_each(|position| of_writer.commit(position)));
        let telling = spawn(move || of_loop.tell(2));
        let client = world.connect();
        writer.join().unwrap();
        telling.join().unwrap();
        let state = client.state.lock();
        assert_eq!(state.1, [1, 2], "each entry once and in order");
        assert!(!state.0.is_dirty());
    });
}

#[test]
fn a_mark_never_passes_what_is_still_on_its_way() {
    every_order(|| {
        let world = World::new();
        let (of_writer, of_loop) = (Arc::clone(&world), Arc::clone(&world));
        let writer = spawn(move || of_writer.commit(1));
        let telling = spawn(move || of_loop.tell(1));
        let client = world.connect();
        let told = world.shard.told();
        let mut state = client.state.lock();
        if !state.0.is_dirty() {
            state.0.settle(told);
            assert_eq!(state.1.len() as u64, state.0.served().0, "a cursor says that everything up to it was told");
        }
        drop(state);
        writer.join().unwrap();
        telling.join().unwrap();
        assert_eq!(client.state.lock().1, [1]);
    });
}

#[test]
fn whoever_reads_the_head_finds_everything_up_to_it() {
    every_order(|| {
        let world = World::new();
        let of_writer = Arc::clone(&world);
        let writer = spawn(move || [1, 2].into_iter().for_each(|position| of_writer.commit(position)));
        let head = world.published.head();
        let client = Client {
            state: Mutex::new((Follower::new(Principal::ANONYMOUS, Filter::Everything, Position::START), Vec::new())),
        };
        client.serve(&world, None);
        assert!(client.state.lock().1.len() as u64 >= head.0, "the head was {head}");
        writer.join().unwrap();
    });
}
