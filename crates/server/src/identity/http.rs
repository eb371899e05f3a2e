//! The calls of `/api/auth`: JSON in, the doors, JSON out.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    SignIn, SignInError, SignedIn, TokenError, Visit,
    limits::BODY_BYTES_MAX,
    now_ms,
    people::{NewPerson, Password, user_json},
};
use crate::listen::Peer;

/// The routes. Requests carry [`Peer`] as an extension; those that do not count as one peer.
pub fn routes(doors: Arc<SignIn>) -> Router {
    Router::new()
        .route("/api/auth/register", post(register))
        .route("/api/auth/login", post(log_in))
        .route("/api/auth/guest", post(guest))
        .route("/api/auth/setup", post(set_up))
        .route("/api/auth/logout", post(log_out))
        .with_state(doors)
}

/// Why a call is answered with an error.
#[derive(Debug)]
enum CallError {
    /// What was sent is no call of these.
    Body(StatusCode, &'static str, String),
    /// The door stayed shut.
    SignIn(SignInError),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    name: String,
    email: String,
    password: String,
    profile_picture: Option<String>,
}

#[derive(Deserialize)]
struct SetUp {
    secret: String,
    #[serde(flatten)]
    person: Person,
}

#[derive(Deserialize)]
struct LogIn {
    email: String,
    password: String,
}

#[derive(Deserialize)]
struct Guest {
    name: String,
}

type Doors = State<Arc<SignIn>>;
type Answer = Result<Response, CallError>;

async fn register(State(doors): Doors, Call(visit, person): Call<Person>) -> Answer {
    Ok(welcome(&doors.register(person.into(), visit).await?))
}

async fn log_in(State(doors): Doors, Call(visit, LogIn { email, password }): Call<LogIn>) -> Answer {
    Ok(welcome(&doors.log_in(&email, Password(password), visit).await?))
}

async fn guest(State(doors): Doors, Call(visit, Guest { name }): Call<Guest>) -> Answer {
    Ok(welcome(&doors.guest(&name, visit).await?))
}

async fn set_up(State(doors): Doors, Call(visit, SetUp { secret, person }): Call<SetUp>) -> Answer {
    Ok(welcome(&doors.set_up(&secret, person.into(), visit).await?))
}

/// Takes no body: whatever comes is not read.
async fn log_out(State(doors): Doors, headers: HeaderMap) -> Answer {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(SignInError::Token(TokenError::Invalid))?;
    doors.log_out(token, now_ms()).await?;
    Ok(answer(StatusCode::OK, json!({ "success": true })))
}

fn welcome(signed_in: &SignedIn) -> Response {
    answer(StatusCode::OK, json!({ "token": signed_in.token, "user": user_json(&signed_in.user) }))
}

fn answer(status: StatusCode, body: serde_json::Value) -> Response {
    // Tokens are for nobody's cache.
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Who asks, and what for: a bounded JSON object, read by the one strict parser. Unknown members are ignored.
struct Call<T>(Visit, T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Call<T> {
    type Rejection = CallError;

    async fn from_request(request: Request, _: &S) -> Result<Self, CallError> {
        let from =
            request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.remote.ip());
        check_headers(request.headers())?;
        let body = read(request.into_body()).await?;
        let bad =
            |error: &dyn std::fmt::Display| CallError::Body(StatusCode::BAD_REQUEST, "bad_json", error.to_string());
        let checked = journal::Json::parse(&body).map_err(|error| bad(&error))?;
        let call = serde_json::from_slice(checked.as_bytes())
            .map_err(|error| bad(&format_args!("the call needs other members: {}", without_place(&error))))?;
        Ok(Self(Visit { from, now_ms: now_ms() }, call))
    }
}

fn check_headers(headers: &HeaderMap) -> Result<(), CallError> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_json = media_type.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json"));
    let unsupported = |error: &str| {
        Err(CallError::Body(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", error.to_owned()))
    };
    if !is_json {
        return unsupported("send JSON, with the header Content-Type: application/json");
    }
    if headers.contains_key(header::CONTENT_ENCODING) {
        return unsupported("send the body as it is, without Content-Encoding");
    }
    Ok(())
}

async fn read(body: Body) -> Result<bytes::Bytes, CallError> {
    let read = Limited::new(body, BODY_BYTES_MAX).collect().await;
    read.map(|read| read.to_bytes()).map_err(|error| {
        if error.is::<LengthLimitError>() {
            let error = format!("the body has more than {BODY_BYTES_MAX} bytes; send less");
            CallError::Body(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error)
        } else {
            CallError::Body(StatusCode::BAD_REQUEST, "bad_body", "the body ended early; send it again".to_owned())
        }
    })
}

/// serde's sentence without the place in a text that the caller never saw in this form.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

impl From<Person> for NewPerson {
    fn from(person: Person) -> Self {
        let Person { name, email, password, profile_picture } = person;
        Self { name, email, password: Password(password), picture_url: profile_picture }
    }
}

impl From<SignInError> for CallError {
    fn from(error: SignInError) -> Self {
        Self::SignIn(error)
    }
}

/// The status and the stable word of each reason.
fn meaning(error: &SignInError) -> (StatusCode, &'static str) {
    match error {
        SignInError::Unfit(unfit) => (StatusCode::BAD_REQUEST, unfit.code()),
        SignInError::WrongPassword => (StatusCode::UNAUTHORIZED, "wrong_password"),
        SignInError::EmailTaken => (StatusCode::CONFLICT, "email_taken"),
        SignInError::NoGuests => (StatusCode::FORBIDDEN, "no_guests"),
        SignInError::NoRegistration => (StatusCode::FORBIDDEN, "no_registration"),
        SignInError::BadSetup => (StatusCode::FORBIDDEN, "bad_setup"),
        SignInError::Token(error) => (StatusCode::UNAUTHORIZED, error.code()),
        SignInError::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"),
        SignInError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        SignInError::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    }
}

impl IntoResponse for CallError {
    fn into_response(self) -> Response {
        let (status, code, error) = match &self {
            Self::Body(status, code, error) => (*status, *code, error.clone()),
            Self::SignIn(error) => {
                let (status, code) = meaning(error);
                (status, code, error.to_string())
            }
        };
        let mut response = answer(status, json!({ "error": error, "code": code }));
        let retry_s = match &self {
            Self::SignIn(SignInError::TooMany(too_many)) => Some(too_many.0.as_secs().max(1)),
            Self::SignIn(SignInError::Busy | SignInError::Unavailable) => Some(2),
            _ => None,
        };
        if let Some(retry_s) = retry_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_s));
        }
        response
    }
}
