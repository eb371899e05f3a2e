//! Any bytes into the strict JSON parser, its readers and merging.
#![no_main]

#[path = "../../crates/journal/tests/facts/json.rs"]
mod json_facts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| json_facts::hold_for(bytes));
