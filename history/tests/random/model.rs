//! A naive server with its clients, all in one, which writes a sound record of whatever it does at random.

use std::collections::BTreeMap;

use history::{
    Ack, Action, Change, Connect, Digest, Entry, Event, Item, Push, Read, Reader, Role, Snapshot, Told, TopicRule,
};

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

const TOPICS: [&str; 4] = ["a", "b", "own/1", "staff"];
const AUTHORS: [&str; 3] = ["ann", "bob", "root"];

/// A follower: its reader, whether it follows `a` and `own/*` only, how far it was told, whether it is in.
struct Follower {
    name: &'static str,
    reader: Reader,
    is_narrow: bool,
    at: Option<u64>,
    is_in: bool,
}

/// A wish, and where it stands once it is written.
struct Wish {
    push: Push,
    written: Option<Ack>,
    is_answered: bool,
}

/// An item that is present: the entry that it began with, and its last one.
#[derive(Clone)]
struct Present {
    began: u64,
    last: usize,
    owner: String,
}

/// An item of a state, with the position that it began with.
type Placed = (u64, (Item, Digest));

pub(crate) struct Model {
    events: Vec<Event>,
    journal: Vec<(Entry, String)>,
    items: BTreeMap<(String, Item), Present>,
    seqs: BTreeMap<String, u64>,
    wishes: Vec<Wish>,
    followers: Vec<Follower>,
    began_at: u64,
}

impl Model {
    /// A run of so many steps, to its end.
    pub(crate) fn run(random: &mut Random, steps: u64) -> Vec<Event> {
        let mut model = Self::new();
        for _ in 0..steps {
            model.step(random);
        }
        model.end();
        model.events
    }

    fn new() -> Self {
        let rule = |topics: &str, read| TopicRule { topics: topics.to_owned(), read };
        let rules = vec![rule("own/*", Read::Author), rule("staff", Read::Admin)];
        let reader = |user: Option<&str>, role| Reader { user: user.map(str::to_owned), role };
        let follower = |name, reader, is_narrow| Follower { name, reader, is_narrow, at: None, is_in: false };
        Self {
            events: vec![Event::Rules { rules, others: Read::Public }, Event::Started { head: 0 }],
            journal: Vec::new(),
            items: BTreeMap::new(),
            seqs: BTreeMap::new(),
            wishes: Vec::new(),
            followers: vec![
                follower("nobody", reader(None, Role::Anonymous), false),
                follower("ann", reader(Some("ann"), Role::Member), false),
                follower("bob", reader(Some("bob"), Role::Member), true),
                follower("root", reader(Some("root"), Role::Admin), false),
            ],
            began_at: 0,
        }
    }

    fn step(&mut self, random: &mut Random) {
        let follower = random.below(self.followers.len());
        match random.below(20) {
            0..7 => self.wish(random),
            7..9 => self.again(random),
            9..16 => self.tell(follower, random.one_in(2)),
            16 => self.connect(follower),
            17 if random.one_in(2) => self.disconnect(follower),
            18 if random.one_in(4) => self.crash(),
            19 if random.one_in(3) => self.snapshot(follower),
            _ => self.mark(follower),
        }
    }

    fn head(&self) -> u64 {
        self.journal.len() as u64
    }

    /// Somebody asks for something that can be done; it is written or not, and answered or not.
    fn wish(&mut self, random: &mut Random) {
        let number = self.wishes.len() as u64;
        let (topic, author) = (TOPICS[random.below(4)], AUTHORS[random.below(3)]);
        let present: Vec<Item> =
            self.items.keys().filter(|(of, _)| of == topic).map(|(_, item)| item.clone()).collect();
        let (action, item) = match random.below(12) {
            0 => (Action::Clear, None),
            1..4 if !present.is_empty() => (Action::Delete, present[random.below(present.len())].clone()),
            4..7 if !present.is_empty() => (Action::Update, present[random.below(present.len())].clone()),
            _ => (Action::Add, Some(format!("\"{number}\""))),
        };
        let text = match action {
            Action::Delete => item.clone().unwrap(),
            _ => format!("{number}"),
        };
        let data = (action != Action::Clear).then(|| Digest::of(text.as_bytes()));
        let change = Change { topic: topic.to_owned(), action, item, data, author: Some(author.to_owned()) };
        let key = (action != Action::Add || !random.one_in(6)).then(|| format!("k{number}"));
        self.wishes.push(Wish { push: Push { push: number, change, key }, written: None, is_answered: false });
        self.ask(self.wishes.len() - 1, random);
    }

    fn again(&mut self, random: &mut Random) {
        let open: Vec<usize> = (0..self.wishes.len()).filter(|index| !self.wishes[*index].is_answered).collect();
        if !open.is_empty() {
            self.ask(open[random.below(open.len())], random);
        }
    }

    fn ask(&mut self, index: usize, random: &mut Random) {
        self.events.push(Event::Push(self.wishes[index].push.clone()));
        let (arrives, is_answered) = (!random.one_in(8), !random.one_in(6));
        if !arrives {
            return;
        }
        let duplicate = self.wishes[index].written.is_some();
        let Some(ack) = self.wishes[index].written.or_else(|| self.write(index)) else { return };
        let wish = &mut self.wishes[index];
        wish.written = Some(ack);
        if is_answered {
            wish.is_answered = true;
            self.events.push(Event::Ack(Ack { duplicate, ..ack }));
        }
    }

    /// Writes a wish, if what it changes is still there.
    fn write(&mut self, index: usize) -> Option<Ack> {
        let push = self.wishes[index].push.clone();
        let place = (push.change.topic.clone(), push.change.item.clone());
        let present = self.items.get(&place).cloned();
        if push.change.action == Action::Delete && present.is_none() {
            return None;
        }
        let author = push.change.author.clone().unwrap();
        let owner = present.as_ref().map_or(author, |present| present.owner.clone());
        let position = self.head() + 1;
        let seq = self.seqs.entry(place.0.clone()).or_default();
        *seq += 1;
        let ack = Ack { push: push.push, position, seq: *seq, cursor: position, duplicate: false, changed: true };
        let last = self.journal.len();
        match push.change.action {
            Action::Delete => drop(self.items.remove(&place)),
            Action::Clear => self.items.retain(|(topic, _), _| *topic != place.0),
            _ => {
                let began = present.map_or(position, |present| present.began);
                self.items.insert(place, Present { began, last, owner: owner.clone() });
            }
        }
        let entry = Entry { position, seq: ack.seq, time_ms: 1_000 + position, change: push.change, key: push.key };
        self.journal.push((entry, owner));
        Some(ack)
    }

    fn connect(&mut self, index: usize) {
        if self.followers[index].is_in {
            return;
        }
        let head = self.head();
        let follower = &mut self.followers[index];
        let topics = follower.is_narrow.then(|| vec!["a".to_owned(), "own/*".to_owned()]);
        let (brought, reader) = (follower.at, follower.reader.clone());
        (follower.at, follower.is_in) = (Some(brought.unwrap_or(head)), true);
        let name = follower.name.to_owned();
        let connect = Connect { follower: name.clone(), reader, topics, cursor: brought };
        self.events.push(Event::Connect(connect));
        let cursor = brought.unwrap_or(head);
        self.events.push(Event::Connected { follower: name, cursor, resumed: brought.is_some() });
    }

    fn disconnect(&mut self, index: usize) {
        if std::mem::take(&mut self.followers[index].is_in) {
            let follower = self.followers[index].name.to_owned();
            self.events.push(Event::Disconnected { follower });
        }
    }

    fn crash(&mut self) {
        for index in 0..self.followers.len() {
            self.disconnect(index);
        }
        self.began_at = self.head();
        self.events.extend([Event::Ended, Event::Started { head: self.began_at }]);
    }

    fn reads(reader: &Reader, topic: &str, owner: &str, is_clear: bool) -> bool {
        let is_admin = reader.role == Role::Admin;
        match topic {
            "staff" => is_admin,
            "own/1" => is_admin || (reader.role == Role::Member && (is_clear || reader.user.as_deref() == Some(owner))),
            _ => true,
        }
    }

    fn wants(follower: &Follower, topic: &str) -> bool {
        !follower.is_narrow || topic == "a" || topic.starts_with("own/")
    }

    /// The next entry that a follower may read.
    fn next(&self, index: usize) -> Option<usize> {
        let follower = &self.followers[index];
        let at = follower.at.filter(|_| follower.is_in)?;
        let readable = |place: &usize| {
            let (entry, owner) = &self.journal[*place];
            let (topic, is_clear) = (&entry.change.topic, entry.change.action == Action::Clear);
            Self::wants(follower, topic) && Self::reads(&follower.reader, topic, owner, is_clear)
        };
        (at as usize..self.journal.len()).find(readable)
    }

    /// Tells a follower what comes next, as the store would or as the tail would.
    fn tell(&mut self, index: usize, from_store: bool) {
        let Some(place) = self.next(index) else { return };
        let (entry, _) = &self.journal[place];
        let mut change = entry.change.clone();
        let mut is_told = true;
        if (from_store || entry.position <= self.began_at) && matches!(change.action, Action::Add | Action::Update) {
            let present = self.items.get(&(change.topic.clone(), change.item.clone()));
            change.data = present.and_then(|present| self.journal[present.last].0.change.data);
            is_told = present.is_some_and(|present| {
                Self::reads(&self.followers[index].reader, &change.topic, &present.owner, false)
            });
        }
        let (position, seq, time_ms) = (entry.position, entry.seq, entry.time_ms);
        let follower = &mut self.followers[index];
        follower.at = Some(position);
        if is_told {
            let told = Told { follower: follower.name.to_owned(), position, seq, time_ms, change };
            self.events.push(Event::Told(told));
        }
    }

    fn mark(&mut self, index: usize) {
        let (head, next) = (self.head(), self.next(index));
        let follower = &mut self.followers[index];
        if next.is_none() && follower.is_in {
            follower.at = Some(head);
            self.events.push(Event::Mark { follower: follower.name.to_owned(), cursor: head });
        }
    }

    fn snapshot(&mut self, index: usize) {
        let follower = &self.followers[index];
        let mut state: BTreeMap<String, Vec<Placed>> = BTreeMap::new();
        for ((topic, item), present) in &self.items {
            if Self::wants(follower, topic) && Self::reads(&follower.reader, topic, &present.owner, false) {
                let data = self.journal[present.last].0.change.data.unwrap();
                state.entry(topic.clone()).or_default().push((present.began, (item.clone(), data)));
            }
        }
        let ordered = |(topic, mut items): (String, Vec<Placed>)| {
            items.sort_by_key(|(began, _)| *began);
            (topic, items.into_iter().map(|(_, item)| item).collect())
        };
        let state = state.into_iter().map(ordered).collect();
        let topics = follower.is_narrow.then(|| vec!["a".to_owned(), "own/*".to_owned()]);
        let snapshot = Snapshot { reader: follower.reader.clone(), follower: None, topics, cursor: self.head(), state };
        self.events.push(Event::Snapshot(snapshot));
    }

    /// Everybody comes back and is told everything; then the journal is written down.
    fn end(&mut self) {
        for index in 0..self.followers.len() {
            self.connect(index);
            while self.next(index).is_some() {
                self.tell(index, false);
            }
            let follower = self.followers[index].name.to_owned();
            self.events.push(Event::Settled { follower, head: self.head() });
        }
        self.events.extend(self.journal.iter().map(|(entry, _)| Event::Entry(entry.clone())));
    }
}
