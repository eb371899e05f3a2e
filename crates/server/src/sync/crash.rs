//! Two places of the writer at which a test may end the process, as `kill -9` would: between commit and ack, and between ack
//! and wake. No system call marks them, so nobody outside can meet them.
//!
//! Only builds with debug assertions have the switch; the release binary has neither the places nor the variable. It is
//! `CRASH_AT=after_commit:17` for the seventeenth time that the writer comes there.

/// A place in the way of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// The batch is durable, and nobody has been told.
    AfterCommit,
    /// The pushers have their receipts, and no follower has been woken.
    AfterAck,
}

#[cfg(not(debug_assertions))]
pub(super) fn pass(_: Place) {}

#[cfg(debug_assertions)]
pub(super) use armed::pass;

#[cfg(debug_assertions)]
mod armed {
    use std::{
        sync::{
            OnceLock,
            atomic::{AtomicU64, Ordering},
        },
        time::Duration,
    };

    use super::Place;

    /// What the other threads need to send the receipts that the writer has handed them.
    const ACKS_LEAVE: Duration = Duration::from_millis(50);

    /// Comes by a place, and no further when the test said so.
    pub(in super::super) fn pass(place: Place) {
        static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
        static PASSED: AtomicU64 = AtomicU64::new(0);
        let Some((name, count)) = WANTED.get_or_init(wanted) else { return };
        if name == place.name() && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == *count {
            if matches!(place, Place::AfterAck) {
                std::thread::sleep(ACKS_LEAVE);
            }
            tracing::error!("crashed on purpose, at {name}:{count}");
            // No destructor runs, and nothing is flushed.
            std::process::abort();
        }
    }

    fn wanted() -> Option<(String, u64)> {
        let text = std::env::var("CRASH_AT").ok()?;
        let (name, count) = text.split_once(':')?;
        Some((name.to_owned(), count.parse().ok()?))
    }

    impl Place {
        fn name(self) -> &'static str {
            match self {
                Self::AfterCommit => "after_commit",
                Self::AfterAck => "after_ack",
            }
        }
    }
}
