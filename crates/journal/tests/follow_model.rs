//! Model test of following: whatever batches come, whatever the transport takes of each offer and however small the
//! tail is, a follower is handed exactly the entries it may read after its cursor, once and in order (I4, I10).

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use bytes::Bytes;
use journal::{
    Action, ChunkBuilder, Content, Cursor, CursorKey, Declaration, Encode, Entry, Filter, Follower, ItemId, Next,
    Pattern, Position, Principal, Rule, RuleBook, Seq, Span, Tag, Tail, TopicName, TopicRules, Undeclared, UserId,
};
use proptest::prelude::*;

/// Writes the position between a two-byte frame and nothing else.
struct Numbers;

impl Encode for Numbers {
    fn encode(&self, entry: &Entry, _: &Cursor, out: &mut Vec<u8>) -> Span {
        let start = u32::try_from(out.len()).unwrap();
        out.extend_from_slice(b"##");
        out.extend_from_slice(&entry.position.0.to_be_bytes());
        Span { start, payload: start + 2, end: u32::try_from(out.len()).unwrap() }
    }
}

const TOPICS: [(&str, Rule); 4] =
    [("open", Rule::Public), ("club", Rule::Member), ("desk", Rule::Admin), ("mine", Rule::Author)];

fn topic(index: usize) -> TopicName {
    TopicName::new(TOPICS[index].0).unwrap()
}

fn user(index: usize) -> UserId {
    UserId::new(["ann", "bob"][index]).unwrap()
}

fn rules() -> RuleBook {
    let declare = |(name, read): (&str, Rule)| Declaration {
        pattern: Pattern::new(name).unwrap(),
        kind: None,
        rules: TopicRules { read, write: Rule::Member, clear: Rule::Admin },
    };
    RuleBook::new(TOPICS.into_iter().map(declare).collect(), Undeclared::CLOSED)
}

fn entry(position: u64, topic_index: usize, author: usize, is_clear: bool) -> Entry {
    Entry {
        position: Position(position),
        topic: topic(topic_index),
        seq: Seq(position),
        action: if is_clear { Action::Clear } else { Action::Add },
        item: (!is_clear).then(|| ItemId::integer(1).unwrap()),
        content: Content::Present { salt: [0; 16], data: None },
        author: Some(user(author)),
        owner: None,
        key: None,
        client_time: None,
        request: None,
        time_ms: 0,
        tag: Tag([0; 32]),
    }
}

/// What the follower may read, said as plainly as possible.
fn may_read(reader: &Principal, filter: &Filter, entry: &Entry) -> bool {
    let rule = TOPICS.iter().find(|(name, _)| *name == entry.topic.as_str()).unwrap().1;
    let is_admin = reader.role() == journal::Role::Admin;
    let is_member = reader.user().is_some();
    let by_rule = match rule {
        Rule::Public => true,
        Rule::Member => is_member,
        Rule::Admin => is_admin,
        Rule::Author => {
            is_admin || (is_member && (entry.action == Action::Clear || reader.user() == entry.author.as_ref()))
        }
    };
    by_rule && filter.wants(&entry.topic)
}

fn readers() -> impl Strategy<Value = Principal> {
    prop_oneof![
        Just(Principal::ANONYMOUS),
        Just(Principal::member(user(0))),
        Just(Principal::member(user(1))),
        Just(Principal::admin(user(0))),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    prop_oneof![
        Just(Filter::Everything),
        prop::collection::vec(0..TOPICS.len(), 0..3).prop_map(|topics| Filter::Patterns(
            topics.into_iter().map(|index| Pattern::Exact(topic(index))).collect()
        )),
    ]
}

type Batch = Vec<(usize, usize, bool)>;

#[derive(Clone, Debug)]
enum Step {
    Commit(Batch),
    /// Serve with this byte budget, the transport taking at most so many messages.
    Serve(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let change = (0..TOPICS.len(), 0..2_usize, prop::bool::weighted(0.1));
    let step = prop_oneof![
        prop::collection::vec(change, 1..8).prop_map(Step::Commit),
        (1..120_usize, 0..9_usize).prop_map(|(bytes, messages)| Step::Serve(bytes, messages)),
    ];
    prop::collection::vec(step, 1..60)
}

struct World {
    rules: RuleBook,
    journal: Vec<Entry>,
    tail: Tail,
    follower: Follower,
    received: Vec<u64>,
}

impl World {
    fn new(reader: Principal, filter: Filter, entries_max: usize) -> Self {
        Self {
            rules: rules(),
            journal: Vec::new(),
            tail: Tail::bounded(Position::START, Tag([0; 32]), usize::MAX, entries_max),
            follower: Follower::new(reader, filter, Position::START),
            received: Vec::new(),
        }
    }

    fn commit(&mut self, batch: &Batch) {
        let first = Position(self.journal.len() as u64 + 1);
        let mut builder = ChunkBuilder::new(first, batch.len());
        for (topic_index, author, is_clear) in batch {
            let entry = entry(self.journal.len() as u64 + 1, *topic_index, *author, *is_clear);
            let index = self.tail.topic_index(&entry.topic, &self.rules);
            builder.push(&entry, index, &CursorKey::new([0; 32]), &Numbers);
            self.journal.push(entry);
        }
        self.tail.push(builder.build(), Tag([0; 32]));
        // As the audience does: only who follows one of the topics is touched.
        if batch.iter().any(|(index, ..)| self.follower.filter().wants(&topic(*index))) {
            self.follower.touch(first);
        }
    }

    fn serve(&mut self, bytes_max: usize, messages_max: usize) {
        if !self.serve_from_the_tail(bytes_max, messages_max) {
            self.page((messages_max as u64).saturating_add(1));
        }
    }

    /// Whether the tail had what comes next.
    fn serve_from_the_tail(&mut self, bytes_max: usize, messages_max: usize) -> bool {
        let offer = match self.follower.next(&self.tail, bytes_max) {
            Next::Store => return false,
            Next::Idle => {
                assert!(!self.follower.is_dirty());
                return true;
            }
            Next::Offer(offer) => offer,
        };
        assert!(offer.messages() > 0, "an offer has something");
        let taken = offer.messages().min(messages_max);
        let all: Vec<_> =
            offer.pieces().iter().flat_map(|piece| piece.spans.iter().map(|span| (piece.bytes, *span))).collect();
        let length: usize = all.iter().map(|(_, span)| (span.end - span.start) as usize).sum();
        assert!(length <= bytes_max || all.len() == 1, "{length} of {bytes_max}");
        self.received.extend(all[..taken].iter().map(|(bytes, span)| number(bytes, *span)));
        self.follower.took(&offer, taken);
        true
    }

    fn page(&mut self, entries: u64) {
        let after = self.follower.served().0;
        let through = after.saturating_add(entries).min(self.journal.len() as u64);
        for position in after + 1..=through {
            let entry = &self.journal[usize::try_from(position).unwrap() - 1];
            if may_read(self.follower.reader(), self.follower.filter(), entry) {
                self.received.push(position);
            }
        }
        self.follower.took_page(Position(through));
    }

    fn expected(&self) -> Vec<u64> {
        let readable = |entry: &&Entry| may_read(self.follower.reader(), self.follower.filter(), entry);
        self.journal.iter().filter(readable).map(|entry| entry.position.0).collect()
    }
}

fn number(bytes: &Bytes, span: Span) -> u64 {
    u64::from_be_bytes(bytes[span.payload as usize..span.end as usize].try_into().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn a_follower_sees_what_it_may_read_once_and_in_order(
        reader in readers(),
        filter in filters(),
        entries_max in 1..40_usize,
        steps in steps(),
    ) {
        let mut world = World::new(reader, filter, entries_max);
        for step in &steps {
            match step {
                Step::Commit(batch) => world.commit(batch),
                Step::Serve(bytes, messages) => world.serve(*bytes, *messages),
            }
            let seen = world.received.len();
            prop_assert_eq!(&world.received, &world.expected()[..seen]);
        }
        while world.follower.is_dirty() {
            world.serve(usize::MAX, usize::MAX);
        }
        prop_assert_eq!(world.received.clone(), world.expected());
    }
}

#[test]
fn a_clean_follower_is_settled_by_the_head_and_touched_by_what_comes() {
    let mut world = World::new(Principal::ANONYMOUS, Filter::Patterns(Box::new([])), 10);
    world.commit(&vec![(0, 0, false); 5]);
    world.serve(1, 1);
    assert!(!world.follower.is_dirty());
    world.follower.settle(Position(9));
    assert_eq!(world.follower.served(), Position(9));
    world.follower.touch(Position(12));
    assert_eq!(world.follower.served(), Position(11));
    world.follower.settle(Position(20));
    assert_eq!(world.follower.served(), Position(11), "a dirty follower is never settled over what it has not seen");
}

#[test]
fn the_tail_keeps_the_newest_batch_however_large() {
    let mut world = World::new(Principal::ANONYMOUS, Filter::Everything, 2);
    world.commit(&vec![(0, 0, false); 9]);
    assert_eq!(world.tail.oldest(), Position(1));
    world.commit(&vec![(0, 0, false); 1]);
    assert_eq!(world.tail.oldest(), Position(10));
    assert_eq!(world.tail.head(), Position(10));
}
