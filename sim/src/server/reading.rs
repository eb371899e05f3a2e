//! What is read from the store for others: pages for followers behind the tail, states, pages of changes. Mirrors the
//! reading parts of `crates/server/src/sync/{app,ask}.rs` and `crates/server/src/http/sync.rs`.

use std::collections::{BTreeMap, VecDeque};

use history::{Digest, Event, Reader, Role, Snapshot};
use journal::{Cursor, Filter, Json, Position, Principal, Refusal};
use space::{Page, Space};
use wire::engineio::CloseReason;

use super::{
    Server,
    asks::{Call, HttpAnswer, HttpAsk, filter, principal},
    encode::outline,
    figures::{CAUGHT_UP_WAIT_MAX, CHANGES_PAGES_MAX},
};
use crate::{
    action::{Task, Wait, Wanted},
    client::item_in,
    network::{ExchangeId, LineId},
    stage::Stage,
};

/// A state on its way out: the topics that are still to be read, and what was read.
pub(super) struct State {
    cursor: String,
    waiting: VecDeque<(String, Vec<Position>)>,
    done: Vec<(String, Vec<Json>)>,
}

/// The longest until whoever waits for the projections looks again, in microseconds.
const LOOK_AGAIN_WITHIN: u64 = 1_000;

impl Server {
    /// A request has arrived.
    pub(crate) fn request(&mut self, stage: &mut Stage, exchange: ExchangeId) {
        let Some((_, ask)) = stage.request(exchange, self.life) else { return };
        if self.is_barred(ask.user.as_ref()) {
            return stage.answer_request(exchange, HttpAnswer::Refused(Refusal::Unauthorized));
        }
        let wait = self.wait(stage);
        match &ask.call {
            Call::Push(body) => self.push_call(stage, exchange, ask.user.as_deref(), body),
            Call::State { .. } => self.task(stage, Task::State(exchange, wait)),
            Call::Changes { .. } => self.task(stage, Task::Changes(exchange, wait)),
        }
    }

    /// Reads the page that a follower waits for, once the projections have reached the head of its asking.
    pub(super) fn read_page(&mut self, stage: &mut Stage, mut wanted: Wanted) {
        let wait = *wanted.wait.get_or_insert_with(|| self.wait(stage));
        let Wanted { line, after, .. } = wanted;
        let is_caught_up = self.space.projected() >= wait.head;
        if !is_caught_up && stage.now() < wait.until {
            return self.look_again(stage, Task::ReadPage(wanted));
        }
        let follower = self.links.get(&line).and_then(|link| link.stay.as_ref()).map(|stay| stay.serving.follower());
        let page = match follower.map(|follower| (follower.reader().clone(), follower.filter().clone())) {
            Some((who, filter)) if is_caught_up => self.space.page(after, self.space.head(), &who, &filter).ok(),
            _ => None,
        };
        self.reads_free += 1;
        if let Some(next) = self.reads_waiting.pop_front() {
            self.reads_free -= 1;
            self.task(stage, Task::ReadPage(next));
        }
        self.task(stage, Task::PageRead(line, after, page.map(Box::new)));
    }

    pub(super) fn page_read(&mut self, stage: &mut Stage, line: LineId, after: Position, page: Option<Page>) {
        self.enter(stage, line, |_, link, _| match (page, &mut link.stay) {
            (Some(page), Some(stay)) => stay.serving.take_page(after, page),
            // Its client comes back for another try.
            (None, _) => link.wire.close(CloseReason::ClosedByServer),
            (Some(_), None) => {}
        });
    }

    /// Takes a state, or reads on in one that was taken.
    pub(super) fn state(&mut self, stage: &mut Stage, exchange: ExchangeId, wait: Wait) {
        match self.states.remove(&exchange) {
            None => self.take_state(stage, exchange, wait),
            Some(state) => self.read_on(stage, exchange, state, wait),
        }
    }

    fn take_state(&mut self, stage: &mut Stage, exchange: ExchangeId, wait: Wait) {
        let Some((_, HttpAsk { user, call: Call::State { topics } })) = stage.request(exchange, self.life) else {
            return;
        };
        if self.space.projected() < wait.head {
            return self.wait_on(stage, exchange, wait, Task::State(exchange, wait));
        }
        if self.is_barred(user.as_ref()) {
            return stage.answer_request(exchange, HttpAnswer::Refused(Refusal::Unauthorized));
        }
        let mut cursor = String::new();
        let begun = |at: Cursor| cursor = at.encode();
        let snapshot = self.space.snapshot(&principal(user.as_deref()), &filter(topics.as_deref()), begun);
        let Ok(topics) = snapshot else {
            return stage.answer_request(exchange, HttpAnswer::Refused(Refusal::Unavailable));
        };
        let waiting = topics.into_iter().map(|topic| (topic.name.as_str().to_owned(), topic.items)).collect();
        let state = State { cursor, waiting, done: Vec::new() };
        self.states.insert(exchange, state);
        self.task(stage, Task::State(exchange, wait));
    }

    /// How far the views have to come for what is asked now, and how long to wait for it.
    fn wait(&self, stage: &Stage) -> Wait {
        Wait { head: self.space.head(), until: stage.now() + CAUGHT_UP_WAIT_MAX }
    }

    /// Whoever waits for the projections is woken by them. Here they look, not so often that a world is nothing else while the
    /// projections stand still.
    fn look_again(&self, stage: &mut Stage, task: Task) {
        self.task_within(stage, self.plan.turn_max.max(LOOK_AGAIN_WITHIN), task);
    }

    fn wait_on(&self, stage: &mut Stage, exchange: ExchangeId, wait: Wait, again: Task) {
        if stage.now() < wait.until {
            self.look_again(stage, again);
        } else {
            stage.answer_request(exchange, HttpAnswer::Refused(Refusal::Busy));
        }
    }

    /// The data is read while the answer goes out, with everything else in between.
    fn read_on(&mut self, stage: &mut Stage, exchange: ExchangeId, mut state: State, wait: Wait) {
        let Some((topic, mut positions)) = state.waiting.pop_front() else {
            let answer = HttpAnswer::State { topics: state.done, cursor: state.cursor };
            return stage.answer_request(exchange, answer);
        };
        let some = 1 + stage.random.index(positions.len().max(1));
        let rest = positions.split_off(some.min(positions.len()));
        let Ok((items, covered)) = self.space.items(&positions) else {
            return stage.answer_request(exchange, HttpAnswer::Refused(Refusal::Unavailable));
        };
        let left: Vec<Position> = positions.split_off(covered).into_iter().chain(rest).collect();
        match state.done.last_mut().filter(|(last, _)| *last == topic) {
            Some((_, done)) => done.extend(items),
            None => state.done.push((topic.clone(), items)),
        }
        if !left.is_empty() {
            state.waiting.push_front((topic, left));
        }
        self.states.insert(exchange, state);
        self.task(stage, Task::State(exchange, wait));
    }

    /// Everything there is, as an admin sees it.
    pub(crate) fn whole_state(&self) -> Option<Event> {
        let root = principal(Some("root"));
        let (mut cursor, mut state) = (0, BTreeMap::new());
        let topics = self.space.snapshot(&root, &Filter::Everything, |at| cursor = at.position.0).ok()?;
        for topic in topics {
            let mut items = Vec::new();
            let mut left = &topic.items[..];
            while !left.is_empty() {
                let (some, covered) = self.space.items(left).ok()?;
                items.extend(some);
                left = &left[covered..];
            }
            let name = topic.name.as_str().to_owned();
            let item = |data: &Json| {
                let text = String::from_utf8_lossy(data.as_bytes());
                (item_in(&name, &text), Digest::of(data.as_bytes()))
            };
            state.insert(name.clone(), items.iter().map(item).collect());
        }
        let reader = Reader { user: Some("root".to_owned()), role: Role::Admin };
        Some(Event::Snapshot(Snapshot { reader, follower: None, topics: None, cursor, state }))
    }

    /// Reads a page of changes after a cursor; without one, from the beginning.
    pub(super) fn changes(&mut self, stage: &mut Stage, exchange: ExchangeId, wait: Wait) {
        let Some((_, HttpAsk { user, call: Call::Changes { topics, since, limit } })) =
            stage.request(exchange, self.life)
        else {
            return;
        };
        if self.space.projected() < wait.head {
            return self.wait_on(stage, exchange, wait, Task::Changes(exchange, wait));
        }
        // Whoever was barred while they waited is shown nothing of what came after.
        if self.is_barred(user.as_ref()) {
            return stage.answer_request(exchange, HttpAnswer::Refused(Refusal::Unauthorized));
        }
        let (who, filter) = (principal(user.as_deref()), filter(topics.as_deref()));
        let answer = changes(&self.space, &who, &filter, since.as_deref(), limit);
        stage.answer_request(exchange, answer.unwrap_or(HttpAnswer::Refused(Refusal::Unavailable)));
    }
}

fn changes(
    space: &Space,
    who: &Principal,
    filter: &Filter,
    since: Option<&str>,
    limit: usize,
) -> Result<HttpAnswer, space::ReadError> {
    let after = match since.map(|since| space.check(since)).transpose()? {
        None => Position::START,
        Some(Ok(cursor)) => cursor.position,
        Some(Err(reason)) => {
            return Ok(HttpAnswer::Reset { reason: reason.as_str(), cursor: space.head_cursor().encode() });
        }
    };
    let head = space.projected();
    let mut page = space.bounded_page(after, head, limit, who, filter)?;
    for _ in 1..CHANGES_PAGES_MAX {
        if !page.spans.is_empty() || page.through >= head {
            break;
        }
        page = space.bounded_page(page.through, head, limit, who, filter)?;
    }
    let text = |range: std::ops::Range<usize>| String::from_utf8_lossy(&page.bytes[range]).into_owned();
    let update = |span: &journal::Span| {
        let (update, cursor) = outline(*span);
        (text(update), text(cursor))
    };
    let updates = page.spans.iter().map(update).collect();
    let cursor = space.cursor_at(page.through)?.map_or_else(String::new, |cursor| cursor.encode());
    Ok(HttpAnswer::Changes { updates, cursor })
}
