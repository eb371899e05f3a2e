//! Pushers on one thread: sends what is due, takes the answers, and knows at the end what was pushed and accepted.

use std::{
    collections::BTreeMap,
    os::fd::OwnedFd,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::Context;
use hdrhistogram::Histogram;
use rustix::{
    event::{
        Timespec,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
    },
    io::Errno,
};

use super::{
    Progress, Target,
    link::{Link, Unanswered, Way},
    pace::{Pace, Schedule},
    template::{FIRST_ACK, Shape, Template},
};
use crate::{
    check::{Pushed, Stamp, Window, latencies},
    clock::Clock,
    limits::{ACK_TIME, LANES_MAX},
};

/// The longest wait, so that the end of the pushing is noticed.
const WAIT_MAX: Duration = Duration::from_millis(5);

/// Pushes that were due and never sent which are still counted, one by one.
const UNSENT_MAX: usize = 10_000_000;

/// What a push is called whose connection ended before its answer.
const CUT_OFF: &str = "cut off";

/// What one read takes, in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// What is pushed, how, and when.
#[derive(Clone, Debug)]
pub(crate) struct PushPlan {
    pub(crate) way: Way,
    /// Connections, each a pusher of its own.
    pub(crate) connections: usize,
    pub(crate) pace: Pace,
    /// Topics, pushed to in turn.
    pub(crate) topics: usize,
    /// Pushes of one connection without an answer; by HTTP there is one at most.
    pub(crate) unanswered_max: usize,
    pub(crate) shape: Shape,
    /// Ends by itself after so many pushes.
    pub(crate) pushes_max: u64,
    /// What was pushed before, by lane.
    pub(crate) before: Vec<u32>,
}

impl Default for PushPlan {
    fn default() -> Self {
        Self {
            way: Way::Http,
            connections: 1,
            pace: Pace::Closed,
            topics: 1,
            unanswered_max: 1,
            shape: Shape { data_bytes: 200, keyed: false },
            pushes_max: u64::MAX,
            before: Vec::new(),
        }
    }
}

/// What came of the pushing.
#[derive(Debug)]
pub(crate) struct PushReport {
    pub(crate) pushed: Pushed,
    /// From when a push was due until its answer was read, in nanoseconds, of those that were due in the window.
    pub(crate) acks: Histogram<u64>,
    pub(crate) accepted: u64,
    /// Refusals by what the server calls them, and pushes without an answer.
    pub(crate) refusals: BTreeMap<String, u64>,
}

impl PushReport {
    /// Pushes that followers may get: also those whose answer was not waited for may have been taken.
    pub(crate) fn may_arrive(&self) -> u64 {
        self.accepted + self.refusals.get(CUT_OFF).copied().unwrap_or_default()
    }
}

/// Pushers at work on their thread.
pub(crate) struct Pushing {
    thread: JoinHandle<anyhow::Result<PushReport>>,
    progress: Arc<Progress>,
}

/// Connects the pushers, then lets them begin on a thread of their own.
///
/// # Errors
/// A pusher cannot connect.
pub(crate) fn spawn_pushers(
    target: &Target,
    plan: PushPlan,
    (clock, window, progress): (Clock, Window, Arc<Progress>),
) -> anyhow::Result<Pushing> {
    anyhow::ensure!(plan.connections * plan.topics <= LANES_MAX, "too many pushers and topics");
    progress.begin_pushing();
    let pushers = Pushers::connect(target, plan, clock, window, Arc::clone(&progress))?;
    let thread = std::thread::Builder::new().name("pushers".into()).spawn(move || pushers.run())?;
    Ok(Pushing { thread, progress })
}

impl Pushing {
    /// Stops pushing, waits for the last answers and gives the report.
    ///
    /// # Errors
    /// A pusher was cut off.
    pub(crate) fn end(self) -> anyhow::Result<PushReport> {
        self.progress.stop_pushing();
        self.wait()
    }

    /// Waits until the plan is done.
    ///
    /// # Errors
    /// A pusher was cut off.
    pub(crate) fn wait(self) -> anyhow::Result<PushReport> {
        self.thread.join().ok().context("the thread of the pushers panicked")?
    }
}

struct Pushers {
    target: Target,
    plan: PushPlan,
    clock: Clock,
    window: Window,
    progress: Arc<Progress>,
    epoll: OwnedFd,
    links: Vec<Link>,
    templates: Vec<Template>,
    /// The link that is asked first for room.
    turn: usize,
    sent: u64,
    acked: u64,
    last_answer: Instant,
    report: PushReport,
}

impl Pushers {
    fn connect(
        target: &Target,
        plan: PushPlan,
        clock: Clock,
        window: Window,
        progress: Arc<Progress>,
    ) -> anyhow::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let mut links = Vec::new();
        for index in 0..plan.connections {
            links.push(open(target, plan.way, &epoll, index)?);
        }
        let templates = (0..plan.topics).map(|topic| Template::new(target, plan.way, topic, plan.shape)).collect();
        let mut last = plan.before.clone();
        last.resize(last.len().max(plan.connections * plan.topics), 0);
        let pushed = Pushed { last, ..Pushed::default() };
        let report = PushReport { pushed, acks: latencies(), accepted: 0, refusals: BTreeMap::new() };
        Ok(Self {
            target: target.clone(),
            plan,
            clock,
            window,
            progress,
            epoll,
            links,
            templates,
            turn: 0,
            sent: 0,
            acked: 0,
            last_answer: Instant::now(),
            report,
        })
    }

    fn run(mut self) -> anyhow::Result<PushReport> {
        let mut schedule = Schedule::new(self.plan.pace, self.clock.now_ns());
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut ended: Option<Instant> = None;
        loop {
            if self.progress.is_pushing_over() {
                schedule.end(self.clock.now_ns());
                ended.get_or_insert_with(Instant::now);
            }
            self.send_due(&mut schedule)?;
            let all_sent = schedule.is_over() || self.sent == self.plan.pushes_max;
            let silent = self.acked < self.sent && self.last_answer.elapsed() > ACK_TIME;
            let too_late = silent || ended.is_some_and(|ended| ended.elapsed() > ACK_TIME);
            if (all_sent && self.acked == self.sent) || too_late {
                return Ok(self.finish(schedule));
            }
            // While no connection has room, only an answer changes that.
            let next_ns = if all_sent || self.free_link().is_none() { None } else { schedule.next_ns() };
            self.take_answers(next_ns, &mut buffer)?;
        }
    }

    fn send_due(&mut self, schedule: &mut Schedule) -> anyhow::Result<()> {
        while self.sent < self.plan.pushes_max {
            let Some(link) = self.free_link() else { break };
            let now_ns = self.clock.now_ns();
            let (pushed, progress) = (self.sent, &self.progress);
            let Some(due_ns) = schedule.take(now_ns, || owed(self.plan.pace, pushed, progress.delivered())) else {
                break;
            };
            self.send(link, due_ns);
        }
        self.links.iter_mut().try_for_each(Link::flush)
    }

    /// The next link in turn that may send.
    fn free_link(&self) -> Option<usize> {
        let count = self.links.len();
        let room = |link: &Link| link.unanswered.len() < self.plan.unanswered_max;
        (0..count).map(|step| (self.turn + step) % count).find(|link| room(&self.links[*link]))
    }

    fn send(&mut self, link: usize, due_ns: u64) {
        self.turn = (link + 1) % self.links.len();
        let topics = self.plan.topics as u64;
        let topic = usize::try_from(self.sent % topics).expect("below the number of topics");
        let lane = link * self.plan.topics + topic;
        self.report.pushed.last[lane] += 1;
        let number = self.report.pushed.last[lane];
        let ack = FIRST_ACK + self.sent;
        let lane = u32::try_from(lane).expect("a lane has six digits");
        let push = self.templates[topic].fill(Stamp { lane, number, due_ns }, ack);
        self.links[link].queue(push, Unanswered { ack, lane, number, due_ns });
        self.sent += 1;
    }

    fn take_answers(&mut self, next_ns: Option<u64>, buffer: &mut [u8]) -> anyhow::Result<()> {
        let until_next = next_ns.map(|next| Duration::from_nanos(next.saturating_sub(self.clock.now_ns())));
        let wait = Timespec::try_from(until_next.map_or(WAIT_MAX, |until| until.min(WAIT_MAX)))?;
        let mut events: Vec<Event> = Vec::with_capacity(self.links.len());
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&wait)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if !events.is_empty() {
            self.last_answer = Instant::now();
        }
        for event in events {
            let link = usize::try_from(event.data.u64()).expect("we gave it a usize");
            let (report, window, clock) = (&mut self.report, &self.window, self.clock);
            let acked = &mut self.acked;
            let read = self.links[link].read(buffer, |push, answer| {
                *acked += 1;
                if window.holds(push.due_ns) {
                    report.acks.saturating_record(clock.now_ns().saturating_sub(push.due_ns));
                }
                match answer.refusal {
                    None => report.accepted += 1,
                    Some(refusal) => {
                        report.pushed.unsure.insert((push.lane, push.number));
                        *report.refusals.entry(refusal).or_default() += 1;
                    }
                }
            });
            if let Err(error) = read {
                self.come_back(link, error)?;
            }
        }
        self.progress.set_accepted(self.report.accepted);
        Ok(())
    }

    /// Opens a connection anew that the server has ended, where that is how it says that an answer took it too long. Of its
    /// pushes nobody knows whether they were taken.
    ///
    /// # Errors
    /// No other server has a reason to.
    fn come_back(&mut self, link: usize, error: anyhow::Error) -> anyhow::Result<()> {
        if !self.target.dialect.gives_up_answers() {
            return Err(error);
        }
        let unanswered = std::mem::take(&mut self.links[link].unanswered);
        let now_ns = self.clock.now_ns();
        for push in &unanswered {
            self.acked += 1;
            if self.window.holds(push.due_ns) {
                self.report.acks.saturating_record(now_ns.saturating_sub(push.due_ns));
            }
            self.report.pushed.unsure.insert((push.lane, push.number));
            *self.report.refusals.entry(CUT_OFF.to_owned()).or_default() += 1;
        }
        self.links[link] = open(&self.target, self.plan.way, &self.epoll, link)?;
        Ok(())
    }

    /// What was due and never sent, and what was never answered, has taken at least until now.
    fn finish(mut self, mut schedule: Schedule) -> PushReport {
        let now_ns = self.clock.now_ns();
        let unanswered = self.links.iter().flat_map(|link| &link.unanswered).map(|push| push.due_ns);
        let is_open = matches!(self.plan.pace, Pace::Open { .. }) && self.sent < self.plan.pushes_max;
        let unsent = std::iter::from_fn(|| schedule.take(now_ns, || 0)).take(if is_open { UNSENT_MAX } else { 0 });
        for due_ns in unanswered.chain(unsent) {
            if self.window.holds(due_ns) {
                self.report.acks.saturating_record(now_ns.saturating_sub(due_ns));
            }
        }
        for push in self.links.iter().flat_map(|link| &link.unanswered) {
            self.report.pushed.unsure.insert((push.lane, push.number));
            *self.report.refusals.entry("no answer".to_owned()).or_default() += 1;
        }
        self.report
    }
}

/// The pusher of that index, connected.
fn open(target: &Target, way: Way, epoll: &OwnedFd, index: usize) -> anyhow::Result<Link> {
    let link = Link::open(target, way)?;
    epoll::add(epoll, link.stream(), EventData::new_u64(index as u64), EventFlags::IN)?;
    Ok(link)
}

/// Deliveries that are owed by then.
fn owed(pace: Pace, pushed: u64, delivered: u64) -> u64 {
    match pace {
        Pace::Held { followers, .. } => (pushed * followers).saturating_sub(delivered),
        Pace::Closed | Pace::Open { .. } => 0,
    }
}
