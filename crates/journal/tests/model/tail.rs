//! The tail against a list: whatever batches come and whatever leaves at the bounds, somebody at any cursor is offered
//! what they may read next, whole messages with their lengths, as much as fits, or is told that it is no longer there.

use std::ops::RangeInclusive;

use journal::{ChunkBuilder, Follower, Next, OFFER_PIECES_MAX, Offer, Position, Tail, TopicIndex};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::world::{
    Change, Frames, Rules, TOPICS, Wants, Who, batches, entry, filter, filters, frame, keys, message, principal,
    readers, reads, rule_book, rules, tag, topic,
};

/// Everything that ever came, and which batches are still kept.
#[derive(Clone, Debug)]
struct Kept {
    rules: Rules,
    bytes_max: usize,
    entries_max: usize,
    changes: Vec<Change>,
    batches: Vec<RangeInclusive<u64>>,
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Change>),
    /// Somebody who has seen everything up to a position, at most the head, asks for so many bytes.
    Read {
        who: Who,
        wants: Wants,
        after: u64,
        bytes_max: usize,
    },
}

impl Kept {
    fn head(&self) -> u64 {
        self.changes.len() as u64
    }

    fn oldest(&self) -> u64 {
        self.batches.first().map_or(self.head() + 1, |batch| *batch.start())
    }

    fn change(&self, position: u64) -> &Change {
        &self.changes[usize::try_from(position).unwrap() - 1]
    }

    fn framed(&self, position: u64) -> Vec<u8> {
        frame(&message(position, self.change(position)))
    }

    fn commit(&mut self, batch: &[Change]) {
        let first = self.head() + 1;
        self.changes.extend_from_slice(batch);
        self.batches.push(first..=self.head());
        let is_too_much = |batches: &[RangeInclusive<u64>]| {
            let kept = || batches.iter().cloned().flatten();
            kept().count() > self.entries_max
                || kept().map(|position| self.framed(position).len()).sum::<usize>() > self.bytes_max
        };
        let mut batches = self.batches.clone();
        while batches.len() > 1 && is_too_much(&batches) {
            batches.remove(0);
        }
        self.batches = batches;
    }

    fn readable(&self, who: Who, wants: &Wants, after: u64) -> Vec<u64> {
        (after + 1..=self.head()).filter(|position| reads(&self.rules, who, wants, self.change(*position))).collect()
    }
}

impl ReferenceStateMachine for Kept {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let bounds = (prop_oneof![20..600_usize, Just(usize::MAX)], prop_oneof![1..40_usize, Just(usize::MAX)]);
        (rules(), bounds)
            .prop_map(|(rules, (bytes_max, entries_max))| Self {
                rules,
                bytes_max,
                entries_max,
                changes: Vec::new(),
                batches: Vec::new(),
            })
            .boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        let read = (readers(), filters(), 0..=state.head(), 1..400_usize)
            .prop_map(|(who, wants, after, bytes_max)| Step::Read { who, wants, after, bytes_max });
        prop_oneof![1 => batches().prop_map(Step::Commit), 2 => read].boxed()
    }

    fn preconditions(state: &Self, step: &Step) -> bool {
        !matches!(step, Step::Read { after, .. } if *after > state.head())
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        if let Step::Commit(batch) = step {
            state.commit(batch);
        }
        state
    }
}

/// The real tail, and the topics of each batch as it numbers them.
struct Real {
    tail: Tail,
    indexes: [TopicIndex; 4],
}

impl Real {
    fn commit(&mut self, kept: &Kept) {
        let positions = kept.batches.last().unwrap().clone();
        let mut builder = ChunkBuilder::new(Position(*positions.start()), positions.clone().count());
        for position in positions.clone() {
            let change = kept.change(position);
            builder.push(&entry(position, change), self.indexes[change.topic], &keys(), &Frames);
        }
        let chunk = builder.build();
        let mut topics: Vec<_> = positions.map(|position| self.indexes[kept.change(position).topic]).collect();
        topics.sort_unstable();
        topics.dedup();
        assert_eq!(chunk.topics(), topics, "a batch knows its topics");
        self.tail.push(chunk, tag(kept.head()));
    }
}

struct TailTest;

impl StateMachineTest for TailTest {
    type SystemUnderTest = Real;
    type Reference = Kept;

    fn init_test(kept: &Kept) -> Real {
        let mut tail = Tail::bounded(Position::START, tag(0), kept.bytes_max, kept.entries_max);
        let book = rule_book(&kept.rules);
        let indexes = [0, 1, 2, 3].map(|index| tail.topic_index(&topic(index), &book));
        Real { tail, indexes }
    }

    fn apply(mut real: Real, kept: &Kept, step: Step) -> Real {
        match step {
            Step::Commit(_) => real.commit(kept),
            Step::Read { who, wants, after, bytes_max } => {
                let mut follower = Follower::new(principal(who), filter(&wants), Position(after));
                let readable = kept.readable(who, &wants, after);
                match follower.next(&real.tail, bytes_max) {
                    Next::Store => assert!(after < kept.head() && after + 1 < kept.oldest(), "it is all there"),
                    Next::Idle => {
                        assert_eq!(readable, [], "there was something to read");
                        assert_eq!((follower.served().0, follower.is_dirty()), (kept.head(), false));
                    }
                    Next::Offer(offer) => {
                        assert!(after + 1 >= kept.oldest(), "what has left the tail cannot be offered");
                        check_offer(kept, &readable, &offer, bytes_max);
                    }
                }
            }
        }
        real
    }

    fn check_invariants(real: &Real, kept: &Kept) {
        let tail = &real.tail;
        assert_eq!((tail.head().0, tail.oldest().0), (kept.head(), kept.oldest()));
        assert_eq!(*tail.head_tag(), tag(kept.head()));
        for position in 0..=kept.head() + 1 {
            let is_kept = (kept.oldest()..=kept.head()).contains(&position);
            let cursor = is_kept.then(|| keys().cursor(Position(position), &tag(position)));
            assert_eq!(tail.cursor_at(Position(position)), cursor, "the cursor of {position}");
        }
        for (index, name) in real.indexes.iter().zip(TOPICS) {
            assert_eq!(tail.topic_name(*index).as_str(), name);
        }
    }
}

/// An offer is the beginning of what is readable: whole messages, each with the lengths of its frame and of itself, and
/// no fewer than fit.
fn check_offer(kept: &Kept, readable: &[u64], offer: &Offer<'_>, bytes_max: usize) {
    let offered = readable.get(..offer.messages()).expect("no more is offered than is readable");
    let mut positions = offered.iter();
    let mut bytes = 0;
    for piece in offer.pieces() {
        for (span, next) in piece.spans.iter().zip(piece.spans.iter().skip(1)) {
            assert_eq!(span.end, next.start, "a piece has no hole");
        }
        for (span, position) in piece.spans.iter().zip(&mut positions) {
            let message = message(*position, kept.change(*position));
            assert_eq!(piece.bytes[span.start as usize..span.end as usize], frame(&message), "{position} in its frame");
            assert_eq!(piece.bytes[span.payload as usize..span.end as usize], message, "{position} by itself");
            bytes += (span.end - span.start) as usize;
        }
    }
    assert!(!offered.is_empty() && (bytes <= bytes_max || offered.len() == 1), "{bytes} bytes of {bytes_max}");
    let next = readable.get(offered.len()).map(|position| kept.framed(*position).len());
    let is_full = next.is_none_or(|next| bytes + next > bytes_max) || offer.pieces().len() == OFFER_PIECES_MAX;
    assert!(is_full, "{next:?} more bytes would have fitted behind {bytes} of {bytes_max}");
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tail_offers_at_any_cursor_what_is_readable_next(sequential 1..50 => TailTest);
}
