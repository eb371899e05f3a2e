//! States that somebody was given against the fold of the journal up to their cursor.

use std::collections::{BTreeMap, HashMap};

use super::{
    audience::Audiences,
    journal::Journal,
    rules::{Rules, wants},
};
use crate::{Action, Anomaly, Digest, Entry, Event, Item, Snapshot};

pub(super) fn check<'r>(events: &'r [Event], journal: &Journal<'r>, found: &mut Vec<Anomaly>) {
    let mut audiences = Audiences::new();
    let mut snapshots = Vec::new();
    for event in events {
        audiences.note(event);
        if let Event::Snapshot(snapshot) = event {
            snapshots.push((snapshot, audiences.now()));
        }
    }
    snapshots.sort_by_key(|(snapshot, _)| snapshot.cursor);
    let mut present = Present::default();
    let mut rest = journal.kept.iter().peekable();
    for (snapshot, rules) in snapshots {
        while let Some(kept) = rest.next_if(|kept| kept.entry.position <= snapshot.cursor) {
            present.fold(kept.entry, kept.owner);
        }
        present.compare(snapshot, audiences.rules(rules), found);
    }
}

/// All items, topic by topic.
#[derive(Default)]
struct Present<'r>(BTreeMap<&'r str, Topic<'r>>);

#[derive(Default)]
struct Topic<'r> {
    /// Items in the order of their first entry.
    items: BTreeMap<u64, Thing<'r>>,
    places: HashMap<&'r Item, u64>,
}

/// One item.
struct Thing<'r> {
    item: &'r Item,
    data: Option<Digest>,
    owner: Option<&'r str>,
}

impl<'r> Present<'r> {
    fn fold(&mut self, entry: &'r Entry, owner: Option<&'r str>) {
        let change = &entry.change;
        let topic = self.0.entry(&change.topic).or_default();
        match change.action {
            Action::Add | Action::Update | Action::Patch => {
                let place = *topic.places.entry(&change.item).or_insert(entry.position);
                topic.items.insert(place, Thing { item: &change.item, data: change.data, owner });
            }
            Action::Delete => {
                if let Some(place) = topic.places.remove(&change.item) {
                    topic.items.remove(&place);
                }
            }
            Action::Clear => *topic = Topic::default(),
        }
    }

    fn compare(&self, snapshot: &Snapshot, rules: &Rules<'_>, found: &mut Vec<Anomaly>) {
        let mut wrong = |topic: &str| {
            found.push(Anomaly::WrongState { topic: topic.to_owned(), cursor: snapshot.cursor });
        };
        for (name, topic) in &self.0 {
            let reads = |item: &&Thing<'_>| rules.admit(&snapshot.reader, name, item.owner, false);
            let wanted = wants(snapshot.topics.as_deref(), name);
            // Of topics that nobody asked for, no item is looked at.
            let items = topic.items.values().take_while(|_| wanted).filter(reads);
            let expected = items.filter_map(|item| Some((item.item, item.data?)));
            let given = snapshot.state.get(*name).map_or(&[][..], Vec::as_slice);
            if !expected.eq(given.iter().map(|(item, data)| (item, *data))) {
                wrong(name);
            }
        }
        let unknown = snapshot.state.iter().filter(|(name, items)| !items.is_empty() && !self.0.contains_key(&***name));
        unknown.for_each(|(name, _)| wrong(name));
    }
}
