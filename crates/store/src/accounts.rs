//! People and what was taken from them: users, roles, revoked tokens, the one-time set-up secret.
//!
//! This is truth, never derived. Several processes may have it open at once (`tidings token` and `tidings revoke` beside a
//! running server); every change is its own synced transaction, and [`Accounts::version`] tells that somebody changed
//! something.

mod memory;
mod open;
mod revocations;
mod sqlite;
mod user;

use std::{path::Path, sync::Arc};

use journal::UserId;

pub use revocations::{AccountsVersion, Revocations};
pub use user::{PasswordHash, User, UserKind, UserRole};

use crate::{Failure, limits::TOKEN_ID_BYTES_MAX};

/// What a set-up secret hashes to.
pub type SetupHash = [u8; 32];

/// Why accounts cannot be opened, changed or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountsError {
    /// Somebody else has this id.
    #[error("this id is taken")]
    IdTaken,
    /// Somebody has this e-mail address, in whatever case.
    #[error("this e-mail address is taken")]
    EmailTaken,
    /// Nobody has this id.
    #[error("there is no such user")]
    NoSuchUser,
    /// A text is empty, too long or has control characters.
    #[error("{field} must have 1 to {bytes_max} bytes and no control characters")]
    BadText {
        /// Which text.
        field: &'static str,
        /// Its bound.
        bytes_max: usize,
    },
    /// Another version of Tidings wrote the file.
    #[error("{0}")]
    Format(String),
    /// The operating system or SQLite said no. Nothing was changed.
    #[error(transparent)]
    Failed(Failure),
}

impl From<Failure> for AccountsError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The accounts of a server, all spaces together. Cheap to clone; every call blocks for its own transaction.
#[derive(Clone)]
pub struct Accounts(Arc<Arm>);

enum Arm {
    Memory(memory::MemoryAccounts),
    Sqlite(sqlite::SqliteAccounts),
}

/// The same call on whichever arm there is.
macro_rules! on_arm {
    ($accounts:expr, $arm:ident => $call:expr) => {
        match &*$accounts.0 {
            Arm::Memory($arm) => $call,
            Arm::Sqlite($arm) => $call,
        }
    };
}

impl Accounts {
    /// Opens or creates `accounts.db` in folder `data`; only its owner may read the file.
    pub fn open(data: &Path) -> Result<Self, AccountsError> {
        Ok(Self(Arc::new(Arm::Sqlite(sqlite::SqliteAccounts::open(data)?))))
    }

    /// Empty accounts that live as long as their clones.
    #[must_use]
    pub fn memory() -> Self {
        Self(Arc::new(Arm::Memory(memory::MemoryAccounts::default())))
    }

    /// Adds somebody. Fails with [`AccountsError::IdTaken`], [`AccountsError::EmailTaken`] or [`AccountsError::BadText`].
    pub fn create_user(&self, user: &User) -> Result<(), AccountsError> {
        user.check()?;
        on_arm!(self, arm => arm.create_user(user))
    }

    /// Somebody by id.
    pub fn user(&self, id: &UserId) -> Result<Option<User>, AccountsError> {
        on_arm!(self, arm => arm.user(id))
    }

    /// Somebody by e-mail address, in whatever case.
    pub fn user_by_email(&self, email: &str) -> Result<Option<User>, AccountsError> {
        on_arm!(self, arm => arm.user_by_email(email))
    }

    /// Whether there is an admin.
    pub fn any_admin(&self) -> Result<bool, AccountsError> {
        on_arm!(self, arm => arm.any_admin())
    }

    /// Makes somebody a member or an admin.
    pub fn set_role(&self, id: &UserId, role: UserRole) -> Result<(), AccountsError> {
        on_arm!(self, arm => arm.set_role(id, role))
    }

    /// Changes somebody's password.
    pub fn set_password_hash(&self, id: &UserId, hash: &PasswordHash) -> Result<(), AccountsError> {
        hash.check()?;
        on_arm!(self, arm => arm.set_password_hash(id, hash))
    }

    /// Makes sure that the user behind tokens minted for a name exists and has this role; the id follows from the name,
    /// so that the same name is always the same user. [`AccountsError::IdTaken`] when the id belongs to somebody who was
    /// not minted.
    pub fn ensure_minted(&self, id: &UserId, name: &str, role: UserRole, now_ms: u64) -> Result<User, AccountsError> {
        let user = User::minted(id, name, role, now_ms);
        user.check()?;
        on_arm!(self, arm => arm.ensure_minted(&user))
    }

    /// Makes every token of this user that was issued before `not_before_ms` worthless. The user need not be known here:
    /// tokens may come from another app.
    pub fn revoke_user(&self, id: &UserId, not_before_ms: u64) -> Result<(), AccountsError> {
        on_arm!(self, arm => arm.revoke_user(id, not_before_ms))
    }

    /// The same for everybody who has exactly this name; answers how many they are.
    pub fn revoke_users_named(&self, name: &str, not_before_ms: u64) -> Result<u64, AccountsError> {
        on_arm!(self, arm => arm.revoke_users_named(name, not_before_ms))
    }

    /// Makes one token worthless, and remembers that until the token would have expired.
    pub fn revoke_token(&self, token_id: &str, expires_ms: u64) -> Result<(), AccountsError> {
        user::check_text("a token's id", token_id, TOKEN_ID_BYTES_MAX)?;
        on_arm!(self, arm => arm.revoke_token(token_id, expires_ms))
    }

    /// Forgets revoked tokens that have expired; answers how many.
    pub fn purge_expired(&self, now_ms: u64) -> Result<u64, AccountsError> {
        on_arm!(self, arm => arm.purge_expired(now_ms))
    }

    /// All that is revoked, to be asked for every token without the disk. Fetch it again when [`Accounts::version`] is
    /// no longer its version.
    pub fn revocations(&self) -> Result<Revocations, AccountsError> {
        on_arm!(self, arm => arm.revocations())
    }

    /// Changes whenever anybody, in any process, changed anything. Costs some microseconds: poll it.
    pub fn version(&self) -> Result<AccountsVersion, AccountsError> {
        on_arm!(self, arm => arm.version())
    }

    /// Replaces the set-up secret: whoever knows what hashes to `hash` may become the first admin until `expires_ms`.
    pub fn put_setup(&self, hash: &SetupHash, expires_ms: u64) -> Result<(), AccountsError> {
        on_arm!(self, arm => arm.put_setup(hash, expires_ms))
    }

    /// Spends the set-up secret and creates this user as an admin, both or neither. Answers `false`, and changes nothing,
    /// when the secret is another one, has expired or was spent.
    pub fn spend_setup(&self, hash: &SetupHash, now_ms: u64, admin: &User) -> Result<bool, AccountsError> {
        let admin = User { role: UserRole::Admin, ..admin.clone() };
        admin.check()?;
        on_arm!(self, arm => arm.spend_setup(hash, now_ms, &admin))
    }
}
