//! What was asked for, by key and by content, and when first: the only things that may become entries.

use std::collections::HashMap;

use crate::{Action, Change, Entry, Event, Push};

/// A place in the record.
pub(super) type Moment = usize;

/// Topic, author and key: what makes a keyed wish the same wish.
pub(super) type Identity<'r> = (&'r str, Option<&'r str>, &'r str);

/// All wishes of a record.
#[derive(Default)]
pub(super) struct Asks<'r> {
    keyed: HashMap<Identity<'r>, Keyed<'r>>,
    /// Wishes without a key, by content, with the moment of the first.
    plain: HashMap<&'r Change, Moment>,
    /// Patches without a key: their entries' data is not foreseen.
    patches: HashMap<(&'r str, &'r Option<String>, Option<&'r str>), Moment>,
}

/// What was asked for under one key: as a rule one thing, once or again.
#[derive(Default)]
pub(super) struct Keyed<'r> {
    wishes: Vec<(&'r Change, Moment)>,
    /// When it was asked for, each time.
    pub(super) moments: Vec<Moment>,
}

impl Push {
    pub(super) fn identity(&self) -> Option<Identity<'_>> {
        identity(&self.change, self.key.as_deref())
    }
}

impl Entry {
    pub(super) fn identity(&self) -> Option<Identity<'_>> {
        identity(&self.change, self.key.as_deref())
    }
}

fn identity<'r>(change: &'r Change, key: Option<&'r str>) -> Option<Identity<'r>> {
    Some((&change.topic, change.author.as_deref(), key?))
}

impl<'r> Asks<'r> {
    pub(super) fn of(events: &'r [Event]) -> Self {
        let mut asks = Self::default();
        for (moment, event) in events.iter().enumerate() {
            if let Event::Push(push) = event {
                asks.note(moment, push);
            }
        }
        asks
    }

    fn note(&mut self, moment: Moment, push: &'r Push) {
        let change = &push.change;
        if let Some(identity) = push.identity() {
            let keyed = self.keyed.entry(identity).or_default();
            keyed.moments.push(moment);
            if !keyed.wishes.iter().any(|(wish, _)| *wish == change) {
                keyed.wishes.push((change, moment));
            }
        } else if change.action == Action::Patch {
            self.patches.entry((&change.topic, &change.item, change.author.as_deref())).or_insert(moment);
        } else {
            self.plain.entry(change).or_insert(moment);
        }
    }

    /// How often a keyed wish had been asked for before a moment.
    pub(super) fn times_before(&self, identity: Identity<'_>, moment: Moment) -> usize {
        self.keyed.get(&identity).map_or(0, |keyed| keyed.moments.partition_point(|asked| *asked < moment))
    }

    /// When this entry was first asked for, if it was.
    pub(super) fn first(&self, entry: &Entry) -> Option<Moment> {
        let change = &entry.change;
        match entry.identity() {
            Some(identity) => {
                let wishes = self.keyed.get(&identity)?.wishes.iter();
                wishes.filter(|(wish, _)| becomes(wish, change)).map(|(_, moment)| *moment).min()
            }
            None => {
                let patch = || self.patches.get(&(&*change.topic, &change.item, change.author.as_deref())).copied();
                let plain = self.plain.get(change).copied();
                plain.or_else(|| patch().filter(|_| change.action == Action::Update))
            }
        }
    }
}

/// Whether a wish may have become this entry. Data that was erased since is not held against anybody.
pub(super) fn becomes(wish: &Change, entry: &Change) -> bool {
    let same_place = (&wish.topic, &wish.item, &wish.author) == (&entry.topic, &entry.item, &entry.author);
    let same_deed = match wish.action {
        Action::Patch => entry.action == Action::Update,
        action => action == entry.action && (wish.data == entry.data || entry.is_erased()),
    };
    same_place && same_deed
}
