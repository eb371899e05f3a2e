//! One follower through its connections: how far it has been told, what it is owed next, what it was told instead.

use std::{collections::BTreeMap, rc::Rc};

use super::{asks::Moment, followers::Scene};
use crate::{Action, Anomaly, Connect, Follower, Reader, Told};

/// Reasons to start anew that lie with the client or the settings, not with the server.
const FAIR_REASONS: [&str; 2] = ["too_far", "trimmed"];

pub(super) struct Life<'r> {
    pub(super) follower: &'r Follower,
    reader: &'r Reader,
    topics: Option<&'r [String]>,
    /// The rules that held when it was let in.
    rules: usize,
    /// What it is owed, and the first of it that comes after `at`.
    owed: Rc<[usize]>,
    next: usize,
    /// Everything up to here was told, or is not for it.
    at: u64,
    brought: Option<u64>,
    is_in: bool,
    has_been_in: bool,
    /// Its cursor was not honoured, and it has not been told so yet.
    awaits_reset: bool,
    /// What was known to be durable when it came.
    floor: u64,
    /// What this server can only have read from the store.
    stored: u64,
    /// What it was not told when it was due, and whether it had settled.
    missed: BTreeMap<u64, bool>,
}

impl<'r> Life<'r> {
    pub(super) fn new(connect: &'r Connect) -> Self {
        Self {
            follower: &connect.follower,
            reader: &connect.reader,
            topics: None,
            rules: 0,
            owed: Rc::new([]),
            next: 0,
            at: 0,
            brought: None,
            is_in: false,
            has_been_in: false,
            awaits_reset: false,
            floor: 0,
            stored: 0,
            missed: BTreeMap::new(),
        }
    }

    pub(super) fn connects(&mut self, connect: &'r Connect, moment: Moment, scene: &Scene<'r, '_>) {
        if let Some(cursor) = connect.cursor {
            self.brings(cursor, moment, scene);
        }
        self.reader = &connect.reader;
        self.topics = connect.topics.as_deref();
        self.brought = connect.cursor;
        self.is_in = false;
        self.floor = scene.known;
        // Its greeting may still come from this server when the next one has begun.
        self.stored = scene.began_at;
    }

    /// A cursor that it brings back was given to it with what stands there, so everything before it should have been too,
    /// unless it is that of a state it was given, or nobody saw it follow before. What is after it is owed again.
    fn brings(&mut self, cursor: u64, moment: Moment, scene: &Scene<'r, '_>) {
        if self.has_been_in && !scene.of_states.contains(&(self.follower.as_str(), cursor)) {
            self.cover(cursor, moment, false, scene);
        }
        self.at = cursor;
    }

    pub(super) fn connected(&mut self, cursor: u64, resumed: bool, moment: Moment, scene: &mut Scene<'r, '_>) {
        (self.is_in, self.has_been_in) = (true, true);
        self.rules = scene.audiences.now();
        self.owed = scene.audiences.owed(scene.journal, (self.rules, self.reader, self.topics));
        self.seek(scene);
        match self.brought {
            Some(_) if resumed => self.cover(cursor, moment, false, scene),
            brought => {
                self.awaits_reset = brought.is_some();
                self.begin(cursor, scene);
            }
        }
        self.learn_cursor(cursor, scene);
    }

    pub(super) fn reset(&mut self, reason: &str, cursor: u64, scene: &mut Scene<'r, '_>) {
        if !FAIR_REASONS.contains(&reason) {
            scene.found.push(Anomaly::Reset { follower: self.follower.clone(), reason: reason.to_owned() });
        }
        self.awaits_reset = false;
        self.begin(cursor, scene);
        self.learn_cursor(cursor, scene);
    }

    pub(super) fn marked(&mut self, cursor: u64, moment: Moment, scene: &mut Scene<'r, '_>) {
        if self.may_be_told(scene) {
            self.cover(cursor, moment, false, scene);
            self.learn_cursor(cursor, scene);
        }
    }

    pub(super) fn settled(&mut self, head: u64, moment: Moment, scene: &mut Scene<'r, '_>) {
        if self.may_be_told(scene) {
            self.cover(head, moment, true, scene);
        }
    }

    pub(super) fn disconnected(&mut self) {
        self.is_in = false;
        self.awaits_reset = false;
    }

    pub(super) fn told(&mut self, told: &Told, moment: Moment, scene: &mut Scene<'r, '_>) {
        if !self.may_be_told(scene) {
            return;
        }
        let (follower, position) = (self.follower.clone(), told.position);
        let Some(place) = scene.journal.place(position).filter(|place| self.is_true(told, *place, moment, scene))
        else {
            return scene.found.push(Anomaly::Untrue { follower, position });
        };
        scene.learn(position);
        let barred = self.reader.user.as_deref().and_then(|user| scene.barred.get(user));
        let is_barred = barred.is_some_and(|beyond| position > *beyond);
        if is_barred || !self.may_read(told, place, moment, scene) {
            scene.found.push(Anomaly::Forbidden { follower: follower.clone(), position });
        }
        if self.is_stale(told, place, moment, scene) {
            scene.found.push(Anomaly::Stale { follower: follower.clone(), position });
        }
        if position > self.at {
            self.cover(position - 1, moment, false, scene);
            self.at = position;
            self.seek(scene);
        } else if self.missed.remove(&position).is_some() {
            scene.found.push(Anomaly::OutOfOrder { follower, position });
        } else {
            scene.found.push(Anomaly::Repeated { follower, position });
        }
    }

    /// Writes down what it was never told.
    pub(super) fn ends(&mut self, scene: &mut Scene<'r, '_>) {
        for (position, had_settled) in std::mem::take(&mut self.missed) {
            let follower = self.follower.clone();
            scene.found.push(match had_settled {
                true => Anomaly::Silent { follower, position },
                false => Anomaly::Missed { follower, position },
            });
        }
    }

    /// Follows anew from a position; nothing before it is owed.
    fn begin(&mut self, cursor: u64, scene: &mut Scene<'r, '_>) {
        self.ends(scene);
        self.at = cursor;
        self.seek(scene);
    }

    fn may_be_told(&mut self, scene: &mut Scene<'r, '_>) -> bool {
        if !self.is_in {
            scene.found.push(Anomaly::Unconnected { follower: self.follower.clone() });
        } else if std::mem::take(&mut self.awaits_reset) {
            scene.found.push(Anomaly::NotReset { follower: self.follower.clone() });
        }
        self.is_in
    }

    fn learn_cursor(&self, cursor: u64, scene: &mut Scene<'r, '_>) {
        scene.learn(cursor);
        if cursor > scene.journal.head() {
            scene.found.push(Anomaly::NoSuchCursor { follower: self.follower.clone(), position: cursor });
        }
    }

    /// Everything up to `through` must have been told by now; what was not is missed, unless its item is gone.
    fn cover(&mut self, through: u64, moment: Moment, settled: bool, scene: &Scene<'r, '_>) {
        while let Some(kept) = self.owed.get(self.next).map(|place| &scene.journal.kept[*place]) {
            if kept.entry.position > through {
                break;
            }
            self.next += 1;
            let gone = kept.gone.map(|place| &scene.journal.kept[place]);
            let was_gone = gone.is_some_and(|gone| gone.asked.is_none_or(|asked| asked < moment));
            if !(kept.gives() && was_gone) {
                self.missed.insert(kept.entry.position, settled);
            }
        }
        self.at = self.at.max(through);
    }

    /// Finds what is owed first after `at`.
    fn seek(&mut self, scene: &Scene<'r, '_>) {
        let at = self.at;
        self.next = self.owed.partition_point(|place| scene.journal.kept[*place].entry.position <= at);
    }

    /// Whether it was told what the entry says, with the data of the entry or data that its item had later.
    fn is_true(&self, told: &Told, place: usize, moment: Moment, scene: &Scene<'r, '_>) -> bool {
        let entry = scene.journal.kept[place].entry;
        if scene.journal.kept[place].asked.is_some_and(|asked| asked > moment) {
            return false;
        }
        let (said, kept) = (&told.change, &entry.change);
        let same = (told.seq, told.time_ms, &said.topic, said.action, &said.item, &said.author)
            == (entry.seq, entry.time_ms, &kept.topic, kept.action, &kept.item, &kept.author);
        same && match said.data {
            data if data == kept.data || kept.is_erased() => true,
            Some(data) if matches!(said.action, Action::Add | Action::Update) => {
                scene.journal.version(place, data, moment).is_some()
            }
            _ => false,
        }
    }

    /// The entry whose data it was told.
    fn version(&self, told: &Told, place: usize, moment: Moment, scene: &Scene<'r, '_>) -> usize {
        let gives = scene.journal.kept[place].gives();
        let version = told.change.data.filter(|_| gives).and_then(|data| scene.journal.version(place, data, moment));
        version.unwrap_or(place)
    }

    fn may_read(&self, told: &Told, place: usize, moment: Moment, scene: &Scene<'r, '_>) -> bool {
        let version = self.version(told, place, moment, scene);
        let reads = |place: usize| scene.audiences.admits(self.rules, self.reader, &scene.journal.kept[place]);
        reads(place) && reads(version)
    }

    /// Whether what it was told came from the store and had been replaced or ended before it came.
    fn is_stale(&self, told: &Told, place: usize, moment: Moment, scene: &Scene<'r, '_>) -> bool {
        if !scene.journal.kept[place].gives() || told.position > self.stored {
            return false;
        }
        let version = &scene.journal.kept[self.version(told, place, moment, scene)];
        let next = version.next.map(|next| scene.journal.kept[next].entry.position);
        next.is_some_and(|next| next <= self.floor)
    }
}
