//! A space at work in this process: the writer and the projector on threads of their own, and the way to them.

mod reopening;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use journal::{Position, Refusal, Salt};
use parking_lot::RwLock;
use space::{Answer, Committed, Projector, Request, Space, Writer};
use tokio::sync::{mpsc, oneshot, watch};

use super::crash;
use super::fanout::Fanout;
use super::hurry::{Hurry, Waiting};
use super::line::Line;
use super::projecting;
use super::rush::Rush;
use crate::limits::{
    CAUGHT_UP_WAIT_MAX, CHECKPOINT_COMMITS, CHECKPOINT_IDLE, FILTERS_LOADED_AFTER, PROJECTION_GATHER_ENTRIES,
    RUSH_GATHER, SALTS_DRAWN_AT_ONCE, WAITING_PUSHES_BYTES_MAX, WAITING_PUSHES_MAX,
};

/// How an answer finds its way back.
pub enum Reply {
    /// To a request handler that waits.
    Wait(oneshot::Sender<Answer>),
    /// To whoever is called; must not block.
    Call(Box<dyn FnOnce(Answer) + Send>),
}

/// A space at work.
pub struct Running {
    /// Its name.
    pub name: Arc<str>,
    /// What is shared with its writer and projector.
    pub space: Arc<Space>,
    /// Its followers.
    pub fanout: Arc<Fanout>,
    /// Gone once the space takes no more pushes.
    pushes: RwLock<Option<mpsc::Sender<Request<Reply>>>>,
    /// Data of the pushes that are not answered yet.
    line: Arc<Line>,
    projected: watch::Receiver<Position>,
    hurry: Arc<Hurry>,
    /// The projections stand still because they cannot be written.
    stalled: Arc<AtomicBool>,
    opened: watch::Receiver<bool>,
    failed: watch::Receiver<bool>,
    ended: watch::Receiver<bool>,
}

impl Running {
    /// Starts the threads of a space. Pushes are told that the server is busy until the projections have caught up.
    pub fn start(
        name: &str,
        space: Arc<Space>,
        journal: store::Journal,
        views: store::Views,
        fanout: Arc<Fanout>,
    ) -> std::io::Result<Arc<Self>> {
        let (pushes, inbox) = mpsc::channel(WAITING_PUSHES_MAX);
        let (projected_out, projected) = watch::channel(space.projected());
        let (ended_out, ended) = watch::channel(false);
        let (opened_out, opened) = watch::channel(false);
        let (failed_out, failed) = watch::channel(false);
        let filters = views.reader();
        let is_over = ended.clone();
        std::thread::Builder::new().name(format!("filters-{name}")).spawn(move || {
            // Without them everything is right, and slower.
            std::thread::sleep(FILTERS_LOADED_AFTER);
            if *is_over.borrow() {
                return;
            }
            if let Err(error) = filters.load_filters() {
                tracing::warn!(%error, "what is new has to be looked up on disk until the next start");
            }
        })?;
        let projector = Projector::new(Arc::clone(&space), views);
        let hurry = Arc::new(Hurry::default());
        let stalled = Arc::new(AtomicBool::new(false));
        let of_projector = (Arc::clone(&hurry), Arc::clone(&stalled));
        let (committed_out, committed) = std::sync::mpsc::sync_channel(1);
        let folding = std::thread::Builder::new().name(format!("projector-{name}")).spawn(move || {
            projecting::run(projector, &projected_out, &committed, (&of_projector.0, &of_projector.1));
        })?;
        hurry.set_projector(folding.thread().clone());
        let line = Arc::new(Line::default());
        let writer = WriterThread {
            line: Arc::clone(&line),
            space: Arc::clone(&space),
            fanout: Arc::clone(&fanout),
            projected: projected.clone(),
            committed: committed_out,
            hurry: Arc::clone(&hurry),
            pressing: None,
            rush: Rush::new(Instant::now()),
            runtime: tokio::runtime::Handle::current(),
            logged_commits: 0,
            opened: opened_out,
            failed: failed_out,
            inbox,
            pause: reopening::Pause::new(),
        };
        std::thread::Builder::new().name(format!("writer-{name}")).spawn(move || {
            let hurry = Arc::clone(&writer.hurry);
            writer.run(journal);
            hurry.end();
            ended_out.send_replace(true);
        })?;
        let pushes = RwLock::new(Some(pushes));
        Ok(Arc::new(Self {
            name: name.into(),
            space,
            fanout,
            pushes,
            line,
            projected,
            hurry,
            stalled,
            opened,
            failed,
            ended,
        }))
    }

    /// Hands a push to the writer, or says why not. Never waits: a full line is told so.
    pub fn push(&self, request: Request<Reply>) -> Result<(), Refusal> {
        let pushes = self.pushes.read();
        let Some(pushes) = &*pushes else { return Err(Refusal::Unavailable) };
        let bytes = data_bytes(&request);
        if !self.line.join(bytes, WAITING_PUSHES_BYTES_MAX) {
            return Err(Refusal::Busy);
        }
        pushes.try_send(request).map_err(|error| {
            self.line.leave(bytes);
            match error {
                mpsc::error::TrySendError::Full(_) => Refusal::Busy,
                mpsc::error::TrySendError::Closed(_) => Refusal::Unavailable,
            }
        })
    }

    /// Waits until the projections have reached the head as it is now, at most [`CAUGHT_UP_WAIT_MAX`].
    pub async fn caught_up(&self) -> Result<(), Refusal> {
        let head = self.space.head();
        let mut projected = self.projected.clone();
        if *projected.borrow() >= head {
            return Ok(());
        }
        let _waiting = self.hurry.wait();
        let reached = projected.wait_for(|position| *position >= head);
        match tokio::time::timeout(CAUGHT_UP_WAIT_MAX, reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Refusal::Busy),
        }
    }

    /// Whether all is well: pushes are taken, the projections have caught up once and follow, and no write has failed since
    /// the journal was opened the last time.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let takes_pushes = self.pushes.read().as_ref().is_some_and(|pushes| !pushes.is_closed());
        let projects = self.projected.has_changed().is_ok() && !self.stalled.load(Ordering::Relaxed);
        takes_pushes && *self.opened.borrow() && projects && !*self.failed.borrow()
    }

    /// Takes no more pushes. Those that wait are written and answered; then the writer ends.
    pub fn close(&self) {
        self.pushes.write().take();
    }

    /// Waits until the writer has ended.
    pub async fn ended(&self) {
        // An error means that the thread is gone, which is what is waited for.
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }

    /// Waits until the projector has ended, which it does after the writer.
    pub async fn projector_ended(self: Arc<Self>) {
        let mut projected = self.projected.clone();
        while projected.changed().await.is_ok() {}
    }
}

fn data_bytes(request: &Request<Reply>) -> usize {
    request.push.data.as_ref().map_or(0, |data| data.as_bytes().len())
}

struct WriterThread {
    line: Arc<Line>,
    space: Arc<Space>,
    fanout: Arc<Fanout>,
    projected: watch::Receiver<Position>,
    committed: std::sync::mpsc::SyncSender<()>,
    hurry: Arc<Hurry>,
    /// Held while there is enough for a step of the projector.
    pressing: Option<Waiting>,
    rush: Rush,
    /// Whose clock says that nothing came for a while.
    runtime: tokio::runtime::Handle,
    /// Commits since the last checkpoint.
    logged_commits: usize,
    opened: watch::Sender<bool>,
    failed: watch::Sender<bool>,
    inbox: mpsc::Receiver<Request<Reply>>,
    pause: reopening::Pause,
}

impl WriterThread {
    fn run(mut self, journal: store::Journal) {
        let head = journal.head().position;
        // Wake the projector once: there may be something left from the last run.
        let _ = self.committed.try_send(());
        let waiting = self.hurry.wait();
        while *self.projected.borrow() < head {
            self.refuse_waiting(Refusal::Busy);
            std::thread::park_timeout(Duration::from_millis(5));
            if self.projected.has_changed().is_err() {
                tracing::error!(
                    "the projections cannot be built; pushes are refused. Stop the server, delete views.db and start again"
                );
                return self.refuse_all(Refusal::Busy);
            }
        }
        drop(waiting);
        let mut writer = match Writer::open(Arc::clone(&self.space), journal) {
            Ok(writer) => writer,
            Err(error) => {
                tracing::error!(%error, "the projections cannot be read; pushes are refused");
                return self.refuse_all(Refusal::Busy);
            }
        };
        self.opened.send_replace(true);
        let mut salts = Salts::new();
        let mut waiting = Vec::new();
        while self.gather(&mut waiting, &mut writer) {
            let rest = waiting.split_off(Writer::batch_len(&waiting));
            let batch = std::mem::replace(&mut waiting, rest);
            let bytes = batch.iter().map(data_bytes).sum();
            let step = writer.step(now_ms(), &mut || salts.draw(), batch);
            if let Some(error) = writer.failure() {
                self.failed.send_replace(true);
                tracing::error!(%error, "the journal cannot be written; pushes are refused until it could be reopened");
            }
            self.hand_out(step.answers, step.committed.as_ref());
            self.line.leave(bytes);
            self.logged_commits += usize::from(step.committed.is_some());
            let is_idle = waiting.is_empty() && self.inbox.is_empty();
            if writer.failure().is_none() && is_idle && self.logged_commits >= CHECKPOINT_COMMITS {
                self.checkpoint(&mut writer);
            }
            if writer.failure().is_some() {
                self.refuse(std::mem::take(&mut waiting), Refusal::Unavailable);
                if !self.reopen(&mut writer) {
                    return self.refuse_all(Refusal::Unavailable);
                }
            }
        }
    }

    /// Waits for a push, then takes all that wait. False at the end.
    fn gather(&mut self, waiting: &mut Vec<Request<Reply>>, writer: &mut Writer) -> bool {
        if waiting.is_empty() {
            match self.next(writer) {
                Some(request) => waiting.push(request),
                None => return false,
            }
        }
        if self.rush.is_on() {
            std::thread::sleep(RUSH_GATHER);
        }
        let before = waiting.len();
        while waiting.len() < space::limits::BATCH_PUSHES_MAX {
            let Ok(request) = self.inbox.try_recv() else { break };
            waiting.push(request);
        }
        self.rush.took(waiting.len() - before, Instant::now());
        true
    }

    /// The next push. When none comes for a while, the log is written back first: what a crash leaves in it should be little,
    /// but the push that comes after a checkpoint pays for a second sync.
    fn next(&mut self, writer: &mut Writer) -> Option<Request<Reply>> {
        if self.logged_commits > 0 {
            let next = self.runtime.block_on(async { tokio::time::timeout(CHECKPOINT_IDLE, self.inbox.recv()).await });
            match next {
                Ok(next) => return next,
                Err(_) => self.checkpoint(writer),
            }
            if writer.failure().is_some() && !self.reopen(writer) {
                self.refuse_all(Refusal::Unavailable);
                return None;
            }
        }
        self.inbox.blocking_recv()
    }

    fn hand_out(&mut self, answers: Vec<(Reply, Answer)>, committed: Option<&Committed>) {
        if committed.is_some() {
            crash::pass(crash::Place::AfterCommit);
        }
        for (reply, answer) in answers {
            reply.answer(answer);
        }
        if committed.is_some() {
            crash::pass(crash::Place::AfterAck);
        }
        self.wake(committed);
    }

    /// Has everybody told of what was committed.
    fn wake(&mut self, committed: Option<&Committed>) {
        if let Some(committed) = committed {
            self.fanout.committed(committed);
            // A full channel means that the projector is already told.
            let _ = self.committed.try_send(());
            let is_enough = committed.head.0 - self.space.projected().0 >= PROJECTION_GATHER_ENTRIES;
            self.pressing = is_enough.then(|| self.pressing.take().unwrap_or_else(|| self.hurry.wait()));
        }
    }

    fn checkpoint(&mut self, writer: &mut Writer) {
        self.logged_commits = 0;
        if let Err(error) = writer.checkpoint() {
            self.failed.send_replace(true);
            tracing::error!(%error, "the journal's log cannot be written back; pushes are refused until it could be reopened");
        }
    }

    fn refuse(&self, requests: impl IntoIterator<Item = Request<Reply>>, refusal: Refusal) {
        for request in requests {
            self.line.leave(data_bytes(&request));
            request.reply.answer(Err(refusal));
        }
    }

    /// Refuses whatever has come and is on its way, and takes no more.
    fn refuse_all(&mut self, refusal: Refusal) {
        self.inbox.close();
        while let Some(request) = self.inbox.blocking_recv() {
            self.refuse([request], refusal);
        }
    }

    /// Refuses whatever has come.
    fn refuse_waiting(&mut self, refusal: Refusal) {
        while let Ok(request) = self.inbox.try_recv() {
            self.refuse([request], refusal);
        }
    }
}

impl Reply {
    fn answer(self, answer: Answer) {
        match self {
            // Whoever waited may have gone away; their push stands all the same.
            Self::Wait(sender) => drop(sender.send(answer)),
            Self::Call(call) => call(answer),
        }
    }
}

/// Salts from a generator that the system seeded once: a system call per entry would cost more than its hash.
struct Salts {
    stream: blake3::OutputReader,
    /// Salts that wait to be drawn: the generator makes many at once for the price of one.
    drawn: Vec<Salt>,
}

impl Salts {
    fn new() -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("the system gives random bytes");
        Self { stream: blake3::Hasher::new_keyed(&seed).finalize_xof(), drawn: Vec::new() }
    }

    fn draw(&mut self) -> Salt {
        if let Some(salt) = self.drawn.pop() {
            return salt;
        }
        let mut bytes = [0; SALTS_DRAWN_AT_ONCE * size_of::<Salt>()];
        self.stream.fill(&mut bytes);
        let (salts, _) = bytes.as_chunks();
        self.drawn.extend_from_slice(salts);
        self.drawn.pop().expect("more than none were drawn")
    }
}

/// Milliseconds since 1970, as the machine's clock has it. The writer sees to it that time in the journal never goes back.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
