//! The audience of a space: who follows which topics, so that a batch wakes those it concerns and nobody else.
//!
//! A handle is whatever the caller serves followers by; the audience only keeps it under a number.

use std::collections::HashMap;

use crate::{Filter, Pattern, Position, TopicName};

/// Followers by what they follow.
#[derive(Debug)]
pub struct Audience<H> {
    everything: Members<H>,
    by_topic: HashMap<TopicName, Members<H>>,
    by_prefix: HashMap<Box<str>, Members<H>>,
}

/// Somebody whom a change concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concerned<H> {
    /// Its number.
    pub id: u64,
    /// What it is served by.
    pub handle: H,
    /// The first position that may concern it.
    pub first: Position,
}

/// Handles in a dense list, each removable by its number.
#[derive(Debug)]
struct Members<H> {
    list: Vec<(u64, H)>,
    places: HashMap<u64, usize>,
}

impl<H> Default for Audience<H> {
    fn default() -> Self {
        Self { everything: Members::default(), by_topic: HashMap::new(), by_prefix: HashMap::new() }
    }
}

impl<H: Clone> Audience<H> {
    /// Takes in a follower under a number that is its own.
    pub fn join(&mut self, id: u64, filter: &Filter, handle: &H) {
        match filter {
            Filter::Everything => self.everything.insert(id, handle.clone()),
            Filter::Patterns(patterns) => {
                for pattern in patterns {
                    self.members_of(pattern).insert(id, handle.clone());
                }
            }
        }
    }

    /// Forgets a follower.
    pub fn leave(&mut self, id: u64, filter: &Filter) {
        match filter {
            Filter::Everything => self.everything.remove(id),
            Filter::Patterns(patterns) => patterns.iter().for_each(|pattern| self.leave_pattern(id, pattern)),
        }
    }

    /// Collects everybody whom a change of these topics concerns, each once. A topic comes with the position from which on it
    /// changed.
    pub fn concerned(&self, topics: &[(TopicName, Position)], into: &mut Vec<Concerned<H>>) {
        into.clear();
        let Some(first) = topics.iter().map(|(_, first)| *first).min() else { return };
        self.everything.append_to(into, first);
        let whole = into.len();
        for (topic, first) in topics {
            if let Some(members) = self.by_topic.get(topic) {
                members.append_to(into, *first);
            }
            for members in self.by_beginning(topic.as_str()) {
                members.append_to(into, *first);
            }
        }
        // The earliest of its positions is the one that stays.
        into[whole..].sort_unstable_by_key(|concerned| (concerned.id, concerned.first));
        into.dedup_by_key(|concerned| concerned.id);
    }

    /// Those who follow a beginning of this name. A name has few beginnings, while the followers' patterns may be many.
    fn by_beginning<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Members<H>> {
        let ends = if self.by_prefix.is_empty() { 0..0 } else { 0..name.len() + 1 };
        let beginnings = ends.filter_map(|end| name.get(..end));
        beginnings.filter_map(|beginning| self.by_prefix.get(beginning))
    }

    fn members_of(&mut self, pattern: &Pattern) -> &mut Members<H> {
        match pattern {
            Pattern::Exact(topic) => self.by_topic.entry(topic.clone()).or_default(),
            Pattern::Prefix(prefix) => self.by_prefix.entry(prefix.clone()).or_default(),
        }
    }

    fn leave_pattern(&mut self, id: u64, pattern: &Pattern) {
        match pattern {
            Pattern::Exact(topic) => leave(&mut self.by_topic, topic, id),
            Pattern::Prefix(prefix) => leave(&mut self.by_prefix, prefix, id),
        }
    }
}

fn leave<K: std::hash::Hash + Eq, H: Clone>(groups: &mut HashMap<K, Members<H>>, key: &K, id: u64) {
    if let Some(members) = groups.get_mut(key) {
        members.remove(id);
        if members.list.is_empty() {
            groups.remove(key);
        }
    }
}

impl<H> Default for Members<H> {
    fn default() -> Self {
        Self { list: Vec::new(), places: HashMap::new() }
    }
}

impl<H> Members<H> {
    fn insert(&mut self, id: u64, handle: H) {
        if let std::collections::hash_map::Entry::Vacant(place) = self.places.entry(id) {
            place.insert(self.list.len());
            self.list.push((id, handle));
        }
    }

    fn append_to(&self, into: &mut Vec<Concerned<H>>, first: Position)
    where
        H: Clone,
    {
        let concerned = |(id, handle): &(u64, H)| Concerned { id: *id, handle: handle.clone(), first };
        into.extend(self.list.iter().map(concerned));
    }

    fn remove(&mut self, id: u64) {
        let Some(place) = self.places.remove(&id) else { return };
        self.list.swap_remove(place);
        if let Some((moved, _)) = self.list.get(place) {
            self.places.insert(*moved, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(patterns: &[&str]) -> Filter {
        Filter::Patterns(patterns.iter().map(|text| Pattern::new(text).unwrap()).collect())
    }

    /// The first topic changed from position 1 on, the second from 2 on, and so forth.
    fn found(audience: &Audience<char>, topics: &[&str]) -> Vec<Concerned<char>> {
        let names = topics.iter().map(|name| TopicName::new(name).unwrap());
        let topics: Vec<_> = names.zip((1..).map(Position)).collect();
        let mut found = Vec::new();
        audience.concerned(&topics, &mut found);
        found
    }

    fn concerned(audience: &Audience<char>, topics: &[&str]) -> String {
        let mut names: Vec<char> = found(audience, topics).into_iter().map(|concerned| concerned.handle).collect();
        names.sort_unstable();
        names.into_iter().collect()
    }

    #[test]
    fn a_batch_concerns_each_follower_of_its_topics_once() {
        let mut audience = Audience::default();
        audience.join(1, &Filter::Everything, &'e');
        audience.join(2, &filter(&["room/1", "room/*"]), &'b');
        audience.join(3, &filter(&["room/2"]), &'c');
        assert_eq!(concerned(&audience, &["room/1"]), "be");
        assert_eq!(concerned(&audience, &["room/1", "room/2"]), "bce");
        assert_eq!(concerned(&audience, &["news"]), "e");
    }

    #[test]
    fn a_follower_is_told_from_where_on_its_own_topics_changed() {
        let mut audience = Audience::default();
        audience.join(1, &Filter::Everything, &'e');
        audience.join(2, &filter(&["c"]), &'c');
        audience.join(3, &filter(&["c", "b*"]), &'b');
        let firsts =
            found(&audience, &["a", "b", "c"]).into_iter().map(|concerned| (concerned.handle, concerned.first.0));
        assert_eq!(firsts.collect::<Vec<_>>(), [('e', 1), ('c', 3), ('b', 2)]);
    }

    #[test]
    fn who_left_is_no_longer_concerned_and_leaves_nothing_behind() {
        let mut audience = Audience::default();
        let both = filter(&["a", "b*"]);
        audience.join(1, &both, &'x');
        audience.join(2, &both, &'y');
        audience.join(3, &Filter::Everything, &'z');
        audience.leave(1, &both);
        audience.leave(3, &Filter::Everything);
        assert_eq!(concerned(&audience, &["a", "b1"]), "y");
        audience.leave(2, &both);
        assert_eq!(concerned(&audience, &["a", "b1"]), "");
        assert!(audience.by_topic.is_empty() && audience.by_prefix.is_empty());
    }
}
