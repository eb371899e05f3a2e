//! The bare system call: the bytes of a message written to thousands of sockets, one `write(2)` each, by a thread that does
//! nothing else, while another reads them.

use std::{
    io::{Read, Write as _},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream},
    os::fd::OwnedFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Args;
use rustix::event::{
    Timespec,
    epoll::{self, CreateFlags, Event, EventData, EventFlags},
};

use crate::{limits::EVENTS_PER_WAIT, scenario::Outcome, server::thread_cpu_ns};

/// The name of the thread that writes, to find what it cost.
const WRITER: &str = "floor-writer";

/// How long the reader waits before it looks whether it is over.
const WAIT: Duration = Duration::from_millis(5);

/// The sizes of this floor.
#[derive(Clone, Debug, Args)]
pub(crate) struct Write {
    /// Sockets that are written to in turn; both ends are files of this process
    #[arg(long, default_value_t = 9_000)]
    pub(crate) sockets: usize,
    /// Bytes of one write: a message in its frame
    #[arg(long, default_value_t = 330)]
    pub(crate) bytes: usize,
    /// Seconds of writing
    #[arg(long, default_value_t = 4.0)]
    pub(crate) seconds: f64,
}

impl Write {
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        let (mut writers, readers) = connect(self.sockets)?;
        let over = Arc::new(AtomicBool::new(false));
        let reading = {
            let over = Arc::clone(&over);
            std::thread::spawn(move || read_all(&readers, &over))
        };
        let message = vec![b'x'; self.bytes];
        let span = Duration::from_secs_f64(self.seconds);
        let writing =
            std::thread::Builder::new().name(WRITER.into()).spawn(move || -> anyhow::Result<(u64, u64)> {
                let (start, before, mut writes) = (Instant::now(), thread_cpu_ns(WRITER), 0_u64);
                while start.elapsed() < span {
                    for writer in &mut writers {
                        writer.write_all(&message)?;
                        writes += 1;
                    }
                }
                Ok((writes, thread_cpu_ns(WRITER) - before))
            })?;
        let (writes, cpu_ns) = writing.join().ok().context("the writer panicked")??;
        over.store(true, Ordering::Relaxed);
        let read = reading.join().ok().context("the reader panicked")??;
        anyhow::ensure!(read > 0, "nothing was read");
        let mut outcome = Outcome::new("write", "floor");
        outcome.size("sockets", self.sockets as f64);
        outcome.size("bytes", self.bytes as f64);
        outcome.figure("cpu_per_write_us", cpu_ns as f64 / writes as f64 / 1e3);
        outcome.figure("writes_per_s", writes as f64 / self.seconds);
        Ok(outcome)
    }
}

fn connect(sockets: usize) -> anyhow::Result<(Vec<TcpStream>, Vec<TcpStream>)> {
    let listener = TcpListener::bind(SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    let (mut writers, mut readers) = (Vec::new(), Vec::new());
    for _ in 0..sockets {
        let reader = TcpStream::connect(address)?;
        reader.set_nonblocking(true)?;
        readers.push(reader);
        let (writer, _) = listener.accept()?;
        writer.set_nodelay(true)?;
        writers.push(writer);
    }
    Ok((writers, readers))
}

fn read_all(readers: &[TcpStream], over: &AtomicBool) -> anyhow::Result<u64> {
    let epoll: OwnedFd = epoll::create(CreateFlags::CLOEXEC)?;
    for (index, reader) in readers.iter().enumerate() {
        epoll::add(&epoll, reader, EventData::new_u64(index as u64), EventFlags::IN | EventFlags::ET)?;
    }
    let wait = Timespec::try_from(WAIT)?;
    let mut buffer = vec![0; 64 * 1024];
    let mut events: Vec<Event> = Vec::with_capacity(EVENTS_PER_WAIT);
    let mut bytes = 0;
    while !over.load(Ordering::Relaxed) {
        events.clear();
        epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), Some(&wait))?;
        for event in &events {
            let mut reader = &readers[usize::try_from(event.data.u64()).expect("we gave it a usize")];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                bytes += length as u64;
            }
        }
    }
    Ok(bytes)
}
