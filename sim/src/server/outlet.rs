//! Where pre-encoded messages go: into a socket's buffer as far as it has room, or into the answer to a poll. Mirrors
//! `crates/server/src/engine/outlet.rs`, with a simulated socket instead of a system call.

use bytes::Bytes;
use journal::{Bug, Slice};
use wire::engineio::PayloadWriter;

use crate::{network::LineId, stage::Stage};

/// A transport that has room.
pub(super) enum Outlet<'a> {
    Socket { stage: &'a mut Stage, line: LineId, pending: &'a mut Option<Bytes>, is_full: bool },
    Payload { writer: &'a mut PayloadWriter, is_full: bool },
}

impl Outlet<'_> {
    /// Writes messages in order and gives how many were taken: sent, or begun with their rest kept.
    pub(super) fn write(&mut self, slices: &[Slice<'_>]) -> usize {
        slices.iter().map(|slice| self.write_slice(*slice)).sum()
    }

    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Socket { is_full, .. } | Self::Payload { is_full, .. } => *is_full,
        }
    }

    fn write_slice(&mut self, slice: Slice<'_>) -> usize {
        match self {
            _ if self.is_full() => 0,
            Self::Socket { stage, line, pending, is_full } => {
                let (start, end) = slice.bounds();
                let written = stage.server_writes(*line, &slice.bytes[start..end]);
                *is_full = written < end - start;
                if *is_full { keep_rest(slice, start + written, pending) } else { slice.spans.len() }
            }
            Self::Payload { writer, is_full } => {
                let taken = slice
                    .spans
                    .iter()
                    .take_while(|span| writer.text(&slice.bytes[span.payload as usize..span.end as usize]));
                let taken = taken.count();
                *is_full = taken < slice.spans.len();
                taken
            }
        }
    }
}

/// Counts the messages up to `cut`, and keeps the rest of the one that it cuts.
fn keep_rest(slice: Slice<'_>, cut: usize, pending: &mut Option<Bytes>) -> usize {
    let whole = slice.spans.partition_point(|span| span.end as usize <= cut);
    match slice.spans.get(whole).filter(|span| (span.start as usize) < cut) {
        Some(span) => {
            let rest = slice.bytes.slice(cut..span.end as usize);
            *pending = Some(rest).filter(|_| !Bug::FrameForgotten.is_planted());
            whole + 1
        }
        None => whole,
    }
}
