//! One pusher's connection: what waits to be written, what was answered, which pushes have no answer yet.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use anyhow::Context;
use clap::ValueEnum;

use super::{
    Target,
    answer::{self, Answer, Arrival},
    greeting::Greeting,
};
use crate::{check::masked, dialect::Dialect, limits::ANSWER_BYTES_MAX};

/// How long a pusher's connection may take to be ready.
const GREETING_TIME: Duration = Duration::from_secs(10);

/// How pushes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// `POST /api/sync/push` on a connection that is kept.
    Http,
    /// The event `push` with an ack.
    Socket,
}

/// A push without an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unanswered {
    pub(crate) ack: u64,
    pub(crate) lane: u32,
    pub(crate) number: u32,
    pub(crate) due_ns: u64,
}

/// One pusher's connection.
pub(crate) struct Link {
    stream: TcpStream,
    way: Way,
    /// What stands in the answer to a push that was taken.
    taken: &'static [u8],
    out: Vec<u8>,
    received: Vec<u8>,
    pub(crate) unanswered: VecDeque<Unanswered>,
}

impl Link {
    /// Connects, and on a socket says and hears what comes before the first push.
    ///
    /// # Errors
    /// The server does not let us in.
    pub(crate) fn open(target: &Target, way: Way) -> anyhow::Result<Self> {
        let speaks_ours = target.dialect != Dialect::Centrifugo;
        anyhow::ensure!(speaks_ours || way == Way::Http, "Centrifugo is pushed to over HTTP only");
        let mut stream = TcpStream::connect(target.address).context("a pusher cannot connect")?;
        stream.set_nodelay(true)?;
        let mut received = Vec::new();
        if way == Way::Socket {
            stream.set_read_timeout(Some(GREETING_TIME))?;
            received = greet(&mut stream, target)?;
        }
        stream.set_nonblocking(true)?;
        Ok(Self { stream, way, taken: target.dialect.taken(), out: Vec::new(), received, unanswered: VecDeque::new() })
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Queues a push; [`Self::flush`] writes it.
    pub(crate) fn queue(&mut self, push: &[u8], unanswered: Unanswered) {
        match self.way {
            Way::Http => self.out.extend_from_slice(push),
            Way::Socket => masked(push, &mut self.out),
        }
        self.unanswered.push_back(unanswered);
    }

    /// Writes what is queued, as far as the kernel takes it.
    ///
    /// # Errors
    /// The connection is gone.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("a pusher was cut off"),
            }
        }
        Ok(())
    }

    /// Reads what came, and hands each answer with its push to `answered`.
    ///
    /// # Errors
    /// The connection is gone, or the answer is none.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        mut answered: impl FnMut(Unanswered, Answer),
    ) -> anyhow::Result<()> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => anyhow::bail!("the server ended the connection of a pusher"),
                Ok(length) => self.received.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("a pusher was cut off"),
            }
            self.parse(&mut answered)?;
        }
    }

    fn parse(&mut self, answered: &mut impl FnMut(Unanswered, Answer)) -> anyhow::Result<()> {
        let mut at = 0;
        loop {
            let rest = &self.received[at..];
            let first = match self.way {
                Way::Http => answer::http(rest, self.taken)?,
                Way::Socket => answer::socket(rest, self.taken)?,
            };
            let Some((arrival, length)) = first else { break };
            at += length;
            match arrival {
                Arrival::Ping => masked(b"3", &mut self.out),
                Arrival::Other => {}
                Arrival::Answer(answer) => {
                    let place = answer.ack.map_or(Some(0), |ack| self.unanswered.iter().position(|one| one.ack == ack));
                    let push = place.and_then(|place| self.unanswered.remove(place));
                    answered(push.context("an answer that nobody asked for")?, answer);
                }
            }
        }
        self.received.drain(..at);
        anyhow::ensure!(self.received.len() <= ANSWER_BYTES_MAX, "an answer that does not end");
        self.flush()
    }
}

fn greet(stream: &mut TcpStream, target: &Target) -> anyhow::Result<Vec<u8>> {
    // A pusher follows nothing, where it may say so.
    let mut greeting = Greeting::new(target.dialect, target.connect_packet("\"topics\":[]"));
    stream.write_all(&target.upgrade_request())?;
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).context("a pusher's socket is not let in")?;
        anyhow::ensure!(length > 0, "the server ended the connection of a pusher");
        let mut out = Vec::new();
        let rest = greeting.receive(&buffer[..length], &mut out)?;
        stream.write_all(&out)?;
        if let Some(rest) = rest {
            return Ok(rest);
        }
    }
}
