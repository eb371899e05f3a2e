//! How long the line before the writer may get, in bytes of data: many ask at once, the writer's thread gives back.

use crate::threads::{AtomicUsize, Ordering};

/// Bytes of pushes that are not answered yet.
#[derive(Default)]
pub(super) struct Line {
    bytes: AtomicUsize,
}

impl Line {
    /// Whether so many more bytes may join the line; a push that is longer than the bound may when it is alone. Whoever
    /// was let in must [`Line::leave`].
    pub(super) fn join(&self, bytes: usize, bytes_max: usize) -> bool {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let has_room = before == 0 || before + bytes <= bytes_max;
        if !has_room {
            self.leave(bytes);
        }
        has_room
    }

    /// So many bytes are answered.
    pub(super) fn leave(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
