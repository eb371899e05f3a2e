//! A journal at work: the writer, the projector, the tails and the followers, as steps.
//!
//! Nothing here spawns, waits, reads a clock or draws randomness: production calls the steps on threads of its own,
//! simulation calls them inline. Nothing here knows HTTP or packets: the encoder is injected.

mod bounds;
pub mod limits;
mod overlay;
mod page;
mod projector;
mod published;
mod read_error;
mod recent;
mod serving;
mod snapshot;
mod space;
mod start;
mod threads;
mod writer;

pub use bounds::Bounds;
pub use page::Page;
pub use projector::{ProjectError, Projector};
pub use read_error::ReadError;
pub use serving::{Filled, Serving};
pub use snapshot::TopicSnapshot;
pub use space::{Space, SpaceOptions};
pub use start::{ResetReason, Start};
pub use writer::{Answer, Committed, Receipt, ReopenError, Request, Step, Writer};
