//! The bounds of a space at work that somebody may move: tests and simulations make them small, so that what happens at a
//! bound happens often. Production takes them as they are in [`crate::limits`].

use journal::limits::{TAIL_BYTES_MAX, TAIL_ENTRIES_MAX};

use crate::limits::{
    OVERLAY_ENTRIES_MAX, PAGE_BYTES_MAX, PAGE_ENTRIES_MAX, PROJECTION_ENTRIES_MAX, RECENT_ENTRIES_MAX,
    RESUME_ENTRIES_MAX, SCAN_ENTRIES_MAX,
};

/// Each is the limit of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Encoded bytes in the tail.
    pub tail_bytes: usize,
    /// Entries in the tail.
    pub tail_entries: usize,
    /// Entries that are committed and not yet projected, before pushes are told that the server is busy.
    pub overlay_entries: usize,
    /// Entries handed to the projector in memory.
    pub recent_entries: usize,
    /// Entries of one projection transaction.
    pub projection_entries: usize,
    /// Entries that one page looks at.
    pub page_entries: usize,
    /// Encoded bytes of one page.
    pub page_bytes: usize,
    /// Entries that a scan may skip before topics are looked up one by one.
    pub scan_entries: u64,
    /// Readable entries that a resume replays.
    pub resume_entries: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            tail_bytes: TAIL_BYTES_MAX,
            tail_entries: TAIL_ENTRIES_MAX,
            overlay_entries: OVERLAY_ENTRIES_MAX,
            recent_entries: RECENT_ENTRIES_MAX,
            projection_entries: PROJECTION_ENTRIES_MAX,
            page_entries: PAGE_ENTRIES_MAX,
            page_bytes: PAGE_BYTES_MAX,
            scan_entries: SCAN_ENTRIES_MAX,
            resume_entries: RESUME_ENTRIES_MAX,
        }
    }
}
