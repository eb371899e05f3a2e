//! The machine of a run, as far as figures depend on it, and nothing that names it.

use std::{fs, process::Command};

use serde::{Deserialize, Serialize};

use crate::server::Kind;

/// What figures depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) processor: String,
    pub(crate) memory_gb: f64,
    pub(crate) kernel: String,
    /// What ran, by name.
    pub(crate) versions: Vec<(String, String)>,
}

impl Machine {
    /// This one.
    pub(crate) fn here() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            line.split_once(':').map(|(_, value)| value.trim().to_owned())
        };
        let memory_kb = field(&read("/proc/meminfo"), "MemTotal");
        let memory_kb = memory_kb.and_then(|text| text.split(' ').next()?.parse::<f64>().ok()).unwrap_or(0.0);
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or_default(),
            memory_gb: (memory_kb / 1024.0 / 1024.0).round(),
            // What follows the number names who built it.
            kernel: read("/proc/sys/kernel/osrelease").trim().split('-').next().unwrap_or_default().to_owned(),
            versions: versions(),
        }
    }
}

fn versions() -> Vec<(String, String)> {
    let tidings = said(Command::new(program(Kind::Tidings)).arg("--version"));
    let socket_io = fs::read("bench/peers/node/node_modules/socket.io/package.json").ok();
    let socket_io = socket_io.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let socket_io = socket_io.and_then(|package| package["version"].as_str().map(str::to_owned));
    let lock = fs::read_to_string("bench/peers/socketioxide/Cargo.lock").unwrap_or_default();
    let socketioxide = lock.split("name = \"socketioxide\"\nversion = \"").nth(1);
    let socketioxide = socketioxide.and_then(|rest| rest.split('"').next());
    let mut versions = vec![
        ("Tidings", tidings.trim_start_matches("tidings ").to_owned()),
        ("Socket.IO", socket_io.unwrap_or_default()),
        ("Node", said(Command::new("node").arg("--version"))),
        ("socketioxide", socketioxide.unwrap_or_default().to_owned()),
    ];
    if !Kind::Centrifugo.is_absent() {
        let said = said(Command::new(program(Kind::Centrifugo)).arg("version"));
        versions.push(("Centrifugo", said.split(' ').nth(1).unwrap_or_default().trim_start_matches('v').to_owned()));
    }
    versions.into_iter().map(|(name, version)| (name.to_owned(), version)).collect()
}

fn program(kind: Kind) -> std::path::PathBuf {
    crate::server::Choice::of(kind).program
}

fn said(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or_default().to_owned()
}
