//! The judge of a run. Whoever drives a server writes down what was asked, answered, told and kept, in the order in which
//! it was observed; [`check`] reads that record once and names everything that must never be.
//!
//! Pure, and on purpose without any crate of the product: it has its own understanding of who may read what and of what
//! an entry does to an item, so that a mistake in the product is not judged by the same mistake here. Callers: the
//! simulation, the system tests, and the program `history`, which reads records of clients in other languages.

mod anomaly;
mod check;
mod event;
mod lines;
mod recorder;

pub use anomaly::Anomaly;
pub use check::check;
pub use event::{
    Ack, Action, Author, Change, Connect, Digest, Entry, Event, Follower, Item, Push, PushId, Read, Reader, Role,
    Snapshot, Told, TopicRule,
};
pub use lines::{BadLine, read_line, read_lines, write_line};
pub use recorder::Recorder;
