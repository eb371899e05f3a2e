//! The doorkeeper: turns tokens into people, and says when somebody who was let in has to go.

use store::Revocations;
use tokio::sync::watch;

use crate::{
    asker::Asker,
    identity::{TokenError, Tokens},
    remembered::Remembered,
};

/// Checks tokens, at the door and later.
pub struct Doorkeeper {
    tokens: Tokens,
    revocations: watch::Receiver<Revocations>,
    remembered: Remembered,
}

impl Doorkeeper {
    /// A doorkeeper who knows the newest revocations at any time.
    #[must_use]
    pub fn new(tokens: Tokens, revocations: watch::Receiver<Revocations>) -> Self {
        Self { tokens, revocations, remembered: Remembered::default() }
    }

    /// Lets somebody into a space by their token.
    pub fn admit(&self, token: &str, space: &str, now_ms: u64) -> Result<Asker, TokenError> {
        let asker = match self.remembered.recall(token) {
            Some(asker) => asker,
            None => {
                let asker = Asker::known(self.tokens.verify(token, now_ms)?);
                self.remembered.keep(token, &asker);
                asker
            }
        };
        let only = asker.identity().and_then(|identity| identity.space.as_deref());
        if only.is_some_and(|only| only != space) {
            return Err(TokenError::WrongSpace);
        }
        self.recheck(&asker, now_ms)?;
        Ok(asker)
    }

    /// Whether somebody who was let in may stay.
    pub fn recheck(&self, asker: &Asker, now_ms: u64) -> Result<(), TokenError> {
        let Some(identity) = asker.identity() else { return Ok(()) };
        if identity.expires_at_ms.is_some_and(|end_ms| end_ms <= now_ms) {
            return Err(TokenError::Expired);
        }
        let Some(user) = identity.principal.user() else { return Ok(()) };
        let issued_ms = identity.issued_at_ms.unwrap_or(0);
        let is_revoked = self.revocations.borrow().covers(user, Some(&identity.token_id), issued_ms);
        if is_revoked { Err(TokenError::Revoked) } else { Ok(()) }
    }

    /// Tells when revocations have changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Revocations> {
        self.revocations.clone()
    }
}
