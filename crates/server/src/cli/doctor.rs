//! `tidings doctor`: what misbehaves, one line for each question.

use std::process::ExitCode;

use clap::Args;
use store::UserRole;

use super::{DataArgs, Failure};
use crate::{
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
    #[command(flatten)]
    folder: DataArgs,
}

pub(super) fn run(args: &DoctorArgs) -> Result<ExitCode, Failure> {
    let config = args.folder.load()?;
    let endpoint = Endpoint::parse(&args.url).map_err(Failure::usage)?;
    let token = match (&args.token, &args.folder.data) {
        (None, Some(_)) => {
            let mint = Mint { name: "tidings doctor", role: UserRole::Member, ttl: TOKEN_TIME, space: None };
            Some(mint.token(&config, now_ms()).map_err(Failure::failed)?)
        }
        (token, _) => token.clone(),
    };
    let examination = Examination { endpoint, token, origin: args.origin.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    let worst = runtime.block_on(examination.run(|finding| println!("{finding}")));
    Ok(if worst == Verdict::Problem { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
