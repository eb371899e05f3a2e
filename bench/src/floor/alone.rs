//! The bare lone message: on a machine that idles, one row is committed when it is due and then written to one socket, whose
//! reader waits for it. Nothing else happens, so this is what a durable message from idle costs here at the least.

use std::{
    io::{Read, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Args;
use hdrhistogram::Histogram;

use super::commit::{Rows, in_own_folder};
use crate::{check::latencies, clock::Clock, scenario::Outcome};

/// Bytes of a message in its frame.
const MESSAGE_BYTES: usize = 330;

/// Of them, those that say when it was due.
const STAMP_BYTES: usize = size_of::<u64>();

/// The sizes of this floor.
#[derive(Clone, Debug, Args)]
pub(crate) struct Alone {
    /// Messages a second
    #[arg(long, default_value_t = 13.0)]
    pub(crate) rate: f64,
    /// Messages
    #[arg(long, default_value_t = 130)]
    pub(crate) messages: u32,
}

impl Alone {
    pub(crate) fn run(&self, folder: &Path) -> anyhow::Result<Outcome> {
        let took = in_own_folder(folder, "alone", |folder| self.run_in(folder))?;
        let mut outcome = Outcome::new("alone", "floor");
        outcome.size("messages_per_s", self.rate);
        outcome.latency("delivery", &took);
        Ok(outcome)
    }

    fn run_in(&self, folder: &Path) -> anyhow::Result<Histogram<u64>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let mut reader = TcpStream::connect(listener.local_addr()?)?;
        let (mut writer, _) = listener.accept()?;
        writer.set_nodelay(true)?;
        let (clock, messages) = (Clock::start(), self.messages);
        let reading = std::thread::spawn(move || read_all(&mut reader, clock, messages));
        let mut rows = Rows::open(folder)?;
        let interval = Duration::from_secs_f64(1.0 / self.rate);
        let start = Instant::now();
        for number in 1..=messages {
            let due = start + interval * number;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            rows.commit(1)?;
            writer.write_all(&message(clock.at_ns(due)))?;
        }
        reading.join().ok().context("the reader panicked")?
    }
}

fn message(due_ns: u64) -> [u8; MESSAGE_BYTES] {
    let mut message = [b'x'; MESSAGE_BYTES];
    message[..STAMP_BYTES].copy_from_slice(&due_ns.to_le_bytes());
    message
}

fn read_all(reader: &mut TcpStream, clock: Clock, messages: u32) -> anyhow::Result<Histogram<u64>> {
    let mut took = latencies();
    for _ in 0..messages {
        let mut message = [0; MESSAGE_BYTES];
        reader.read_exact(&mut message)?;
        let (stamp, _) = message.split_first_chunk::<STAMP_BYTES>().expect("a message is longer than its stamp");
        took.saturating_record(clock.now_ns().saturating_sub(u64::from_le_bytes(*stamp)));
    }
    Ok(took)
}
