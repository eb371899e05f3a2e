//! Engine.IO protocol 4: packets, polling payloads, the query and refusals of its requests, and the session as a state
//! machine over the transports polling and WebSocket.

mod packet;
mod payload;
mod request;
mod session;

pub use packet::{InvalidPacket, Message, Packet, PacketType};
pub use payload::{PayloadWriter, packets};
pub use request::{Query, Refusal, open_packet};
pub use session::{CloseReason, Config, ProbeId, ProbeStep, Received, Session, Tick, Transport};
