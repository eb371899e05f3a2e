//! Tokens of an existing app that shares its secret with the server.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// The secret that every server under test shares.
pub(crate) const SECRET: &str = "a-secret-of-the-tests-with-more-than-32-bytes";

/// A token for a person who is called as their id.
pub(crate) fn token(user: &str, role: &str) -> String {
    claims_token(&json!({ "sub": user, "name": user, "role": role }), SECRET)
}

/// A token with any claims, signed with any secret.
pub(crate) fn claims_token(claims: &Value, secret: &str) -> String {
    // Installing fails when it was installed before; it is the same provider.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).expect("claims are JSON")
}
