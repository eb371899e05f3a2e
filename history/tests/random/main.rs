//! Random runs of a sound server have no anomaly, and each random mutation of their records is found.
#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod model;
mod mutate;

use history::{Action, Change, Connect, Digest, Entry, Event, Push, Reader, Role, Told, check};
use model::{Model, Random};
use mutate::MUTATIONS;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_sound_run_has_no_anomaly(seed: u64, steps in 0..200_u64) {
        let events = Model::run(&mut Random(seed), steps);
        prop_assert_eq!(check(&events), []);
    }

    #[test]
    fn each_mutation_of_a_sound_run_is_found(seed: u64, steps in 20..200_u64) {
        let sound = Model::run(&mut Random(seed), steps);
        for (name, mutate, expected) in MUTATIONS {
            let mut events = sound.clone();
            if mutate(&mut events, &mut Random(seed ^ 1)).is_some() {
                let found = check(&events);
                prop_assert!(found.iter().any(expected), "{}: {:?}", name, found);
            }
        }
    }
}

/// A mutation that never applies would show nothing.
#[test]
fn every_mutation_applies_to_most_runs() {
    for (name, mutate, _) in MUTATIONS {
        let applies = |seed: &u64| {
            let mut events = Model::run(&mut Random(*seed), 250);
            mutate(&mut events, &mut Random(seed ^ 1)).is_some()
        };
        let times = (0..50).filter(applies).count();
        assert!(times >= 25, "{name} applies to {times} of 50 runs");
    }
}

/// The time that the checks take grows with the record, not with its square.
#[test]
fn a_record_ten_times_as_long_takes_about_ten_times_as_long() {
    grows_with_the_record(|steps| Model::run(&mut Random(7), steps));
}

/// A switch that goes on and off: data that was there before comes again and again.
#[test]
fn a_record_of_data_that_repeats_takes_no_longer() {
    grows_with_the_record(repeating);
}

fn grows_with_the_record(record: fn(u64) -> Vec<Event>) {
    let time = |steps| {
        let events = record(steps);
        let times = (0..5).map(|_| {
            let began = std::time::Instant::now();
            assert_eq!(check(&events), []);
            began.elapsed().as_secs_f64() / events.len() as f64
        });
        times.fold(f64::INFINITY, f64::min)
    };
    let (short, long) = (time(4_000), time(40_000));
    assert!(long < short * 5.0, "{:.2} µs an event became {:.2} µs", short * 1e6, long * 1e6);
}

/// One item that is given the same two data in turn, and one follower that is told each time.
fn repeating(steps: u64) -> Vec<Event> {
    let follower = "f".to_owned();
    let reader = Reader { user: None, role: Role::Anonymous };
    let connect = Connect { follower: follower.clone(), reader, topics: None, cursor: None };
    let connected = Event::Connected { follower: follower.clone(), cursor: 0, resumed: false };
    let mut events = vec![Event::Connect(connect), connected];
    let mut entries = Vec::new();
    for number in 1..=steps {
        let data = Some(Digest::of(&[(number % 2) as u8]));
        let item = Some("1".to_owned());
        let change = Change { topic: "t".to_owned(), action: Action::Update, item, data, author: None };
        let key = Some(number.to_string());
        events.push(Event::Push(Push { push: number, change: change.clone(), key: key.clone() }));
        let told =
            Told { follower: follower.clone(), position: number, seq: number, time_ms: 0, change: change.clone() };
        events.push(Event::Told(told));
        entries.push(Event::Entry(Entry { position: number, seq: number, time_ms: 0, change, key }));
    }
    events.extend(entries);
    events
}
