//! Any text as the origin of a page.
#![no_main]

#[path = "../../crates/server/tests/facts/origins.rs"]
mod origin_facts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| origin_facts::hold_for(bytes));
