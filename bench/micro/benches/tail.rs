//! What a batch costs until it lies in the tail: encoded once, whoever follows.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use journal::{Position, Tag, Tail};

fn batches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tail");
    for (entries, topics) in [(1, 1), (100, 1), (100, 100), (1_000, 1_000)] {
        group.throughput(Throughput::Elements(entries));
        group.bench_function(format!("a batch of {entries} entries in {topics} topics"), |bencher| {
            let (encoder, batch) = (micro::Encoder::default(), micro::entries(1, entries, topics));
            bencher.iter_batched(
                || Tail::new(Position::START, Tag([0; 32])),
                |mut tail| {
                    encoder.append(&mut tail, &batch);
                    tail
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, batches);
criterion_main!(benches);
