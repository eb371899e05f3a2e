//! What holds for any bytes that a client sends as what it asks for: a push, the topics that it wants, the pid that it brings
//! back. The fuzz target and the replay of its seeds both call it.

use journal::{Ask, Cursor, Filter, Json, TopicKind};
use server::sync::{Pid, ask};

/// Patterns that one client may name: small, so that inputs find the bound.
const PATTERNS_MAX: usize = 8;

/// Panics when one of the facts does not hold.
pub(crate) fn hold_for(bytes: &[u8]) {
    pushes_say_what_they_said(bytes);
    let Ok(asked) = Json::parse(bytes) else { return };
    if let Ok(Filter::Patterns(patterns)) = ask::filter(&asked, PATTERNS_MAX) {
        assert!(patterns.len() <= PATTERNS_MAX);
    }
    if let Some(pid) = asked.member("pid").and_then(|pid| pid.string()).and_then(|pid| Pid::read(&pid)) {
        assert!(Cursor::decode(pid.start()).is_ok(), "a pid carries a cursor");
    }
}

fn pushes_say_what_they_said(bytes: &[u8]) {
    let push = match ask::parse(bytes) {
        Ok(push) => push,
        Err(error) => return assert!(!error.code().is_empty() && !error.to_string().is_empty()),
    };
    let minified = Json::parse(bytes).expect("a push is JSON");
    let again = ask::parse(minified.as_bytes()).expect("without its whitespace it is the same push");
    assert_eq!((&again, again.digest()), (&push, push.digest()));
    assert_eq!(push.data.is_none(), push.ask == Ask::Clear);
    if let Some(data) = &push.data {
        assert_eq!(Json::parse(data.as_bytes()).as_ref(), Ok(data), "data is minified JSON");
    }
    // An `add` and a `delete` name an item, in a list and nowhere else.
    let names = matches!(push.ask, Ask::Add | Ask::Delete);
    assert!(!names || push.item(TopicKind::List) == Ok(push.id.clone()));
    assert!(!names || push.item(TopicKind::Document).is_err());
    assert!(push.key.is_none_or(|key| key.as_str().len() <= 128));
}
