//! Socket.IO protocol 5 over the messages of an Engine.IO session: packets with binary attachments, their encoder, and
//! the session of one client with its namespaces as a state machine.

mod encode;
mod json;
mod namespace;
mod packet;
mod placeholder;
mod session;

pub use encode::{ack, ack_head, connect, connect_error, disconnect, event, event_head};
pub use json::Arguments;
pub use namespace::Namespace;
pub use packet::{Header, InvalidPacket, Kind};
pub use session::{Ack, Config, Event, Incoming, Session, Violation};
