//! Accounts in SQLite: one connection, taken in turns; every change an immediate transaction.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use journal::UserId;
use parking_lot::Mutex;
use rusqlite::{
    Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params,
    types::{FromSqlError, Type},
};

use super::{
    AccountsError, AccountsVersion, PasswordHash, Revocations, SetupHash, User, UserKind, UserRole, open, user::fold,
};
use crate::Failure;

pub(super) struct SqliteAccounts {
    path: PathBuf,
    inner: Mutex<Inner>,
}

struct Inner {
    connection: Connection,
    /// SQLite counts the changes of others; these are our own.
    changes: u64,
}

type Result<T> = std::result::Result<T, AccountsError>;

/// What can go wrong inside a transaction: a rule, or SQLite.
enum Stop {
    Refused(AccountsError),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

const USER: &str = "id, name, email, password_hash, role, picture_url, kind, created_ms";

impl SqliteAccounts {
    pub(super) fn open(data: &Path) -> Result<Self> {
        let inner = Inner { connection: open::open(data)?, changes: 0 };
        Ok(Self { path: data.join("accounts.db"), inner: Mutex::new(inner) })
    }

    fn change<T>(&self, change: impl FnOnce(&Transaction<'_>) -> std::result::Result<T, Stop>) -> Result<T> {
        let mut inner = self.inner.lock();
        let transaction = inner.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = transaction.map_err(|error| self.failed(&error))?;
        let result = change(&transaction).map_err(|stop| match stop {
            Stop::Refused(error) => error,
            Stop::Sqlite(error) => self.failed(&error),
        })?;
        transaction.commit().map_err(|error| self.failed(&error))?;
        inner.changes += 1;
        Ok(result)
    }

    fn read<T>(&self, read: impl FnOnce(&Inner) -> rusqlite::Result<T>) -> Result<T> {
        read(&self.inner.lock()).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &rusqlite::Error) -> AccountsError {
        Failure::sqlite("using", &self.path, error).into()
    }

    pub(super) fn create_user(&self, user: &User) -> Result<()> {
        self.change(|transaction| create(transaction, user))
    }

    pub(super) fn user(&self, id: &UserId) -> Result<Option<User>> {
        self.read(|inner| user_by(&inner.connection, "id", id.as_str()))
    }

    pub(super) fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        self.read(|inner| user_by(&inner.connection, "email_folded", &fold(email)))
    }

    pub(super) fn any_admin(&self) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE role = ?1)";
        self.read(|inner| inner.connection.query_row(sql, [UserRole::Admin.code()], |row| row.get(0)))
    }

    pub(super) fn set_role(&self, id: &UserId, role: UserRole) -> Result<()> {
        let sql = "UPDATE users SET role = ?2 WHERE id = ?1";
        self.change(|transaction| known(transaction.execute(sql, params![id.as_str(), role.code()])?))
    }

    pub(super) fn set_password_hash(&self, id: &UserId, hash: &PasswordHash) -> Result<()> {
        let sql = "UPDATE users SET password_hash = ?2 WHERE id = ?1";
        self.change(|transaction| known(transaction.execute(sql, params![id.as_str(), hash.as_str()])?))
    }

    pub(super) fn ensure_minted(&self, minted: &User) -> Result<User> {
        self.change(|transaction| {
            let Some(user) = user_by(transaction, "id", minted.id.as_str())? else {
                create(transaction, minted)?;
                return Ok(minted.clone());
            };
            if user.kind != UserKind::Minted {
                return Err(Stop::Refused(AccountsError::IdTaken));
            }
            let sql = "UPDATE users SET role = ?2 WHERE id = ?1";
            transaction.execute(sql, params![user.id.as_str(), minted.role.code()])?;
            Ok(User { role: minted.role, ..user })
        })
    }

    pub(super) fn revoke_user(&self, id: &UserId, not_before_ms: u64) -> Result<()> {
        self.change(|transaction| Ok(revoke(transaction, "SELECT ?1 AS user", id.as_str(), not_before_ms).map(|_| ())?))
    }

    pub(super) fn revoke_users_named(&self, name: &str, not_before_ms: u64) -> Result<u64> {
        let named = "SELECT id AS user FROM users WHERE name = ?1";
        self.change(|transaction| Ok(revoke(transaction, named, name, not_before_ms)? as u64))
    }

    pub(super) fn revoke_token(&self, token_id: &str, expires_ms: u64) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO revoked_tokens VALUES (?1, ?2)";
        self.change(|transaction| Ok(transaction.execute(sql, params![token_id, number(expires_ms)]).map(|_| ())?))
    }

    pub(super) fn purge_expired(&self, now_ms: u64) -> Result<u64> {
        let sql = "DELETE FROM revoked_tokens WHERE expires_ms <= ?1";
        self.change(|transaction| Ok(transaction.execute(sql, [number(now_ms)])? as u64))
    }

    pub(super) fn revocations(&self) -> Result<Revocations> {
        self.read(|inner| {
            // The version is older than what is read, never newer: a change in between shows as another version.
            let version = version(inner)?;
            Ok(Revocations::new(version, not_before(&inner.connection)?, tokens(&inner.connection)?))
        })
    }

    pub(super) fn version(&self) -> Result<AccountsVersion> {
        self.read(version)
    }

    pub(super) fn put_setup(&self, hash: &SetupHash, expires_ms: u64) -> Result<()> {
        self.change(|transaction| {
            transaction.execute("DELETE FROM setup", [])?;
            transaction.execute("INSERT INTO setup VALUES (?1, ?2)", params![hash, number(expires_ms)])?;
            Ok(())
        })
    }

    pub(super) fn spend_setup(&self, hash: &SetupHash, now_ms: u64, admin: &User) -> Result<bool> {
        let sql = "DELETE FROM setup WHERE hash = ?1 AND expires_ms > ?2";
        self.change(|transaction| {
            let is_spent = transaction.execute(sql, params![hash, number(now_ms)])? > 0;
            if is_spent {
                create(transaction, admin)?;
            }
            Ok(is_spent)
        })
    }
}

fn create(transaction: &Transaction<'_>, user: &User) -> std::result::Result<(), Stop> {
    let folded = user.folded_email();
    if user_by(transaction, "id", user.id.as_str())?.is_some() {
        return Err(Stop::Refused(AccountsError::IdTaken));
    }
    if let Some(folded) = &folded
        && user_by(transaction, "email_folded", folded)?.is_some()
    {
        return Err(Stop::Refused(AccountsError::EmailTaken));
    }
    let password_hash = user.password_hash.as_ref().map(PasswordHash::as_str);
    let (role, kind, created_ms) = (user.role.code(), user.kind.code(), number(user.created_ms));
    transaction.execute(
        &format!("INSERT INTO users ({USER}, email_folded) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
        params![
            user.id.as_str(),
            user.name,
            user.email,
            password_hash,
            role,
            user.picture_url,
            kind,
            created_ms,
            folded
        ],
    )?;
    Ok(())
}

/// Somebody by the value of a unique column.
fn user_by(connection: &Connection, column: &'static str, value: &str) -> rusqlite::Result<Option<User>> {
    let sql = format!("SELECT {USER} FROM users WHERE {column} = ?1");
    connection.prepare_cached(&sql)?.query_row([value], user).optional()
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: user_id(row, 0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        password_hash: row.get::<_, Option<String>>(3)?.map(PasswordHash::new),
        role: UserRole::from_code(row.get(4)?).ok_or_else(|| unreadable(4))?,
        picture_url: row.get(5)?,
        kind: UserKind::from_code(row.get(6)?).ok_or_else(|| unreadable(6))?,
        created_ms: unsigned(row, 7)?,
    })
}

fn known(changed: usize) -> std::result::Result<(), Stop> {
    if changed == 0 { Err(Stop::Refused(AccountsError::NoSuchUser)) } else { Ok(()) }
}

/// Revokes the users that a query answers, never back in time.
fn revoke(
    transaction: &Transaction<'_>,
    users: &'static str,
    asked: &str,
    not_before_ms: u64,
) -> rusqlite::Result<usize> {
    let sql = format!(
        "INSERT INTO revoked_users SELECT user, ?2 FROM ({users}) WHERE true
         ON CONFLICT (user) DO UPDATE SET not_before_ms = max(not_before_ms, excluded.not_before_ms)"
    );
    transaction.execute(&sql, params![asked, number(not_before_ms)])
}

fn version(inner: &Inner) -> rusqlite::Result<AccountsVersion> {
    let others = inner.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
    Ok(AccountsVersion { own: inner.changes, others })
}

fn not_before(connection: &Connection) -> rusqlite::Result<HashMap<UserId, u64>> {
    let mut statement = connection.prepare_cached("SELECT user, not_before_ms FROM revoked_users")?;
    statement.query_map([], |row| Ok((user_id(row, 0)?, unsigned(row, 1)?)))?.collect()
}

fn tokens(connection: &Connection) -> rusqlite::Result<HashSet<Box<str>>> {
    let mut statement = connection.prepare_cached("SELECT token FROM revoked_tokens")?;
    statement.query_map([], |row| row.get::<_, Box<str>>(0))?.collect()
}

fn user_id(row: &Row<'_>, column: usize) -> rusqlite::Result<UserId> {
    let text = row.get_ref(column)?.as_str().map_err(|_: FromSqlError| unreadable(column))?;
    UserId::new(text).map_err(|_| unreadable(column))
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| unreadable(column))
}

fn unreadable(column: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, "value out of its bounds".into(), Type::Null)
}

/// Times beyond what SQLite stores are as good as for ever.
fn number(time_ms: u64) -> i64 {
    i64::try_from(time_ms).unwrap_or(i64::MAX)
}
