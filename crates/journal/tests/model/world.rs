//! The small world of the models: four topics, each under one of four rules, three people and nobody, and an encoder
//! whose messages tell where they end. Whatever the models judge by is said here a second time, as plainly as possible.

use journal::{
    Action, Content, Cursor, CursorKey, Declaration, Encode, Entry, Filter, ItemId, Json, Pattern, Position, Principal,
    Rule, RuleBook, Seq, Span, Tag, TopicName, TopicRules, Undeclared, UserId,
};
use proptest::prelude::*;

pub(crate) const TOPICS: [&str; 4] = ["room/a", "room/b", "desk", "mine"];

/// What may be asked for: a topic, a beginning of topics, or what nobody writes to.
const PATTERNS: [&str; 7] = ["room/a", "room/b", "desk", "mine", "room/*", "*", "elsewhere"];

/// The rule of each topic.
pub(crate) type Rules = [Rule; 4];

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Nobody,
    Ann,
    Bob,
    Root,
}

/// What they follow: everything, or these patterns.
pub(crate) type Wants = Option<Vec<&'static str>>;

/// One entry, as short as it can be said.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) topic: usize,
    pub(crate) by_ann: bool,
    pub(crate) is_clear: bool,
    /// So many bytes of data.
    pub(crate) length: usize,
}

pub(crate) fn batches() -> impl Strategy<Value = Vec<Change>> {
    // Short ones mostly; some whose frame needs the longer header.
    let length = prop_oneof![8 => 0..20_usize, 1 => 110..140_usize];
    let change = (0..TOPICS.len(), any::<bool>(), prop::bool::weighted(0.1), length)
        .prop_map(|(topic, by_ann, is_clear, length)| Change { topic, by_ann, is_clear, length });
    // Half of the batches touch one topic only, as most do in life.
    (prop::collection::vec(change, 1..8), prop::option::of(0..TOPICS.len())).prop_map(|(mut batch, only)| {
        batch.iter_mut().for_each(|change| change.topic = only.unwrap_or(change.topic));
        batch
    })
}

pub(crate) fn readers() -> impl Strategy<Value = Who> {
    prop_oneof![Just(Who::Nobody), Just(Who::Ann), Just(Who::Bob), Just(Who::Root)]
}

pub(crate) fn filters() -> impl Strategy<Value = Wants> {
    prop::option::of(prop::collection::vec(prop::sample::select(&PATTERNS[..]), 0..3))
}

pub(crate) fn rules() -> impl Strategy<Value = Rules> {
    let rule = prop_oneof![Just(Rule::Public), Just(Rule::Member), Just(Rule::Admin), Just(Rule::Author)];
    prop::array::uniform4(rule)
}

/// Whether somebody reads an entry, said as plainly as possible.
pub(crate) fn reads(rules: &Rules, who: Who, wants: &Wants, change: &Change) -> bool {
    let author = if change.by_ann { Who::Ann } else { Who::Bob };
    let may = match rules[change.topic] {
        Rule::Public => true,
        Rule::Member => who != Who::Nobody,
        Rule::Admin => who == Who::Root,
        Rule::Author => who == Who::Root || who == author || (who != Who::Nobody && change.is_clear),
    };
    may && follows(wants, change.topic)
}

/// Whether somebody who wants this follows that topic.
pub(crate) fn follows(wants: &Wants, topic: usize) -> bool {
    let name = TOPICS[topic];
    let fits = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => *pattern == name,
    };
    wants.as_ref().is_none_or(|patterns| patterns.iter().any(fits))
}

/// The message of an entry.
pub(crate) fn message(position: u64, change: &Change) -> Vec<u8> {
    let data = data(change).map_or(Vec::new(), |data| data.as_bytes().to_vec());
    [&position.to_be_bytes()[..], &data].concat()
}

/// The message in its frame: a mark and its length, in two bytes or, when it is long, in four.
pub(crate) fn frame(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap();
    let header = match u8::try_from(length).ok().filter(|length| *length < 126) {
        Some(length) => vec![b'#', length],
        None => [&b"+#"[..], &length.to_be_bytes()].concat(),
    };
    [header, message.to_vec()].concat()
}

/// The first message in a stream of bytes and what lies behind it, once all of it is there.
pub(crate) fn first_message(stream: &[u8]) -> Option<(&[u8], &[u8])> {
    let (begin, length) = match *stream {
        [b'#', length, ..] => (2, usize::from(length)),
        [b'+', b'#', high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
        [] | [b'#'] | [b'+', ..] => return None,
        _ => panic!("no frame begins like this: {stream:?}"),
    };
    Some((stream.get(begin..begin + length)?, stream.get(begin + length..)?))
}

/// Encodes as `frame(message(..))` says.
pub(crate) struct Frames;

impl Encode for Frames {
    fn encode(&self, entry: &Entry, _: &Cursor, out: &mut Vec<u8>) -> Span {
        let data = entry.data().map_or(&[][..], |data| data.as_bytes());
        let message = [&entry.position.0.to_be_bytes()[..], data].concat();
        let start = u32::try_from(out.len()).unwrap();
        out.extend_from_slice(&frame(&message));
        let end = u32::try_from(out.len()).unwrap();
        Span { start, payload: end - u32::try_from(message.len()).unwrap(), end }
    }
}

pub(crate) fn keys() -> CursorKey {
    CursorKey::new([7; 32])
}

/// The tag of a position. Nothing is chained here.
pub(crate) fn tag(position: u64) -> Tag {
    Tag([u8::try_from(position % 251).unwrap(); 32])
}

pub(crate) fn entry(position: u64, change: &Change) -> Entry {
    let name = if change.by_ann { "ann" } else { "bob" };
    Entry {
        position: Position(position),
        topic: topic(change.topic),
        seq: Seq(position),
        action: if change.is_clear { Action::Clear } else { Action::Add },
        item: (!change.is_clear).then(|| ItemId::integer(1).unwrap()),
        content: Content::Present { salt: [0; 16], data: data(change) },
        author: Some(UserId::new(name).unwrap()),
        owner: None,
        key: None,
        client_time: None,
        request: None,
        time_ms: 0,
        tag: tag(position),
    }
}

fn data(change: &Change) -> Option<Json> {
    let text = format!("\"{}\"", "x".repeat(change.length));
    (!change.is_clear).then(|| Json::parse(text.as_bytes()).unwrap())
}

pub(crate) fn topic(index: usize) -> TopicName {
    TopicName::new(TOPICS[index]).unwrap()
}

pub(crate) fn principal(who: Who) -> Principal {
    let user = |name| UserId::new(name).unwrap();
    match who {
        Who::Nobody => Principal::ANONYMOUS,
        Who::Ann => Principal::member(user("ann")),
        Who::Bob => Principal::member(user("bob")),
        Who::Root => Principal::admin(user("root")),
    }
}

pub(crate) fn filter(wants: &Wants) -> Filter {
    match wants {
        None => Filter::Everything,
        Some(patterns) => Filter::Patterns(patterns.iter().map(|text| Pattern::new(text).unwrap()).collect()),
    }
}

pub(crate) fn rule_book(rules: &Rules) -> RuleBook {
    let declare = |(name, read): (&&str, &Rule)| Declaration {
        pattern: Pattern::new(name).unwrap(),
        kind: None,
        rules: TopicRules { read: *read, write: Rule::Member, clear: Rule::Admin },
    };
    RuleBook::new(TOPICS.iter().zip(rules).map(declare).collect(), Undeclared::CLOSED)
}
