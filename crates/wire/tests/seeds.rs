//! The fuzzer's committed seeds, run through its own functions.

#[path = "../../../fuzz/wire.rs"]
mod targets;

use std::path::Path;

#[track_caller]
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut seeds = 0;
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder lists its files").path();
        println!("{}", path.display());
        run(&std::fs::read(&path).expect("a seed is a readable file"));
        seeds += 1;
    }
    assert!(seeds > 0, "{} holds no seeds", folder.display());
}

#[test]
fn websocket_seeds_hold() {
    replay("websocket", targets::websocket);
}

#[test]
fn engineio_payload_seeds_hold() {
    replay("engineio_payload", targets::engineio_payload);
}

#[test]
fn engineio_session_seeds_hold() {
    replay("engineio_session", targets::engineio_session);
}

#[test]
fn socketio_packet_seeds_hold() {
    replay("socketio_packet", targets::socketio_packet);
}

#[test]
fn socketio_session_seeds_hold() {
    replay("socketio_session", targets::socketio_session);
}
