//! The answers' way back: from the writer's thread, which must not wait, to whoever hands them to their sockets.
//!
//! They are handed over by whoever has the turn, so that somebody who takes what waits, and finds nothing, knows that what
//! others took is handed over too. `interleave/tests/answers.rs` tries every order of their steps.

use crate::threads::{Mutex, Notify, Turn, Turns};

/// Answers that wait, in the order in which they were given.
pub(super) struct Answers<A> {
    waiting: Mutex<Vec<A>>,
    arrived: Notify,
    turns: Turns<()>,
}

/// Answers to be handed over before this is dropped.
pub(super) struct Taken<'a, A> {
    pub(super) answers: Vec<A>,
    _turn: Turn<'a, ()>,
}

impl<A> Default for Answers<A> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), arrived: Notify::new(), turns: Turns::new(()) }
    }
}

impl<A> Answers<A> {
    /// Leaves an answer and wakes who hands it over. Never waits.
    pub(super) fn leave(&self, answer: A) {
        self.waiting.lock().push(answer);
        self.arrived.notify_one();
    }

    /// Waits until something was left since the last time. For one who waits.
    pub(super) async fn arrive(&self) {
        self.arrived.notified().await;
    }

    /// Takes all that wait, once everything that was taken before is handed over.
    pub(super) async fn take(&self) -> Taken<'_, A> {
        let turn = self.turns.lock().await;
        Taken { answers: std::mem::take(&mut *self.waiting.lock()), _turn: turn }
    }
}
