//! What holds for any text that is brought as a token, and for any header and claims that somebody with the secret signs. The
//! fuzz target and the replay of its seeds both call it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::Value;
use server::{
    config::Secret,
    identity::{TokenError, Tokens},
};

const SECRET: &str = "thirty-two bytes of secret, or more";

/// The time at which tokens are judged, in ms since 1970.
const NOW_MS: u64 = 1_700_000_000_000;

/// Panics when one of the facts does not hold. Bytes of one line are a token, bytes of two are a header and claims.
pub(crate) fn hold_for(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let secret = Secret::new(SECRET.to_owned());
    let (own, shared) = (Tokens::own(&secret), Tokens::shared(&secret));
    let Some((header, claims)) = text.split_once('\n') else {
        assert_eq!(shared.verify(text, NOW_MS), Err(TokenError::Invalid), "nobody signed it");
        return;
    };
    let token = signed(header, claims);
    let (by_own, by_shared) = (own.verify(&token, NOW_MS), shared.verify(&token, NOW_MS));
    if let Ok(identity) = &by_shared {
        assert_eq!(serde_json::from_str::<Value>(header).expect("it was read")["alg"], "HS256");
        assert!(identity.principal.user().is_some(), "a token names somebody");
        assert!(identity.expires_at_ms.is_none_or(|end_ms| end_ms > NOW_MS));
        assert!(identity.token_id.len() <= 128);
    }
    match by_own {
        Err(TokenError::NoEnd) => assert!(by_shared.is_err() || by_shared.is_ok_and(|who| who.expires_at_ms.is_none())),
        other => assert_eq!(other, by_shared),
    }
    // Somebody who changes a signed token has made none.
    let other = token.replacen('.', "A.", 1);
    assert_eq!(shared.verify(&other, NOW_MS), Err(TokenError::Invalid));
}

fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("HS256 signs anything");
    format!("{message}.{signature}")
}
