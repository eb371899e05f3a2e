//! Topics: their names, their kinds, and the patterns by which rules and followers select them.

use std::{fmt, sync::Arc};

use crate::limits::TOPIC_NAME_BYTES_MAX;

/// A valid topic name: `[A-Za-z0-9][A-Za-z0-9._/-]*`, at most [`TOPIC_NAME_BYTES_MAX`] bytes. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(Arc<str>);

/// A topic name that breaks the rule of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a topic name has 1 to {TOPIC_NAME_BYTES_MAX} characters out of A-Z a-z 0-9 . _ / - and begins with a letter or a digit"
)]
pub struct BadTopicName;

impl TopicName {
    /// Checks a name against the rule of names.
    pub fn new(name: &str) -> Result<Self, BadTopicName> {
        if is_name(name.as_bytes()) { Ok(Self(name.into())) } else { Err(BadTopicName) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::borrow::Borrow<str> for TopicName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

fn is_name(bytes: &[u8]) -> bool {
    bytes.len() <= TOPIC_NAME_BYTES_MAX
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(byte))
}

/// What a topic holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TopicKind {
    /// Items by id, in the order of their first `add`.
    List,
    /// One object, replaced whole by `update`.
    Document,
}

/// Selects topics: an exact name, or a beginning followed by `*` (`room/*`, `*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Exactly this topic.
    Exact(TopicName),
    /// Every topic whose name begins so; empty for every topic.
    Prefix(Box<str>),
}

impl Pattern {
    /// Reads a pattern as clients and `tidings.toml` write it.
    pub fn new(text: &str) -> Result<Self, BadTopicName> {
        match text.strip_suffix('*') {
            Some("") => Ok(Self::Prefix("".into())),
            Some(prefix) if is_name(prefix.as_bytes()) => Ok(Self::Prefix(prefix.into())),
            Some(_) => Err(BadTopicName),
            None => TopicName::new(text).map(Self::Exact),
        }
    }

    /// Whether the pattern selects this topic.
    #[must_use]
    pub fn matches(&self, topic: &TopicName) -> bool {
        match self {
            Self::Exact(name) => name == topic,
            Self::Prefix(prefix) => topic.as_str().starts_with(&**prefix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_the_alphabet_and_the_length() {
        for good in ["a", "chatMessages", "room/01J.x_y-z", "9", &"a".repeat(128)] {
            assert_eq!(TopicName::new(good).map(|name| name.as_str().to_owned()), Ok(good.to_owned()));
        }
        for bad in ["", "/a", ".a", "-a", "_a", "a b", "ä", "__proto__", "a\0", &"a".repeat(129)] {
            assert_eq!(TopicName::new(bad), Err(BadTopicName), "{bad:?}");
        }
    }

    #[test]
    fn a_pattern_selects_by_name_or_by_beginning() {
        let topic = TopicName::new("room/1").unwrap();
        let selects = |text: &str| Pattern::new(text).map(|pattern| pattern.matches(&topic));
        assert_eq!(selects("room/1"), Ok(true));
        assert_eq!(selects("room/*"), Ok(true));
        assert_eq!(selects("*"), Ok(true));
        assert_eq!(selects("room"), Ok(false));
        assert_eq!(selects("hall/*"), Ok(false));
        assert_eq!(selects("*/1"), Err(BadTopicName));
        assert_eq!(selects(" *"), Err(BadTopicName));
    }
}
