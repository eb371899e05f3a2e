//! `tidings token`: one token for a name, on stdout and nothing beside it.

use std::{process::ExitCode, time::Duration};

use clap::{Args, ValueEnum};
use store::UserRole;

use super::{DataArgs, Failure};
use crate::{
    config::{Config, parse_span},
    identity::{Mint, now_ms},
};

#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    /// Whom to sign in
    #[arg(long)]
    name: String,
    /// What they may do; admins may do everything
    #[arg(long, value_enum, default_value_t = Role::Member)]
    role: Role,
    /// How long the token is good for: 90s, 30m, 24h, 30d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_span)]
    ttl: Duration,
    /// The one space it is good for [default: all of them]
    #[arg(long, value_name = "NAME")]
    space: Option<String>,
    #[command(flatten)]
    folder: DataArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    Member,
    Admin,
}

pub(super) fn run(args: &TokenArgs) -> Result<ExitCode, Failure> {
    let config = args.folder.load()?;
    warn_of_unknown_space(&config, args.space.as_deref());
    let role = match args.role {
        Role::Member => UserRole::Member,
        Role::Admin => UserRole::Admin,
    };
    let mint = Mint { name: &args.name, role, ttl: args.ttl, space: args.space.as_deref() };
    println!("{}", mint.token(&config, now_ms()).map_err(Failure::failed)?);
    Ok(ExitCode::SUCCESS)
}

/// Only a warning: the server may have another configuration than this folder.
fn warn_of_unknown_space(config: &Config, space: Option<&str>) {
    if let Some(name) = space
        && !config.spaces.iter().any(|space| space.name == name)
    {
        tracing::warn!("no space {name} is declared in this folder's tidings.toml; the token is good in no other one");
    }
}
