//! The real binary, as a person starts it: on a port that the system chooses, its log read for the address.

use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};

use super::{PATIENCE, SECRET};

/// A running `tidings serve`. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    addresses: mpsc::Receiver<SocketAddr>,
    log: Arc<Mutex<String>>,
    reader: Option<thread::JoinHandle<()>>,
}

/// What is special about a start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    /// A command line that ends by running the rest of the line as its own process: nothing, or `strace` and the like.
    pub(crate) through: Vec<OsString>,
    /// Variables beside the secret.
    pub(crate) variables: Vec<(&'static str, String)>,
}

/// The command, away from any configuration of this machine. `TIDINGS_BIN` may name another binary by its whole path, for
/// figures of the one that people run.
fn tidings(home: &Path, start: &Start) -> Command {
    let binary = std::env::var_os("TIDINGS_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_tidings").into());
    let mut line = start.through.iter().chain([&binary]);
    let mut command = Command::new(line.next().expect("the line ends in the binary"));
    command.args(line).current_dir(home).env_clear().env("TIDINGS_JWT_SECRET", SECRET);
    command.envs(start.variables.iter().map(|(name, value)| (name, value)));
    command
}

impl Process {
    /// Starts `serve --dev` on the folder `data` in `home`.
    pub(crate) fn spawn(home: &Path) -> Self {
        Self::spawn_with(home, &Start::default())
    }

    /// The same, in another way.
    pub(crate) fn spawn_with(home: &Path, start: &Start) -> Self {
        let mut command = tidings(home, start);
        command.args(["serve", "--dev", "--data", "data", "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the binary starts");
        let stderr = BufReader::new(child.stderr.take().expect("it was asked for"));
        let (found, addresses) = mpsc::channel();
        let log = Arc::new(Mutex::new(String::new()));
        let into = Arc::clone(&log);
        let reader = thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if let Some(address) = address_in(&line) {
                    // Nobody may be waiting: a process can be killed before it says where it is.
                    let _ = found.send(address);
                }
                let mut log = into.lock();
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self { child, addresses, log, reader: Some(reader) }
    }

    /// Waits until it says where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.comes_up().unwrap_or_else(|| panic!("the server did not start:\n{}", self.log()))
    }

    /// Waits until it says where it listens, or has ended without saying so.
    pub(crate) fn comes_up(&self) -> Option<SocketAddr> {
        match self.addresses.recv_timeout(PATIENCE) {
            Ok(address) => Some(address),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("the server neither starts nor ends:\n{}", self.log()),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().clone()
    }

    /// SIGKILL; returns once the process is gone, and its locks with it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the process can be signalled");
    }

    /// Waits for the end; how it ended, and how long that took.
    pub(crate) fn ended(&mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                // With the process its last words are in the pipe, and the reader comes to an end.
                self.reader.take().map(thread::JoinHandle::join);
                return (status, began.elapsed());
            }
            // A pause on purpose: the system tells of a child's end by asking only, or by blocking for ever.
            thread::sleep(Duration::from_millis(5));
        }
        panic!("the server did not end:\n{}", self.log());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `tidings verify` on the folder; whether all is well, and what it said.
pub(crate) fn verify(home: &Path) -> (bool, String) {
    let output =
        tidings(home, &Start::default()).args(["verify", "--data", "data"]).output().expect("the binary starts");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, url) = line.split_once(" serves http://localhost:")?;
    let digits: String = url.chars().take_while(char::is_ascii_digit).collect();
    Some(([127, 0, 0, 1], digits.parse().ok()?).into())
}
