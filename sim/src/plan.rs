//! What a seed decides before anything happens: figures, people, rules, and how bad it gets.

use history::{Event, Read, TopicRule};
use journal::{Declaration, Pattern, Rule, RuleBook, TopicRules, Undeclared};
use space::Bounds;

use crate::{network::NetworkPlan, random::Random};

/// The topics of a world: open to all, of members, of authors, of admins, and one document.
pub(crate) const TOPICS: [&str; 7] = ["open", "room/1", "room/2", "own/1", "own/2", "staff", "site"];

/// The one that is a document.
pub(crate) const DOCUMENT: &str = "site";

/// Who there is, beside those without a name.
pub(crate) const PEOPLE: [&str; 4] = ["ann", "bob", "cat", "root"];

/// The figures of a world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// What the space keeps in memory and reads at once.
    pub(crate) bounds: Bounds,
    /// Entries of one segment.
    pub(crate) segment_entries_max: u64,
    /// The network's.
    pub(crate) network: NetworkPlan,
    /// Loops of the fan-out.
    pub(crate) shards: usize,
    /// Followers that it serves before something else gets its turn.
    pub(crate) chunk: usize,
    /// Entries that pass before an idle socket is given a cursor.
    pub(crate) mark_entries_min: u64,
    /// Slow readers that are caught up at once.
    pub(crate) reads_max: usize,
    /// The longest that a thread takes to get its turn, in microseconds.
    pub(crate) turn_max: u64,
    /// The longest that the projector lags, in microseconds.
    pub(crate) lag_max: u64,
    /// Clients that keep a line open.
    pub(crate) clients: usize,
    /// When chaos ends, in microseconds.
    pub(crate) calm_at: u64,
    /// The longest between two strokes of fate, in microseconds.
    pub(crate) chaos_every_max: u64,
    /// The longest between two deeds of a client, in microseconds.
    pub(crate) client_every_max: u64,
    /// Once in how many requests over HTTP one is lost.
    pub(crate) lost_one_in: u64,
    /// Which of the rules hold at first.
    pub(crate) rules: usize,
}

impl Plan {
    /// What follows from a seed.
    #[must_use]
    pub(crate) fn new(random: &mut Random) -> Self {
        let bounds = Bounds {
            tail_bytes: random.within(200..=60_000) as usize,
            tail_entries: random.within(1..=200) as usize,
            overlay_entries: random.within(4..=400) as usize,
            recent_entries: random.within(0..=60) as usize,
            projection_entries: random.within(1..=60) as usize,
            page_entries: random.within(1..=40) as usize,
            page_bytes: random.within(1..=6_000) as usize,
            scan_entries: random.within(0..=60),
            resume_entries: if random.one_in(6) { random.within(5..=60) } else { 100_000 },
        };
        let network = NetworkPlan {
            buffer_bytes: random.within(40..=20_000),
            latency_max: random.within(100..=30_000),
            read_bytes_max: random.within(10..=8_000),
        };
        Self {
            bounds,
            network,
            segment_entries_max: random.within(4..=120),
            shards: random.within(1..=3) as usize,
            chunk: random.within(1..=4) as usize,
            mark_entries_min: random.within(1..=30),
            reads_max: random.within(1..=4) as usize,
            turn_max: random.within(10..=20_000),
            lag_max: random.within(10..=400_000),
            clients: random.within(3..=8) as usize,
            calm_at: random.within(4..=14) * 1_000_000,
            chaos_every_max: random.within(200_000..=4_000_000),
            client_every_max: random.within(10_000..=300_000),
            lost_one_in: random.within(2..=20),
            rules: random.index(BOOKS.len()),
        }
    }
}

/// What the topics' readers may be, one choice for each book: of `room/*`, `own/*`, `staff`, and the others.
const BOOKS: [[Read; 4]; 4] = [
    [Read::Member, Read::Author, Read::Admin, Read::Public],
    [Read::Public, Read::Author, Read::Admin, Read::Public],
    [Read::Author, Read::Author, Read::Member, Read::Member],
    [Read::Public, Read::Member, Read::Admin, Read::Public],
];

const PATTERNS: [&str; 3] = ["room/*", "own/*", "staff"];

/// The number of another book of rules.
pub(crate) fn other_rules(random: &mut Random) -> usize {
    random.index(BOOKS.len())
}

/// A book of rules as the product reads it.
pub(crate) fn rule_book(number: usize) -> RuleBook {
    let book = BOOKS[number];
    let rules = |read| TopicRules { read: rule(read), write: Rule::Member, clear: Rule::Member };
    let declare = |(pattern, read): (&str, Read)| Declaration {
        pattern: Pattern::new(pattern).expect("these are patterns"),
        kind: None,
        rules: rules(read),
    };
    let others = Undeclared { create: Rule::Member, rules: rules(book[3]) };
    RuleBook::new(PATTERNS.into_iter().zip(book).map(declare).collect(), others)
}

fn rule(read: Read) -> Rule {
    match read {
        Read::Public => Rule::Public,
        Read::Member => Rule::Member,
        Read::Admin => Rule::Admin,
        Read::Author => Rule::Author,
    }
}

/// The same book for the judge.
pub(crate) fn rules_event(number: usize) -> Event {
    let book = BOOKS[number];
    let rule = |(topics, read): (&str, Read)| TopicRule { topics: topics.to_owned(), read };
    Event::Rules { rules: PATTERNS.into_iter().zip(book).map(rule).collect(), others: book[3] }
}
