//! What is revoked, as one immutable picture that every token is checked against.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use journal::UserId;

/// Which state of the accounts something was read from. Only equality means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountsVersion {
    /// Changes made through these accounts.
    pub(super) own: u64,
    /// SQLite's count of changes made by everybody else.
    pub(super) others: i64,
}

/// Everything revoked at one moment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Revocations(Arc<Revoked>);

#[derive(Debug)]
struct Revoked {
    version: AccountsVersion,
    not_before_ms: HashMap<UserId, u64>,
    tokens: HashSet<Box<str>>,
}

impl Revocations {
    pub(super) fn new(
        version: AccountsVersion,
        not_before_ms: HashMap<UserId, u64>,
        tokens: HashSet<Box<str>>,
    ) -> Self {
        Self(Arc::new(Revoked { version, not_before_ms, tokens }))
    }

    /// The state this is of.
    #[must_use]
    pub fn version(&self) -> AccountsVersion {
        self.0.version
    }

    /// Whether a token of this user, with this id and time of issue (milliseconds since 1970), has been made worthless.
    /// A token issued in the very millisecond of a revocation is not: whoever issues in whole seconds rounds up.
    #[must_use]
    pub fn covers(&self, user: &UserId, token_id: Option<&str>, issued_ms: u64) -> bool {
        let is_old = self.0.not_before_ms.get(user).is_some_and(|not_before_ms| issued_ms < *not_before_ms);
        is_old || token_id.is_some_and(|id| self.0.tokens.contains(id))
    }
}
