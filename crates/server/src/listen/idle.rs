//! Tells a connection that idles between two requests, which is welcome, from one that sends a request slowly.
//!
//! hyper has one clock for both: it starts when an answer is out and stops when the next request's headers are whole.
//! Ours runs long while nothing is heard, and short from the first byte on.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Read, ReadBufCursor, Sleep, Timer, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Config;

/// A connection's stream, as it comes out of an upgrade.
#[derive(Debug)]
pub struct Stream {
    io: TokioIo<TcpStream>,
    heard: Arc<AtomicBool>,
}

/// hyper's clock for one connection.
#[derive(Debug)]
pub(super) struct HeadTimer {
    heard: Arc<AtomicBool>,
    opened: AtomicBool,
    config: Config,
}

/// A stream and the clock that listens to it.
pub(super) fn watch(stream: TcpStream, config: Config) -> (Stream, HeadTimer) {
    let heard = Arc::new(AtomicBool::new(false));
    let timer = HeadTimer { heard: Arc::clone(&heard), opened: AtomicBool::new(false), config };
    (Stream { io: TokioIo::new(stream), heard }, timer)
}

impl Stream {
    /// The TCP stream itself.
    #[must_use]
    pub fn into_inner(self) -> TcpStream {
        self.io.into_inner()
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(context, buffer);
        if read.is_ready() {
            self.heard.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    /// `deadline` is that of a request which begins now. Only the first one of a connection does.
    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let idles = self.opened.swap(true, Ordering::Relaxed);
        self.heard.store(false, Ordering::Relaxed);
        let deadline = if idles { Instant::now() + self.config.idle_timeout } else { deadline };
        let sleep = Box::pin(tokio::time::sleep_until(deadline.into()));
        let (heard, headers_timeout) = (Arc::clone(&self.heard), self.config.headers_timeout);
        Box::pin(HeadSleep { sleep, heard, headers_timeout, idles })
    }
}

/// Ready when a request's headers are late. hyper asks after each read that did not complete them.
struct HeadSleep {
    sleep: Pin<Box<tokio::time::Sleep>>,
    heard: Arc<AtomicBool>,
    headers_timeout: Duration,
    idles: bool,
}

impl Sleep for HeadSleep {}

impl Future for HeadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.idles && self.heard.load(Ordering::Relaxed) {
            self.idles = false;
            let deadline = tokio::time::Instant::now() + self.headers_timeout;
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}
