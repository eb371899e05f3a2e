//! What each kind of reader is owed: the places of all entries that it wants and may read, found once for each kind.

use std::{collections::HashMap, rc::Rc};

use super::{
    journal::{Journal, Kept},
    rules::{Rules, wants},
};
use crate::{Event, Reader};

/// The rules as they came one after the other, and what each kind of reader is owed under them.
pub(super) struct Audiences<'r> {
    rules: Vec<Rules<'r>>,
    owed: HashMap<Kind<'r>, Rc<[usize]>>,
}

/// Rules by number, reader, topics.
type Kind<'r> = (usize, &'r Reader, Option<&'r [String]>);

impl<'r> Audiences<'r> {
    pub(super) fn new() -> Self {
        Self { rules: vec![Rules::open()], owed: HashMap::new() }
    }

    /// Takes new rules in, if this event brings some.
    pub(super) fn note(&mut self, event: &'r Event) {
        if let Event::Rules { rules, others } = event {
            self.rules.push(Rules::new(rules, *others));
        }
    }

    /// The number of the rules that hold now.
    pub(super) fn now(&self) -> usize {
        self.rules.len() - 1
    }

    pub(super) fn owed(&mut self, journal: &Journal<'r>, kind: Kind<'r>) -> Rc<[usize]> {
        let (number, reader, topics) = kind;
        let rules = &self.rules[number];
        let owed = self.owed.entry(kind).or_insert_with(|| {
            let readable = |place: &usize| {
                let kept = &journal.kept[*place];
                wants(topics, &kept.entry.change.topic) && admits(rules, reader, kept)
            };
            (0..journal.kept.len()).filter(readable).collect()
        });
        Rc::clone(owed)
    }

    /// Whether a reader may see an entry under the rules of that number.
    pub(super) fn admits(&self, number: usize, reader: &Reader, kept: &Kept<'_>) -> bool {
        admits(&self.rules[number], reader, kept)
    }

    pub(super) fn rules(&self, number: usize) -> &Rules<'r> {
        &self.rules[number]
    }
}

fn admits(rules: &Rules<'_>, reader: &Reader, kept: &Kept<'_>) -> bool {
    rules.admit(reader, &kept.entry.change.topic, kept.owner, kept.is_clear())
}
