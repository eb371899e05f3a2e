//! `cargo +nightly fuzz run socketio_packet fuzz/corpus/socketio_packet fuzz/seeds/socketio_packet`
#![no_main]

#[path = "../wire.rs"]
#[allow(dead_code, reason = "each target uses one of the functions")]
mod wire_targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| wire_targets::socketio_packet(data));
