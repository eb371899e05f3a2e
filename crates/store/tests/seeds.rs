//! Replays the seeds of the fuzz target `stored_row` as a plain test.

#[path = "facts/rows.rs"]
mod row_facts;

#[test]
fn the_facts_of_rows_hold_for_every_seed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/stored_row");
    let seeds: Vec<_> =
        std::fs::read_dir(folder).expect("the folder of seeds").map(|seed| seed.expect("a seed").path()).collect();
    assert!(seeds.len() >= 8, "the seeds lie in {folder}");
    for seed in seeds {
        println!("{}", seed.display());
        row_facts::hold_for(&std::fs::read(&seed).expect("a readable seed"));
    }
}
