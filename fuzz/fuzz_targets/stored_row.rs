//! Any columns in a row of the journal.
#![no_main]

#[path = "../../crates/store/tests/facts/rows.rs"]
mod row_facts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| row_facts::hold_for(bytes));
