//! Which servers there are, and where their programs lie.

use std::{fmt, path::PathBuf, str::FromStr};

/// A server that answers the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Ours: every push durable.
    Tidings,
    /// Socket.IO 4.8 on Node, in memory.
    Node,
    /// socketioxide on axum, in memory.
    Socketioxide,
    /// No server: hyper reads a push and answers, and that is all. What the HTTP stack allows.
    Echo,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Tidings, Self::Node, Self::Socketioxide, Self::Echo];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tidings => "tidings",
            Self::Node => "node",
            Self::Socketioxide => "socketioxide",
            Self::Echo => "echo",
        }
    }

    /// Its program, from the root of the repository; the echo is part of this one.
    fn program(self) -> PathBuf {
        match self {
            Self::Tidings => "target/release/tidings".into(),
            Self::Node => "bench/peers/node/server.mjs".into(),
            Self::Socketioxide => "bench/peers/socketioxide/target/release/socketioxide-peer".into(),
            Self::Echo => std::env::current_exe().unwrap_or_default(),
        }
    }
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
        let kind = kind.ok_or_else(|| format!("there is no server {name}: tidings, node, socketioxide or echo"))?;
        let program = program.map_or_else(|| kind.program(), PathBuf::from);
        Ok(Self { kind, program, label: text.to_owned() })
    }
}
