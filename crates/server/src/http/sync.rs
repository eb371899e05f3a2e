//! The sync calls over HTTP: push, the state, single topics, pages of changes.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use journal::{Cursor, Filter, Pattern, Position, TopicKind, TopicName};
use serde::Deserialize;
use space::{Request, TopicSnapshot};
use tokio::sync::oneshot;

use super::{
    Api,
    extract::{Query, json_body},
    refused::Refused,
    stream,
};
use crate::{
    limits::{SNAPSHOT_PARTS_AHEAD, TOPICS_QUERY_PATTERNS_MAX},
    listen::Peer,
    sync::{Reply, Running, UpdateEncoder, ask},
};

/// Where pushes go.
pub(super) const PUSH_PATH: &str = "/api/sync/push";

/// The header that carries the cursor beside a state.
pub const CURSOR_HEADER: &str = "tidings-cursor";

/// What every reading call may say.
#[derive(Debug, Default, Deserialize)]
pub struct ReadQuery {
    /// Comma-separated topic patterns.
    topics: Option<String>,
    /// Follow or page from here.
    since: Option<String>,
    /// How many changes at most.
    limit: Option<usize>,
    /// Another space than `default`.
    space: Option<String>,
}

impl ReadQuery {
    pub(super) fn filter(&self) -> Result<Filter, Refused> {
        let Some(topics) = &self.topics else { return Ok(Filter::Everything) };
        let patterns: Vec<Pattern> = topics
            .split(',')
            .filter(|text| !text.trim().is_empty())
            .map(|text| Pattern::new(text.trim()))
            .collect::<Result<_, _>>()
            .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, "bad_topic", error.to_string()))?;
        if patterns.len() > TOPICS_QUERY_PATTERNS_MAX {
            let error = format!("at most {TOPICS_QUERY_PATTERNS_MAX} topic patterns fit into one request");
            return Err(Refused::new(StatusCode::BAD_REQUEST, "too_many_topics", error));
        }
        Ok(Filter::Patterns(patterns.into()))
    }

    pub(super) fn since(&self) -> Option<&str> {
        self.since.as_deref()
    }

    pub(super) fn space(&self) -> Option<&str> {
        self.space.as_deref()
    }
}

/// Answers a push.
pub(super) async fn push<B>(api: &Arc<Api>, request: hyper::Request<B>) -> Result<Response, Refused>
where
    B: HttpBody<Data = Bytes>,
{
    let (head, body) = request.into_parts();
    let Query(query) = Query::<ReadQuery>::of(&head.uri)?;
    let body = json_body(&head.headers, body, api.body_bytes_max).await?;
    let running = api.space(query.space())?;
    let asker = api.asker(&head.headers, &running.name)?;
    let peer = head.extensions.get::<Peer>().map(|peer| peer.remote.ip());
    api.app.rates.count(asker.principal(), peer, crate::sync::now_ms())?;
    let pushed = ask::parse(&body).map_err(Refused::from)?;
    let (sender, answer) = oneshot::channel();
    let request = Request { who: asker.principal().clone(), push: pushed, reply: Reply::Wait(sender) };
    running.push(request)?;
    let receipt = answer.await.map_err(|_| journal::Refusal::Unavailable)??;
    let message = match (receipt.duplicate, receipt.changed) {
        (true, _) => "this update was accepted before",
        (false, true) => "update accepted",
        (false, false) => "there was nothing to change",
    };
    Ok(json_bytes(ask::Told::of(&receipt, Some(message)).to_json()))
}

/// `GET /api/sync/data`: the present state of everything the asker may read.
pub(super) async fn data(
    State(api): State<Arc<Api>>,
    Query(query): Query<ReadQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let running = Arc::clone(api.space(query.space())?);
    let asker = api.asker(&headers, &running.name)?;
    let filter = query.filter()?;
    running.caught_up().await?;
    let space = Arc::clone(&running.space);
    let who = asker.principal().clone();
    let (begun, cursor) = oneshot::channel();
    let walk = tokio::task::spawn_blocking(move || {
        space.snapshot(&who, &filter, |cursor| {
            // Whoever asked may have gone away.
            let _ = begun.send(cursor);
        })
    });
    // The answer begins with the cursor, while a long list is still being walked.
    let Ok(cursor) = cursor.await else { return Err(walked(walk).await.err().unwrap_or_else(unfinished)) };
    let name = Arc::clone(&running.name);
    let topics = async move {
        let topics = walked(walk).await?;
        Ok(topics.into_iter().map(|topic| (true, api.presented(&name, topic))).collect())
    };
    Ok(state(&running, cursor, Shape::Object, topics))
}

/// `GET /api/sync/{topic}`: one bare list or document.
pub(super) async fn topic(
    State(api): State<Arc<Api>>,
    name: Result<Path<String>, PathRejection>,
    Query(query): Query<ReadQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let name = name.ok().and_then(|Path(name)| TopicName::new(&name).ok()).ok_or_else(Refused::no_such_topic)?;
    one_topic(&api, query.space(), &headers, &name, None).await
}

/// Another path of a topic.
pub(super) async fn alias(
    State(api): State<Arc<Api>>,
    uri: Uri,
    Query(query): Query<ReadQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let alias = api.views.at(uri.path(), query.space()).ok_or_else(Refused::no_such_call)?;
    one_topic(&api, Some(&alias.space), &headers, &alias.topic, Some(alias.kind)).await
}

/// One topic, and what to answer while it has no entries.
async fn one_topic(
    api: &Arc<Api>,
    space: Option<&str>,
    headers: &HeaderMap,
    name: &TopicName,
    if_absent: Option<TopicKind>,
) -> Result<Response, Refused> {
    let running = api.space(space)?;
    let asker = api.asker(headers, &running.name)?;
    // Read before the look: whatever the look does not find comes after it.
    let head = running.space.head_cursor();
    running.caught_up().await?;
    let (space, who, wanted) = (Arc::clone(&running.space), asker.principal().clone(), name.clone());
    let (begun, cursor) = oneshot::channel();
    let walk = tokio::task::spawn_blocking(move || {
        space.topic(&wanted, &who, |cursor| {
            // Whoever asked may have gone away.
            let _ = begun.send(cursor);
        })
    });
    let Ok(cursor) = cursor.await else {
        walked(walk).await?;
        return match if_absent {
            Some(TopicKind::List) => Ok(with_cursor(json_bytes(b"[]".to_vec()), head)),
            Some(TopicKind::Document) => Ok(with_cursor(json_bytes(b"{}".to_vec()), head)),
            None => Err(Refused::no_such_topic()),
        };
    };
    let (api, name) = (Arc::clone(api), Arc::clone(&running.name));
    let topics = async move {
        let topic = walked(walk).await?;
        Ok(topic.into_iter().map(|topic| (false, api.presented(&name, topic))).collect())
    };
    Ok(state(running, cursor, Shape::Bare, topics))
}

/// `GET /api/sync/changes`: a page of changes after a cursor.
pub(super) async fn changes(
    State(api): State<Arc<Api>>,
    Query(query): Query<ReadQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let running = api.space(query.space())?;
    let asker = api.asker(&headers, &running.name)?;
    let filter = query.filter()?;
    let page = ask::changes(running, asker.principal(), &filter, query.since(), query.limit).await?;
    let mut body = Vec::with_capacity(page.bytes_len() + 128);
    page.write(&UpdateEncoder::new(&running.name), &mut body);
    Ok(json_bytes(body))
}

/// `GET /api/sync/stream`: server-sent events.
pub(super) async fn stream(
    State(api): State<Arc<Api>>,
    Query(query): Query<ReadQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let running = Arc::clone(api.space(query.space())?);
    let asker = api.asker(&headers, &running.name)?;
    let filter = query.filter()?;
    let last_id = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let cursor = last_id.or(query.since()).map(str::to_owned);
    stream::open(&api, running, asker, filter, cursor).await
}

/// Runs a reading step where it may block.
pub async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, space::ReadError> + Send + 'static,
) -> Result<T, Refused> {
    walked(tokio::task::spawn_blocking(read)).await
}

async fn walked<T>(walk: tokio::task::JoinHandle<Result<T, space::ReadError>>) -> Result<T, Refused> {
    match walk.await {
        Ok(result) => result.map_err(|error| Refused::unreadable(&error)),
        Err(error) => {
            tracing::error!(%error, "a read ended early");
            Err(journal::Refusal::Unavailable.into())
        }
    }
}

/// Whether a state is an object of topics or one bare topic.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Object,
    Bare,
}

/// Streams topics: once their positions are known, the data is read as the client takes it, a few reads ahead. A client
/// that stalls holds a task and a few parts, never a thread or a read transaction.
fn state(
    running: &Arc<Running>,
    cursor: Cursor,
    shape: Shape,
    topics: impl Future<Output = Result<Vec<(bool, TopicSnapshot)>, Refused>> + Send + 'static,
) -> Response {
    let (parts, receiver) = tokio::sync::mpsc::channel(SNAPSHOT_PARTS_AHEAD);
    let writer = StateWriter { space: Arc::clone(&running.space), parts, buffer: Vec::new() };
    tokio::spawn(async move {
        if let Err(error) = writer.write_all(shape, topics).await {
            tracing::debug!(error = error.error, "a state was not taken to its end");
        }
    });
    let body = Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(receiver));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    with_cursor(response, cursor)
}

fn with_cursor(mut response: Response, cursor: Cursor) -> Response {
    if let Ok(cursor) = HeaderValue::from_str(&cursor.encode()) {
        response.headers_mut().insert(CURSOR_HEADER, cursor);
    }
    response
}

struct StateWriter {
    space: Arc<space::Space>,
    parts: tokio::sync::mpsc::Sender<Result<Bytes, std::io::Error>>,
    buffer: Vec<u8>,
}

impl StateWriter {
    /// An answer that cannot be finished is cut off: the client sees broken JSON, never a shorter list.
    async fn write_all(
        mut self,
        shape: Shape,
        topics: impl Future<Output = Result<Vec<(bool, TopicSnapshot)>, Refused>>,
    ) -> Result<(), Refused> {
        if shape == Shape::Object {
            self.buffer.push(b'{');
            self.flush().await?;
        }
        let topics = match topics.await {
            Ok(topics) => topics,
            Err(error) => return Err(self.broken_off(error).await),
        };
        for (index, (named, topic)) in topics.into_iter().enumerate() {
            if index > 0 {
                self.buffer.push(b',');
            }
            if named {
                journal::write_string(&mut self.buffer, topic.name.as_str());
                self.buffer.push(b':');
            }
            if let Err(error) = self.write_topic(&topic).await {
                return Err(self.broken_off(error).await);
            }
        }
        if shape == Shape::Object {
            self.buffer.push(b'}');
        }
        self.flush().await
    }

    /// The receiver is gone if the client is; otherwise this breaks the answer off.
    async fn broken_off(&self, error: Refused) -> Refused {
        let _ = self.parts.send(Err(std::io::Error::other("the store cannot be read"))).await;
        error
    }

    async fn write_topic(&mut self, topic: &TopicSnapshot) -> Result<(), Refused> {
        if topic.kind == TopicKind::Document {
            let (document, _) = self.read(topic.items.get(..1).unwrap_or_default()).await?;
            self.buffer.extend_from_slice(document.first().map_or(b"{}".as_slice(), |data| data.as_bytes()));
            return self.flush_if_full().await;
        }
        self.buffer.push(b'[');
        let (mut is_first, mut left) = (true, topic.items.as_slice());
        while !left.is_empty() {
            let (items, covered) = self.read(left).await?;
            for data in items {
                if !std::mem::take(&mut is_first) {
                    self.buffer.push(b',');
                }
                self.buffer.extend_from_slice(data.as_bytes());
            }
            left = left.get(covered..).unwrap_or_default();
            self.flush_if_full().await?;
        }
        self.buffer.push(b']');
        Ok(())
    }

    async fn flush_if_full(&mut self) -> Result<(), Refused> {
        if self.buffer.len() < space::limits::SNAPSHOT_BYTES_PER_READ {
            return Ok(());
        }
        self.flush().await?;
        // Nothing more is read before this was taken. There is one sender, so the room stays.
        self.parts.reserve().await.map(drop).map_err(|_| gone())
    }

    async fn read(&self, positions: &[Position]) -> Result<(Vec<journal::Json>, usize), Refused> {
        let ahead = positions.len().min(space::limits::SNAPSHOT_ROWS_PER_READ);
        let (space, positions) = (Arc::clone(&self.space), positions.get(..ahead).unwrap_or_default().to_vec());
        blocking(move || space.items(&positions)).await
    }

    async fn flush(&mut self) -> Result<(), Refused> {
        let part = std::mem::take(&mut self.buffer);
        self.parts.send(Ok(part.into())).await.map_err(|_| gone())
    }
}

/// A read that neither began nor failed has panicked, and said so.
fn unfinished() -> Refused {
    journal::Refusal::Unavailable.into()
}

fn gone() -> Refused {
    Refused::new(StatusCode::REQUEST_TIMEOUT, "gone", "the client went away")
}

fn json_bytes(body: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, body).into_response()
}
