//! Who somebody is: secrets, tokens, passwords, accounts, and the calls of `/api/auth`.

mod attempts;
mod changes;
mod claims;
mod http;
#[cfg(test)]
mod http_tests;
pub mod limits;
mod mint;
mod passwords;
mod people;
mod secrets;
mod sign_in;
#[cfg(test)]
mod token_corpus;
mod tokens;
mod user_id;

pub use attempts::{Attempts, TooMany};
pub use changes::AccountsWatch;
pub use http::routes;
pub use mint::{Mint, MintError};
pub use passwords::{PasswordError, Passwords};
pub use people::{NewPerson, Password, Unfit, check_name, user_json};
pub use secrets::{Secrets, SecretsError};
pub use sign_in::{SignIn, SignInError, SignedIn, Visit};
pub use tokens::{Identity, NewToken, TokenError, Tokens};
pub use user_id::{random_user_id, user_id_of_name};

/// The time of the system in ms since 1970.
#[must_use]
pub fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
