//! Refusals over HTTP: the status that fits, and `{error, code}` with a sentence that says what to do.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use journal::Refusal;

use crate::sync::ask::PushError;

/// A refusal on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The status.
    pub status: StatusCode,
    /// The stable word for programs.
    pub code: &'static str,
    /// The sentence for people.
    pub error: String,
}

impl Refused {
    /// A refusal of the HTTP layer itself.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, error: impl Into<String>) -> Self {
        Self { status, code, error: error.into() }
    }

    /// No such path in the API.
    #[must_use]
    pub fn no_such_call() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no such call; docs/protocol.md lists them all")
    }

    /// A topic that does not exist, or that the asker may not know of.
    #[must_use]
    pub fn no_such_topic() -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown_topic", "there is no such topic, or you may not read it")
    }

    /// A space that is not declared.
    #[must_use]
    pub fn no_such_space() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown_space",
            "there is no such space; declare it as [spaces.NAME] in tidings.toml",
        )
    }

    /// The store cannot be read.
    #[must_use]
    pub fn unreadable(error: &space::ReadError) -> Self {
        tracing::error!(%error, "the store cannot be read");
        Self::from(Refusal::Unavailable)
    }
}

/// The status for each refusal of a push or a read.
#[must_use]
pub fn status(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::UnknownAction
        | Refusal::BadTopic
        | Refusal::ReservedTopic
        | Refusal::BadData
        | Refusal::MissingId
        | Refusal::BadId
        | Refusal::BadKey
        | Refusal::IsDocument => StatusCode::BAD_REQUEST,
        Refusal::Unauthorized => StatusCode::UNAUTHORIZED,
        Refusal::Forbidden | Refusal::UnknownTopic => StatusCode::FORBIDDEN,
        Refusal::IdTaken | Refusal::KeyConflict => StatusCode::CONFLICT,
        Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::TooManyTopics | Refusal::TooFast => StatusCode::TOO_MANY_REQUESTS,
        Refusal::Busy | Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::new(status(refusal), refusal.code(), refusal.to_string())
    }
}

impl From<PushError> for Refused {
    fn from(error: PushError) -> Self {
        match error {
            PushError::Json(error) => Self::new(StatusCode::BAD_REQUEST, "bad_json", error.to_string()),
            PushError::Refused(refusal) => refusal.into(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = Json(serde_json::json!({ "error": self.error, "code": self.code }));
        let mut response = (self.status, body).into_response();
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
