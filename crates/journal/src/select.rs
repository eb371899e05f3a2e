//! Which entries of a chunk one follower reads, in runs of neighbours.
//!
//! A follower of few topics among many finds its entries by the chunk's index, so that a batch of a thousand topics costs
//! it no more than a batch of its own.

use std::{borrow::Cow, ops::Range};

use crate::{
    Bug, Filter, Pattern, Principal, Sight,
    tail::{Chunk, Tail, TopicIndex},
};

/// The topics that a filter selects, looked up once for all chunks that a follower goes through.
pub(crate) enum Wanted<'a> {
    Everything,
    Topics {
        /// Those with an exact name that the tail knows, ascending, each once.
        exact: Vec<TopicIndex>,
        /// The other patterns, whose topics are found chunk by chunk; and the exact ones, if there are others.
        prefixes: &'a [Pattern],
    },
}

impl<'a> Wanted<'a> {
    /// Exact names are looked up, so that neither many topics nor many patterns multiply.
    pub(crate) fn by(filter: &'a Filter, tail: &Tail) -> Self {
        let Filter::Patterns(patterns) = filter else { return Self::Everything };
        let index = |pattern: &Pattern| match pattern {
            Pattern::Exact(name) => tail.index_of(name),
            Pattern::Prefix(_) => None,
        };
        let mut exact: Vec<TopicIndex> = patterns.iter().filter_map(index).collect();
        exact.sort_unstable();
        exact.dedup();
        let has_prefixes = patterns.iter().any(|pattern| matches!(pattern, Pattern::Prefix(_)));
        Self::Topics { exact, prefixes: if has_prefixes { patterns } else { &[] } }
    }
}

/// A follower's entries of one chunk, from a place on.
pub(crate) struct Selection<'a> {
    chunk: &'a Chunk,
    reader: &'a Principal,
    tail: &'a Tail,
    at: usize,
    places: Places<'a>,
}

/// Where a follower's entries may lie in a chunk; its right to each is judged beside.
enum Places<'a> {
    /// All from here on, and it may read all of them.
    All,
    /// Anywhere.
    Anywhere,
    /// Only here, in order.
    Only(Cow<'a, [u32]>),
}

impl<'a> Selection<'a> {
    pub(crate) fn new(
        tail: &'a Tail,
        chunk: &'a Chunk,
        from: usize,
        reader: &'a Principal,
        wanted: &Wanted<'_>,
    ) -> Self {
        Self { chunk, reader, tail, at: from, places: places(tail, chunk, reader, wanted) }
    }

    /// The next entries in a row that the follower reads.
    pub(crate) fn next_run(&mut self) -> Option<Range<usize>> {
        let run = match &mut self.places {
            Places::All => self.at..self.chunk.len(),
            Places::Anywhere => {
                let reads = |at: &usize| reads(self.tail, self.chunk, *at, self.reader);
                let begin = (self.at..self.chunk.len()).find(reads)?;
                let end = (begin..self.chunk.len()).find(|at| !reads(at)).unwrap_or(self.chunk.len());
                begin..end
            }
            Places::Only(places) => {
                let first = places.partition_point(|place| (*place as usize) < self.at);
                let reads = |place: &&u32| reads(self.tail, self.chunk, **place as usize, self.reader);
                let begin = *places.get(first..)?.iter().find(reads)? as usize;
                let rest =
                    places.get(first..).unwrap_or_default().iter().skip_while(|place| (**place as usize) < begin);
                let length =
                    rest.zip(begin..).take_while(|(place, at)| **place as usize == *at && reads(place)).count();
                begin..begin + length
            }
        };
        self.at = run.end;
        (!run.is_empty()).then_some(run)
    }
}

fn reads(tail: &Tail, chunk: &Chunk, place: usize, reader: &Principal) -> bool {
    let (owner, is_clear) = chunk.owner(place);
    Bug::LiveToEverybody.is_planted() || tail.sight(chunk.topic(place), reader.role()).sees(reader, owner, is_clear)
}

fn places<'a>(tail: &Tail, chunk: &'a Chunk, reader: &Principal, wanted: &Wanted<'_>) -> Places<'a> {
    match (wanted, chunk.topics()) {
        (Wanted::Everything, [only]) => of_topic(tail, chunk, reader, *only),
        (Wanted::Everything, _) => Places::Anywhere,
        (Wanted::Topics { exact, prefixes }, [only]) if wants(tail, *only, exact, prefixes) => {
            of_topic(tail, chunk, reader, *only)
        }
        (Wanted::Topics { exact, prefixes: [] }, _) => of_topics(chunk, exact),
        (Wanted::Topics { exact, prefixes }, topics) => {
            let wanted = topics.iter().copied().filter(|topic| wants(tail, *topic, exact, prefixes));
            of_topics(chunk, &wanted.collect::<Vec<_>>())
        }
    }
}

fn wants(tail: &Tail, topic: TopicIndex, exact: &[TopicIndex], prefixes: &[Pattern]) -> bool {
    exact.binary_search(&topic).is_ok() || prefixes.iter().any(|pattern| pattern.matches(tail.topic_name(topic)))
}

/// In a chunk with several topics.
fn of_topics<'a>(chunk: &'a Chunk, topics: &[TopicIndex]) -> Places<'a> {
    match topics {
        [] => Places::Only(Cow::Borrowed(&[])),
        [only] => Places::Only(Cow::Borrowed(chunk.places_of(*only))),
        several => {
            let mut places: Vec<u32> = several.iter().flat_map(|topic| chunk.places_of(*topic)).copied().collect();
            places.sort_unstable();
            Places::Only(Cow::Owned(places))
        }
    }
}

/// In a chunk with one topic, the right to it is most often the right to everything or to nothing.
fn of_topic<'a>(tail: &Tail, chunk: &Chunk, reader: &Principal, only: TopicIndex) -> Places<'a> {
    debug_assert_eq!(chunk.topics(), [only]);
    match tail.sight(only, reader.role()) {
        Sight::All => Places::All,
        Sight::None => Places::Only(Cow::Borrowed(&[])),
        Sight::Own => Places::Anywhere,
    }
}
