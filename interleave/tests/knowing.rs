//! What the writer knows of earlier pushes while the projector folds and somebody loads the filters: a key that is durable
//! is found in the overlay or in the projections, at any moment (I5).
//!
//! The overlay, the filters and what is published are the real ones; the journal and the projections on disk are a list and
//! a map, whose locks stand for SQLite's transactions.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(unreachable_pub, reason = "what is public in its own crate is compiled here as a part of another")]
#![expect(dead_code, reason = "a model uses a part of what it compiles")]

use std::{collections::HashMap, sync::Arc};

use interleave::{Mutex, every_order, spawn};
use journal::{Entry, Position, Tail};

/// What `crate::threads` is in the files below.
use interleave as threads;

#[path = "../../crates/store/src/views/absence.rs"]
mod absence;
#[path = "../../crates/store/src/views/layers.rs"]
mod layers;
mod limits {
    //! What the files below call their crate's limits.

    pub(crate) use super::{of_space::*, of_store::*};
}
#[path = "../../crates/space/src/limits.rs"]
mod of_space;
#[path = "../../crates/store/src/limits.rs"]
mod of_store;
#[path = "../../crates/space/src/overlay.rs"]
mod overlay;
#[path = "../../crates/space/src/published.rs"]
mod published;
#[path = "../../crates/space/src/recent.rs"]
mod recent;
mod small;

use absence::{Absence, key_hash};
use overlay::Overlay;
use published::Published;
use recent::Recent;
use small::{batch, entry, key, rules, tag, topic};

/// A space whose first entry is of an older run: it is in the projections, and the filters do not know it yet.
struct World {
    published: Published,
    absence: Absence,
    journal: Mutex<Vec<Entry>>,
    views: Mutex<HashMap<u64, Position>>,
}

fn hash(position: u64) -> u64 {
    key_hash(&topic(), None, &key(position))
}

impl World {
    fn new() -> Arc<Self> {
        let tail = Tail::new(Position(1), tag(1));
        Arc::new(Self {
            published: Published::new(tail, Recent::bounded(10), Position(1)),
            absence: Absence::default(),
            journal: Mutex::new(vec![entry(1)]),
            views: Mutex::new(HashMap::from([(hash(1), Position(1))])),
        })
    }

    /// Where the key of that entry was used, as the writer finds it.
    fn known(&self, overlay: &Overlay, position: u64) -> Option<Position> {
        overlay.key(&topic(), None, &key(position)).or_else(|| {
            let is_new = self.absence.of_key(hash(position));
            if is_new { None } else { self.views.lock().get(&hash(position)).copied() }
        })
    }

    /// The writer: what it knows at the beginning of a step, and a step that writes the second entry.
    fn write(&self, overlay: &mut Overlay) {
        overlay.forget(self.published.projected());
        assert_eq!(self.known(overlay, 1), Some(Position(1)), "of an older run");
        overlay.record(&entry(2), None);
        self.journal.lock().push(entry(2));
        let topics = self.published.topic_indexes(&[entry(2)], &rules());
        self.published.publish(batch(2, topics[0]), tag(2));
        self.published.hand_over(vec![entry(2)]);
        overlay.forget(self.published.projected());
        assert_eq!(self.known(overlay, 2), Some(Position(2)), "just written");
    }

    /// The projector: one step, if there is something to fold.
    fn project(&self) {
        let (after, head) = (self.published.projected(), self.published.head());
        if after >= head {
            return;
        }
        let mut entries = self.published.handed_over(after, 10, usize::MAX);
        if entries.is_empty() {
            entries = self.journal.lock().iter().filter(|entry| entry.position > after).cloned().collect();
        }
        // The filters are told before the commit: nobody may be told that something is not there once it is.
        self.absence.add_keys(entries.iter().map(|entry| hash(entry.position.0)));
        self.views.lock().extend(entries.iter().map(|entry| (hash(entry.position.0), entry.position)));
        self.published.set_projected(entries.last().unwrap().position);
    }

    /// Tells the filters what an older run left.
    fn load(&self) {
        let rows: Vec<u64> = self.views.lock().keys().copied().collect();
        self.absence.add_keys(rows.into_iter());
        self.absence.loaded();
    }
}

#[test]
fn a_key_that_is_durable_is_known_at_every_moment() {
    every_order(|| {
        let world = World::new();
        let (of_projector, of_loader) = (Arc::clone(&world), Arc::clone(&world));
        let projector = spawn(move || of_projector.project());
        let loader = spawn(move || of_loader.load());
        let mut overlay = Overlay::default();
        world.write(&mut overlay);
        projector.join().unwrap();
        loader.join().unwrap();
        world.project();
        overlay.forget(world.published.projected());
        assert_eq!(overlay.len(), 0);
        assert_eq!([1, 2].map(|position| world.known(&overlay, position)), [Some(Position(1)), Some(Position(2))]);
    });
}

#[test]
fn nothing_is_called_new_before_everything_is_loaded() {
    every_order(|| {
        let world = World::new();
        assert!(!world.absence.of_key(hash(3)));
        world.load();
        assert!(world.absence.of_key(hash(3)));
        assert!(!world.absence.of_key(hash(1)));
    });
}
