//! Any text as a token; any header and claims, signed.
#![no_main]

#[path = "../../crates/server/tests/facts/tokens.rs"]
mod token_facts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| token_facts::hold_for(bytes));
