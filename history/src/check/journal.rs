//! The journal in the end: what is wrong with it by itself, and for every entry whose item it is, what became of that
//! item next, and when somebody first asked for it.

use std::collections::{HashMap, hash_map::Entry as Place};

use super::asks::{Asks, Identity, Moment};
use crate::{Action, Anomaly, Digest, Entry, Event};

/// The journal, by position and by version of an item.
pub(super) struct Journal<'r> {
    pub(super) kept: Vec<Kept<'r>>,
    places: HashMap<u64, usize>,
    /// The entries that gave an item this data, in order.
    versions: HashMap<(&'r str, Option<&'r str>, Digest), Vec<Version>>,
    keys: HashMap<Identity<'r>, usize>,
}

/// An entry that gave an item some data.
struct Version {
    place: usize,
    /// When this one or a later one with the same data was first asked for: it only grows along the list.
    asked: Moment,
}

/// An entry and what is known of it.
pub(super) struct Kept<'r> {
    pub(super) entry: &'r Entry,
    /// Who first added the item.
    pub(super) owner: Option<&'r str>,
    /// When it was first asked for.
    pub(super) asked: Option<Moment>,
    /// The next entry that changes or ends the item.
    pub(super) next: Option<usize>,
    /// The next entry that ends the item.
    pub(super) gone: Option<usize>,
}

impl Kept<'_> {
    /// Whether it gives the item data.
    pub(super) fn gives(&self) -> bool {
        matches!(self.entry.change.action, Action::Add | Action::Update)
    }

    pub(super) fn is_clear(&self) -> bool {
        self.entry.change.action == Action::Clear
    }
}

impl<'r> Journal<'r> {
    /// Reads the journal out of a record and writes down what is wrong with it.
    pub(super) fn of(events: &'r [Event], asks: &Asks<'r>, found: &mut Vec<Anomaly>) -> Self {
        let mut journal =
            Self { kept: Vec::new(), places: HashMap::new(), versions: HashMap::new(), keys: HashMap::new() };
        let mut fold = Fold::default();
        for event in events {
            if let Event::Entry(entry) = event {
                let owner = fold.entry(entry, found);
                journal.keep(entry, owner, asks, found);
            }
        }
        journal.look_ahead();
        journal
    }

    /// The last position.
    pub(super) fn head(&self) -> u64 {
        self.kept.last().map_or(0, |kept| kept.entry.position)
    }

    pub(super) fn place(&self, position: u64) -> Option<usize> {
        self.places.get(&position).copied()
    }

    pub(super) fn at(&self, position: u64) -> Option<&Kept<'r>> {
        self.place(position).map(|place| &self.kept[place])
    }

    /// The entry that a keyed wish became.
    pub(super) fn of_key(&self, identity: Identity<'_>) -> Option<&'r Entry> {
        self.keys.get(&identity).map(|place| self.kept[*place].entry)
    }

    /// The latest entry, from this place on and asked for before a moment, that gave its item this data.
    pub(super) fn version(&self, place: usize, data: Digest, before: Moment) -> Option<usize> {
        let change = &self.kept[place].entry.change;
        let versions = self.versions.get(&(&*change.topic, change.item.as_deref(), data))?;
        // The last one up to which somebody had asked is one that somebody had asked for: nothing behind it was.
        let last = versions.partition_point(|version| version.asked < before).checked_sub(1)?;
        versions.get(last).map(|version| version.place).filter(|last| *last >= place)
    }

    fn keep(&mut self, entry: &'r Entry, owner: Option<&'r str>, asks: &Asks<'r>, found: &mut Vec<Anomaly>) {
        let (place, position) = (self.kept.len(), entry.position);
        let asked = asks.first(entry);
        if asked.is_none() {
            found.push(Anomaly::Phantom { position });
        }
        if let Some(identity) = entry.identity() {
            match self.keys.entry(identity) {
                Place::Vacant(vacant) => drop(vacant.insert(place)),
                Place::Occupied(first) => {
                    let first = self.kept[*first.get()].entry.position;
                    found.push(Anomaly::Doubled { position, first });
                }
            }
        }
        self.places.entry(position).or_insert(place);
        let kept = Kept { entry, owner, asked, next: None, gone: None };
        if let (true, Some(data)) = (kept.gives(), entry.change.data) {
            let version = (&*entry.change.topic, entry.change.item.as_deref(), data);
            self.versions.entry(version).or_default().push(Version { place, asked: asked.unwrap_or_default() });
        }
        self.kept.push(kept);
    }

    /// Finds for every entry what becomes of its item, from the end to the beginning.
    fn look_ahead(&mut self) {
        for versions in self.versions.values_mut() {
            let mut asked = Moment::MAX;
            for version in versions.iter_mut().rev() {
                asked = asked.min(version.asked);
                version.asked = asked;
            }
        }
        let mut clears: HashMap<&str, usize> = HashMap::new();
        let mut nexts: HashMap<(&str, Option<&str>), usize> = HashMap::new();
        let mut deletes: HashMap<(&str, Option<&str>), usize> = HashMap::new();
        for place in (0..self.kept.len()).rev() {
            let change = &self.kept[place].entry.change;
            let (topic, item) = (&*change.topic, (&*change.topic, change.item.as_deref()));
            let clear = clears.get(topic).copied();
            let kept = &mut self.kept[place];
            kept.next = nexts.get(&item).copied().into_iter().chain(clear).min();
            kept.gone = deletes.get(&item).copied().into_iter().chain(clear).min();
            match change.action {
                Action::Clear => drop(clears.insert(topic, place)),
                Action::Delete => drop((nexts.insert(item, place), deletes.insert(item, place))),
                _ => drop(nexts.insert(item, place)),
            }
        }
    }
}

/// The journal's present, entry by entry: the numbers that are due, and who owns which item.
#[derive(Default)]
struct Fold<'r> {
    /// The first position.
    base: Option<u64>,
    last: Option<(u64, u64)>,
    topics: HashMap<&'r str, Topic<'r>>,
}

#[derive(Default)]
struct Topic<'r> {
    seq: Option<u64>,
    owners: HashMap<Option<&'r str>, Option<&'r str>>,
}

impl<'r> Fold<'r> {
    /// Folds an entry in; answers who owns the item it is about.
    fn entry(&mut self, entry: &'r Entry, found: &mut Vec<Anomaly>) -> Option<&'r str> {
        self.numbers(entry, found);
        let change = &entry.change;
        let (item, author) = (change.item.as_deref(), change.author.as_deref());
        let topic = self.topics.entry(&change.topic).or_default();
        let present = topic.owners.get(&item).copied();
        let owner = present.unwrap_or(author);
        let fits = match change.action {
            Action::Add => present.is_none(),
            Action::Update => true,
            Action::Delete => present.is_some(),
            Action::Clear => item.is_none(),
            Action::Patch => false,
        };
        if !fits {
            found.push(Anomaly::Misfit { position: entry.position });
        }
        match change.action {
            Action::Add | Action::Update | Action::Patch => drop(topic.owners.insert(item, owner)),
            Action::Delete => drop(topic.owners.remove(&item)),
            Action::Clear => topic.owners.clear(),
        }
        owner
    }

    fn numbers(&mut self, entry: &'r Entry, found: &mut Vec<Anomaly>) {
        let position = entry.position;
        if let Some((after, time_ms)) = self.last {
            if position != after + 1 {
                found.push(Anomaly::PositionHole { after, found: position });
            }
            if entry.time_ms < time_ms {
                found.push(Anomaly::TimeGoesBack { position });
            }
        }
        // A journal that was trimmed begins later, and its topics with any seq.
        let is_whole = self.base.get_or_insert(position) == &1;
        let topic = self.topics.entry(&entry.change.topic).or_default();
        let expected = topic.seq.map(|seq| seq + 1).or(is_whole.then_some(1));
        if let Some(expected) = expected.filter(|expected| *expected != entry.seq) {
            found.push(Anomaly::SeqHole { position, expected, found: entry.seq });
        }
        topic.seq = Some(entry.seq);
        self.last = Some((position, entry.time_ms));
    }
}
