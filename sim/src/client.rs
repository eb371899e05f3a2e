//! One client: a follower that keeps a line open, drops it, stalls and comes back with its cursor, and a pusher that asks
//! again under the same key until it has its answer. It speaks the real wire from the other side, as the stock client does
//! (`pid` and the last offset) or as any other (`auth.cursor`), and writes down whatever it asks and sees.

mod following;
mod line;
mod wishing;

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use history::{Event, Reader, Role};
use serde::{Deserialize, Serialize};

use crate::{
    action::{Action, Life},
    network::{ExchangeId, LineId},
    plan::{PEOPLE, TOPICS},
    random::Random,
    stage::Stage,
};
pub(crate) use following::item_in;
use line::Line;
use wishing::Wish;

/// A client, by its place.
pub(crate) type ClientId = usize;

/// How a client takes its place in the journal along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// `pid`, and the last string argument of any event.
    Stock,
    /// `auth.cursor`.
    Cursor,
}

/// What all clients do alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// The longest between two deeds, in microseconds.
    pub(crate) every_max: u64,
    /// Once in how many requests over HTTP one is lost.
    pub(crate) lost_one_in: u64,
    /// Chaos is over: no new wishes, no whims.
    pub(crate) is_calm: bool,
}

pub(crate) struct Client {
    id: ClientId,
    user: Option<Rc<str>>,
    manner: Manner,
    is_polling: bool,
    topics: Option<Vec<String>>,
    /// How often it began anew without its place: for the judge, somebody else each time.
    generation: u32,
    line: Option<Line>,
    pid: Option<String>,
    cursor: Option<String>,
    /// Somebody decided that it may read and write no more.
    pub(crate) is_barred: bool,
    wishes: VecDeque<Wish>,
    wished: u64,
    /// Requests under way, and what for.
    exchanges: BTreeMap<ExchangeId, Errand>,
    pub(crate) tally: Tally,
}

/// What a request is for.
#[derive(Clone, Debug)]
enum Errand {
    /// A wish of that number.
    Wish(u64),
    /// A state, to look at or to follow from.
    State { follows: bool },
    /// A page of changes, for the reader of that name, from a position on.
    Changes { name: String, from: u64 },
}

/// What a client went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Times it was let in.
    pub connections: u64,
    /// Entries that it was told.
    pub told: u64,
    /// Wishes that were acknowledged.
    pub acked: u64,
    /// Wishes whose first acknowledgement said that they had been written before.
    pub duplicates: u64,
    /// Times it was told to start anew.
    pub resets: u64,
    /// Cursors that it was given alone.
    pub marks: u64,
    /// States and pages of changes that it read.
    pub reads: u64,
    /// Lines that it dropped.
    pub drops: u64,
    /// Times it read nothing for a while.
    pub stalls: u64,
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            connections: self.connections + other.connections,
            told: self.told + other.told,
            acked: self.acked + other.acked,
            duplicates: self.duplicates + other.duplicates,
            resets: self.resets + other.resets,
            marks: self.marks + other.marks,
            reads: self.reads + other.reads,
            drops: self.drops + other.drops,
            stalls: self.stalls + other.stalls,
        }
    }
}

impl Client {
    pub(crate) fn new(id: ClientId, random: &mut Random) -> Self {
        let user = if random.one_in(5) { None } else { Some((*random.pick(&PEOPLE)).into()) };
        let topics = random.one_in(2).then(|| {
            let count = 1 + random.index(3);
            let patterns = ["room/*", "own/*", "open", "staff", "site", "room/1", "o*"];
            (0..count).map(|_| (*random.pick(&patterns)).to_owned()).collect()
        });
        Self {
            id,
            user,
            manner: if random.one_in(2) { Manner::Stock } else { Manner::Cursor },
            is_polling: random.one_in(4),
            topics,
            generation: 0,
            line: None,
            pid: None,
            cursor: None,
            is_barred: false,
            wishes: VecDeque::new(),
            wished: 0,
            exchanges: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// Who it is.
    pub(crate) fn user(&self) -> Option<&Rc<str>> {
        self.user.as_ref()
    }

    fn reader(&self) -> Reader {
        let role = match self.user.as_deref() {
            None => Role::Anonymous,
            Some("root") => Role::Admin,
            Some(_) => Role::Member,
        };
        Reader { user: self.user.as_deref().map(str::to_owned), role }
    }

    /// Its name for the judge.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.id, self.generation)
    }

    /// Whether it is let in and nothing of it is under way.
    pub(crate) fn is_settled(&self) -> bool {
        let is_in = self.line.as_ref().is_some_and(|line| line.is_in);
        self.is_barred || (is_in && self.wishes.is_empty() && self.exchanges.is_empty())
    }

    /// It does something by itself, and will again.
    pub(crate) fn wake(&mut self, stage: &mut Stage, habits: Habits, life: Option<Life>) {
        stage.soon(habits.every_max, Action::Client(self.id));
        if self.is_barred {
            return;
        }
        self.ask_again(stage, habits);
        match (&self.line, life) {
            (None, Some(life)) => self.connect(stage, life),
            (Some(_), _) if !habits.is_calm => self.follow_a_whim(stage, habits),
            _ => {}
        }
    }

    fn follow_a_whim(&mut self, stage: &mut Stage, habits: Habits) {
        let Some(line) = self.line.as_ref().map(|line| line.id) else { return };
        match stage.random.below(60) {
            0 => stage.soon(1, Action::Break(line)),
            1 => self.hang_up(stage),
            2 | 3 => {
                self.tally.stalls += 1;
                let until = stage.now() + stage.random.below(7_000_000);
                stage.stall(line, until);
            }
            4 => self.begin_anew(stage),
            5 | 6 => {
                let follows = stage.random.one_in(3);
                self.read_state(stage, habits, follows);
            }
            7 | 8 => self.read_changes(stage, habits),
            _ => self.wish(stage, habits),
        }
    }

    /// Ends its line by itself, and comes back later.
    fn hang_up(&mut self, stage: &mut Stage) {
        if let Some(line) = self.line.take() {
            self.tally.drops += 1;
            stage.client_closes(line.id);
            self.lost_line(stage);
        }
    }

    /// Forgets everything, as a page does that is loaded again, and comes back as somebody new.
    fn begin_anew(&mut self, stage: &mut Stage) {
        self.hang_up(stage);
        (self.pid, self.cursor) = (None, None);
        self.generation += 1;
    }

    /// Its line is gone.
    pub(crate) fn lose(&mut self, stage: &mut Stage, line: LineId) {
        if self.line.as_ref().is_some_and(|own| own.id == line) {
            self.line = None;
            self.lost_line(stage);
        }
        stage.client_closes(line);
    }

    fn lost_line(&mut self, stage: &mut Stage) {
        stage.note(Event::Disconnected { follower: self.name() });
        // What was asked over it is asked again over another one.
        self.wishes.iter_mut().for_each(Wish::line_lost);
    }

    /// Somebody decided that it may read and write no more: whatever was under way stays unanswered.
    pub(crate) fn bar(&mut self) {
        self.is_barred = true;
        self.wishes.clear();
    }

    /// What it follows, as it says so.
    fn wants(&self, topic: &str) -> bool {
        let selects = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => topic.starts_with(beginning),
            None => topic == pattern,
        };
        self.topics.as_ref().is_none_or(|topics| topics.iter().any(selects))
    }

    /// The topics that it could follow.
    fn followed(&self) -> Vec<&'static str> {
        TOPICS.into_iter().filter(|topic| self.wants(topic)).collect()
    }
}
