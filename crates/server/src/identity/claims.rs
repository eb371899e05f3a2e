//! What a token says, read from JSON with nothing taken on trust: a claim that is there with a wrong type is an error,
//! never the same as a claim that is not there (CVE-2026-25537).

use journal::{Principal, UserId};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use store::limits::TOKEN_ID_BYTES_MAX;

use super::{limits::NAME_CHARACTERS_MAX, tokens::TokenError};

/// Claims as they stand in a token, each of any type. A claim that is there twice is refused by the reader.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawClaims {
    #[serde(deserialize_with = "present")]
    sub: Option<Value>,
    #[serde(rename = "userId", deserialize_with = "present")]
    user_id: Option<Value>,
    #[serde(deserialize_with = "present")]
    id: Option<Value>,
    #[serde(deserialize_with = "present")]
    role: Option<Value>,
    #[serde(deserialize_with = "present")]
    name: Option<Value>,
    #[serde(deserialize_with = "present")]
    iat: Option<Value>,
    #[serde(deserialize_with = "present")]
    nbf: Option<Value>,
    #[serde(deserialize_with = "present")]
    exp: Option<Value>,
    #[serde(deserialize_with = "present")]
    jti: Option<Value>,
    #[serde(deserialize_with = "present")]
    space: Option<Value>,
}

/// Claims as we write them.
#[derive(Serialize)]
pub(super) struct OwnClaims<'a> {
    pub(super) sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    pub(super) role: &'a str,
    pub(super) iat: f64,
    pub(super) exp: u64,
    pub(super) jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) space: Option<&'a str>,
}

impl RawClaims {
    /// Who it is: `sub`, else `userId`, else `id`; text or a whole number.
    pub(super) fn user(&self) -> Result<UserId, TokenError> {
        let (name, value) = [("sub", &self.sub), ("userId", &self.user_id), ("id", &self.id)]
            .into_iter()
            .find_map(|(name, value)| Some((name, value.as_ref()?)))
            .ok_or(TokenError::NoUser)?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
            _ => return Err(TokenError::BadClaim(name)),
        };
        UserId::new(&text).map_err(|_| TokenError::BadClaim(name))
    }

    /// Who it is and what they may. Only the word `admin` makes an admin; everything else is a member.
    pub(super) fn principal(&self) -> Result<Principal, TokenError> {
        let user = self.user()?;
        let is_admin = self.role.as_ref().and_then(Value::as_str) == Some("admin");
        Ok(if is_admin { Principal::admin(user) } else { Principal::member(user) })
    }

    /// The name to show, if it is one that can be shown.
    pub(super) fn name(&self) -> Option<String> {
        let name = self.name.as_ref()?.as_str()?.trim();
        let is_shown = !name.is_empty() && !name.chars().any(char::is_control);
        is_shown.then(|| name.chars().take(NAME_CHARACTERS_MAX).collect())
    }

    /// When it was made, in ms since 1970.
    pub(super) fn issued_at_ms(&self) -> Result<Option<u64>, TokenError> {
        time_ms("iat", self.iat.as_ref())
    }

    /// Before when it is not valid, in ms since 1970.
    pub(super) fn not_before_ms(&self) -> Result<Option<u64>, TokenError> {
        time_ms("nbf", self.nbf.as_ref())
    }

    /// From when on it is not valid, in ms since 1970.
    pub(super) fn expires_at_ms(&self) -> Result<Option<u64>, TokenError> {
        time_ms("exp", self.exp.as_ref())
    }

    /// Its own id.
    pub(super) fn token_id(&self) -> Result<Option<String>, TokenError> {
        let id = text("jti", self.jti.as_ref())?;
        let fits = id.as_ref().is_none_or(|id| id.len() <= TOKEN_ID_BYTES_MAX && !id.chars().any(char::is_control));
        if fits { Ok(id) } else { Err(TokenError::BadClaim("jti")) }
    }

    /// The one space that it is for.
    pub(super) fn space(&self) -> Result<Option<String>, TokenError> {
        text("space", self.space.as_ref())
    }
}

/// A NumericDate of RFC 7519: seconds since 1970, with a fraction or without.
fn time_ms(claim: &'static str, value: Option<&Value>) -> Result<Option<u64>, TokenError> {
    /// Beyond the year 9999 a number is a mistake, such as milliseconds.
    const SECONDS_MAX: f64 = 253_402_300_800.0;
    let Some(value) = value else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..SECONDS_MAX).contains(seconds));
    seconds.map(|seconds| Some((seconds * 1_000.0).round() as u64)).ok_or(TokenError::BadClaim(claim))
}

fn text(claim: &'static str, value: Option<&Value>) -> Result<Option<String>, TokenError> {
    let Some(value) = value else { return Ok(None) };
    let text = value.as_str().filter(|text| !text.is_empty()).ok_or(TokenError::BadClaim(claim))?;
    Ok(Some(text.to_owned()))
}

/// Tells `null` from absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
