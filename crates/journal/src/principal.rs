//! Who acts or reads: nobody in particular, a member, an admin.

use std::{fmt, sync::Arc};

use crate::limits::USER_ID_BYTES_MAX;

/// The id of a person, as tokens carry it in `sub`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Arc<str>);

/// A user id that is empty, too long or has control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user id has 1 to {USER_ID_BYTES_MAX} bytes and no control characters")]
pub struct BadUserId;

impl UserId {
    /// Checks an id against its bounds.
    pub fn new(id: &str) -> Result<Self, BadUserId> {
        let fits = (1..=USER_ID_BYTES_MAX).contains(&id.len()) && !id.chars().any(char::is_control);
        if fits { Ok(Self(id.into())) } else { Err(BadUserId) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What somebody is allowed to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Without a token.
    Anonymous,
    /// With a token, guests included.
    Member,
    /// May do everything.
    Admin,
}

/// Somebody who acts or reads. Without a user id the role is [`Role::Anonymous`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    user: Option<UserId>,
    role: Role,
}

impl Principal {
    /// Somebody without a token.
    pub const ANONYMOUS: Self = Self { user: None, role: Role::Anonymous };

    /// A member.
    #[must_use]
    pub fn member(user: UserId) -> Self {
        Self { user: Some(user), role: Role::Member }
    }

    /// An admin.
    #[must_use]
    pub fn admin(user: UserId) -> Self {
        Self { user: Some(user), role: Role::Admin }
    }

    /// Who it is, unless anonymous.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }

    /// What they are.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether this is the person with that id. Nobody is ever the same as nobody.
    #[must_use]
    pub fn is(&self, user: Option<&UserId>) -> bool {
        user.is_some() && self.user.as_ref() == user
    }
}
