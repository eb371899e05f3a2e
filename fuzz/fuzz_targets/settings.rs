//! Any bytes as a `tidings.toml`.
#![no_main]

#[path = "../../crates/server/tests/facts/settings.rs"]
mod settings_facts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| settings_facts::hold_for(bytes));
