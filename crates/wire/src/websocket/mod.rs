//! RFC 6455, both roles: frame headers, an incremental decoder with bounds, close codes and the opening handshake's
//! digest. Extensions are not offered, so every reserved bit is an error.

mod close;
mod decoder;
mod frame;
mod handshake;

pub use close::CloseCode;
pub use decoder::{Decoder, Event, ProtocolError, Role};
pub use frame::{FrameHeader, Opcode, mask};
pub use handshake::{KeyError, accept};
