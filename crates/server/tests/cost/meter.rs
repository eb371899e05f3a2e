//! What the system knows of a process: its resident memory, its time on the cores, and what it has not read yet.

use std::{fs, net::SocketAddr, path::PathBuf, time::Duration};

use crate::rig::{Process, patient};

/// A process that is measured.
pub(crate) struct Meter {
    folder: PathBuf,
    port: u16,
}

/// What a process has, or what it spent since an earlier look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) resident_bytes: i64,
    /// The most that was ever resident since the peak was forgotten.
    pub(crate) peak_bytes: i64,
    pub(crate) cpu: Duration,
}

impl Meter {
    pub(crate) fn new(process: &Process, address: SocketAddr) -> Self {
        Self { folder: PathBuf::from(format!("/proc/{}", process.id())), port: address.port() }
    }

    /// A look to count from: the peak begins here.
    pub(crate) fn begin(&self) -> Reading {
        fs::write(self.folder.join("clear_refs"), "5").expect("the process is ours");
        self.look()
    }

    /// What was spent since then.
    pub(crate) fn since(&self, before: Reading) -> Reading {
        let now = self.look();
        Reading {
            resident_bytes: now.resident_bytes - before.resident_bytes,
            peak_bytes: now.peak_bytes - before.resident_bytes,
            cpu: now.cpu - before.cpu,
        }
    }

    fn look(&self) -> Reading {
        let status = self.read("status");
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a process has memory");
            line.trim().trim_end_matches(" kB").parse::<i64>().expect("a number of kilobytes") * 1_024
        };
        Reading { resident_bytes: bytes("VmRSS:"), peak_bytes: bytes("VmHWM:"), cpu: self.cpu() }
    }

    /// Of all threads, those that have ended included, in user and system mode; in steps of a tick, mostly 10 ms.
    fn cpu(&self) -> Duration {
        let stat = self.read("stat");
        // The name of the program, in brackets, may hold anything; the 14th and 15th field of all are behind it.
        let (_, fields) = stat.rsplit_once(')').expect("the second field is in brackets");
        let ticks: u64 = fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_secs(ticks) / u32::try_from(rustix::param::clock_ticks_per_second()).unwrap()
    }

    /// Waits until the process has taken everything that was sent to it.
    pub(crate) async fn until_all_is_read(&self) {
        patient(async {
            while unread_bytes(self.port) > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).expect("the process is there")
    }
}

/// What the kernel still holds for the sockets of a port, connections that were not accepted yet included.
fn unread_bytes(port: u16) -> u64 {
    let table = fs::read_to_string("/proc/net/tcp").expect("Linux tells its connections");
    table.lines().skip(1).filter_map(|line| of_port(line, port)).sum()
}

/// Fields of a line: number, own address:port, the other's, state, bytes to send:bytes to read, … in hexadecimal.
fn of_port(line: &str, port: u16) -> Option<u64> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (_, own_port) = fields.get(1)?.split_once(':')?;
    let (_, unread) = fields.get(4)?.split_once(':')?;
    let is_it = u16::from_str_radix(own_port, 16).ok()? == port;
    is_it.then(|| u64::from_str_radix(unread, 16).ok()).flatten()
}
