//! Asks for a state over HTTP, once or again and again on a thread of its own, and takes the times: to the first byte and
//! to the last.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::Context;
use hdrhistogram::Histogram;
use memchr::memmem;

use super::Target;
use crate::{check::latencies, limits::START_TIME};

/// What one read takes, in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// A connection that asks for one path.
pub(crate) struct Ask {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

/// One answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    /// From when it was due until its first byte came.
    pub(crate) first: Duration,
    /// The same until its last.
    pub(crate) whole: Duration,
    /// Items with a stamp in it.
    pub(crate) items: u64,
}

impl Ask {
    /// Connects.
    ///
    /// # Errors
    /// The server does not take it.
    pub(crate) fn open(target: &Target, path: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(target.address).context("no connection to ask on")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(START_TIME))?;
        let authorization = target.token.as_deref().map(|token| format!("Authorization: Bearer {token}\r\n"));
        let authorization = authorization.unwrap_or_default();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{authorization}\r\n", target.address).into_bytes();
        Ok(Self { stream, request, buffer: vec![0; BUFFER_BYTES] })
    }

    /// Asks now, and counts from when it was due.
    ///
    /// # Errors
    /// The connection is gone, or the answer is none.
    pub(crate) fn get(&mut self, due: Instant) -> anyhow::Result<Answered> {
        self.stream.write_all(&self.request)?;
        let mut answer = Vec::new();
        let mut first = None;
        while !is_whole(&answer)? {
            let length = self.stream.read(&mut self.buffer)?;
            anyhow::ensure!(length > 0, "an answer that breaks off");
            first.get_or_insert_with(|| due.elapsed());
            answer.extend_from_slice(&self.buffer[..length]);
        }
        let whole = due.elapsed();
        let status = answer.get(9..12).and_then(|status| str::from_utf8(status).ok()?.parse().ok()).unwrap_or(0);
        let items = memmem::find_iter(&answer, b"\"id\":\"b").count() as u64;
        Ok(Answered { status, first: first.unwrap_or(whole), whole, items })
    }
}

/// Whether an answer has come to its end. JSON has no line breaks inside, so that the last chunk cannot be mistaken.
fn is_whole(answer: &[u8]) -> anyhow::Result<bool> {
    let Some(head_end) = memmem::find(&answer[..answer.len().min(8_192)], b"\r\n\r\n") else { return Ok(false) };
    let head = str::from_utf8(&answer[..head_end])?.to_ascii_lowercase();
    let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length:"));
    match length {
        Some(length) => Ok(answer.len() >= head_end + 4 + length.trim().parse::<usize>()?),
        None => Ok(answer[head_end + 2..].ends_with(b"\r\n0\r\n\r\n")),
    }
}

/// Somebody who asks at fixed times.
pub(crate) struct Asking {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<anyhow::Result<Asked>>,
}

/// What came of it.
pub(crate) struct Asked {
    /// From when a request was due until its answer was whole, in nanoseconds.
    pub(crate) whole: Histogram<u64>,
    /// Answers that were not 200.
    pub(crate) failures: u64,
}

impl Asking {
    /// Asks for `path` every `interval`.
    ///
    /// # Errors
    /// The server does not take the connection.
    pub(crate) fn start(target: &Target, path: String, interval: Duration) -> anyhow::Result<Self> {
        let mut ask = Ask::open(target, &path)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("asker".into()).spawn(move || {
            let mut asked = Asked { whole: latencies(), failures: 0 };
            let mut due = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let answer = ask.get(due)?;
                asked.whole.saturating_record(u64::try_from(answer.whole.as_nanos())?);
                asked.failures += u64::from(answer.status != 200);
                due += interval;
            }
            Ok(asked)
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends it.
    ///
    /// # Errors
    /// The connection was cut.
    pub(crate) fn end(self) -> anyhow::Result<Asked> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().ok().context("the thread of the asker panicked")?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_with_its_length_or_its_last_chunk() {
        let counted = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        let empty = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        for answer in [&counted[..], chunked, empty] {
            for cut in 0..answer.len() {
                assert!(!is_whole(&answer[..cut]).unwrap(), "{cut}");
            }
            assert!(is_whole(answer).unwrap());
        }
    }
}
