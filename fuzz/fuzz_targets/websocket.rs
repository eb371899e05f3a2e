//! `cargo +nightly fuzz run websocket fuzz/corpus/websocket fuzz/seeds/websocket`
#![no_main]

#[path = "../wire.rs"]
#[allow(dead_code, reason = "each target uses one of the functions")]
mod wire_targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| wire_targets::websocket(data));
