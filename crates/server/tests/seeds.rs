//! Replays the seeds of the fuzz targets of this crate as plain tests.

#[path = "facts/asked.rs"]
mod asked_facts;
#[path = "facts/origins.rs"]
mod origin_facts;
#[path = "facts/settings.rs"]
mod settings_facts;
#[path = "facts/tokens.rs"]
mod token_facts;

#[track_caller]
fn replay(target: &str, hold_for: fn(&[u8])) {
    let folder = format!("{}/../../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let seeds: Vec<_> =
        std::fs::read_dir(&folder).expect("the folder of seeds").map(|seed| seed.expect("a seed").path()).collect();
    assert!(seeds.len() >= 6, "the seeds lie in {folder}");
    for seed in seeds {
        println!("{}", seed.display());
        hold_for(&std::fs::read(&seed).expect("a readable seed"));
    }
}

#[test]
fn the_facts_of_what_is_asked_hold_for_every_seed() {
    replay("asked", asked_facts::hold_for);
}

#[test]
fn the_facts_of_tokens_hold_for_every_seed() {
    replay("token", token_facts::hold_for);
}

#[test]
fn the_facts_of_origins_hold_for_every_seed() {
    replay("origin", origin_facts::hold_for);
}

#[test]
fn the_facts_of_settings_hold_for_every_seed() {
    replay("settings", settings_facts::hold_for);
}
