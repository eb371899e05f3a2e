//! The writer: the one place where pushes become entries.
//!
//! [`Writer::step`] takes everything that waits, decides each push against the projections and the overlay, numbers
//! and chains the accepted ones, and appends them in one synced transaction. Only then are they encoded into the tail,
//! the head published, and the answers handed back: nothing is acked, and nobody woken, before it is durable (I2).

mod reopen;

use std::{collections::HashMap, sync::Arc};

use journal::{
    Action, Bug, ChunkBuilder, Content, Cursor, Decision, Draft, EarlierPush, Entry, Facts, ItemFacts, ItemId, Json,
    Key, Needs, Position, Principal, Push, Refusal, Salt, Seq, Tag, TopicFacts, TopicName, UserId, limits::TOPICS_MAX,
};
use store::Head;

pub use reopen::ReopenError;

use crate::{
    ReadError, Space,
    limits::{BATCH_BYTES_MAX, BATCH_PUSHES_MAX},
    overlay::{Overlay, OverlayItem},
    page::all_topics,
};

/// A push on its way, with whatever the caller answers it by.
#[derive(Debug)]
pub struct Request<R> {
    /// Who asks.
    pub who: Principal,
    /// What for.
    pub push: Push,
    /// How the caller reaches them.
    pub reply: R,
}

/// What a push is told.
pub type Answer = Result<Receipt, Refusal>;

/// Where a push stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its place in the journal; the head's where nothing had to change.
    pub position: Position,
    /// Its place in the topic.
    pub seq: Seq,
    /// The cursor of that position.
    pub cursor: Cursor,
    /// It had been done before: this is the first receipt.
    pub duplicate: bool,
    /// Something was written, now or by the first of its retries.
    pub changed: bool,
}

/// What a step did.
#[derive(Debug)]
pub struct Step<R> {
    /// The answers, in the order of the requests.
    pub answers: Vec<(R, Answer)>,
    /// What was committed, if anything.
    pub committed: Option<Committed>,
}

/// A batch that followers may now read.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The first position of the batch.
    pub first: Position,
    /// The last one: the head.
    pub head: Position,
    /// The topics it touched, each once.
    pub topics: Vec<TopicName>,
}

/// The writer of a space. There is one.
pub struct Writer {
    space: Arc<Space>,
    journal: store::Journal,
    head: Head,
    overlay: Overlay,
    topics: HashMap<TopicName, TopicFacts>,
    failure: Option<store::AppendError>,
    /// After a failure: the journal was reopened, and only the projections are waited for.
    is_reopened: bool,
}

/// A batch under way: what was decided and is not yet durable.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    bytes: usize,
}

impl Writer {
    /// The writer behind projections that have reached the journal's head.
    pub fn open(space: Arc<Space>, journal: store::Journal) -> Result<Self, ReadError> {
        let head = journal.head();
        assert_eq!(space.projected(), head.position, "the projector runs to the head before the writer opens");
        let topics = known_topics(&space)?;
        Ok(Self { space, journal, head, overlay: Overlay::default(), topics, failure: None, is_reopened: false })
    }

    /// How many of these requests one step should take: the rest waits for the next commit.
    #[must_use]
    pub fn batch_len<R>(waiting: &[Request<R>]) -> usize {
        let mut bytes = 0;
        let fits = |request: &&Request<R>| {
            bytes += request.push.data.as_ref().map_or(0, |data| data.as_bytes().len());
            bytes <= BATCH_BYTES_MAX
        };
        waiting.iter().take(BATCH_PUSHES_MAX).take_while(fits).count().max(1)
    }

    /// Decides, appends, encodes and publishes one batch. `now_ms` counts from 1970; `salt` draws random bytes.
    pub fn step<R>(&mut self, now_ms: u64, salt: &mut dyn FnMut() -> Salt, inbox: Vec<Request<R>>) -> Step<R> {
        if self.failure.is_some() {
            return unknown(inbox.into_iter().map(|request| request.reply));
        }
        self.overlay.forget(self.space.projected());
        let time_ms = if Bug::TimeGoesBack.is_planted() { now_ms } else { now_ms.max(self.head.time_ms) };
        let mut batch = Batch { entries: Vec::with_capacity(inbox.len()), ..Batch::default() };
        let mut head = self.head;
        let mut answers = Vec::with_capacity(inbox.len());
        for Request { who, push, reply } in inbox {
            let answer = self.decide(&who, push, time_ms, salt, &mut head, &mut batch);
            answers.push((reply, answer));
        }
        if batch.entries.is_empty() {
            return Step { answers, committed: None };
        }
        match self.journal.append(&batch.entries) {
            Ok(()) => {
                self.head = head;
                let committed = self.publish(&batch.entries);
                self.space.published.hand_over(batch.entries);
                Step { answers, committed: Some(committed) }
            }
            Err(error) => {
                self.failure = Some(error).filter(|_| !Bug::WritesAfterFailure.is_planted());
                if Bug::AckedThoughFailed.is_planted() {
                    return Step { answers, committed: None };
                }
                unknown(answers.into_iter().map(|(reply, _)| reply))
            }
        }
    }

    /// Why it writes no longer, once an append or a checkpoint has failed (I8). Only [`Writer::reopen`] helps.
    #[must_use]
    pub fn failure(&self) -> Option<&store::AppendError> {
        self.failure.as_ref()
    }

    /// Lets the store write its log back, at a moment when nobody waits.
    pub fn checkpoint(&mut self) -> Result<(), store::CheckpointError> {
        self.journal.checkpoint().inspect_err(|_| self.fail())
    }

    fn decide(
        &mut self,
        who: &Principal,
        push: Push,
        time_ms: u64,
        salt: &mut dyn FnMut() -> Salt,
        head: &mut Head,
        batch: &mut Batch,
    ) -> Answer {
        if self.overlay.len() >= self.space.bounds.overlay_entries {
            return Err(Refusal::Busy);
        }
        let rules = &self.space.rules;
        let topic = self.topics.get(&push.topic).copied();
        let needs = journal::needs(rules, who, &push, topic)?;
        let kind = needs.kind;
        let facts = self.facts(who, &push, &needs, batch).map_err(|_| Refusal::Unavailable)?;
        let item_owner = facts.item.as_ref().map(|item| item.owner.clone());
        match journal::decide(rules, who, &push, topic, needs, facts, self.space.data_bytes_max)? {
            Decision::Duplicate(position) => self.first_receipt(position, batch),
            Decision::Unchanged => Ok(Receipt {
                position: head.position,
                seq: topic.map_or(Seq(0), |topic| topic.seq),
                cursor: self.space.keys.cursor(head.position, &head.tag),
                duplicate: false,
                changed: false,
            }),
            Decision::Write(draft) => {
                if topic.is_none() && self.topics.len() >= TOPICS_MAX {
                    return Err(Refusal::TooManyTopics);
                }
                let seq = topic.map_or(Seq(0), |topic| topic.seq).next();
                self.topics.insert(push.topic.clone(), TopicFacts { kind, seq });
                let entry = number(who, push, draft, head, seq, time_ms, salt());
                let owner = item_owner.unwrap_or_else(|| entry.author.clone());
                self.overlay.record(&entry, owner);
                let receipt = self.receipt(&entry, false);
                batch.bytes += entry.data().map_or(0, |data| data.as_bytes().len());
                batch.entries.push(entry);
                Ok(receipt)
            }
        }
    }

    fn facts(&self, who: &Principal, push: &Push, needs: &Needs, batch: &Batch) -> Result<Facts, ReadError> {
        let mut facts = Facts::default();
        let (topic, author) = (&push.topic, who.user());
        if let (true, Some(key)) = (needs.key, &push.key) {
            facts.key = self.earlier(self.key_position(topic, author, key)?, batch)?;
        }
        if needs.presence {
            facts.item = self.item(topic, needs.item.as_ref(), needs.data, batch)?;
        }
        if let (true, Some(item)) = (needs.last_add, &needs.item) {
            facts.last_add = self.earlier(self.add_position(topic, author, item)?, batch)?;
        }
        Ok(facts)
    }

    fn key_position(
        &self,
        topic: &TopicName,
        author: Option<&UserId>,
        key: &Key,
    ) -> Result<Option<Position>, ReadError> {
        match self.overlay.key(topic, author, key).filter(|_| !Bug::OverlayUnasked.is_planted()) {
            Some(position) => Ok(Some(position)),
            None => self.space.views.key(topic, author, key).map_err(ReadError::views),
        }
    }

    fn add_position(
        &self,
        topic: &TopicName,
        author: Option<&UserId>,
        item: &ItemId,
    ) -> Result<Option<Position>, ReadError> {
        match self.overlay.last_add(topic, author, item) {
            Some(position) => Ok(Some(position)),
            None => self.space.views.last_add(topic, author, item).map_err(ReadError::views),
        }
    }

    fn item(
        &self,
        topic: &TopicName,
        item: Option<&ItemId>,
        with_data: bool,
        batch: &Batch,
    ) -> Result<Option<ItemFacts>, ReadError> {
        let decided = self.overlay.item(topic, item).filter(|_| !Bug::OverlayUnasked.is_planted());
        let (position, owner) = match decided {
            Some(OverlayItem::Gone) => return Ok(None),
            Some(OverlayItem::Present { position, owner }) => (position, owner),
            None => match self.space.views.item(topic, item).map_err(ReadError::views)? {
                Some(row) => (row.last_position, row.owner),
                None => return Ok(None),
            },
        };
        let data = if with_data { self.data_at(position, batch)? } else { None };
        Ok(Some(ItemFacts { owner, data }))
    }

    fn data_at(&self, position: Position, batch: &Batch) -> Result<Option<Json>, ReadError> {
        Ok(self.entry_at(position, batch)?.and_then(|entry| entry.data().cloned()))
    }

    /// The push that was written at a position. One that is known and cannot be found is no new push: nobody decides then.
    fn earlier(&self, position: Option<Position>, batch: &Batch) -> Result<Option<EarlierPush>, ReadError> {
        let Some(position) = position else { return Ok(None) };
        let entry = self.entry_at(position, batch)?;
        let absent = || ReadError::journal(store::ReadError::Absent { position });
        entry.as_ref().map(EarlierPush::of).ok_or_else(absent).map(Some)
    }

    /// An entry that is durable, or decided in this batch.
    fn entry_at(&self, position: Position, batch: &Batch) -> Result<Option<Entry>, ReadError> {
        if position <= self.head.position {
            return self.space.journal.entry(position).map_err(ReadError::journal);
        }
        let index = usize::try_from(position.0 - self.head.position.next().0).unwrap_or(usize::MAX);
        Ok(batch.entries.get(index).cloned())
    }

    fn first_receipt(&self, position: Position, batch: &Batch) -> Answer {
        let entry = self.entry_at(position, batch).ok().flatten().ok_or(Refusal::Unavailable)?;
        Ok(self.receipt(&entry, true))
    }

    fn receipt(&self, entry: &Entry, duplicate: bool) -> Receipt {
        let cursor = self.space.keys.cursor(entry.position, &entry.tag);
        Receipt { position: entry.position, seq: entry.seq, cursor, duplicate, changed: true }
    }

    /// Encodes the batch, puts it into the tail and moves the head, in this order.
    fn publish(&self, entries: &[Entry]) -> Committed {
        let first = entries.first().expect("a batch that was appended has entries").position;
        let indexes = self.space.published.topic_indexes(entries, &self.space.rules);
        let mut builder = ChunkBuilder::new(first, entries.len());
        for (entry, index) in entries.iter().zip(&indexes) {
            builder.push(entry, *index, &self.space.keys, &*self.space.encoder);
        }
        let mut topics: Vec<TopicName> = entries.iter().map(|entry| entry.topic.clone()).collect();
        topics.sort_unstable();
        topics.dedup();
        self.space.published.publish(builder.build(), self.head.tag);
        Committed { first, head: self.head.position, topics }
    }
}

fn known_topics(space: &Space) -> Result<HashMap<TopicName, TopicFacts>, ReadError> {
    let seq = |topic: &store::Topic| if Bug::SeqBeginsAnew.is_planted() { Seq(0) } else { topic.seq };
    let facts = |topic: store::Topic| (topic.name.clone(), TopicFacts { kind: topic.kind, seq: seq(&topic) });
    let snapshot = space.views.snapshot().map_err(ReadError::views)?;
    Ok(all_topics(&snapshot)?.into_iter().map(facts).collect())
}

/// Gives a draft its place: the next position, the next seq, and the tag that chains it to what came before.
fn number(who: &Principal, push: Push, draft: Draft, head: &mut Head, seq: Seq, time_ms: u64, salt: Salt) -> Entry {
    let mut entry = Entry {
        position: head.position.next(),
        topic: push.topic,
        seq,
        action: draft.action,
        item: draft.item,
        content: Content::Present { salt, data: draft.data },
        author: who.user().cloned(),
        owner: draft.owner,
        key: push.key,
        client_time: push.client_time.filter(|_| draft.action == Action::Add),
        request: draft.request,
        time_ms,
        tag: Tag([0; 32]),
    };
    entry.tag = head.tag.then(&entry);
    *head = Head { position: entry.position, tag: entry.tag, time_ms };
    entry
}

/// After a failed append nobody knows what is on the disk, nor what the batch was decided upon: everybody asks again.
fn unknown<R>(replies: impl Iterator<Item = R>) -> Step<R> {
    Step { answers: replies.map(|reply| (reply, Err(Refusal::Unavailable))).collect(), committed: None }
}
