//! What holds for any text that wants to be a word of the journal: a cursor, a topic's name, a pattern, an id, a key. The fuzz
//! target and the replay of its seeds both call it.

use journal::{Cursor, ItemId, Key, Pattern, TopicName, UserId};

/// Panics when one of the facts does not hold. A second line is a topic's name for the pattern in the first.
pub(crate) fn hold_for(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(cursor) = Cursor::decode(text) {
        assert_eq!(cursor.encode(), text, "a cursor has one text");
    }
    assert_eq!(TopicName::new(text).is_ok_and(|name| name.as_str() == text), is_name(text));
    let is_short = (1..=128).contains(&text.len());
    let is_plain = is_short && !text.chars().any(char::is_control);
    assert_eq!(Key::new(text).is_ok_and(|key| key.as_str() == text), is_plain);
    assert_eq!(UserId::new(text).is_ok_and(|id| id.as_str() == text), is_plain);
    assert_eq!(ItemId::text(text).is_ok(), is_short);
    let (pattern, name) = text.split_once('\n').unwrap_or((text, "room/1"));
    patterns_select(pattern, name);
}

fn patterns_select(text: &str, name: &str) {
    let prefix = text.strip_suffix('*');
    let pattern = Pattern::new(text);
    assert_eq!(pattern.is_ok(), prefix == Some("") || is_name(prefix.unwrap_or(text)));
    let (Ok(pattern), Ok(topic)) = (pattern, TopicName::new(name)) else { return };
    let selects = prefix.map_or(name == text, |prefix| name.get(..prefix.len()) == Some(prefix));
    assert_eq!(pattern.matches(&topic), selects);
}

/// The rule of names as docs/protocol.md has it.
fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next().is_some_and(|first| first.is_ascii_alphanumeric());
    first && text.len() <= 128 && characters.all(|next| next.is_ascii_alphanumeric() || "._/-".contains(next))
}
