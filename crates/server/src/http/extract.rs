//! What calls take from a request: its query and its JSON body, bounded, and refused in the one shape of refusals.

use axum::{
    body::{Bytes, HttpBody},
    extract::{FromRequestParts, Query as AnyQuery, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;

use super::Refused;
use crate::{limits::BODY_BYTES_DISCARDED_MAX, pieces::Pieces};

/// A query string. Members that are not known are ignored.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let query = AnyQuery::from_request_parts(parts, state).await;
        query.map(|AnyQuery(query)| Self(query)).map_err(|error| bad_query(&error))
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// That of an address.
    pub(super) fn of(uri: &Uri) -> Result<Self, Refused> {
        let query = AnyQuery::try_from_uri(uri);
        query.map(|AnyQuery(query)| Self(query)).map_err(|error| bad_query(&error))
    }
}

fn bad_query(error: &QueryRejection) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "bad_query", error.body_text())
}

/// A body that is called JSON, is not compressed and has no more than so many bytes.
pub(super) async fn json_body<B>(headers: &HeaderMap, body: B, bytes_max: usize) -> Result<Bytes, Refused>
where
    B: HttpBody<Data = Bytes>,
{
    require_json(headers)?;
    read(body, bytes_max).await
}

/// A body that is not called JSON could be sent by a foreign page without asking first.
fn require_json(headers: &HeaderMap) -> Result<(), Refused> {
    let is_json = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
    });
    let unsupported = |error: &str| Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", error);
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(unsupported("send the body as it is, without Content-Encoding"));
    }
    if is_json { Ok(()) } else { Err(unsupported("send JSON, with the header Content-Type: application/json")) }
}

/// Reads a body. One that is somewhat too large is read to its end and thrown away, because most clients look for an
/// answer only when they have sent everything; what goes far beyond is answered at once.
async fn read(body: impl HttpBody<Data = Bytes>, bytes_max: usize) -> Result<Bytes, Refused> {
    let read_max = bytes_max + BODY_BYTES_DISCARDED_MAX;
    if body.size_hint().lower() > read_max as u64 {
        return Err(too_large(bytes_max));
    }
    let mut body = std::pin::pin!(body);
    let (mut kept, mut read) = (Pieces::default(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| broken())?.into_data() else { continue };
        read += data.len();
        if read > read_max {
            break;
        }
        if read <= bytes_max {
            kept.push(&data);
        } else {
            kept = Pieces::default();
        }
    }
    if read <= bytes_max { Ok(kept.whole()) } else { Err(too_large(bytes_max)) }
}

fn too_large(bytes_max: usize) -> Refused {
    let error = format!("the body has more than {bytes_max} bytes; send less, or raise limits.payload_bytes");
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error)
}

/// Nothing of it was taken, so it may come again as it is.
fn broken() -> Refused {
    Refused::new(StatusCode::REQUEST_TIMEOUT, "unavailable", "the body broke off or came too slowly; send it again")
}
