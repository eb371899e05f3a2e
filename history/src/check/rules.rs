//! Who may read what: this judge's own reading of the rules.

use std::collections::HashMap;

use crate::{Read, Reader, Role, TopicRule};

/// The rules of one time.
pub(super) struct Rules<'r> {
    exact: HashMap<&'r str, Read>,
    /// Longest first.
    beginnings: Vec<(&'r str, Read)>,
    others: Read,
}

impl<'r> Rules<'r> {
    /// What holds where nobody said anything: everybody reads everything.
    pub(super) fn open() -> Self {
        Self { exact: HashMap::new(), beginnings: Vec::new(), others: Read::Public }
    }

    pub(super) fn new(rules: &'r [TopicRule], others: Read) -> Self {
        let mut book = Self { others, ..Self::open() };
        for rule in rules {
            match rule.topics.strip_suffix('*') {
                Some(beginning) => book.beginnings.push((beginning, rule.read)),
                None => drop(book.exact.insert(&rule.topics, rule.read)),
            }
        }
        book.beginnings.sort_by_key(|(beginning, _)| std::cmp::Reverse(beginning.len()));
        book
    }

    /// Whether a reader may see an entry of a topic, about an item of that owner.
    pub(super) fn admit(&self, reader: &Reader, topic: &str, owner: Option<&str>, is_clear: bool) -> bool {
        match (self.read(topic), reader.role) {
            (_, Role::Admin) | (Read::Public, _) | (Read::Member, Role::Member) => true,
            (Read::Author, Role::Member) => is_clear || (owner.is_some() && owner == reader.user.as_deref()),
            (Read::Member | Read::Admin | Read::Author, _) => false,
        }
    }

    fn read(&self, topic: &str) -> Read {
        let exact = self.exact.get(topic).copied();
        let beginning = || self.beginnings.iter().find(|(beginning, _)| topic.starts_with(beginning));
        exact.or_else(|| beginning().map(|(_, read)| *read)).unwrap_or(self.others)
    }
}

/// Whether somebody who wants these topics wants this one.
pub(super) fn wants(topics: Option<&[String]>, topic: &str) -> bool {
    let selects = |pattern: &String| match pattern.strip_suffix('*') {
        Some(beginning) => topic.starts_with(beginning),
        None => topic == pattern,
    };
    topics.is_none_or(|topics| topics.iter().any(selects))
}
