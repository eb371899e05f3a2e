//! `cargo +nightly fuzz run engineio_payload fuzz/corpus/engineio_payload fuzz/seeds/engineio_payload`
#![no_main]

#[path = "../wire.rs"]
#[allow(dead_code, reason = "each target uses one of the functions")]
mod wire_targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| wire_targets::engineio_payload(data));
