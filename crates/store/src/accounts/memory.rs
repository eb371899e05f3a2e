//! Accounts in memory: for tests, simulation and servers that keep nothing.

use std::collections::HashMap;

use journal::UserId;
use parking_lot::Mutex;

use super::{
    AccountsError, AccountsVersion, PasswordHash, Revocations, SetupHash, User, UserKind, UserRole, user::fold,
};

#[derive(Default)]
pub(super) struct MemoryAccounts(Mutex<State>);

#[derive(Default)]
struct State {
    version: u64,
    users: HashMap<UserId, User>,
    not_before_ms: HashMap<UserId, u64>,
    /// Revoked tokens and when they expire.
    tokens: HashMap<Box<str>, u64>,
    setup: Option<(SetupHash, u64)>,
}

type Result<T> = std::result::Result<T, AccountsError>;

impl MemoryAccounts {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.0.lock();
        let result = change(&mut state)?;
        state.version += 1;
        Ok(result)
    }

    pub(super) fn create_user(&self, user: &User) -> Result<()> {
        self.change(|state| state.create(user))
    }

    pub(super) fn user(&self, id: &UserId) -> Result<Option<User>> {
        Ok(self.0.lock().users.get(id).cloned())
    }

    pub(super) fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        Ok(self.0.lock().by_email(&fold(email)).cloned())
    }

    pub(super) fn any_admin(&self) -> Result<bool> {
        Ok(self.0.lock().users.values().any(|user| user.role == UserRole::Admin))
    }

    pub(super) fn set_role(&self, id: &UserId, role: UserRole) -> Result<()> {
        self.change(|state| state.known(id).map(|user| user.role = role))
    }

    pub(super) fn set_password_hash(&self, id: &UserId, hash: &PasswordHash) -> Result<()> {
        self.change(|state| state.known(id).map(|user| user.password_hash = Some(hash.clone())))
    }

    pub(super) fn ensure_minted(&self, minted: &User) -> Result<User> {
        self.change(|state| {
            let user = state.users.entry(minted.id.clone()).or_insert_with(|| minted.clone());
            if user.kind != UserKind::Minted {
                return Err(AccountsError::IdTaken);
            }
            user.role = minted.role;
            Ok(user.clone())
        })
    }

    pub(super) fn revoke_user(&self, id: &UserId, not_before_ms: u64) -> Result<()> {
        self.change(|state| {
            state.revoke(id, not_before_ms);
            Ok(())
        })
    }

    pub(super) fn revoke_users_named(&self, name: &str, not_before_ms: u64) -> Result<u64> {
        self.change(|state| {
            let named = state.users.values().filter(|user| user.name == name);
            let named: Vec<UserId> = named.map(|user| user.id.clone()).collect();
            named.iter().for_each(|id| state.revoke(id, not_before_ms));
            Ok(named.len() as u64)
        })
    }

    pub(super) fn revoke_token(&self, token_id: &str, expires_ms: u64) -> Result<()> {
        self.change(|state| {
            state.tokens.insert(token_id.into(), expires_ms);
            Ok(())
        })
    }

    pub(super) fn purge_expired(&self, now_ms: u64) -> Result<u64> {
        self.change(|state| {
            let before = state.tokens.len();
            state.tokens.retain(|_, expires_ms| *expires_ms > now_ms);
            Ok((before - state.tokens.len()) as u64)
        })
    }

    pub(super) fn revocations(&self) -> Result<Revocations> {
        let state = self.0.lock();
        let tokens = state.tokens.keys().cloned().collect();
        Ok(Revocations::new(state.version(), state.not_before_ms.clone(), tokens))
    }

    pub(super) fn version(&self) -> Result<AccountsVersion> {
        Ok(self.0.lock().version())
    }

    pub(super) fn put_setup(&self, hash: &SetupHash, expires_ms: u64) -> Result<()> {
        self.change(|state| {
            state.setup = Some((*hash, expires_ms));
            Ok(())
        })
    }

    pub(super) fn spend_setup(&self, hash: &SetupHash, now_ms: u64, admin: &User) -> Result<bool> {
        self.change(|state| {
            let fits = state.setup.is_some_and(|(expected, expires_ms)| expected == *hash && now_ms < expires_ms);
            if fits {
                state.create(admin)?;
                state.setup = None;
            }
            Ok(fits)
        })
    }
}

impl State {
    fn version(&self) -> AccountsVersion {
        AccountsVersion { own: self.version, others: 0 }
    }

    fn by_email(&self, folded: &str) -> Option<&User> {
        self.users.values().find(|user| user.folded_email().as_deref() == Some(folded))
    }

    fn known(&mut self, id: &UserId) -> Result<&mut User> {
        self.users.get_mut(id).ok_or(AccountsError::NoSuchUser)
    }

    fn create(&mut self, user: &User) -> Result<()> {
        if self.users.contains_key(&user.id) {
            return Err(AccountsError::IdTaken);
        }
        if user.folded_email().is_some_and(|email| self.by_email(&email).is_some()) {
            return Err(AccountsError::EmailTaken);
        }
        self.users.insert(user.id.clone(), user.clone());
        Ok(())
    }

    fn revoke(&mut self, id: &UserId, not_before_ms: u64) {
        let known = self.not_before_ms.entry(id.clone()).or_default();
        *known = not_before_ms.max(*known);
    }
}
