//! The writer and the projector at work, and the way of an answer. Mirrors `crates/server/src/sync/running.rs`,
//! `projecting.rs` and the opening in `crates/server/src/serve/opening.rs`.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
    rc::Rc,
    sync::Arc,
};

use journal::{CursorKey, Principal, Refusal};
use space::{Projector, Request, Space, SpaceOptions, Writer};
use store::{Journal, JournalOptions, OpenError, Views};
use wire::socketio::{self, Event, Namespace};

use super::{
    Reply, Server, UNANSWERED_MAX,
    asks::{self, HttpAnswer},
    encode::UpdateEncoder,
    fanout::Shard,
    figures::WAITING_PUSHES_MAX,
    link::Link,
};
use crate::{
    action::{Action, Life, Task},
    disk::Disk,
    network::{ExchangeId, LineId},
    plan::{Plan, rule_book},
    stage::Stage,
};

/// The longest until somebody restarts a server whose journal or projections failed, in microseconds.
const RESTART_WITHIN: u64 = 1_500_000;

/// Why a server does not start. Whoever runs it tries again.
#[derive(Debug)]
pub(crate) enum CannotStart {
    /// What is on the disk is not what was written.
    Damaged(String),
    /// The disk said no.
    Failed(String),
}

/// Where the space lies on a disk.
pub(crate) fn folder(disk: &Disk) -> PathBuf {
    disk.root().join("spaces/default")
}

fn journal_options(plan: &Plan, disk: &Disk) -> JournalOptions {
    JournalOptions {
        segment_entries_max: plan.segment_entries_max,
        disk: disk.as_store(),
        ..JournalOptions::new([7; 16])
    }
}

/// Opens the journal as a server would, for whoever reads it when everything is over.
pub(crate) fn open_journal(plan: &Plan, disk: &Disk) -> Result<Journal, CannotStart> {
    Journal::open(&folder(disk), journal_options(plan, disk)).map_err(|error| match error {
        OpenError::Damaged(fault) => CannotStart::Damaged(fault.to_string()),
        OpenError::Locked { .. } => CannotStart::Damaged("the folder is locked by nobody".to_owned()),
        OpenError::Failed(failure) => CannotStart::Failed(failure.to_string()),
    })
}

impl Server {
    /// Opens the journal and the projections and sets to work.
    pub(crate) fn start(
        life: Life,
        plan: Plan,
        disk: &Disk,
        barred: BTreeSet<Rc<str>>,
        stage: &mut Stage,
    ) -> Result<Self, CannotStart> {
        let journal = open_journal(&plan, disk)?;
        let (views, _) =
            Views::open(&folder(disk), &journal.reader()).map_err(|error| CannotStart::Failed(error.to_string()))?;
        let options = SpaceOptions {
            rules: rule_book(plan.rules),
            keys: CursorKey::new([3; 32]),
            encoder: Arc::new(UpdateEncoder),
            data_bytes_max: 100_000,
            bounds: plan.bounds,
        };
        let space = Space::new(options, &journal, &views);
        let head = journal.head().position;
        let server = Self {
            life,
            plan,
            disk: disk.clone(),
            views: views.reader(),
            projector: Some(Projector::new(Arc::clone(&space), views)),
            space,
            journal: Some(journal),
            writer: None,
            inbox: VecDeque::new(),
            answers: VecDeque::new(),
            links: BTreeMap::new(),
            shards: (0..plan.shards).map(|_| Shard::new(head)).collect(),
            seats: 0,
            reads_free: plan.reads_max,
            reads_waiting: VecDeque::new(),
            states: BTreeMap::new(),
            marked: head,
            barred,
            has_failed: false,
            is_ending: false,
        };
        [Task::Project, Task::LoadFilters, Task::Marks].into_iter().for_each(|task| server.task(stage, task));
        Ok(server)
    }

    /// The writer opens once the projections have reached the head.
    fn open_writer(&mut self, stage: &mut Stage) {
        if let Some(journal) = self.journal.take_if(|journal| journal.head().position == self.space.projected()) {
            match Writer::open(Arc::clone(&self.space), journal) {
                Ok(writer) => self.writer = Some(writer),
                Err(_) => self.fail(stage),
            }
        }
    }

    /// Pushes are refused from now on, and somebody restarts the server before long.
    fn fail(&mut self, stage: &mut Stage) {
        if !std::mem::replace(&mut self.has_failed, true) {
            stage.soon(RESTART_WITHIN, Action::Stop(self.life));
        }
    }

    /// The writer takes some of what waits, in one commit.
    pub(super) fn write(&mut self, stage: &mut Stage) {
        let Some(writer) = &mut self.writer else { return self.refuse_waiting(stage) };
        let waiting = self.inbox.make_contiguous();
        if waiting.is_empty() {
            return;
        }
        let most = Writer::batch_len(waiting).min(1 + stage.random.index(waiting.len()));
        let batch: Vec<Request<Reply>> = self.inbox.drain(..most).collect();
        let now_ms = stage.clock_ms();
        let step = writer.step(now_ms, &mut || stage.random.bytes(), batch);
        if writer.failure().is_some() {
            self.fail(stage);
        }
        self.answers.extend(step.answers);
        self.task(stage, Task::Answers);
        if let Some(committed) = step.committed {
            for shard in 0..self.shards.len() {
                self.shards[shard].touch(&committed);
                self.task(stage, Task::Round(shard));
            }
            self.task_within(stage, self.plan.lag_max, Task::Project);
        }
        let next = if self.inbox.is_empty() { Task::Checkpoint } else { Task::Write };
        self.task(stage, next);
    }

    fn refuse_waiting(&mut self, stage: &mut Stage) {
        let refused = self.inbox.drain(..).map(|request| (request.reply, Err(Refusal::Busy)));
        self.answers.extend(refused);
        self.task(stage, Task::Answers);
    }

    pub(super) fn checkpoint(&mut self, stage: &mut Stage) {
        if !self.inbox.is_empty() || self.has_failed {
            return;
        }
        if self.writer.as_mut().is_some_and(|writer| writer.checkpoint().is_err()) {
            self.fail(stage);
        }
    }

    pub(super) fn project(&mut self, stage: &mut Stage) {
        let Some(projector) = &mut self.projector else { return };
        match projector.step().and_then(|done| projector.tidy().map(|()| done)) {
            Ok((_, true)) => self.task(stage, Task::Project),
            Ok((_, false)) => self.open_writer(stage),
            Err(_) => {
                // The thread is gone; the operator has been told.
                self.projector = None;
                self.fail(stage);
            }
        }
    }

    /// Hands acknowledgements over, some at a time.
    pub(super) fn deliver_answers(&mut self, stage: &mut Stage) {
        let most = 1 + stage.random.index(8);
        for _ in 0..most {
            let Some((reply, answer)) = self.answers.pop_front() else { return };
            self.deliver(stage, &reply, &asks::answer_json(&answer));
        }
        self.task(stage, Task::Answers);
    }

    pub(super) fn deliver_all_answers(&mut self, stage: &mut Stage) {
        while let Some((reply, answer)) = self.answers.pop_front() {
            self.deliver(stage, &reply, &asks::answer_json(&answer));
        }
    }

    fn deliver(&mut self, stage: &mut Stage, reply: &Reply, answer: &str) {
        match reply {
            Reply::Exchange(exchange) => stage.answer_request(*exchange, HttpAnswer::Push(answer.to_owned())),
            Reply::Line(line, id) => self.enter(stage, *line, |_, link, _| {
                let Some(stay) = &mut link.stay else { return };
                stay.unanswered = stay.unanswered.saturating_sub(1);
                if let Some(id) = id {
                    link.send(socketio::ack(&Namespace::main(), *id, answer.as_bytes(), 0));
                }
            }),
        }
    }

    /// Hands a push to the writer, or says why not.
    fn push(&mut self, stage: &mut Stage, who: Principal, body: &[u8], reply: Reply) -> Result<(), Refusal> {
        let push = asks::parse(body)?;
        if self.has_failed || self.is_ending {
            return Err(Refusal::Unavailable);
        }
        if self.inbox.len() >= WAITING_PUSHES_MAX {
            return Err(Refusal::Busy);
        }
        self.inbox.push_back(Request { who, push, reply });
        self.task(stage, Task::Write);
        Ok(())
    }

    pub(super) fn push_event(&mut self, link: &mut Link, stage: &mut Stage, line: LineId, event: &Event) {
        let Some(stay) = &mut link.stay else { return };
        let who = stay.serving.follower().reader().clone();
        let body = event.arguments.iter().next().unwrap_or_default();
        let pushed = if stay.unanswered >= UNANSWERED_MAX {
            Err(Refusal::Busy)
        } else {
            self.push(stage, who, &body, Reply::Line(line, event.ack))
        };
        match (pushed, event.ack) {
            (Ok(()), _) => stay.unanswered += 1,
            (Err(refusal), Some(id)) => {
                let answer = asks::answer_json(&Err(refusal));
                link.send(socketio::ack(&Namespace::main(), id, answer.as_bytes(), 0));
            }
            (Err(_), None) => {}
        }
    }

    pub(super) fn push_call(&mut self, stage: &mut Stage, exchange: ExchangeId, user: Option<&str>, body: &str) {
        if let Err(refusal) = self.push(stage, asks::principal(user), body.as_bytes(), Reply::Exchange(exchange)) {
            stage.answer_request(exchange, HttpAnswer::Push(asks::answer_json(&Err(refusal))));
        }
    }

    /// A second server was started on the same folder. The lock must keep it out.
    pub(super) fn intruded(&mut self) {
        let opened = Journal::open(&folder(&self.disk), journal_options(&self.plan, &self.disk));
        if let Ok(mut intruder) = opened {
            // Had it been let in, it would write.
            let _ = intruder.checkpoint();
        }
    }
}
