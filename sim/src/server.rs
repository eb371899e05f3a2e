//! One life of the server: the real writer, projector, followers and sessions, stepped in one thread.
//!
//! Real: everything of `store` (on the simulated disk), `space` and `journal`, and `wire`'s Engine.IO, Socket.IO and
//! WebSocket machines. Simulated: threads and tasks, which become [`Task`]s that happen in any order; sockets; HTTP, whose
//! calls arrive as values; tokens, which are names. What in production is glue of the crate `server` is mirrored here, each
//! file naming its model. Not here: the upgrade between transports, presence and signals, `pull`, server-sent events,
//! accounts.

pub(crate) mod asks;
pub(crate) mod encode;
mod entering;
mod fanout;
mod figures;
mod link;
mod outlet;
mod reading;
mod working;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
    sync::Arc,
};

use journal::{Bug, Concerned, Position};
use space::{Answer, Filled, Projector, Request, Space, Writer};
use wire::{
    engineio::{CloseReason, Message},
    socketio::{self, Incoming, Namespace},
};

use crate::{
    action::{Action, Life, Task, Wanted},
    disk::Disk,
    network::{ExchangeId, LineId},
    plan::Plan,
    stage::Stage,
};
pub(crate) use working::{CannotStart, folder, open_journal};

use fanout::Shard;
use figures::{MARKS_EVERY, SESSION, UNANSWERED_MAX};
use link::Link;
use reading::State;

/// How an answer finds its way back.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// To a socket, under the number of its event.
    Line(LineId, Option<u64>),
    /// To a request.
    Exchange(ExchangeId),
}

/// A server at work.
pub(crate) struct Server {
    pub(crate) life: Life,
    plan: Plan,
    disk: Disk,
    space: Arc<Space>,
    projector: Option<Projector>,
    /// Held until the projections have caught up and the writer can be opened.
    journal: Option<store::Journal>,
    writer: Option<Writer>,
    views: store::ViewsReader,
    inbox: VecDeque<Request<Reply>>,
    answers: VecDeque<(Reply, Answer)>,
    links: BTreeMap<LineId, Link>,
    shards: Vec<Shard>,
    seats: u64,
    reads_free: usize,
    reads_waiting: VecDeque<Wanted>,
    states: BTreeMap<ExchangeId, State>,
    marked: Position,
    barred: BTreeSet<Rc<str>>,
    /// It takes no more pushes: the journal or the projections failed, or it is ending.
    has_failed: bool,
    is_ending: bool,
}

impl Server {
    /// Has something of this life happen within a turn.
    fn task(&self, stage: &mut Stage, task: Task) {
        stage.soon(self.plan.turn_max, Action::Task(self.life, task));
    }

    fn task_within(&self, stage: &mut Stage, within: u64, task: Task) {
        stage.soon(within, Action::Task(self.life, task));
    }

    /// The last durable position.
    pub(crate) fn head(&self) -> u64 {
        self.space.head().0
    }

    /// Whether everything that was committed is in the projections.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.writer.is_some() && self.space.projected() == self.space.head() && self.inbox.is_empty()
    }

    /// Does what a thread or task has come to.
    pub(crate) fn run(&mut self, stage: &mut Stage, task: Task) {
        match task {
            Task::Write => self.write(stage),
            Task::Checkpoint => self.checkpoint(stage),
            Task::Project => self.project(stage),
            Task::LoadFilters => {
                // Without them everything is right, and slower.
                let _ = self.views.load_filters();
            }
            Task::Answers => self.deliver_answers(stage),
            Task::Round(shard) => self.round(stage, shard),
            Task::ReadPage(wanted) => self.read_page(stage, wanted),
            Task::PageRead(line, after, page) => self.page_read(stage, line, after, page.map(|page| *page)),
            Task::FindStart(entrance) => self.find_start(stage, entrance),
            Task::Admit(entrance, start) => self.admit(stage, *entrance, start),
            Task::State(exchange, wait) => self.state(stage, exchange, wait),
            Task::Changes(exchange, wait) => self.changes(stage, exchange, wait),
            Task::Timer(line) => self.timer(stage, line),
            Task::Marks => self.marks(stage),
            Task::Intrude => self.intruded(),
        }
    }

    /// Something has arrived on a line.
    pub(crate) fn hear(&mut self, stage: &mut Stage, line: LineId) {
        let Some(found) = stage.network.line(line).filter(|found| found.life == self.life && found.is_open_at_server())
        else {
            return;
        };
        let is_polling = found.is_polling();
        if !self.links.contains_key(&line) && !self.is_ending {
            self.links.insert(line, Link::open(line, stage, is_polling));
        }
        self.enter(stage, line, |server, link, stage| {
            for message in link.hear(stage) {
                server.receive(link, stage, line, message);
            }
        });
    }

    /// A socket that was full has room again.
    pub(crate) fn room(&mut self, stage: &mut Stage, line: LineId) {
        self.enter(stage, line, |_, _, _| ());
    }

    /// A line is gone.
    pub(crate) fn lose(&mut self, stage: &mut Stage, line: LineId) {
        self.enter(stage, line, |_, link, _| link.wire.close(CloseReason::TransportLost));
        stage.server_closes(line);
    }

    /// Works on a link, then writes what can be written, then takes it apart if it has closed.
    fn enter(&mut self, stage: &mut Stage, line: LineId, work: impl FnOnce(&mut Self, &mut Link, &mut Stage)) {
        let Some(mut link) = self.links.remove(&line) else { return };
        work(self, &mut link, stage);
        let space = Arc::clone(&self.space);
        if let Some(Filled::Page(after)) = link.flush(&space, stage) {
            self.want_page(stage, &mut link, line, after);
        }
        if link.wire.closed().is_some() {
            link.end(stage);
            return self.leave(&mut link);
        }
        if let Some(next) = link.next_deadline().filter(|next| link.scheduled.is_none_or(|scheduled| *next < scheduled))
        {
            link.scheduled = Some(next);
            stage.at(stage.moment(next), Action::Task(self.life, Task::Timer(line)));
        }
        self.links.insert(line, link);
    }

    fn leave(&mut self, link: &mut Link) {
        if let Some(stay) = link.stay.take() {
            self.shards[stay.seat.shard].leave(&stay.seat);
        }
    }

    fn timer(&mut self, stage: &mut Stage, line: LineId) {
        self.enter(stage, line, |_, link, stage| {
            link.scheduled = None;
            link.advance(stage.instant());
        });
    }

    fn receive(&mut self, link: &mut Link, stage: &mut Stage, line: LineId, message: Message) {
        match link.session.receive(stage.instant(), message, &SESSION) {
            Ok(Some(Incoming::Connect { namespace, auth })) => {
                self.knock(link, stage, line, &namespace, auth.as_deref())
            }
            Ok(Some(Incoming::Disconnect(_))) => self.leave(link),
            Ok(Some(Incoming::Event(event))) if &*event.name == "push" => self.push_event(link, stage, line, &event),
            Ok(Some(Incoming::Event(_) | Incoming::Ack(_)) | None) => {}
            Err(_) => link.wire.close(CloseReason::ProtocolError),
        }
    }

    /// Tells some of those whom what was committed concerns.
    fn round(&mut self, stage: &mut Stage, shard: usize) {
        let Some(concerned) = self.shards[shard].next(self.plan.chunk) else { return };
        for Concerned { handle: line, first, .. } in concerned {
            self.enter(stage, line, |_, link, _| {
                if let Some(stay) = &mut link.stay {
                    stay.serving.touch(first);
                }
            });
        }
        if self.shards[shard].served() {
            self.task(stage, Task::Round(shard));
        }
    }

    /// A page for a follower that has fallen out of the tail, one at a time for each.
    fn want_page(&mut self, stage: &mut Stage, link: &mut Link, line: LineId, after: Position) {
        let Some(stay) = &mut link.stay else { return };
        if !stay.serving.begins_reading() {
            return;
        }
        let wanted = Wanted { line, after, wait: None };
        if self.reads_free == 0 {
            return self.reads_waiting.push_back(wanted);
        }
        self.reads_free -= 1;
        self.task(stage, Task::ReadPage(wanted));
    }

    /// Gives idle sockets the cursor of a position that everybody concerned has been told of.
    fn marks(&mut self, stage: &mut Stage) {
        stage.after(MARKS_EVERY, Action::Task(self.life, Task::Marks));
        let Some(mut told) = self.shards.iter().map(Shard::told).min() else { return };
        if Bug::MarkAtHead.is_planted() {
            told = self.space.head();
        }
        if told.0 < self.marked.0 + self.plan.mark_entries_min {
            return;
        }
        let Ok(Some(cursor)) = self.space.cursor_at(told) else { return };
        self.marked = told;
        let entries_min = self.plan.mark_entries_min;
        for line in self.links.keys().copied().collect::<Vec<_>>() {
            self.enter(stage, line, |_, link, _| {
                if link.stay.as_mut().is_some_and(|stay| stay.serving.mark(cursor.position, entries_min)) {
                    let arguments = format!("\"{}\"", cursor.encode());
                    link.send(socketio::event(&Namespace::main(), "mark", arguments.as_bytes(), None, 0));
                }
            });
        }
    }

    /// Somebody may read and write no more, from this moment on.
    pub(crate) fn bar(&mut self, stage: &mut Stage, user: &Rc<str>) {
        self.barred.insert(Rc::clone(user));
        if Bug::RevocationUnseen.is_planted() {
            return;
        }
        let is_theirs = |link: &Link| link.stay.as_ref().is_some_and(|stay| stay.user.as_ref() == Some(user));
        let lines: Vec<LineId> = self.links.iter().filter(|(_, link)| is_theirs(link)).map(|(line, _)| *line).collect();
        for line in lines {
            self.enter(stage, line, |server, link, _| {
                let arguments = br#"{"code":"revoked","message":"sign in again"}"#;
                link.send(socketio::event(&Namespace::main(), "refused", arguments, None, 0));
                link.close_after_flush(CloseReason::ClosedByServer);
                // From here on nothing more is read.
                server.leave(link);
            });
        }
    }

    /// The server is told to end: what waits is written and answered, and the links are closed.
    pub(crate) fn end(mut self, stage: &mut Stage) {
        self.is_ending = true;
        while !self.has_failed && self.writer.is_some() && !self.inbox.is_empty() {
            self.write(stage);
        }
        self.deliver_all_answers(stage);
        for line in self.links.keys().copied().collect::<Vec<_>>() {
            self.enter(stage, line, |_, link, _| {
                let arguments = br#"{"retry_after_ms":100}"#;
                link.send(socketio::event(&Namespace::main(), "goaway", arguments, None, 0));
                link.close_after_flush(CloseReason::GoingAway);
            });
        }
        for (_, mut link) in std::mem::take(&mut self.links) {
            link.wire.close(CloseReason::GoingAway);
            link.end(stage);
        }
        if let Some(projector) = self.projector {
            // A disk that refuses leaves a log, which the next start reads.
            let _ = projector.end();
        }
    }

    fn is_barred(&self, user: Option<&Rc<str>>) -> bool {
        user.is_some_and(|user| self.barred.contains(user))
    }
}
