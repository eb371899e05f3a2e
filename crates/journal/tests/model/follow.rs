//! Following against a list: whatever batches come, whatever room the transport has and wherever that cuts a frame, however
//! small the tail is, whoever comes, goes and comes back as somebody else and under other rules, a follower is handed
//! exactly the entries it may read after its cursor, once and in order (I4, I10).

use std::collections::BTreeMap;

use journal::{
    Audience, ChunkBuilder, Concerned, Filter, Follower, Next, Offer, Position, Principal, RuleBook, Tail, TopicName,
};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::world::{
    Change, Frames, Rules, Wants, Who, batches, entry, filter, filters, first_message, frame, keys, message, principal,
    readers, reads, rule_book, rules, tag, topic,
};

/// Clients, each of whom is connected at most once.
const CLIENTS: usize = 2;

/// The journal, the rules, and what each client is owed.
#[derive(Clone, Debug)]
struct Owed {
    rules: Rules,
    tail_bytes: usize,
    tail_entries: usize,
    changes: Vec<Change>,
    /// The last batches of which the audience has not been told: how many entries.
    untold: u64,
    clients: [Option<Connection>; CLIENTS],
}

/// Somebody who is connected.
#[derive(Clone, Debug)]
struct Connection {
    who: Who,
    wants: Wants,
}

#[derive(Clone, Debug)]
enum Step {
    /// A batch is durable and in the tail.
    Commit(Vec<Change>),
    /// Everybody whom the last batches concern is told so.
    Tell,
    /// A client comes, with the cursor of the last message that it has whole.
    Connect(usize, Who, Wants),
    /// A client is served while its transport takes so many bytes: so many offered at once, so many entries on a page.
    Serve { client: usize, room: usize, bytes_max: usize, page_entries: u64 },
    /// An idle client is given the cursor up to where everybody was told.
    Mark(usize),
    /// A connection breaks: what lay in the transport is lost, and whatever part of a message had come.
    Drop(usize),
    /// The server starts again, with other rules and an empty tail.
    Restart(Rules),
}

impl Owed {
    fn head(&self) -> u64 {
        self.changes.len() as u64
    }

    /// What a client that has everything up to `since` is still to be told, as messages.
    fn messages(&self, client: usize, since: u64) -> Vec<Vec<u8>> {
        let Some(Connection { who, wants }) = &self.clients[client] else { return Vec::new() };
        let numbered = (1..).zip(&self.changes).filter(|(position, _)| *position > since);
        let readable = numbered.filter(|(_, change)| reads(&self.rules, *who, wants, change));
        readable.map(|(position, change)| message(position, change)).collect()
    }
}

impl ReferenceStateMachine for Owed {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let bounds = (prop_oneof![1 => 20..600_usize, 2 => Just(usize::MAX)], 1..40_usize);
        (rules(), bounds)
            .prop_map(|(rules, (tail_bytes, tail_entries))| Self {
                rules,
                tail_bytes,
                tail_entries,
                changes: Vec::new(),
                untold: 0,
                clients: [const { None }; CLIENTS],
            })
            .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let client = || 0..CLIENTS;
        let room = prop_oneof![3 => 0..60_usize, 1 => 0..2_000_usize];
        let serve = (client(), room, 1..200_usize, 1..9_u64)
            .prop_map(|(client, room, bytes_max, page_entries)| Step::Serve { client, room, bytes_max, page_entries });
        prop_oneof![
            8 => batches().prop_map(Step::Commit),
            6 => Just(Step::Tell),
            4 => (client(), readers(), filters()).prop_map(|(client, who, wants)| Step::Connect(client, who, wants)),
            16 => serve,
            2 => client().prop_map(Step::Mark),
            2 => client().prop_map(Step::Drop),
            1 => rules().prop_map(Step::Restart),
        ]
        .boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        match step {
            Step::Commit(batch) => {
                state.changes.extend_from_slice(batch);
                state.untold += batch.len() as u64;
            }
            Step::Tell => state.untold = 0,
            Step::Connect(client, who, wants) => {
                state.clients[*client] = Some(Connection { who: *who, wants: wants.clone() });
            }
            Step::Drop(client) => state.clients[*client] = None,
            Step::Restart(rules) => {
                state.rules = *rules;
                state.untold = 0;
                state.clients = [const { None }; CLIENTS];
            }
            Step::Serve { .. } | Step::Mark(_) => {}
        }
        state
    }
}

/// A server and its clients.
struct Real {
    book: RuleBook,
    tail: Tail,
    audience: Audience<usize>,
    /// The topics of the batches of which nobody was told, and where they begin.
    touched: BTreeMap<TopicName, Position>,
    clients: [Client; CLIENTS],
    joined: u64,
}

/// A client, and the server's side of its connection.
#[derive(Default)]
struct Client {
    /// Up to here it has everything: what it would bring as its cursor.
    cursor: u64,
    /// Where its connection began.
    since: u64,
    /// The messages that came since.
    received: Vec<Vec<u8>>,
    /// The beginning of the next one.
    partial: Vec<u8>,
    /// What the server began to send and the transport did not take.
    pending: Vec<u8>,
    served: Option<(u64, Follower)>,
}

impl Real {
    fn commit(&mut self, owed: &Owed, batch: &[Change]) {
        let first = owed.head() - batch.len() as u64 + 1;
        let mut builder = ChunkBuilder::new(Position(first), batch.len());
        for (position, change) in (first..).zip(batch) {
            let index = self.tail.topic_index(&topic(change.topic), &self.book);
            builder.push(&entry(position, change), index, &keys(), &Frames);
        }
        self.tail.push(builder.build(), tag(owed.head()));
        for change in batch {
            // The earliest batch that nobody was told of yet, as in the fan-out.
            self.touched.entry(topic(change.topic)).or_insert(Position(first));
        }
    }

    fn tell(&mut self) {
        let topics: Vec<_> = std::mem::take(&mut self.touched).into_iter().collect();
        let mut concerned = Vec::new();
        self.audience.concerned(&topics, &mut concerned);
        for Concerned { id, handle: client, first } in concerned {
            let (joined, follower) = self.clients[client].served.as_mut().expect("who left is not concerned");
            assert_eq!(*joined, id, "a connection that is gone is not concerned");
            follower.touch(first);
        }
    }

    fn disconnect(&mut self, client: usize) {
        let client = &mut self.clients[client];
        let Some((id, follower)) = client.served.take() else { return };
        self.audience.leave(id, follower.filter());
        *client = Client { cursor: client.cursor, ..Client::default() };
    }

    fn connect(&mut self, index: usize, who: Principal, filter: Filter) {
        self.disconnect(index);
        self.joined += 1;
        self.audience.join(self.joined, &filter, &index);
        let client = &mut self.clients[index];
        client.since = client.cursor;
        client.served = Some((self.joined, Follower::new(who, filter, Position(client.cursor))));
    }

    /// Everybody goes, and whoever was to be told of something is not.
    fn restart(&mut self, owed: &Owed) {
        (0..CLIENTS).for_each(|client| self.disconnect(client));
        let clients = std::mem::take(&mut self.clients);
        *self = Self { clients, joined: self.joined, ..Self::start(owed) };
    }

    fn start(owed: &Owed) -> Self {
        let (head, head_tag) = (Position(owed.head()), tag(owed.head()));
        Self {
            book: rule_book(&owed.rules),
            tail: Tail::bounded(head, head_tag, owed.tail_bytes, owed.tail_entries),
            audience: Audience::default(),
            touched: BTreeMap::new(),
            clients: Default::default(),
            joined: 0,
        }
    }
}

impl Client {
    /// What a transport with so much room takes; what it cut is kept, as the engine does.
    fn serve(&mut self, tail: &Tail, owed: &Owed, index: usize, mut room: usize, bytes_max: usize, page_entries: u64) {
        self.flush(&mut room);
        let Some((id, mut follower)) = self.served.take() else { return };
        let mut goes_on = self.pending.is_empty();
        while goes_on {
            let before = follower.served();
            goes_on = match follower.next(tail, bytes_max) {
                Next::Idle => false,
                Next::Offer(offer) => {
                    let taken = self.write(&mut room, offered(&offer));
                    follower.took(&offer, taken);
                    taken == offer.messages() && self.pending.is_empty()
                }
                Next::Store => {
                    let through = (before.0 + page_entries).min(owed.head());
                    self.page(&mut room, &mut follower, owed.messages(index, before.0), through)
                }
            };
        }
        self.served = Some((id, follower));
    }

    /// A page of what is readable after where the follower is; whether it went out whole.
    fn page(&mut self, room: &mut usize, follower: &mut Follower, readable: Vec<Vec<u8>>, through: u64) -> bool {
        let page: Vec<_> = readable.into_iter().take_while(|message| position(message) <= through).collect();
        let taken = self.write(room, page.iter().map(|message| frame(message)).collect());
        if taken == page.len() {
            follower.took_page(Position(through));
        } else if let Some(last) = taken.checked_sub(1) {
            follower.took_page(Position(position(&page[last])));
        }
        taken == page.len() && self.pending.is_empty()
    }

    /// Writes frames while there is room; how many were begun.
    fn write(&mut self, room: &mut usize, frames: Vec<Vec<u8>>) -> usize {
        let mut begun = 0;
        for frame in frames {
            if *room == 0 || !self.pending.is_empty() {
                break;
            }
            begun += 1;
            self.pending = frame;
            self.flush(room);
        }
        begun
    }

    fn flush(&mut self, room: &mut usize) {
        let written = self.pending.len().min(*room);
        *room -= written;
        let rest = self.pending.split_off(written);
        self.partial.extend(std::mem::replace(&mut self.pending, rest));
        while let Some((message, rest)) = first_message(&self.partial) {
            self.cursor = position(message);
            self.received.push(message.to_vec());
            self.partial = rest.to_vec();
        }
    }
}

/// The frames of an offer.
fn offered(offer: &Offer<'_>) -> Vec<Vec<u8>> {
    let pieces = offer.pieces().iter();
    let spans = pieces.flat_map(|piece| piece.spans.iter().map(|span| (piece.bytes, span)));
    spans.map(|(bytes, span)| bytes[span.start as usize..span.end as usize].to_vec()).collect()
}

fn position(message: &[u8]) -> u64 {
    u64::from_be_bytes(message[..8].try_into().unwrap())
}

struct FollowTest;

impl StateMachineTest for FollowTest {
    type SystemUnderTest = Real;
    type Reference = Owed;

    fn init_test(owed: &Owed) -> Real {
        Real::start(owed)
    }

    fn apply(mut real: Real, owed: &Owed, step: Step) -> Real {
        match step {
            Step::Commit(batch) => real.commit(owed, &batch),
            Step::Tell => real.tell(),
            Step::Connect(client, who, wants) => real.connect(client, principal(who), filter(&wants)),
            Step::Serve { client, room, bytes_max, page_entries } => {
                real.clients[client].serve(&real.tail, owed, client, room, bytes_max, page_entries);
            }
            Step::Mark(client) => mark(&mut real.clients[client], owed.head() - owed.untold),
            Step::Drop(client) => real.disconnect(client),
            Step::Restart(_) => real.restart(owed),
        }
        real
    }

    fn check_invariants(real: &Real, owed: &Owed) {
        for (index, client) in real.clients.iter().enumerate() {
            let Some((_, follower)) = &client.served else { continue };
            let expected = owed.messages(index, client.since);
            let (received, rest) = expected.split_at(client.received.len().min(expected.len()));
            assert_eq!(client.received, received, "client {index} got something else");
            let untold = owed.head() - owed.untold;
            let is_owed = rest.iter().any(|message| position(message) <= untold);
            let is_quiet = !follower.is_dirty() && client.pending.is_empty();
            assert!(!(is_owed && is_quiet), "client {index} waits for what nobody will send: {rest:?}");
        }
    }

    fn teardown(mut real: Real, owed: Owed) {
        real.tell();
        for (index, client) in real.clients.iter_mut().enumerate() {
            client.serve(&real.tail, &owed, index, usize::MAX, usize::MAX, 3);
            assert_eq!(client.received, owed.messages(index, client.since), "client {index} did not get everything");
            assert!(client.served.as_ref().is_none_or(|(_, follower)| !follower.is_dirty()));
        }
    }
}

/// A clean follower that was told everything is given the cursor.
fn mark(client: &mut Client, told: u64) {
    if let Some((_, follower)) = &mut client.served
        && !follower.is_dirty()
        && client.pending.is_empty()
    {
        follower.settle(Position(told));
        client.cursor = client.cursor.max(told);
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_follower_sees_what_it_may_read_once_and_in_order(sequential 1..80 => FollowTest);
}

#[test]
fn a_clean_follower_is_settled_by_the_head_and_touched_by_what_comes() {
    let tail = Tail::bounded(Position(5), tag(5), usize::MAX, usize::MAX);
    let mut follower = Follower::new(Principal::ANONYMOUS, Filter::Everything, Position(5));
    assert!(matches!(follower.next(&tail, 1), Next::Idle) && !follower.is_dirty());
    follower.settle(Position(9));
    assert_eq!(follower.served(), Position(9));
    follower.touch(Position(12));
    assert_eq!(follower.served(), Position(11));
    follower.settle(Position(20));
    assert_eq!(follower.served(), Position(11), "a dirty follower is never settled over what it has not seen");
}
