//! The command line: its words and help, and one file for each command.
//!
//! Results go to stdout, everything else to stderr. Exit codes: 0 done; 1 it failed, or a check found something; 2 the
//! command or the configuration is wrong.

mod check;
mod config;
mod doctor;
mod revoke;
mod token;
mod version;

use std::{fmt, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{
    config::{Config, Flags},
    logging, serve,
};

/// Keeps every screen of an app in step, and carries its chat.
#[derive(Debug, Parser)]
#[command(
    name = "tidings",
    version,
    arg_required_else_help = true,
    after_help = "Try it:  tidings serve --dev   and open http://localhost:3000 in two windows.\n\n\
                  Every flag that a file can hold also works as a variable (TIDINGS_DATA) and as a key of tidings.toml;\n\
                  `tidings config default` prints them all. TIDINGS_LOG=debug says more about what happens."
)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    #[command(after_help = "Example:  tidings serve --data /var/lib/tidings --listen 0.0.0.0:3000\n\n\
        Without --dev the server is closed: members only, its own pages only, secrets of at least 32 bytes.")]
    Serve(ServeArgs),
    /// Print a token that signs somebody in.
    #[command(after_help = "Example:  curl -H \"Authorization: Bearer $(tidings token --name Ann)\" \
        http://localhost:3000/api/sync/data\n\n\
        Works before the first start and beside a running server. The same name is always the same person.")]
    Token(token::TokenArgs),
    /// Sign somebody out everywhere: no token that they have now is good any more.
    #[command(after_help = "Example:  tidings revoke --name Ann\n\n\
        A running server notices within a second and ends their connections. A new token lets them in again.")]
    Revoke(revoke::RevokeArgs),
    /// Find out why messages disappear, come late or come twice.
    #[command(after_help = "Example:  tidings doctor http://localhost:3000 --data ./tidings-data\n\n\
        With --token or --data it also pushes a few messages, to the topic tidings/doctor and nowhere else.")]
    Doctor(doctor::DoctorArgs),
    /// Check that nothing in the data folder was lost or changed.
    #[command(after_help = "Example:  tidings verify --data /var/lib/tidings\n\n\
        Reads every entry of every space, changes nothing, and works beside a running server.")]
    Verify(DataArgs),
    /// Show the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Print the version.
    Version,
}

/// What `serve` takes.
#[derive(Debug, Args)]
struct ServeArgs {
    /// Open to everybody on this machine, for trying and developing
    #[arg(long)]
    dev: bool,
    /// Where to listen; may be given more than once [default: localhost:3000 and localhost:3001]
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    #[command(flatten)]
    folder: DataArgs,
}

/// Where data and configuration are.
#[derive(Clone, Debug, Default, Args)]
struct DataArgs {
    /// The data folder [default: ./tidings-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The configuration file [default: ./tidings.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Why a command did not do what it was asked to.
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// It was tried, and it failed.
    fn failed(message: impl fmt::Display) -> Self {
        Self { code: 1, message: message.to_string() }
    }

    /// It was not tried, because it was asked for wrongly.
    fn usage(message: impl fmt::Display) -> Self {
        Self { code: 2, message: message.to_string() }
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    // clap prints its own errors, to stderr with exit code 2, and help to stdout with 0.
    let result = match Line::parse().command {
        Command::Serve(args) => args.run(),
        Command::Token(args) => token::run(&args),
        Command::Revoke(args) => revoke::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Verify(args) => check::run(&args),
        Command::Config(command) => config::run(&command),
        Command::Version => version::run(),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("tidings: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

impl ServeArgs {
    fn run(&self) -> Result<ExitCode, Failure> {
        logging::start("info");
        let flags = Flags { dev: self.dev, listen: self.listen.clone(), serves: true, ..self.folder.flags() };
        serve::run(&load(&flags)?).map_err(Failure::failed)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl DataArgs {
    fn flags(&self) -> Flags {
        Flags { config: self.config.clone(), data: self.data.clone(), ..Flags::default() }
    }

    /// The configuration for a command that does not serve.
    fn load(&self) -> Result<Config, Failure> {
        logging::start("warn");
        load(&self.flags())
    }
}

fn load(flags: &Flags) -> Result<Config, Failure> {
    let loaded = Config::load(flags).map_err(Failure::usage)?;
    for warning in loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded.config)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Line::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_and_those_with_flags_an_example() {
        for command in Line::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            let has_flags = command.get_arguments().next().is_some();
            let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(!has_flags || example.starts_with("Example:  "), "{}", command.get_name());
        }
    }
}
