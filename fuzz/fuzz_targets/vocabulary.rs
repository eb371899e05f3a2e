//! Any text as a cursor, a topic's name, a pattern, an id, a key.
#![no_main]

#[path = "../../crates/journal/tests/facts/vocabulary.rs"]
mod vocabulary_facts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vocabulary_facts::hold_for(bytes));
