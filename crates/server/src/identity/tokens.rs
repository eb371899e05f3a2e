//! Tokens: HS256 JSON Web Tokens, minted by us or by an existing app that shares its secret.
//!
//! Promises that what [`Tokens::verify`] returns was signed with the secret, by HS256 and nothing else, and is valid at
//! the time that the caller passes in. Whether it was revoked since is asked of the accounts, by the doorkeeper.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use journal::{Principal, Role};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::de::DeserializeOwned;

use super::{
    Secrets,
    claims::{OwnClaims, RawClaims},
    limits::{CLOCK_SKEW_MS_MAX, TOKEN_BYTES_MAX},
};
use crate::config::{Config, Secret};

/// Signs and verifies tokens with one secret.
#[derive(Clone)]
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    is_shared: bool,
}

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who it is and what they may.
    pub principal: Principal,
    /// The name to show, of at most 64 characters.
    pub name: Option<String>,
    /// When it was made, in ms since 1970.
    pub issued_at_ms: Option<u64>,
    /// From when on it is not valid, in ms since 1970. Only an existing app's tokens may have no end.
    pub expires_at_ms: Option<u64>,
    /// What it is revoked by: its `jti`, or a hash of it.
    pub token_id: String,
    /// The one space that it is for; all of them without.
    pub space: Option<String>,
}

/// What a new token is to say.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// Who it is and what they may. Never anonymous.
    pub principal: &'a Principal,
    /// The name to show.
    pub name: Option<&'a str>,
    /// When it is made, in ms since 1970.
    pub issued_at_ms: u64,
    /// How long it lasts, in ms; its end is rounded up to a whole second.
    pub ttl_ms: u64,
    /// Its own id, unique.
    pub token_id: &'a str,
    /// The one space that it is for.
    pub space: Option<&'a str>,
}

/// Why a token is not good, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No token at all, or one signed otherwise or by somebody else. Deliberately not told apart.
    #[error("this is not a token of this server; sign in again")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired; sign in again")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet; check the clocks of the machines")]
    NotYet,
    /// Nobody is named in it.
    #[error("the token names nobody: it needs sub, userId or id")]
    NoUser,
    /// A claim has a type or a value that it cannot have.
    #[error("the token's claim {0} is not what it has to be")]
    BadClaim(&'static str),
    /// It has no end, which only the tokens of an existing app may have.
    #[error("the token has no exp; sign in again")]
    NoEnd,
    /// It was revoked, or everything of this person was.
    #[error("the token was revoked; sign in again")]
    Revoked,
    /// It is for another space.
    #[error("the token is for another space")]
    WrongSpace,
}

impl TokenError {
    /// The stable word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Invalid | Self::NotYet | Self::NoUser | Self::BadClaim(_) | Self::NoEnd => "bad_token",
            Self::Expired => "token_expired",
            Self::Revoked => "token_revoked",
            Self::WrongSpace => "wrong_space",
        }
    }
}

impl Tokens {
    /// With the secret of an existing app if the configuration has one, else with our own.
    #[must_use]
    pub fn of(config: &Config, secrets: &Secrets) -> Self {
        config.jwt_secret.as_ref().map_or_else(|| Self::own(&secrets.token), Self::shared)
    }

    /// With a secret of our own: every token has an end, because we gave it one.
    #[must_use]
    pub fn own(secret: &Secret) -> Self {
        Self::new(secret, false)
    }

    /// With the secret of an existing app, whose tokens may have no `exp`: they last until they are revoked.
    #[must_use]
    pub fn shared(secret: &Secret) -> Self {
        Self::new(secret, true)
    }

    fn new(secret: &Secret, is_shared: bool) -> Self {
        // Installing fails when it was installed before, by another instance; it is the same provider.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let (signing, verifying) =
            (EncodingKey::from_secret(secret.as_bytes()), DecodingKey::from_secret(secret.as_bytes()));
        Self { signing, verifying, is_shared }
    }

    /// Makes a token.
    #[must_use]
    pub fn mint(&self, token: &NewToken<'_>) -> String {
        let role = if token.principal.role() == Role::Admin { "admin" } else { "member" };
        let claims = OwnClaims {
            sub: token.principal.user().expect("tokens are made for somebody").as_str(),
            name: token.name,
            role,
            // RFC 7519 allows fractions. With whole seconds, a revocation could not tell the tokens of its own second apart.
            iat: seconds(token.issued_at_ms),
            exp: (token.issued_at_ms + token.ttl_ms).div_ceil(1_000),
            jti: token.token_id,
            space: token.space,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .expect("an HMAC over text and numbers cannot fail")
    }

    /// Verifies a token at a time in ms since 1970.
    pub fn verify(&self, token: &str, now_ms: u64) -> Result<Identity, TokenError> {
        let claims = self.signed_claims(token)?;
        let (issued_at_ms, expires_at_ms) = (claims.issued_at_ms()?, claims.expires_at_ms()?);
        if expires_at_ms.is_none() && !self.is_shared {
            return Err(TokenError::NoEnd);
        }
        if expires_at_ms.is_some_and(|end_ms| end_ms <= now_ms) {
            return Err(TokenError::Expired);
        }
        if claims.not_before_ms()?.is_some_and(|start_ms| start_ms > now_ms + CLOCK_SKEW_MS_MAX) {
            return Err(TokenError::NotYet);
        }
        Ok(Identity {
            principal: claims.principal()?,
            name: claims.name(),
            issued_at_ms,
            expires_at_ms,
            token_id: claims.token_id()?.unwrap_or_else(|| hash(token)),
            space: claims.space()?,
        })
    }

    /// The claims of a token of three parts that the secret signed by HS256. The algorithm is ours, not the token's.
    fn signed_claims(&self, token: &str) -> Result<RawClaims, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
        let (header, claims) = message.split_once('.').ok_or(TokenError::Invalid)?;
        let header: Header = decode(header)?;
        // RFC 7515 §4.1.11: `crit` lists extensions that must be understood, and none of them is here.
        if header.alg != Algorithm::HS256 || header.crit.is_some() {
            return Err(TokenError::Invalid);
        }
        match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &self.verifying, Algorithm::HS256) {
            Ok(true) => decode(claims),
            Ok(false) | Err(_) => Err(TokenError::Invalid),
        }
    }
}

/// Reads a part of a token, which is an object.
fn decode<T: DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Invalid)?;
    // Derived readers take a list for the members in their order too.
    if !json.starts_with(b"{") {
        return Err(TokenError::Invalid);
    }
    serde_json::from_slice(&json).map_err(|_| TokenError::Invalid)
}

/// Milliseconds as seconds with a fraction, exactly to the millisecond for as long as years have four digits.
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

/// The id of a token that has none. Its text is its only one, because unpadded base64 with zero trailing bits is.
fn hash(token: &str) -> String {
    format!("b3_{}", &blake3::hash(token.as_bytes()).to_hex().as_str().split_at(32).0)
}
