//! `tidings config default`: every setting, commented, as a file to start from.

use std::process::ExitCode;

use clap::Subcommand;

use super::Failure;
use crate::config::DEFAULT_FILE;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print a tidings.toml with every setting, its default and what it does.
    #[command(after_help = "Example:  tidings config default > tidings.toml")]
    Default,
}

pub(super) fn run(command: &ConfigCommand) -> Result<ExitCode, Failure> {
    match command {
        ConfigCommand::Default => print!("{DEFAULT_FILE}"),
    }
    Ok(ExitCode::SUCCESS)
}
