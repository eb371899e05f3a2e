//! The calls of `/api/auth` over their router, with accounts in memory.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use journal::Role;
use serde_json::{Value, json};
use store::{Accounts, UserRole};
use tower::ServiceExt as _;

use super::{
    AccountsWatch, NewPerson, Password, SignIn, SignInError, Tokens, Visit,
    limits::{ACCOUNT_ATTEMPTS_MAX, ADDRESS_ATTEMPTS_MAX, BODY_BYTES_MAX, SETUP_TIME_MAX},
    now_ms, routes,
};
use crate::{
    config::{Config, Flags, Secret},
    doorkeeper::Doorkeeper,
    listen::Peer,
};

const PASSWORD: &str = "correct horse battery";

/// A server's doors, and what tests look at behind them.
struct House {
    doors: Arc<SignIn>,
    router: Router,
    accounts: Accounts,
    watch: AccountsWatch,
    tokens: Tokens,
}

impl House {
    fn new(dev: bool) -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let flags = Flags { dev, ..Flags::default() };
        let config = Config::load_from(&flags, std::collections::BTreeMap::new(), folder.path()).unwrap().config;
        let accounts = Accounts::memory();
        let watch = AccountsWatch::new(accounts.clone()).unwrap();
        let tokens = Tokens::own(&Secret::new("9f86d081884c7d659a2feaa0c55ad015".to_owned()));
        let doors = SignIn::new(&config, accounts.clone(), watch.clone(), tokens.clone()).unwrap();
        let doors = Arc::new(doors);
        Self { router: routes(Arc::clone(&doors)), doors, accounts, watch, tokens }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn call(&self, door: &str, body: Value) -> (StatusCode, Value) {
        self.send(post(door, "192.0.2.1", body.to_string())).await
    }

    /// A call that is let in; its token and its user.
    async fn enters(&self, door: &str, body: Value) -> (String, Value) {
        let (status, answer) = self.call(door, body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        (answer["token"].as_str().unwrap().to_owned(), answer["user"].clone())
    }

    /// A call that is refused; the status and the code.
    async fn refused(&self, door: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.call(door, body).await;
        assert!(answer["error"].as_str().is_some_and(|sentence| sentence.contains(' ')), "{answer}");
        (status.as_u16(), answer["code"].as_str().unwrap_or_default().to_owned())
    }
}

fn post(door: &str, from: &str, body: String) -> Request<Body> {
    let remote = SocketAddr::new(from.parse().unwrap(), 4_000);
    Request::post(format!("/api/auth/{door}"))
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .extension(Peer { remote, local: remote })
        .body(Body::from(body))
        .unwrap()
}

fn ann() -> Value {
    json!({ "name": "Ann", "email": "Ann@example.com", "password": PASSWORD })
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn visit(now_ms: u64) -> Visit {
    Visit { from: "192.0.2.1".parse().unwrap(), now_ms }
}

fn person() -> NewPerson {
    let (name, email) = ("Ann".to_owned(), "ann@example.com".to_owned());
    NewPerson { name, email, password: Password(PASSWORD.to_owned()), picture_url: None }
}

#[tokio::test]
async fn whoever_registers_can_log_in_whatever_the_case_of_their_address() {
    let house = House::new(true);
    let picture = json!("https://a.example/ann.png");
    let mut body = ann();
    body["profilePicture"] = picture.clone();
    body["adminId"] = json!(1);
    let (token, user) = house.enters("register", body).await;
    assert_eq!(user["name"], "Ann");
    assert_eq!(user["email"], "Ann@example.com");
    assert_eq!(user["role"], "member");
    assert_eq!(user["profilePicture"], picture);
    assert!(user.get("password").is_none());
    let identity = house.tokens.verify(&token, now_ms()).unwrap();
    assert_eq!(identity.principal.user().unwrap().as_str(), user["id"]);
    assert_eq!((identity.name.as_deref(), identity.principal.role()), (Some("Ann"), Role::Member));
    let (_, again) = house.enters("login", json!({ "email": " ann@EXAMPLE.com", "password": PASSWORD })).await;
    assert_eq!(again, user);
}

#[tokio::test]
async fn wrong_passwords_and_unknown_addresses_get_the_same_answer() {
    let house = House::new(true);
    house.enters("register", ann()).await;
    let answer = |email: &str, password: &str| house.call("login", json!({ "email": email, "password": password }));
    let wrong = answer("ann@example.com", "correct horse batterz").await;
    assert_eq!(wrong.0, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong, answer("nobody@example.com", PASSWORD).await);
    assert_eq!(wrong, answer("no address", PASSWORD).await);
    assert_eq!(wrong, answer("ann@example.com", &"x".repeat(2_000)).await);
}

#[tokio::test]
async fn an_address_registers_once() {
    let house = House::new(true);
    house.enters("register", ann()).await;
    let mut other = ann();
    other["email"] = json!("ANN@EXAMPLE.COM");
    assert_eq!(house.refused("register", other).await, code(409, "email_taken"));
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_with_a_sentence() {
    let house = House::new(true);
    let check = async |member: &str, value: Value, expected: &str| {
        let mut body = ann();
        body[member] = value;
        assert_eq!(house.refused("register", body).await, code(400, expected), "{member}");
    };
    check("name", json!(" "), "bad_name").await;
    check("email", json!("ann"), "bad_email").await;
    check("password", json!("short"), "bad_password").await;
    check("profilePicture", json!("javascript:alert(1)"), "bad_picture").await;
    check("name", json!(7), "bad_json").await;
    check("email", json!(null), "bad_json").await;
    assert_eq!(house.refused("register", json!({ "name": "Ann" })).await, code(400, "bad_json"));
}

#[tokio::test]
async fn a_closed_server_has_no_guests_and_no_registration_but_lets_members_log_in() {
    let house = House::new(false);
    assert_eq!(house.refused("guest", json!({ "name": "Ann" })).await, code(403, "no_guests"));
    assert_eq!(house.refused("register", ann()).await, code(403, "no_registration"));
    let secret = house.doors.new_setup_secret(now_ms()).unwrap().unwrap();
    let mut body = ann();
    body["secret"] = json!(secret);
    house.enters("setup", body).await;
    house.enters("login", json!({ "email": "ann@example.com", "password": PASSWORD })).await;
}

#[tokio::test]
async fn every_guest_is_somebody_new() {
    let house = House::new(true);
    let (one, first) = house.enters("guest", json!({ "name": " Ann " })).await;
    let (_, second) = house.enters("guest", json!({ "name": "Ann" })).await;
    assert_eq!((&first["name"], &first["role"]), (&json!("Ann"), &json!("member")));
    assert_ne!(first["id"], second["id"]);
    assert_eq!(house.tokens.verify(&one, now_ms()).unwrap().principal.role(), Role::Member);
    assert_eq!(house.refused("guest", json!({ "name": "a\u{202e}b" })).await, code(400, "bad_name"));
}

#[tokio::test]
async fn a_token_that_logged_out_is_good_nowhere_any_more() {
    let house = House::new(true);
    let doorkeeper = Doorkeeper::new(house.tokens.clone(), house.watch.revocations());
    let (token, _) = house.enters("guest", json!({ "name": "Ann" })).await;
    let (other, _) = house.enters("guest", json!({ "name": "Bob" })).await;
    let asker = doorkeeper.admit(&token, "default", now_ms()).unwrap();
    let mut changes = doorkeeper.changes();
    changes.mark_unchanged();
    let log_out = |token: &str| {
        let request = Request::post("/api/auth/logout").header(header::AUTHORIZATION, format!("Bearer {token}"));
        house.send(request.body(Body::empty()).unwrap())
    };
    assert_eq!(log_out(&token).await.0, StatusCode::OK);
    assert!(changes.has_changed().unwrap(), "open sockets hear of it");
    assert!(doorkeeper.recheck(&asker, now_ms()).is_err());
    assert!(doorkeeper.admit(&token, "default", now_ms()).is_err());
    assert!(doorkeeper.admit(&other, "default", now_ms()).is_ok());
    assert_eq!(log_out("forged").await.0, StatusCode::UNAUTHORIZED);
    let without = house.send(Request::post("/api/auth/logout").body(Body::empty()).unwrap()).await;
    assert_eq!((without.0, &without.1["code"]), (StatusCode::UNAUTHORIZED, &json!("bad_token")));
}

#[tokio::test]
async fn a_revocation_from_elsewhere_is_noticed_and_spares_what_was_made_later() {
    let house = House::new(true);
    let doorkeeper = Doorkeeper::new(house.tokens.clone(), house.watch.revocations());
    let (token, _) = house.enters("guest", json!({ "name": "Ann" })).await;
    house.watch.refresh().unwrap();
    assert!(!house.watch.refresh().unwrap(), "nothing happened in between");
    let revoked_at_ms = now_ms() + 1;
    house.accounts.revoke_users_named("Ann", revoked_at_ms).unwrap();
    assert!(doorkeeper.admit(&token, "default", now_ms()).is_ok(), "not noticed yet");
    assert!(house.watch.refresh().unwrap());
    assert!(doorkeeper.admit(&token, "default", now_ms()).is_err());
    let late = house.doors.guest("Ann", visit(revoked_at_ms)).await.unwrap().token;
    assert!(doorkeeper.admit(&late, "default", now_ms()).is_ok());
}

#[tokio::test]
async fn the_set_up_link_makes_one_admin_once() {
    let house = House::new(false);
    let secret = house.doors.new_setup_secret(now_ms()).unwrap().unwrap();
    let with = |secret: &str| {
        let mut body = ann();
        body["secret"] = json!(secret);
        body
    };
    assert_eq!(house.refused("setup", with("another")).await, code(403, "bad_setup"));
    assert_eq!(house.refused("setup", ann()).await, code(400, "bad_json"));
    let (token, user) = house.enters("setup", with(&secret)).await;
    assert_eq!(user["role"], "admin");
    assert_eq!(house.tokens.verify(&token, now_ms()).unwrap().principal.role(), Role::Admin);
    let mut again = with(&secret);
    again["email"] = json!("eve@example.com");
    assert_eq!(house.refused("setup", again).await, code(403, "bad_setup"));
    assert!(house.doors.new_setup_secret(now_ms()).unwrap().is_none(), "there is an admin");
}

#[tokio::test]
async fn the_set_up_link_is_good_for_an_hour_and_a_new_one_ends_it() {
    let house = House::new(false);
    let start_ms = now_ms();
    let hour_ms = u64::try_from(SETUP_TIME_MAX.as_millis()).unwrap();
    let old = house.doors.new_setup_secret(start_ms).unwrap().unwrap();
    let secret = house.doors.new_setup_secret(start_ms).unwrap().unwrap();
    let tries = async |secret: &str, now_ms| house.doors.set_up(secret, person(), visit(now_ms)).await.map(|_| ());
    assert!(matches!(tries(&old, start_ms).await, Err(SignInError::BadSetup)));
    assert!(matches!(tries(&secret, start_ms + hour_ms).await, Err(SignInError::BadSetup)));
    assert!(tries(&secret, start_ms + hour_ms - 1).await.is_ok());
}

#[tokio::test]
async fn of_many_who_spend_the_set_up_link_at_once_one_becomes_admin() {
    let house = House::new(false);
    let secret = house.doors.new_setup_secret(now_ms()).unwrap().unwrap();
    let tries: Vec<_> = (0..4)
        .map(|n| {
            let (doors, secret) = (Arc::clone(&house.doors), secret.clone());
            let person = NewPerson { email: format!("{n}@example.com"), ..person() };
            tokio::spawn(async move { doors.set_up(&secret, person, visit(now_ms())).await.is_ok() })
        })
        .collect();
    let mut admins = 0;
    for one in tries {
        admins += usize::from(one.await.unwrap());
    }
    assert_eq!(admins, 1);
}

#[tokio::test]
async fn attempts_at_an_account_end_even_with_the_right_password_and_from_everywhere() {
    let house = House::new(true);
    house.enters("register", ann()).await;
    let log_in = async |from: u32, password: &str| {
        let body = json!({ "email": "ann@example.com", "password": password });
        house.send(post("login", &format!("198.51.100.{from}"), body.to_string())).await
    };
    for from in 0..ACCOUNT_ATTEMPTS_MAX {
        assert_eq!(log_in(from, "wrong").await.0, StatusCode::UNAUTHORIZED);
    }
    let (status, answer) = log_in(99, PASSWORD).await;
    assert_eq!((status, &answer["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("too_many_attempts")));
}

#[tokio::test]
async fn attempts_from_an_address_end_whomever_they_are_at() {
    let house = House::new(true);
    for n in 0..ADDRESS_ATTEMPTS_MAX {
        house.doors.guest(&format!("{n}"), visit(1)).await.unwrap();
    }
    assert!(matches!(house.doors.guest("one more", visit(1)).await, Err(SignInError::TooMany(_))));
    assert!(matches!(house.doors.register(person(), visit(1)).await, Err(SignInError::TooMany(_))));
    let log_in = house.doors.log_in("a@b", Password(PASSWORD.to_owned()), visit(1)).await;
    assert!(matches!(log_in, Err(SignInError::TooMany(_))));
    assert!(house.doors.guest("later", visit(1_001)).await.is_ok());
}

#[tokio::test]
async fn bodies_are_bounded_json_and_nothing_else() {
    let house = House::new(true);
    let check = async |request: Request<Body>, expected: (u16, &str)| {
        let (status, answer) = house.send(request).await;
        assert_eq!((status.as_u16(), answer["code"].as_str().unwrap()), expected, "{answer}");
    };
    let guest = |body: &str| post("guest", "192.0.2.1", body.to_owned());
    let fill = |bytes: usize| format!("{{\"name\":\"Ann\",\"x\":\"{}\"}}", "x".repeat(bytes - 21));
    assert_eq!(fill(BODY_BYTES_MAX).len(), BODY_BYTES_MAX);
    assert_eq!(house.send(guest(&fill(BODY_BYTES_MAX))).await.0, StatusCode::OK);
    check(guest(&fill(BODY_BYTES_MAX + 1)), (413, "too_large")).await;
    check(guest(""), (400, "bad_json")).await;
    check(guest("{\"name\":\"a\",\"name\":\"b\"}"), (400, "bad_json")).await;
    check(guest("{\"name\":\"a\",\"__proto__\":{}}"), (400, "bad_json")).await;
    check(guest("{\"name\":\"\\ud800\"}"), (400, "bad_json")).await;
    check(guest(&"[".repeat(10_000)), (400, "bad_json")).await;
    let mut typed = guest("{\"name\":\"a\"}");
    typed.headers_mut().insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    check(typed, (415, "unsupported_media_type")).await;
    let mut untyped = guest("{\"name\":\"a\"}");
    untyped.headers_mut().remove(header::CONTENT_TYPE);
    check(untyped, (415, "unsupported_media_type")).await;
    let mut packed = guest("{\"name\":\"a\"}");
    packed.headers_mut().insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    check(packed, (415, "unsupported_media_type")).await;
}

#[tokio::test]
async fn an_admin_by_another_way_ends_the_set_up_link() {
    let house = House::new(false);
    let secret = house.doors.new_setup_secret(now_ms()).unwrap().unwrap();
    let id = super::user_id_of_name("operator");
    house.accounts.ensure_minted(&id, "operator", UserRole::Admin, now_ms()).unwrap();
    let tried = house.doors.set_up(&secret, person(), visit(now_ms())).await;
    assert!(matches!(tried, Err(SignInError::BadSetup)));
}
