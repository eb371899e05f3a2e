//! Replays the seeds of the fuzz targets of this crate as plain tests.

#[path = "facts/json.rs"]
mod json_facts;
#[path = "facts/merging.rs"]
mod merging_facts;
#[path = "facts/vocabulary.rs"]
mod vocabulary_facts;

#[track_caller]
fn replay(target: &str, seeds_min: usize, hold_for: fn(&[u8])) {
    let folder = format!("{}/../../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let seeds: Vec<_> =
        std::fs::read_dir(&folder).expect("the folder of seeds").map(|seed| seed.expect("a seed").path()).collect();
    assert!(seeds.len() >= seeds_min, "the seeds lie in {folder}");
    for seed in seeds {
        println!("{}", seed.display());
        hold_for(&std::fs::read(&seed).expect("a readable seed"));
    }
}

#[test]
fn the_facts_of_json_hold_for_every_seed() {
    replay("json_strict", 20, json_facts::hold_for);
}

#[test]
fn the_facts_of_merging_hold_for_every_seed() {
    replay("json_merging", 8, merging_facts::hold_for);
}

#[test]
fn the_facts_of_the_vocabulary_hold_for_every_seed() {
    replay("vocabulary", 8, vocabulary_facts::hold_for);
}
