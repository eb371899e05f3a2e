//! `cargo +nightly fuzz run socketio_session fuzz/corpus/socketio_session fuzz/seeds/socketio_session`
#![no_main]

#[path = "../wire.rs"]
#[allow(dead_code, reason = "each target uses one of the functions")]
mod wire_targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| wire_targets::socketio_session(data));
