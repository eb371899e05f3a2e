//! The simulation, shown to be what it says: the same seed is the same run, and runs meet what they are there to meet.

use sim::{WorldTally, run};

/// Seeds for what follows; a few, because each runs a whole world.
const SEEDS: u64 = 24;

#[test]
fn the_same_seed_twice_gives_the_same_trace_and_another_seed_another_one() {
    let outcomes: Vec<_> = (0..SEEDS / 2).map(run).collect();
    for (seed, outcome) in (0..).zip(&outcomes) {
        assert_eq!(&run(seed), outcome, "seed {seed}");
    }
    let mut traces: Vec<_> = outcomes.iter().map(|outcome| outcome.trace).collect();
    traces.sort_unstable();
    traces.dedup();
    assert_eq!(traces.len(), outcomes.len());
}

#[test]
fn the_same_seed_in_another_process_gives_the_same_trace() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sim")).args(["--seed", "5"]).output();
    let told = String::from_utf8(output.expect("the program was built for this test").stdout).expect("it prints text");
    assert!(told.starts_with(&format!("seed 5, trace {:016x}", run(5).trace)), "{told}");
}

#[test]
fn worlds_are_clean_and_everything_happens_in_them() {
    let mut sum = WorldTally::default();
    for seed in 0..SEEDS {
        let outcome = run(seed);
        assert!(outcome.is_clean(), "seed {seed}: {:?} {:?}", outcome.faults, outcome.anomalies);
        sum = sum + outcome.tally;
    }
    println!("{sum:#?}");
    assert!(sum.entries > 50 * SEEDS && sum.clients.told > 200 * SEEDS, "too little to show anything");
    assert!(sum.kills > 0 && sum.power_cuts > 0 && sum.failed_starts > 0 && sum.barred > 0);
    assert!(sum.disk.syncs_failed > 0 && sum.disk.writes_without_room > 0, "the disk was too good");
    assert!(sum.clients.drops > SEEDS && sum.clients.stalls > SEEDS);
    assert!(sum.clients.duplicates > SEEDS, "no crash fell between a commit and its answer");
    assert!(sum.clients.marks > 0 && sum.clients.resets > 0 && sum.clients.reads > SEEDS);
}
