//! `scripts/fuzz.sh official_socketio`: our decoder and the official one in JavaScript say the same, or a rule says why not.
#![no_main]

#[path = "../official.rs"]
mod official;
#[path = "../packets.rs"]
mod packets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // What is not UTF-8 reaches neither of them.
    if std::str::from_utf8(data).is_ok() {
        official::compare(b's', data);
    }
});

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    packets::mutate(data, size, max_size, seed)
});
