//! What a follower costs before the system call: finding what comes after its cursor, and moving the cursor on.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use journal::{Filter, Follower, Next, Pattern, Position, Principal, Tail, UserId};

/// What one offer may have, in bytes.
const OFFER_BYTES_MAX: usize = 256 * 1024;

fn follower(filter: Filter) -> Follower {
    let reader = Principal::member(UserId::new("ann").expect("it is a user id"));
    let mut follower = Follower::new(reader, filter, Position::START);
    follower.touch(Position(1));
    follower
}

/// Serves until nothing is left; tells how many messages that were.
fn serve(mut follower: Follower, tail: &Tail) -> usize {
    let mut messages = 0;
    loop {
        match follower.next(tail, OFFER_BYTES_MAX) {
            Next::Offer(offer) => {
                messages += offer.messages();
                follower.took(&offer, offer.messages());
            }
            Next::Idle => return messages,
            Next::Store => panic!("the tail has everything"),
        }
    }
}

fn followers(criterion: &mut Criterion) {
    let one_topic = Filter::Patterns([Pattern::Exact(micro::topic(3))].into());
    let cases = [
        ("everything, ten batches of ten", micro::tail(10, 10, 1), Filter::Everything, 100),
        ("everything, one batch of one", micro::tail(1, 1, 1), Filter::Everything, 1),
        ("one topic of a thousand, one batch", micro::tail(1, 1_000, 1_000), one_topic, 1),
    ];
    let mut group = criterion.benchmark_group("follower");
    for (name, tail, filter, messages) in cases {
        assert_eq!(serve(follower(filter.clone()), &tail), messages, "{name}");
        group.throughput(Throughput::Elements(messages as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(|| follower(filter.clone()), |one| serve(one, &tail), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, followers);
criterion_main!(benches);
