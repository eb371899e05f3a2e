//! Random runs of a sound server have no anomaly, and each random mutation of their records is found.
#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod model;
mod mutate;

use history::check;
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
    let time = |steps| {
        let events = Model::run(&mut Random(7), steps);
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
