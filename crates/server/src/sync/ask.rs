//! What a client asks, on whichever transport: a push and topics read from their JSON, a receipt, a page of
//! changes.

use std::sync::Arc;

use journal::{
    Ask, ClientTime, Filter, Json, JsonKind, Key, Pattern, Position, Principal, Push, RawJson, Refusal, TopicName,
};
use serde::Serialize;

use space::{Page, Receipt, Space, limits::CHANGES_MAX};

use super::{Running, UpdateEncoder};
use crate::limits::CHANGES_PAGES_MAX;

/// Topic names that are paths of the API.
const RESERVED_TOPICS: [&str; 4] = ["push", "data", "changes", "stream"];

/// Reads `{type, action, data, timestamp?, key?}` by the one strict parser. Unknown members are ignored.
pub fn parse(body: &[u8]) -> Result<Push, PushError> {
    let body = Json::parse(body).map_err(PushError::Json)?;
    let members = Members::of(&body);
    let topic = members.topic.and_then(|name| TopicName::new(&name.string()?).ok()).ok_or(Refusal::BadTopic)?;
    if RESERVED_TOPICS.contains(&topic.as_str()) {
        return Err(Refusal::ReservedTopic.into());
    }
    let ask = Ask::new(&members.action.and_then(|word| word.string()).unwrap_or_default())?;
    let mut push = Push::new(topic, ask, members.data.map(|data| data.to_json()))?;
    push.key = key(members.key)?;
    push.client_time = members.timestamp.filter(|time| !time.is_null()).and_then(|time| ClientTime::new(time.as_str()));
    Ok(push)
}

/// The members of a push, found in one walk: each look by name would walk over the data again.
#[derive(Default)]
struct Members<'a> {
    topic: Option<RawJson<'a>>,
    action: Option<RawJson<'a>>,
    data: Option<RawJson<'a>>,
    key: Option<RawJson<'a>>,
    timestamp: Option<RawJson<'a>>,
}

impl<'a> Members<'a> {
    fn of(body: &'a Json) -> Self {
        let mut found = Self::default();
        for (name, value) in body.members() {
            let place = match &*name {
                "type" => &mut found.topic,
                "action" => &mut found.action,
                "data" => &mut found.data,
                "key" => &mut found.key,
                "timestamp" => &mut found.timestamp,
                _ => continue,
            };
            *place = Some(value);
        }
        found
    }
}

/// The topics that an object's `topics` names; everything without it.
pub fn filter(asked: &Json, patterns_max: usize) -> Result<Filter, String> {
    let Some(topics) = asked.member("topics").filter(|topics| !topics.is_null()) else { return Ok(Filter::Everything) };
    let mut patterns = Vec::new();
    if topics.kind() != JsonKind::Array {
        return Err("topics is a list of topic names, or of beginnings followed by *".to_owned());
    }
    for topic in topics.elements() {
        if patterns.len() == patterns_max {
            return Err(format!("topics has more than {patterns_max} patterns"));
        }
        let text = topic.string().ok_or("topics is a list of strings")?;
        patterns.push(Pattern::new(&text).map_err(|error| format!("topics: {error}"))?);
    }
    Ok(Filter::Patterns(patterns.into()))
}

/// Why a push could not be read.
#[derive(Debug)]
pub enum PushError {
    /// It is not JSON as this server takes it.
    Json(journal::JsonError),
    /// It is not a push.
    Refused(Refusal),
}

impl PushError {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "bad_json",
            Self::Refused(refusal) => refusal.code(),
        }
    }
}

impl std::fmt::Display for PushError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl From<Refusal> for PushError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn key(value: Option<RawJson<'_>>) -> Result<Option<Key>, Refusal> {
    match value {
        None => Ok(None),
        Some(value) if value.is_null() => Ok(None),
        Some(value) => {
            let text = value.string().ok_or(Refusal::BadKey)?;
            Key::new(&text).map(Some).map_err(|_| Refusal::BadKey)
        }
    }
}

/// A receipt as it is told: on a socket, or with a sentence over HTTP.
#[derive(Debug, Serialize)]
pub struct Told {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    position: u64,
    seq: u64,
    cursor: String,
    duplicate: bool,
    /// Only told when nothing had to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<bool>,
}

impl Told {
    /// What a push is told that was taken.
    #[must_use]
    pub fn of(receipt: &Receipt, message: Option<&'static str>) -> Self {
        Self {
            success: true,
            message,
            position: receipt.position.0,
            seq: receipt.seq.0,
            cursor: receipt.cursor.encode(),
            duplicate: receipt.duplicate,
            changed: (!receipt.changed).then_some(false),
        }
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("numbers, booleans and strings are JSON")
    }
}

/// A page of the changes call.
#[derive(Debug)]
pub enum Changes {
    /// Changes, the cursor after them, and whether that is the head.
    Page {
        /// The encoded changes.
        page: Page,
        /// Where to go on.
        cursor: String,
        /// There was nothing more when it was read.
        complete: bool,
    },
    /// The cursor cannot be honoured.
    Reset {
        /// Why, as a word.
        reason: &'static str,
        /// The head: follow from here after a snapshot.
        cursor: String,
    },
}

/// Reads a page of changes after a cursor; without one, from the beginning.
pub async fn changes(
    running: &Arc<Running>,
    who: &Principal,
    filter: &Filter,
    since: Option<&str>,
    limit: Option<usize>,
) -> Result<Changes, Refusal> {
    running.caught_up().await?;
    let (space, who, filter) = (Arc::clone(&running.space), who.clone(), filter.clone());
    let since = since.map(str::to_owned);
    let limit = limit.unwrap_or(CHANGES_MAX).clamp(1, CHANGES_MAX);
    let read = move || -> Result<Changes, space::ReadError> {
        // However far back it is: a page is bounded by itself, and whoever began at the first entry must get through.
        let after = match since.as_deref().map(|since| space.check(since)).transpose()? {
            None => Position::START,
            Some(Ok(cursor)) => cursor.position,
            Some(Err(reason)) => {
                return Ok(Changes::Reset { reason: reason.as_str(), cursor: space.head_cursor().encode() });
            }
        };
        let head = space.projected();
        let page = first_page_with_changes(&space, after, head, &who, &filter, limit)?;
        let cursor = space.cursor_at(page.through)?.map_or_else(String::new, |cursor| cursor.encode());
        let complete = page.through >= head;
        Ok(Changes::Page { page, cursor, complete })
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(changes)) => Ok(changes),
        Ok(Err(error)) => {
            tracing::error!(%error, "the store cannot be read");
            Err(Refusal::Unavailable)
        }
        Err(_) => Err(Refusal::Unavailable),
    }
}

/// Goes on through what is not for this reader, a bounded way: an empty page that is not complete says "ask again".
fn first_page_with_changes(
    space: &Space,
    after: Position,
    head: Position,
    who: &Principal,
    filter: &Filter,
    limit: usize,
) -> Result<Page, space::ReadError> {
    let mut page = space.bounded_page(after, head, limit, who, filter)?;
    for _ in 1..CHANGES_PAGES_MAX {
        if !page.spans.is_empty() || page.through >= head {
            break;
        }
        page = space.bounded_page(page.through, head, limit, who, filter)?;
    }
    Ok(page)
}

impl Changes {
    /// About how long its JSON gets.
    #[must_use]
    pub fn bytes_len(&self) -> usize {
        match self {
            Self::Page { page, .. } => page.bytes.len(),
            Self::Reset { .. } => 0,
        }
    }

    /// Appends `{changes: […], cursor, complete}` or `{reset: {reason}, cursor, …}`.
    pub fn write(&self, encoder: &UpdateEncoder, out: &mut Vec<u8>) {
        match self {
            Self::Page { page, cursor, complete } => {
                out.extend_from_slice(b"{\"changes\":[");
                for (index, span) in page.spans.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(&page.bytes[encoder.outline(*span).update]);
                }
                out.extend_from_slice(format!("],\"cursor\":\"{cursor}\",\"complete\":{complete}}}").as_bytes());
            }
            Self::Reset { reason, cursor } => out.extend_from_slice(
                format!("{{\"changes\":[],\"reset\":{{\"reason\":\"{reason}\"}},\"cursor\":\"{cursor}\",\"complete\":false}}")
                    .as_bytes(),
            ),
        }
    }
}
