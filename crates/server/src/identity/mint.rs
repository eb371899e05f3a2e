//! Tokens that the operator makes for a name, at the command line.

use std::time::Duration;

use store::{Accounts, AccountsError, UserRole};

use super::{
    NewToken, Secrets, SecretsError, Tokens, Unfit, check_name,
    sign_in::{ms, principal, random},
    user_id::{digits, user_id_of_name},
};
use crate::config::Config;

/// A token to make.
#[derive(Clone, Copy, Debug)]
pub struct Mint<'a> {
    /// For whom. The same name is always the same user.
    pub name: &'a str,
    /// What they may, from now on: the role is the person's, not the token's.
    pub role: UserRole,
    /// How long it lasts.
    pub ttl: Duration,
    /// The one space that it is for.
    pub space: Option<&'a str>,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The name.
    #[error(transparent)]
    Name(Unfit),
    /// The secrets.
    #[error(transparent)]
    Secrets(SecretsError),
    /// The accounts.
    #[error("the accounts cannot be used: {0}")]
    Accounts(AccountsError),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes for the token")]
    NoRandomness,
}

impl Mint<'_> {
    /// Makes the token, the user if they are new, and the data folder if there is none. Takes no lock that a server
    /// holds.
    pub fn token(&self, config: &Config, now_ms: u64) -> Result<String, MintError> {
        let name = check_name(self.name).map_err(MintError::Name)?;
        let secrets = Secrets::load_or_create(&config.data).map_err(MintError::Secrets)?;
        let accounts = Accounts::open(&config.data).map_err(MintError::Accounts)?;
        let user = self.user(&accounts, &name, now_ms).map_err(MintError::Accounts)?;
        let token_id = digits(random().map_err(|_| MintError::NoRandomness)?);
        Ok(Tokens::of(config, &secrets).mint(&NewToken {
            principal: &principal(&user),
            name: Some(&name),
            issued_at_ms: now_ms,
            ttl_ms: ms(self.ttl),
            token_id: &token_id,
            space: self.space,
        }))
    }

    /// Whoever was an admin and is to be one no longer loses the tokens that say so.
    fn user(&self, accounts: &Accounts, name: &str, now_ms: u64) -> Result<store::User, AccountsError> {
        let id = user_id_of_name(name);
        let was_admin = accounts.user(&id)?.is_some_and(|user| user.role == UserRole::Admin);
        if was_admin && self.role != UserRole::Admin {
            accounts.revoke_user(&id, now_ms)?;
            tracing::warn!("{name} was an admin; the tokens made for them so far are no longer good");
        }
        accounts.ensure_minted(&id, name, self.role, now_ms)
    }
}
