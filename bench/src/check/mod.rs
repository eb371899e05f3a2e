//! Exact accounting: nothing here samples. Every message carries who pushed it, as which one, and when; a follower's
//! messages are compared byte by byte with what another follower of the same topic got, and parsed where they differ.

mod counts;
mod follower;
mod frame;
mod order;
mod reference;
mod stamp;
mod tally;

pub(crate) use counts::Counts;
pub(crate) use follower::Follower;
#[cfg(test)]
pub(crate) use follower::server_messages;
pub(crate) use frame::{Frame, Opcode, masked};
pub(crate) use order::{Order, Pushed};
pub(crate) use reference::Reference;
pub(crate) use stamp::{STAMP_BYTES, Stamp, topic_name, write_digits};
pub(crate) use tally::{Tally, Window, latencies};
