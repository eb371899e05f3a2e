//! What can be wrong with the configuration, said so that the reader knows where it stands and what to do.

use std::{fmt, io, path::PathBuf};

/// Where a setting came from: what to change when it is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A flag of the command line.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// A key of the configuration file.
    Key {
        /// The file.
        file: PathBuf,
        /// The key with the tables it stands in, `limits.payload_bytes`.
        key: String,
    },
}

/// A configuration that the server does not start with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was asked for, or that lies in the working directory, cannot be read.
    #[error("{}: cannot be read ({source}). Check the path in --config or TIDINGS_CONFIG, and its permissions.", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not TOML.
    #[error("{}, line {line}: {message}. `tidings config default` prints a file to compare with.", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// One setting is wrong.
    #[error("{place}: {problem}")]
    Setting {
        /// Where it stands.
        place: Place,
        /// What is wrong and what to do.
        problem: String,
    },
}

impl Place {
    /// The error of a setting that stands here.
    pub(crate) fn error(&self, problem: impl fmt::Display) -> ConfigError {
        ConfigError::Setting { place: self.clone(), problem: problem.to_string() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Key { file, key } => write!(f, "{}, key `{key}`", file.display()),
        }
    }
}
