//! A server as a child process: started on a free port, asked until it serves, ended when dropped.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context;

use super::{Choice, Cost, Kind, Memory, centrifugo, tidings};
use crate::{
    limits::{START_TIME, STOP_TIME},
    load::Target,
};

/// How often a server is asked whether it serves.
const ASK: Duration = Duration::from_millis(5);

/// A server under load, and its folder. Both go when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddrV4,
    token: Option<String>,
    choice: Choice,
    folder: PathBuf,
    /// Whether the folder goes too.
    temporary: bool,
    /// From its start until it served.
    started_in: Duration,
}

impl Server {
    /// Starts a server in a new folder below `folder`.
    ///
    /// # Errors
    /// Its program is missing, or it does not serve within [`START_TIME`].
    pub(crate) fn start(choice: &Choice, folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let port = free_port()?;
        let own = folder.join(format!("{}-{port}", choice.kind));
        fs::create_dir_all(&own)?;
        let mut server = Self::start_in(choice, &own)?;
        server.temporary = true;
        Ok(server)
    }

    /// Starts a server in that very folder, which stays.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub(crate) fn start_in(choice: &Choice, folder: &Path) -> anyhow::Result<Self> {
        let program = &choice.program;
        anyhow::ensure!(program.exists(), "{} is missing: {}", program.display(), choice.kind.remedy());
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, free_port()?);
        let (mut command, token) = match choice.kind {
            Kind::Tidings => tidings::command(program, folder, address)?,
            Kind::Node => (node(program, address), None),
            Kind::Socketioxide => (plain(program, address), None),
            Kind::Centrifugo => (centrifugo::command(program, folder, address)?, None),
            Kind::Echo => (echo(program, address), None),
        };
        let log = File::create(folder.join("server.log"))?;
        let start = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let mut server = Self {
            child,
            address,
            token,
            choice: choice.clone(),
            folder: folder.to_owned(),
            temporary: false,
            started_in: Duration::ZERO,
        };
        server.until_it_serves(start)?;
        Ok(server)
    }

    fn until_it_serves(&mut self, start: Instant) -> anyhow::Result<()> {
        while !serves(self.address, self.choice.kind.dialect().health_path()) {
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("{} ended with {status}: {}", self.choice.label, self.log());
            }
            anyhow::ensure!(start.elapsed() < START_TIME, "{} does not serve: {}", self.choice.label, self.log());
            std::thread::sleep(ASK);
        }
        self.started_in = start.elapsed();
        Ok(())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("server.log")).unwrap_or_default()
    }

    /// From its start until it answered its first request.
    pub(crate) fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Where the load goes, with a token that may push and read.
    pub(crate) fn target(&self) -> Target {
        Target { address: self.address, token: self.token.clone(), dialect: self.choice.kind.dialect() }
    }

    /// What it has cost so far.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn cost(&self) -> anyhow::Result<Cost> {
        Cost::of(self.child.id())
    }

    /// What it has in memory.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        Memory::of(self.child.id())
    }

    fn end(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_some()) {
            return;
        }
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            // If it is gone already, there is nothing to end.
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let told = Instant::now();
        while told.elapsed() < STOP_TIME {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            std::thread::sleep(ASK);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
        if self.temporary {
            // What cannot be removed is left in the folder of the run; nothing depends on it.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn node(program: &Path, address: SocketAddrV4) -> Command {
    let mut command = Command::new("node");
    command.arg(program).arg(address.port().to_string()).env("NODE_ENV", "production");
    command
}

fn plain(program: &Path, address: SocketAddrV4) -> Command {
    let mut command = Command::new(program);
    command.arg(address.port().to_string());
    command
}

fn echo(program: &Path, address: SocketAddrV4) -> Command {
    let mut command = Command::new(program);
    command.args(["echo", &address.port().to_string()]);
    command
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Whether a GET of that path answers 200.
fn serves(address: SocketAddrV4, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(START_TIME))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}
