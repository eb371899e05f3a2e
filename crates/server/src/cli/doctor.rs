//! `tidings doctor`: what misbehaves, one line for each question.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use store::UserRole;

use super::{DataArgs, Failure};
use crate::{
    config::Config,
    doctor::{Endpoint, Examination, Verdict, limits::TOKEN_TIME},
    identity::{Mint, now_ms},
};

/// Where apps in the field expect a server.
const DEFAULT_URL: &str = "http://localhost:3001";

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// The server's address
    #[arg(default_value = DEFAULT_URL)]
    url: String,
    /// Push with this token
    #[arg(long, conflicts_with = "data")]
    token: Option<String>,
    /// Try whether pages of this origin may call the server, such as https://app.example.com
    #[arg(long)]
    origin: Option<String>,
    /// The server's data folder: push with a token made from it
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The server's configuration file [default: ./tidings.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &DoctorArgs) -> Result<ExitCode, Failure> {
    let folder = DataArgs { data: args.data.clone(), config: args.config.clone() };
    let config = folder.load()?;
    let endpoint = Endpoint::parse(&args.url).map_err(Failure::usage)?;
    let token = if args.data.is_some() { Some(own_token(&config)?) } else { args.token.clone() };
    let examination = Examination { endpoint, token, origin: args.origin.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    let worst = runtime.block_on(examination.run(|finding| println!("{finding}")));
    Ok(if worst == Verdict::Problem { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn own_token(config: &Config) -> Result<String, Failure> {
    // Minting would make the folder, and its token would be good nowhere.
    if !config.data.is_dir() {
        let data = config.data.display();
        return Err(Failure::usage(format_args!("{data}: there is no such data folder; --data names the server's.")));
    }
    let mint = Mint { name: "tidings doctor", role: UserRole::Member, ttl: TOKEN_TIME, space: None };
    mint.token(config, now_ms()).map_err(Failure::failed)
}
