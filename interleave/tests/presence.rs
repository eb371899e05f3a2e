//! Who is here: sockets come and go on any thread, and once a second somebody tells how things are, if that has changed.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(unreachable_pub, reason = "what is public in its own crate is compiled here as a part of another")]

use std::sync::Arc;

use interleave::{every_order, spawn};

/// What `crate::threads` is in the file below.
use interleave as threads;

mod asker {
    //! The part of the server's `asker` that counts here.

    /// Somebody with a name.
    pub(crate) struct Person {
        pub(crate) id: journal::UserId,
        pub(crate) name: String,
    }
}

mod limits {
    //! The part of the server's limits that counts here.

    pub(crate) const PRESENCE_NAMES_MAX: usize = 64;
}

#[path = "../../crates/server/src/sync/presence.rs"]
mod presence;

use asker::Person;
use presence::Presence;

fn ann() -> Person {
    Person { id: journal::UserId::new("ann").unwrap(), name: "Ann".to_owned() }
}

/// What is told if something has changed.
fn told(presence: &Presence) -> Option<String> {
    presence.take_change().then(|| presence.signal().to_string())
}

#[test]
fn the_last_change_is_told_to_whoever_asks_next() {
    every_order(|| {
        let presence = Arc::new(Presence::default());
        let (of_ann, of_bob) = (Arc::clone(&presence), Arc::clone(&presence));
        let comes_and_goes = spawn(move || {
            of_ann.join(Some(&ann()));
            of_ann.leave(Some(&ann()));
        });
        let comes = spawn(move || of_bob.join(None));
        let meanwhile = told(&presence);
        comes_and_goes.join().unwrap();
        comes.join().unwrap();
        let last = told(&presence).or(meanwhile);
        assert_eq!(last, Some(presence.signal().to_string()), "somebody was told less than there is");
        assert_eq!(presence.sockets(), 1);
    });
}
