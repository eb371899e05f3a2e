//! Tokens good and bad, as data: what is signed how, says what, and is taken for whom.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use journal::Role;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::tokens::{Identity, NewToken, TokenError, Tokens};
use crate::config::Secret;

const SECRET: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const NOW_S: u64 = 1_700_000_000;
const NOW_MS: u64 = NOW_S * 1_000;

fn secret() -> Secret {
    Secret::new(SECRET.to_owned())
}

/// A token with any header and claims, signed with any key.
fn token(header: &str, claims: &str, algorithm: Algorithm, key: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = EncodingKey::from_secret(key.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// A well signed token with these claims.
fn signed(claims: &str) -> String {
    token(r#"{"alg":"HS256","typ":"JWT"}"#, claims, Algorithm::HS256, SECRET)
}

fn verify(claims: &Value) -> Result<Identity, TokenError> {
    Tokens::shared(&secret()).verify(&signed(&claims.to_string()), NOW_MS)
}

#[test]
fn what_we_mint_we_understand() {
    let tokens = Tokens::own(&secret());
    let principal = journal::Principal::admin(journal::UserId::new("u_1").unwrap());
    let token = tokens.mint(&NewToken {
        principal: &principal,
        name: Some("Ann"),
        issued_at_ms: NOW_MS + 999,
        ttl_ms: 60_000,
        token_id: "t1",
        space: Some("support"),
    });
    let identity = tokens.verify(&token, NOW_MS).unwrap();
    let expected = Identity {
        principal,
        name: Some("Ann".to_owned()),
        issued_at_ms: Some(NOW_MS + 999),
        expires_at_ms: Some(NOW_MS + 61_000),
        token_id: "t1".to_owned(),
        space: Some("support".to_owned()),
    };
    assert_eq!(identity, expected);
    assert_eq!(tokens.verify(&token, NOW_MS + 60_999), Ok(expected));
    assert_eq!(tokens.verify(&token, NOW_MS + 61_000), Err(TokenError::Expired));
    let foreign = Tokens::own(&Secret::new(SECRET.to_uppercase()));
    assert_eq!(foreign.verify(&token, NOW_MS), Err(TokenError::Invalid));
}

#[test]
fn the_time_of_issue_is_kept_to_the_millisecond() {
    let tokens = Tokens::own(&secret());
    let principal = journal::Principal::member(journal::UserId::new("u_1").unwrap());
    for issued_at_ms in (NOW_MS..NOW_MS + 2_000).chain([4_102_444_799_999, 253_402_300_700_001]) {
        let token =
            NewToken { principal: &principal, name: None, issued_at_ms, ttl_ms: 60_000, token_id: "t", space: None };
        let identity = tokens.verify(&tokens.mint(&token), NOW_MS).unwrap();
        assert_eq!(identity.issued_at_ms, Some(issued_at_ms));
    }
}

#[test]
fn the_user_is_sub_else_user_id_else_id_as_text_or_whole_number() {
    let check = |claims: Value, expected: Result<&str, TokenError>| {
        let user = verify(&claims).map(|identity| identity.principal.user().unwrap().as_str().to_owned());
        assert_eq!(user, expected.map(str::to_owned), "{claims}");
    };
    check(json!({"sub": "a", "userId": "b", "id": "c"}), Ok("a"));
    check(json!({"userId": "b", "id": "c"}), Ok("b"));
    check(json!({"id": "c"}), Ok("c"));
    check(json!({"userId": 17}), Ok("17"));
    check(json!({"id": -3}), Ok("-3"));
    check(json!({"id": u64::MAX}), Ok("18446744073709551615"));
    check(json!({}), Err(TokenError::NoUser));
    check(json!({"sub": null, "id": "c"}), Err(TokenError::BadClaim("sub")));
    check(json!({"sub": ["a"]}), Err(TokenError::BadClaim("sub")));
    check(json!({"sub": {"a": 1}}), Err(TokenError::BadClaim("sub")));
    check(json!({"sub": true}), Err(TokenError::BadClaim("sub")));
    check(json!({"sub": ""}), Err(TokenError::BadClaim("sub")));
    check(json!({"sub": "a\u{0}b"}), Err(TokenError::BadClaim("sub")));
    check(json!({"sub": "a".repeat(129)}), Err(TokenError::BadClaim("sub")));
    check(json!({"userId": 1.5}), Err(TokenError::BadClaim("userId")));
    check(json!({"id": 1e300}), Err(TokenError::BadClaim("id")));
}

#[test]
fn only_the_word_admin_makes_an_admin() {
    let role = |claims: Value| verify(&claims).unwrap().principal.role();
    assert_eq!(role(json!({"sub": "a", "role": "admin"})), Role::Admin);
    for other in [
        json!("member"),
        json!("Admin"),
        json!("admin "),
        json!("owner"),
        json!(["admin"]),
        json!(1),
        json!(true),
        json!(null),
    ] {
        assert_eq!(role(json!({"sub": "a", "role": other})), Role::Member, "{other}");
    }
    assert_eq!(role(json!({"sub": "a"})), Role::Member);
}

#[test]
fn an_end_is_checked_to_the_millisecond_and_never_overlooked() {
    let check = |exp: Value, expected: Result<u64, TokenError>| {
        let end = verify(&json!({"sub": "a", "exp": exp})).map(|identity| identity.expires_at_ms.unwrap());
        assert_eq!(end, expected, "{exp}");
    };
    check(json!(NOW_S + 1), Ok(NOW_MS + 1_000));
    check(json!(NOW_S as f64 + 0.5), Ok(NOW_MS + 500));
    check(json!(NOW_S), Err(TokenError::Expired));
    check(json!(NOW_S - 1), Err(TokenError::Expired));
    check(json!(0), Err(TokenError::Expired));
    for wrong in [
        json!((NOW_S + 9).to_string()),
        json!(null),
        json!([NOW_S + 9]),
        json!({}),
        json!(true),
        json!(-1),
        json!(NOW_MS),
        json!(1e300),
    ] {
        check(wrong, Err(TokenError::BadClaim("exp")));
    }
}

#[test]
fn without_an_end_only_an_existing_apps_token_is_good() {
    let token = signed(r#"{"sub":"a"}"#);
    assert_eq!(Tokens::own(&secret()).verify(&token, NOW_MS), Err(TokenError::NoEnd));
    assert_eq!(Tokens::shared(&secret()).verify(&token, NOW_MS).unwrap().expires_at_ms, None);
}

#[test]
fn other_times_are_understood_and_wrong_ones_refused() {
    let check = |claims: Value, expected: Option<TokenError>| assert_eq!(verify(&claims).err(), expected, "{claims}");
    check(json!({"sub": "a", "nbf": NOW_S + 30}), None);
    check(json!({"sub": "a", "nbf": NOW_S + 31}), Some(TokenError::NotYet));
    check(json!({"sub": "a", "nbf": "soon"}), Some(TokenError::BadClaim("nbf")));
    check(json!({"sub": "a", "iat": "1"}), Some(TokenError::BadClaim("iat")));
    check(json!({"sub": "a", "iat": NOW_S + 5}), None);
    check(json!({"sub": "a", "jti": 5}), Some(TokenError::BadClaim("jti")));
    check(json!({"sub": "a", "jti": "x".repeat(128)}), None);
    check(json!({"sub": "a", "jti": "x".repeat(129)}), Some(TokenError::BadClaim("jti")));
    check(json!({"sub": "a", "space": 5}), Some(TokenError::BadClaim("space")));
    check(json!({"sub": "a", "space": ""}), Some(TokenError::BadClaim("space")));
}

#[test]
fn names_are_shown_only_if_they_can_be() {
    let name = |name: Value| verify(&json!({"sub": "a", "name": name})).unwrap().name;
    assert_eq!(name(json!(" Ann ")), Some("Ann".to_owned()));
    assert_eq!(name(json!("é".repeat(80))), Some("é".repeat(64)));
    for hidden in [json!(""), json!("  "), json!("a\u{1b}[2J"), json!(1), json!(null)] {
        assert_eq!(name(hidden), None);
    }
}

#[test]
fn a_token_without_an_id_is_known_by_its_hash() {
    let id = |claims: Value| verify(&claims).unwrap().token_id;
    assert_eq!(id(json!({"sub": "a", "jti": "x"})), "x");
    assert_eq!(id(json!({"sub": "a"})), id(json!({"sub": "a"})));
    assert_ne!(id(json!({"sub": "a"})), id(json!({"sub": "b"})));
}

#[test]
fn what_was_not_signed_by_hs256_with_the_secret_is_refused() {
    let claims = format!(r#"{{"sub":"a","role":"admin","exp":{}}}"#, NOW_S + 60);
    let good = signed(&claims);
    let with = |header: &str, algorithm| token(header, &claims, algorithm, SECRET);
    let parts: Vec<&str> = good.split('.').collect();
    let (header, body, signature) = (parts[0], parts[1], parts[2]);
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let other_body = URL_SAFE_NO_PAD.encode(claims.replace("\"a\"", "\"b\""));
    let last = signature.chars().last().unwrap();
    // The last character of 43 carries four bits of the signature; one with other spare bits would be a second text.
    let other_last = char::from(last as u8 + 1);
    let corpus = [
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("words", "not a token".to_owned()),
        ("__proto__", "__proto__".to_owned()),
        ("two parts", format!("{header}.{body}")),
        ("four parts", format!("{good}.{signature}")),
        ("no signature", format!("{header}.{body}.")),
        ("a cut signature", good.chars().take(good.len() - 4).collect()),
        ("spare bits in the signature", format!("{header}.{body}.{}{other_last}", signature.trim_end_matches(last))),
        ("padding", format!("{good}=")),
        ("whitespace before", format!(" {good}")),
        ("whitespace after", format!("{good}\n")),
        ("other claims", format!("{header}.{other_body}.{signature}")),
        ("alg none, no signature", format!("{none}.{body}.")),
        ("alg none, old signature", format!("{none}.{body}.{signature}")),
        ("alg None", with(r#"{"alg":"None"}"#, Algorithm::HS256)),
        ("alg nOnE", with(r#"{"alg":"nOnE"}"#, Algorithm::HS256)),
        ("alg hs256", with(r#"{"alg":"hs256"}"#, Algorithm::HS256)),
        ("no alg", with(r#"{"typ":"JWT"}"#, Algorithm::HS256)),
        ("alg null", with(r#"{"alg":null}"#, Algorithm::HS256)),
        ("alg list", with(r#"{"alg":["HS256"]}"#, Algorithm::HS256)),
        ("two algs", with(r#"{"alg":"HS256","alg":"none"}"#, Algorithm::HS256)),
        ("HS384", with(r#"{"alg":"HS384"}"#, Algorithm::HS384)),
        ("HS512", with(r#"{"alg":"HS512"}"#, Algorithm::HS512)),
        ("HS512 signed as HS256", with(r#"{"alg":"HS512"}"#, Algorithm::HS256)),
        ("RS256 signed as HS256", with(r#"{"alg":"RS256"}"#, Algorithm::HS256)),
        ("ES256 signed as HS256", with(r#"{"alg":"ES256"}"#, Algorithm::HS256)),
        ("EdDSA signed as HS256", with(r#"{"alg":"EdDSA"}"#, Algorithm::HS256)),
        ("a critical extension", with(r#"{"alg":"HS256","crit":["exp"]}"#, Algorithm::HS256)),
        (
            "a foreign secret",
            token(r#"{"alg":"HS256"}"#, &claims, Algorithm::HS256, "another secret of 32 bytes or more"),
        ),
        ("an empty secret", token(r#"{"alg":"HS256"}"#, &claims, Algorithm::HS256, "")),
        (
            "too long",
            token(&format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "x".repeat(8_192)), &claims, Algorithm::HS256, SECRET),
        ),
        ("claims twice", signed(&format!(r#"{{"sub":"a","sub":"b","exp":{}}}"#, NOW_S + 60))),
        ("claims no object", signed("[]")),
        ("claims no JSON", signed("sub=a")),
        ("claims deep", signed(&"[".repeat(4_000))),
    ];
    for tokens in [Tokens::own(&secret()), Tokens::shared(&secret())] {
        assert!(tokens.verify(&good, NOW_MS).is_ok());
        for (name, token) in &corpus {
            assert_eq!(tokens.verify(token, NOW_MS), Err(TokenError::Invalid), "{name}");
        }
    }
}

#[test]
fn a_key_that_the_token_brings_along_is_not_used() {
    let claims = format!(r#"{{"sub":"a","exp":{}}}"#, NOW_S + 60);
    let own_key = URL_SAFE_NO_PAD.encode("mine, and known to me");
    for header in [
        format!(r#"{{"alg":"HS256","jwk":{{"kty":"oct","k":"{own_key}","alg":"HS256"}}}}"#),
        r#"{"alg":"HS256","jku":"http://127.0.0.1:9/keys"}"#.to_owned(),
        r#"{"alg":"HS256","kid":"../../dev/null"}"#.to_owned(),
    ] {
        let token = token(&header, &claims, Algorithm::HS256, "mine, and known to me");
        assert_eq!(Tokens::shared(&secret()).verify(&token, NOW_MS), Err(TokenError::Invalid), "{header}");
    }
}
