//! A person, and the bounds of what is kept about them.

use std::fmt;

use journal::UserId;

use super::AccountsError;
use crate::limits::{EMAIL_BYTES_MAX, PASSWORD_HASH_BYTES_MAX, PICTURE_URL_BYTES_MAX, USER_NAME_BYTES_MAX};

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// As tokens carry it.
    pub id: UserId,
    /// As others see it; several people may have the same.
    pub name: String,
    /// As it was given; unique whatever its case.
    pub email: Option<String>,
    /// None for those who cannot log in by password.
    pub password_hash: Option<PasswordHash>,
    /// What they may.
    pub role: UserRole,
    /// Where their picture is.
    pub picture_url: Option<String>,
    /// How they came to have an account.
    pub kind: UserKind,
    /// Since when, in milliseconds since 1970.
    pub created_ms: u64,
}

/// What somebody with an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserRole {
    /// One of many.
    Member,
    /// May do everything.
    Admin,
}

/// How somebody came to have an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKind {
    /// By choosing a name.
    Guest,
    /// By e-mail address and password.
    Registered,
    /// By a token that the operator made for a name.
    Minted,
}

/// An encoded password hash, opaque here. It never appears in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes the encoded text.
    #[must_use]
    pub fn new(encoded: String) -> Self {
        Self(encoded)
    }

    /// The encoded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn check(&self) -> Result<(), AccountsError> {
        check_text("a password hash", &self.0, PASSWORD_HASH_BYTES_MAX)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl User {
    /// The user behind tokens that the operator makes for a name.
    pub(super) fn minted(id: &UserId, name: &str, role: UserRole, created_ms: u64) -> Self {
        Self {
            id: id.clone(),
            name: name.to_owned(),
            email: None,
            password_hash: None,
            role,
            picture_url: None,
            kind: UserKind::Minted,
            created_ms,
        }
    }

    /// Holds every text against its bound.
    pub(super) fn check(&self) -> Result<(), AccountsError> {
        check_text("a name", &self.name, USER_NAME_BYTES_MAX)?;
        check_optional("an e-mail address", self.email.as_deref(), EMAIL_BYTES_MAX)?;
        check_optional("a picture's address", self.picture_url.as_deref(), PICTURE_URL_BYTES_MAX)?;
        self.password_hash.as_ref().map_or(Ok(()), PasswordHash::check)
    }

    /// What an e-mail address is compared by.
    pub(super) fn folded_email(&self) -> Option<String> {
        self.email.as_deref().map(fold)
    }
}

/// Upper and lower case are one, in every script.
pub(super) fn fold(email: &str) -> String {
    email.to_lowercase()
}

fn check_optional(field: &'static str, text: Option<&str>, bytes_max: usize) -> Result<(), AccountsError> {
    text.map_or(Ok(()), |text| check_text(field, text, bytes_max))
}

pub(super) fn check_text(field: &'static str, text: &str, bytes_max: usize) -> Result<(), AccountsError> {
    let fits = (1..=bytes_max).contains(&text.len()) && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(AccountsError::BadText { field, bytes_max }) }
}

impl UserRole {
    /// The number on disk. Numbers are never reused.
    pub(super) fn code(self) -> i64 {
        match self {
            Self::Member => 1,
            Self::Admin => 2,
        }
    }

    pub(super) fn from_code(code: i64) -> Option<Self> {
        [Self::Member, Self::Admin].into_iter().find(|role| role.code() == code)
    }
}

impl UserKind {
    /// The number on disk. Numbers are never reused.
    pub(super) fn code(self) -> i64 {
        match self {
            Self::Guest => 1,
            Self::Registered => 2,
            Self::Minted => 3,
        }
    }

    pub(super) fn from_code(code: i64) -> Option<Self> {
        [Self::Guest, Self::Registered, Self::Minted].into_iter().find(|kind| kind.code() == code)
    }
}
