//! Who asks: the person behind a token as the rest of the server sees them, or nobody in particular.

use std::{sync::Arc, time::Duration};

use journal::{Principal, UserId};

use crate::identity::Identity;

/// A person as others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// The name they go by.
    pub name: String,
}

/// Somebody on a transport.
#[derive(Clone, Debug)]
pub struct Asker(Option<Arc<Known>>);

#[derive(Debug)]
struct Known {
    identity: Identity,
    person: Person,
}

impl Asker {
    /// Somebody without a token.
    #[must_use]
    pub fn anonymous() -> Self {
        Self(None)
    }

    /// Somebody whose token was verified.
    #[must_use]
    pub fn known(identity: Identity) -> Self {
        let person = identity
            .principal
            .user()
            .map(|id| Person { id: id.clone(), name: identity.name.clone().unwrap_or_else(|| id.as_str().to_owned()) });
        Self(person.map(|person| Arc::new(Known { identity, person })))
    }

    /// By what rules judge them.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        self.0.as_ref().map_or(&Principal::ANONYMOUS, |known| &known.identity.principal)
    }

    /// As others see them.
    #[must_use]
    pub fn person(&self) -> Option<&Person> {
        self.0.as_ref().map(|known| &known.person)
    }

    /// What their token said.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.0.as_ref().map(|known| &known.identity)
    }

    /// How long their token still lasts.
    #[must_use]
    pub fn ends_in(&self, now_ms: u64) -> Option<Duration> {
        let end_ms = self.identity()?.expires_at_ms?;
        Some(Duration::from_millis(end_ms.saturating_sub(now_ms)))
    }
}
