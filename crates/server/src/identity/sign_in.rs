//! The doors: register, log in, come in with a name, become the first admin, go out.
//!
//! Promises that nobody gets a token without having passed a door that is open, that attempts are counted before a
//! password is looked at, and that no answer tells whether an account exists. Called by the HTTP calls of this module.

use std::{net::IpAddr, time::Duration};

use journal::Principal;
use store::{Accounts, AccountsError, PasswordHash, User, UserKind, UserRole};
use tokio::task;

use super::{
    Attempts, PasswordError, Passwords, TokenError, Tokens, TooMany,
    changes::AccountsWatch,
    limits::SETUP_TIME_MAX,
    people::{NewPerson, Password, Unfit, check_email, check_name},
    tokens::NewToken,
    user_id::{digits, random_user_id},
};
use crate::config::Config;

/// The doors of a server.
pub struct SignIn {
    accounts: Accounts,
    watch: AccountsWatch,
    tokens: Tokens,
    passwords: Passwords,
    attempts: Attempts,
    token_ttl: Duration,
    guests_allowed: bool,
    registration_allowed: bool,
}

/// Somebody who came in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Their token.
    pub token: String,
    /// Who they are.
    pub user: User,
}

/// Who asks: from where, and when.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    /// The address of the connection.
    pub from: IpAddr,
    /// Now, in ms since 1970.
    pub now_ms: u64,
}

/// Why somebody did not come in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Something they said cannot be taken.
    #[error(transparent)]
    Unfit(Unfit),
    /// Wrong e-mail address or wrong password. Deliberately not told apart.
    #[error("e-mail address and password do not belong together; check both")]
    WrongPassword,
    /// There is an account with this address.
    #[error("there is an account with this e-mail address already; log in, or use another address")]
    EmailTaken,
    /// No guests here.
    #[error("this server lets nobody in by name alone; log in, or ask whoever runs it for an account")]
    NoGuests,
    /// No registration here.
    #[error("this server lets nobody register by themselves; ask whoever runs it for an account")]
    NoRegistration,
    /// The link was spent, is too old, or is none.
    #[error("this set-up link is not good any more; restart the server, and it prints a new one")]
    BadSetup,
    /// Not signed in.
    #[error(transparent)]
    Token(TokenError),
    /// Too many attempts.
    #[error(transparent)]
    TooMany(TooMany),
    /// Too many at this moment.
    #[error("too many people are signing in at this moment; try again in a few seconds")]
    Busy,
    /// Something is broken.
    #[error("the accounts cannot be used at this moment; try again, and tell whoever runs this server")]
    Unavailable,
}

impl SignIn {
    /// Opens the doors that the configuration opens.
    pub fn new(
        config: &Config,
        accounts: Accounts,
        watch: AccountsWatch,
        tokens: Tokens,
    ) -> Result<Self, PasswordError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|_| PasswordError::Failed)?;
        Ok(Self {
            accounts,
            watch,
            tokens,
            passwords: Passwords::default(),
            attempts: Attempts::new(secret),
            token_ttl: config.token_ttl,
            guests_allowed: config.guests_allowed,
            registration_allowed: config.registration_allowed,
        })
    }

    /// Makes an account for somebody, if the server lets them.
    pub async fn register(&self, person: NewPerson, visit: Visit) -> Result<SignedIn, SignInError> {
        if !self.registration_allowed {
            return Err(SignInError::NoRegistration);
        }
        let user = self.account(person, UserRole::Member, visit).await?;
        self.accounts({
            let user = user.clone();
            move |accounts| accounts.create_user(&user)
        })
        .await?;
        self.signed_in(user, visit.now_ms)
    }

    /// Lets somebody in by e-mail address and password.
    pub async fn log_in(&self, email: &str, password: Password, visit: Visit) -> Result<SignedIn, SignInError> {
        let email = check_email(email).map_err(|_| SignInError::WrongPassword)?;
        let counted = email.to_lowercase();
        self.attempts.from_address(visit.from, visit.now_ms).map_err(SignInError::TooMany)?;
        self.attempts.at_account(&counted, visit.now_ms).map_err(SignInError::TooMany)?;
        let user = self.accounts(move |accounts| accounts.user_by_email(&email)).await?;
        let hash = user.as_ref().and_then(|user| user.password_hash.as_ref()).map(|hash| hash.as_str().to_owned());
        let is_right = self.passwords.verify(password.0, hash).await.map_err(password_error)?;
        let user = user.filter(|_| is_right).ok_or(SignInError::WrongPassword)?;
        self.attempts.succeeded(&counted);
        self.signed_in(user, visit.now_ms)
    }

    /// Lets somebody in with nothing but a name, if the server does. Each guest is somebody new.
    pub async fn guest(&self, name: &str, visit: Visit) -> Result<SignedIn, SignInError> {
        if !self.guests_allowed {
            return Err(SignInError::NoGuests);
        }
        let name = check_name(name).map_err(SignInError::Unfit)?;
        self.attempts.from_address(visit.from, visit.now_ms).map_err(SignInError::TooMany)?;
        let user = User {
            id: random_user_id(random()?),
            name,
            email: None,
            password_hash: None,
            role: UserRole::Member,
            picture_url: None,
            kind: UserKind::Guest,
            created_ms: visit.now_ms,
        };
        let created = user.clone();
        self.accounts(move |accounts| accounts.create_user(&created)).await?;
        self.signed_in(user, visit.now_ms)
    }

    /// Makes the first admin, for whoever has the secret of the set-up link. It works once.
    pub async fn set_up(&self, secret: &str, person: NewPerson, visit: Visit) -> Result<SignedIn, SignInError> {
        let hash = setup_hash(secret);
        let admin = self.account(person, UserRole::Admin, visit).await?;
        let spent = {
            let admin = admin.clone();
            self.accounts(move |accounts| {
                Ok(!accounts.any_admin()? && accounts.spend_setup(&hash, visit.now_ms, &admin)?)
            })
        };
        if spent.await? { self.signed_in(admin, visit.now_ms) } else { Err(SignInError::BadSetup) }
    }

    /// Ends a token for good, on every connection that it has.
    pub async fn log_out(&self, token: &str, now_ms: u64) -> Result<(), SignInError> {
        let identity = self.tokens.verify(token, now_ms).map_err(SignInError::Token)?;
        // A token without an end is revoked without an end.
        let expires_ms = identity.expires_at_ms.unwrap_or(u64::MAX);
        let watch = self.watch.clone();
        self.accounts(move |accounts| {
            accounts.revoke_token(&identity.token_id, expires_ms)?;
            watch.refresh().map(|_| ())
        })
        .await
    }

    /// While there is no admin: a new secret for the set-up link, in place of earlier ones. Blocks.
    pub fn new_setup_secret(&self, now_ms: u64) -> Result<Option<String>, SignInError> {
        if self.accounts.any_admin().map_err(account_error)? {
            return Ok(None);
        }
        let secret = digits(random()?);
        let until_ms = now_ms + ms(SETUP_TIME_MAX);
        self.accounts.put_setup(&setup_hash(&secret), until_ms).map_err(account_error)?;
        Ok(Some(secret))
    }

    /// An account that fits the rules, its password hashed. It is not there yet.
    async fn account(&self, person: NewPerson, role: UserRole, visit: Visit) -> Result<User, SignInError> {
        let person = person.checked().map_err(SignInError::Unfit)?;
        self.attempts.from_address(visit.from, visit.now_ms).map_err(SignInError::TooMany)?;
        let hash = self.passwords.hash(person.password.0).await.map_err(password_error)?;
        Ok(User {
            id: random_user_id(random()?),
            name: person.name,
            email: Some(person.email),
            password_hash: Some(PasswordHash::new(hash)),
            role,
            picture_url: person.picture_url,
            kind: UserKind::Registered,
            created_ms: visit.now_ms,
        })
    }

    fn signed_in(&self, user: User, now_ms: u64) -> Result<SignedIn, SignInError> {
        let principal = principal(&user);
        let token_id = digits(random()?);
        let token = self.tokens.mint(&NewToken {
            principal: &principal,
            name: Some(&user.name),
            issued_at_ms: now_ms,
            ttl_ms: ms(self.token_ttl),
            token_id: &token_id,
            space: None,
        });
        Ok(SignedIn { token, user })
    }

    /// Accounts block for their transactions, so not on the serving threads.
    async fn accounts<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Accounts) -> Result<T, AccountsError> + Send + 'static,
    ) -> Result<T, SignInError> {
        let accounts = self.accounts.clone();
        let done = task::spawn_blocking(move || work(&accounts)).await;
        done.map_err(|_| SignInError::Unavailable)?.map_err(account_error)
    }
}

/// What somebody's account lets them be.
pub(super) fn principal(user: &User) -> Principal {
    match user.role {
        UserRole::Member => Principal::member(user.id.clone()),
        UserRole::Admin => Principal::admin(user.id.clone()),
    }
}

fn setup_hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.trim().as_bytes()).as_bytes()
}

fn account_error(error: AccountsError) -> SignInError {
    if error == AccountsError::EmailTaken {
        return SignInError::EmailTaken;
    }
    tracing::error!(%error, "the accounts failed");
    SignInError::Unavailable
}

fn password_error(error: PasswordError) -> SignInError {
    match error {
        PasswordError::Busy => SignInError::Busy,
        PasswordError::Failed => SignInError::Unavailable,
    }
}

pub(super) fn random() -> Result<[u8; 16], SignInError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| SignInError::Unavailable)?;
    Ok(bytes)
}

pub(super) fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
