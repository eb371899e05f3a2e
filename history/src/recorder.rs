//! One record that many observers write into; the order of their calls is its order.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Event;

/// A record under way. Clones write into the same one.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Vec<Event>>>);

impl Recorder {
    /// Writes down what was just seen, or is about to be asked.
    pub fn note(&self, event: Event) {
        self.events(|events| events.push(event));
    }

    /// Everything so far.
    #[must_use]
    pub fn record(&self) -> Vec<Event> {
        self.events(|events| events.clone())
    }

    fn events<T>(&self, work: impl FnOnce(&mut Vec<Event>) -> T) -> T {
        // An observer that panicked has either pushed its event or not; the others' are whole.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
