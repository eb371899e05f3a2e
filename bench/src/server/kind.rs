//! Which servers there are, and where their programs lie.

use std::{fmt, path::PathBuf, str::FromStr};

use crate::dialect::Dialect;

/// A server that answers the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Ours: every push durable.
    Tidings,
    /// Socket.IO 4.8 on Node, in memory.
    Node,
    /// socketioxide on axum, in memory.
    Socketioxide,
    /// Centrifugo, in memory; only where it is installed.
    Centrifugo,
    /// No server: hyper reads a push and answers, and that is all. What the HTTP stack allows.
    Echo,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Tidings, Self::Node, Self::Socketioxide, Self::Centrifugo, Self::Echo];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tidings => "tidings",
            Self::Node => "node",
            Self::Socketioxide => "socketioxide",
            Self::Centrifugo => "centrifugo",
            Self::Echo => "echo",
        }
    }

    /// What it speaks.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Tidings => Dialect::Tidings,
            Self::Node | Self::Socketioxide | Self::Echo => Dialect::SocketIo,
            Self::Centrifugo => Dialect::Centrifugo,
        }
    }

    /// Whether a table can do without it, because it is not installed. All others are built.
    pub(crate) fn is_absent(self) -> bool {
        self == Self::Centrifugo && !self.program().exists()
    }

    /// What to do when its program is missing.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Centrifugo => "install Centrifugo so that `centrifugo` is found, or name it: centrifugo=PROGRAM",
            Self::Tidings | Self::Node | Self::Socketioxide | Self::Echo => "scripts/bench.sh builds it",
        }
    }

    /// Its program, from the root of the repository; the echo is part of this one.
    fn program(self) -> PathBuf {
        match self {
            Self::Tidings => "target/release/tidings".into(),
            Self::Node => "bench/peers/node/server.mjs".into(),
            Self::Socketioxide => "bench/peers/socketioxide/target/release/socketioxide-peer".into(),
            Self::Centrifugo => installed("centrifugo"),
            Self::Echo => std::env::current_exe().unwrap_or_default(),
        }
    }
}

/// Where the shell would find that program, or its bare name.
fn installed(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .unwrap_or(name.into())
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A server as named on the command line: `tidings`, or `tidings=PROGRAM` for another build of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) kind: Kind,
    pub(crate) program: PathBuf,
    /// What results call it.
    pub(crate) label: String,
}

impl Choice {
    pub(crate) fn of(kind: Kind) -> Self {
        Self { kind, program: kind.program(), label: kind.name().to_owned() }
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, program) = text.split_once('=').map_or((text, None), |(name, program)| (name, Some(program)));
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        let kind =
            kind.ok_or_else(|| format!("there is no server {name}: tidings, node, socketioxide, centrifugo or echo"))?;
        let program = program.map_or_else(|| kind.program(), PathBuf::from);
        Ok(Self { kind, program, label: text.to_owned() })
    }
}
