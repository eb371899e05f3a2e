//! Any JSON merged into any other, beside RFC 7396 in its own words.
#![no_main]

#[path = "../../crates/journal/tests/facts/merging.rs"]
mod merging_facts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| merging_facts::hold_for(bytes));
