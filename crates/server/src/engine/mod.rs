//! The Engine.IO driver: it carries sessions of the pure `wire` machines over hyper and raw TCP sockets, for one
//! [`Application`].
//!
//! Delivery is by pull. A [`Link`] has no queue of the application's messages; whenever its transport has room it
//! writes, in this order, the rest of an unfinished frame, its few control messages, and what [`Application::fill`]
//! offers. A full transport is remembered as one unfinished frame and nothing else.

mod application;
mod body;
mod control;
mod driver;
mod flush;
mod http;
mod link;
mod outlet;
mod pending;
mod poll;
mod post;
mod probe;
mod registry;
mod session_id;
mod socket;
mod stamps;
mod timers;
mod upgrade;

pub use application::{Application, Handshake};
pub use body::Body;
pub use control::Control;
pub use driver::{Config, Engine};
pub use journal::Span;
pub use link::Link;
pub use outlet::{Outlet, Slice};
pub use session_id::SessionId;
pub use wire::engineio::{CloseReason, Message, Transport};
