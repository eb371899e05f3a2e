//! Replays the seeds of the fuzz target `json_strict` as a plain test.

#[path = "facts/json.rs"]
mod json_facts;

#[test]
fn the_facts_hold_for_every_seed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/json_strict");
    let seeds: Vec<_> =
        std::fs::read_dir(folder).expect("the folder of seeds").map(|seed| seed.expect("a seed").path()).collect();
    assert!(seeds.len() >= 20, "the seeds lie in {folder}");
    for seed in seeds {
        json_facts::hold_for(&std::fs::read(&seed).expect("a readable seed"));
    }
}
