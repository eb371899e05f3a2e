//! Engine.IO 4, Socket.IO 5 and WebSocket framing: codecs and session state machines, pure.
//!
//! Bytes and the present time come in as arguments, packets and decisions come out as values; nothing here reads a
//! clock, draws a random number or knows a socket. The server drives these machines over TCP, tests drive them over a
//! simulated network, and the fuzzer drives them with anything.
#![deny(clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a test that indexes out of bounds fails, as it should"))]

pub mod engineio;
pub mod limits;
pub mod socketio;
pub mod websocket;
