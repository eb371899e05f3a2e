//! Any bytes as what a client asks for.
#![no_main]

#[path = "../../crates/server/tests/facts/asked.rs"]
mod asked_facts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| asked_facts::hold_for(bytes));
