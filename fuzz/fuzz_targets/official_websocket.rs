//! `scripts/fuzz.sh official_websocket`: our decoder and the receiver of npm's `ws` read the same frames, or a rule says why not.
#![no_main]

#[path = "../official.rs"]
mod official;

/// No header stays unfinished before these, so that whoever refuses it has done so.
const NO_HEADER: [u8; 14] = [0; 14];

// The first byte says who reads: a server or a client.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((role, stream)) = data.split_first() else { return };
    official::compare(if role % 2 == 0 { b'c' } else { b'w' }, &[stream, &NO_HEADER].concat());
});
