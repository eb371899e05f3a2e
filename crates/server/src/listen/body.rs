//! A request's body that must keep a least rate, so that a slow sender holds nothing for long.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use super::Config;

/// A request's body that must keep a least rate.
#[derive(Debug)]
pub struct PacedBody {
    body: Incoming,
    config: Config,
    begun: Option<Instant>,
    received_bytes: u64,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// Why a body did not come whole.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It fell below the least rate.
    #[error("the request's body comes too slowly")]
    TooSlow,
    /// The connection broke, or the body's framing is malformed.
    #[error("the request's body broke off")]
    Broken(#[source] hyper::Error),
}

impl PacedBody {
    pub(super) const fn new(body: Incoming, config: Config) -> Self {
        Self { body, config, begun: None, received_bytes: 0, sleep: None }
    }

    /// Ready when the body has fallen below its rate.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let earned = Duration::from_secs(self.received_bytes / self.config.body_rate_min_bytes.max(1));
        let deadline = begun + self.config.body_grace + earned;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(context)
    }
}

impl HttpBody for PacedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
            self.received_bytes += bytes as u64;
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Broken)));
        }
        ready!(self.poll_late(context));
        Poll::Ready(Some(Err(BodyError::TooSlow)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
