//! Where the application's pre-encoded messages go: straight to a socket with one system call, or joined into the answer
//! to a poll.

use std::io::{ErrorKind, IoSlice};

pub use journal::Slice;
use tokio::net::TcpStream;
use wire::engineio::PayloadWriter;

use super::pending::Pending;
use crate::limits::ENGINE_SLICES_PER_WRITE_MAX;

/// A transport that has room.
#[derive(Debug)]
pub struct Outlet<'a>(Target<'a>);

#[derive(Debug)]
enum Target<'a> {
    Socket(SocketOutlet<'a>),
    Payload { writer: &'a mut PayloadWriter, full: bool },
}

#[derive(Debug)]
struct SocketOutlet<'a> {
    stream: &'a TcpStream,
    pending: &'a mut Option<Box<Pending>>,
    end: Option<End>,
}

/// Why an outlet takes no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Full,
    Lost,
}

impl<'a> Outlet<'a> {
    pub(super) const fn socket(stream: &'a TcpStream, pending: &'a mut Option<Box<Pending>>) -> Self {
        Self(Target::Socket(SocketOutlet { stream, pending, end: None }))
    }

    pub(super) const fn payload(writer: &'a mut PayloadWriter) -> Self {
        Self(Target::Payload { writer, full: false })
    }

    /// Writes messages, in order, and gives how many were taken: sent, or begun with their rest kept by the link. Fewer
    /// than offered means that the transport is full, and the application is called again when it has room.
    pub fn write(&mut self, slices: &[Slice<'_>]) -> usize {
        match &mut self.0 {
            Target::Socket(socket) => socket.write(slices),
            Target::Payload { writer, full } => write_payload(writer, full, slices),
        }
    }

    /// Whether nothing more will be taken.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        match &self.0 {
            Target::Socket(socket) => socket.end.is_some(),
            Target::Payload { full, .. } => *full,
        }
    }

    pub(super) const fn end(&self) -> Option<End> {
        match &self.0 {
            Target::Socket(socket) => socket.end,
            Target::Payload { .. } => None,
        }
    }
}

impl SocketOutlet<'_> {
    fn write(&mut self, slices: &[Slice<'_>]) -> usize {
        let mut taken = 0;
        for batch in slices.chunks(ENGINE_SLICES_PER_WRITE_MAX) {
            if self.end.is_some() {
                break;
            }
            taken += self.write_batch(batch);
        }
        taken
    }

    fn write_batch(&mut self, batch: &[Slice<'_>]) -> usize {
        let mut iov = [IoSlice::new(&[]); ENGINE_SLICES_PER_WRITE_MAX];
        for (slot, slice) in iov.iter_mut().zip(batch) {
            *slot = IoSlice::new(slice.contiguous());
        }
        let iov = iov.get(..batch.len()).expect("a batch is no longer than the array");
        let offered: usize = iov.iter().map(|slice| slice.len()).sum();
        if offered == 0 {
            return 0;
        }
        // For one slice the plain call: the kernel does less for it, and small batches have one.
        let written = match iov {
            [only] => self.stream.try_write(only),
            several => self.stream.try_write_vectored(several),
        };
        match written {
            Ok(written) if written == offered => batch.iter().map(|slice| slice.spans.len()).sum(),
            Ok(written) => {
                self.end = Some(End::Full);
                self.keep_rest(batch, written)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                self.end = Some(End::Full);
                0
            }
            Err(_) => {
                self.end = Some(End::Lost);
                0
            }
        }
    }

    /// Counts the messages that `written` bytes reach into and keeps the rest of the one that they cut.
    fn keep_rest(&mut self, batch: &[Slice<'_>], mut written: usize) -> usize {
        let mut taken = 0;
        for slice in batch {
            let (start, end) = slice.bounds();
            if written >= end - start {
                written -= end - start;
                taken += slice.spans.len();
                continue;
            }
            let cut = start + written;
            let whole = slice.spans.partition_point(|span| span.end as usize <= cut);
            taken += whole;
            if let Some(span) = slice.spans.get(whole).filter(|span| (span.start as usize) < cut) {
                *self.pending = Some(Box::new(Pending::of_shared(slice.bytes.slice(cut..span.end as usize))));
                taken += 1;
            }
            break;
        }
        taken
    }
}

fn write_payload(writer: &mut PayloadWriter, full: &mut bool, slices: &[Slice<'_>]) -> usize {
    let mut taken = 0;
    for slice in slices {
        for span in slice.spans {
            let packet =
                slice.bytes.get(span.payload as usize..span.end as usize).expect("spans lie inside their bytes");
            if *full || !writer.text(packet) {
                *full = true;
                return taken;
            }
            taken += 1;
        }
    }
    taken
}
