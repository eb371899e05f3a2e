//! Who somebody is: secrets, tokens, passwords, and the calls of `/api/auth`.

mod attempts;
mod claims;
pub mod limits;
mod passwords;
mod secrets;
#[cfg(test)]
mod token_corpus;
mod tokens;
mod user_id;

pub use attempts::{Attempts, TooMany};
pub use passwords::{PasswordError, Passwords};
pub use secrets::{Secrets, SecretsError};
pub use tokens::{Identity, NewToken, TokenError, Tokens};
pub use user_id::{random_user_id, user_id_of_name};
