//! What a push costs to read, and a frame to write.

use std::{hint::black_box, time::Instant};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use journal::Json;
use wire::{
    engineio::Packet,
    socketio::Header,
    websocket::{Decoder, Event, FrameHeader, Opcode, Role, mask},
};

fn reading(criterion: &mut Criterion) {
    let (frame, packet) = (micro::push_frame(), Bytes::from(micro::push_packet()));
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Bytes(frame.len() as u64));
    let now = Instant::now();
    group.bench_function("a frame with a push", |bencher| {
        let mut decoder = Decoder::new(Role::Server, 1_000_000);
        bencher.iter(|| {
            let mut input = black_box(&frame[..]);
            let event = decoder.decode(now, &mut input).expect("the frame is well-formed");
            assert!(matches!(event, Some(Event::Text(_))));
        });
    });
    group.bench_function("its packets", |bencher| {
        bencher.iter(|| {
            let Ok(Packet::Message(_)) = Packet::from_text(black_box(&packet)) else { panic!("it is a message") };
            Header::decode(&packet.slice(1..)).expect("the packet is well-formed")
        });
    });
    group.bench_function("its data", |bencher| {
        bencher.iter(|| Json::parse(black_box(micro::DATA.as_bytes())).expect("it is JSON"));
    });
    group.finish();
}

fn writing(criterion: &mut Criterion) {
    criterion.bench_function("codec/the header of a frame", |bencher| {
        bencher.iter(|| FrameHeader::server(Opcode::Text, black_box(300)));
    });
    let mut payload = vec![b'x'; 300];
    criterion.bench_function("codec/the mask of 300 bytes", |bencher| {
        bencher.iter(|| mask(black_box(&mut payload), [1, 2, 3, 4], 0));
    });
}

criterion_group!(benches, reading, writing);
criterion_main!(benches);
