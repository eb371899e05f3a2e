//! What clients ask over HTTP or a socket, and how it is answered: pushes, states, changes. Mirrors
//! `crates/server/src/sync/ask.rs`, and the calls below `/api/sync`, without HTTP itself.

use std::rc::Rc;

use journal::{Ask, ClientTime, Filter, Json, Key, Pattern, Principal, Push, Refusal, TopicName, UserId};
use space::{Answer, Receipt};

/// A call over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct HttpAsk {
    pub(crate) user: Option<Rc<str>>,
    pub(crate) call: Call,
}

/// Which one.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Push(String),
    State { topics: Option<Vec<String>> },
    Changes { topics: Option<Vec<String>>, since: Option<String>, limit: usize },
}

/// Its answer.
#[derive(Clone, Debug)]
pub(crate) enum HttpAnswer {
    /// The receipt of a push, or its refusal, as JSON.
    Push(String),
    /// A state: the data of each topic's items, and the cursor beside it.
    State { topics: Vec<(String, Vec<Json>)>, cursor: String },
    /// A page of changes: updates with their cursors, and where to go on.
    Changes { updates: Vec<(String, String)>, cursor: String },
    /// A cursor that is not honoured, and the head.
    Reset { reason: &'static str, cursor: String },
    /// Not now, or never.
    Refused(#[expect(dead_code, reason = "traces print it")] Refusal),
}

/// Reads `{type, action, data, timestamp?, key?}`.
pub(super) fn parse(body: &[u8]) -> Result<Push, Refusal> {
    let body = Json::parse(body).map_err(|_| Refusal::BadData)?;
    let text = |name| body.member(name).and_then(|value| value.string());
    let topic = text("type").and_then(|name| TopicName::new(&name).ok()).ok_or(Refusal::BadTopic)?;
    let ask = Ask::new(&text("action").unwrap_or_default())?;
    let mut push = Push::new(topic, ask, body.member("data").map(|data| data.to_json()))?;
    push.key = text("key").map(|key| Key::new(&key)).transpose().map_err(|_| Refusal::BadKey)?;
    push.client_time = body.member("timestamp").and_then(|time| ClientTime::new(time.as_str()));
    Ok(push)
}

/// The answer to a push, as JSON.
pub(super) fn answer_json(answer: &Answer) -> String {
    match answer {
        Ok(receipt) => receipt_json(receipt),
        Err(refusal) => format!(r#"{{"error":"refused","code":"{}"}}"#, refusal.code()),
    }
}

fn receipt_json(receipt: &Receipt) -> String {
    let Receipt { position, seq, cursor, duplicate, changed } = receipt;
    format!(
        r#"{{"success":true,"position":{},"seq":{},"cursor":"{}","duplicate":{duplicate},"changed":{changed}}}"#,
        position.0,
        seq.0,
        cursor.encode(),
    )
}

/// The topics that a list of patterns selects.
pub(super) fn filter(topics: Option<&[String]>) -> Filter {
    let pattern = |text: &String| Pattern::new(text).expect("the clients of a simulation name topics as they must");
    topics.map_or(Filter::Everything, |topics| Filter::Patterns(topics.iter().map(pattern).collect()))
}

/// Who somebody is: `root` is an admin, everybody else with a name a member.
pub(super) fn principal(user: Option<&str>) -> Principal {
    let id = |user| UserId::new(user).expect("the clients of a simulation have names as they must");
    match user {
        None => Principal::ANONYMOUS,
        Some("root") => Principal::admin(id("root")),
        Some(user) => Principal::member(id(user)),
    }
}
