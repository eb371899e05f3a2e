//! The doorkeeper: turns tokens into people, and says when somebody who was let in has to go.

use store::Revocations;
use tokio::sync::watch;

use crate::{
    asker::Asker,
    identity::{TokenError, Tokens},
};

/// Checks tokens, at the door and later.
pub struct Doorkeeper {
    tokens: Tokens,
    revocations: watch::Receiver<Revocations>,
}

impl Doorkeeper {
    /// A doorkeeper who knows the newest revocations at any time.
    #[must_use]
    pub fn new(tokens: Tokens, revocations: watch::Receiver<Revocations>) -> Self {
        Self { tokens, revocations }
    }

    /// Lets somebody into a space by their token.
    pub fn admit(&self, token: &str, space: &str, now_ms: u64) -> Result<Asker, TokenError> {
        let identity = self.tokens.verify(token, now_ms)?;
        if identity.space.as_deref().is_some_and(|only| only != space) {
            return Err(TokenError::WrongSpace);
        }
        let asker = Asker::known(identity);
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
