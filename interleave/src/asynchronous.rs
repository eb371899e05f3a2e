//! What tasks wait by, with the calls and the promises of tokio's: a notification that finds nobody waiting is kept, one at
//! most; turns are taken one at a time.

use std::{
    future::poll_fn,
    task::{Poll, Waker},
};

use crate::Mutex;

/// Wakes one task, now or when it comes. One task waits at a time.
#[derive(Default)]
pub struct Notify {
    state: Mutex<Notified>,
}

#[derive(Default)]
struct Notified {
    is_notified: bool,
    waiting: Option<Waker>,
}

impl Notify {
    /// Nobody was notified yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Wakes who waits, or who comes next.
    pub fn notify_one(&self) {
        let mut state = self.state.lock();
        state.is_notified = true;
        let waiting = state.waiting.take();
        drop(state);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    /// Waits for a notification and takes it.
    pub async fn notified(&self) {
        poll_fn(|context| {
            let mut state = self.state.lock();
            if std::mem::take(&mut state.is_notified) {
                return Poll::Ready(());
            }
            state.waiting = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// A mutex that is waited for as a task.
pub struct Turns<T> {
    state: Mutex<Queue>,
    value: T,
}

#[derive(Default)]
struct Queue {
    is_taken: bool,
    waiting: Vec<Waker>,
}

/// Somebody's turn, until it is dropped.
pub struct Turn<'a, T>(&'a Turns<T>);

impl<T> Turns<T> {
    /// Nobody's turn.
    pub fn new(value: T) -> Self {
        Self { state: Mutex::default(), value }
    }

    /// Waits for a turn.
    pub async fn lock(&self) -> Turn<'_, T> {
        poll_fn(|context| {
            let mut state = self.state.lock();
            if state.is_taken {
                state.waiting.push(context.waker().clone());
                return Poll::Pending;
            }
            state.is_taken = true;
            Poll::Ready(())
        })
        .await;
        Turn(self)
    }
}

impl<T> std::ops::Deref for Turn<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.is_taken = false;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}
