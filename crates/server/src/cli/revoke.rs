//! `tidings revoke`: everything that somebody was given so far is worthless.

use std::process::ExitCode;

use clap::Args;
use journal::UserId;
use store::{Accounts, AccountsError};

use super::{DataArgs, Failure};
use crate::identity::{now_ms, user_id_of_name};

#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    folder: DataArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Whom {
    /// Everybody who has exactly this name
    #[arg(long)]
    name: Option<String>,
    /// The one with this user id, which may be an id of another app
    #[arg(long, value_name = "ID")]
    user: Option<String>,
}

pub(super) fn run(args: &RevokeArgs) -> Result<ExitCode, Failure> {
    let data = args.folder.load()?.data;
    if !data.is_dir() {
        return Err(Failure::usage(format_args!(
            "{}: there is no such data folder; name it with --data.",
            data.display()
        )));
    }
    let accounts = Accounts::open(&data).map_err(Failure::failed)?;
    // Tokens of this very millisecond too.
    let not_before_ms = now_ms() + 1;
    match (&args.whom.name, &args.whom.user) {
        (_, Some(user)) => by_id(&accounts, user, not_before_ms),
        (name, None) => by_name(&accounts, name.as_deref().unwrap_or_default(), not_before_ms),
    }
}

fn by_id(accounts: &Accounts, user: &str, not_before_ms: u64) -> Result<ExitCode, Failure> {
    let id = UserId::new(user).map_err(Failure::usage)?;
    accounts.revoke_user(&id, not_before_ms).map_err(Failure::failed)?;
    println!("{user} is signed out everywhere");
    Ok(ExitCode::SUCCESS)
}

fn by_name(accounts: &Accounts, name: &str, not_before_ms: u64) -> Result<ExitCode, Failure> {
    let name = name.trim();
    let revoke = || -> Result<u64, AccountsError> {
        // Who has a token by this name is revoked even if the accounts were restored from before it was made.
        accounts.revoke_user(&user_id_of_name(name), not_before_ms)?;
        accounts.revoke_users_named(name, not_before_ms)
    };
    match revoke().map_err(Failure::failed)? {
        0 => Err(Failure::failed(format_args!("nobody is called {name} here; capital letters count"))),
        1 => {
            println!("{name} is signed out everywhere");
            Ok(ExitCode::SUCCESS)
        }
        count => {
            println!("{count} people called {name} are signed out everywhere");
            Ok(ExitCode::SUCCESS)
        }
    }
}
