//! The body of an answer. That of a poll notices when it could not be handed over.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::limits::ENGINE_BODY_CHUNK_BYTES;

/// Bytes, given out in chunks, so that what a dead connection did not take is still here when the body is dropped.
pub struct Body {
    rest: Bytes,
    undelivered: Option<Box<dyn FnOnce() + Send>>,
}

impl Body {
    /// A body whose delivery matters to nobody.
    pub(super) fn plain(bytes: impl Into<Bytes>) -> Self {
        Self { rest: bytes.into(), undelivered: None }
    }

    /// A body that calls `undelivered` if it is dropped before the last chunk was taken.
    pub(super) fn watched(bytes: Bytes, undelivered: impl FnOnce() + Send + 'static) -> Self {
        Self { rest: bytes, undelivered: Some(Box::new(undelivered)) }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Body").field("bytes", &self.rest.len()).finish_non_exhaustive()
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let bytes = self.rest.len().min(ENGINE_BODY_CHUNK_BYTES);
        let chunk = self.rest.split_to(bytes);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(undelivered) = self.undelivered.take()
            && !self.rest.is_empty()
        {
            undelivered();
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::plain(bytes)
    }
}
