//! Thousands of followers on one thread: connects them, reads whatever comes into one shared buffer, and has each of them
//! check it. Keeps nothing per message, and per socket only where it stands.

use std::{
    collections::VecDeque,
    ops::Range,
    os::fd::OwnedFd,
    sync::{Arc, mpsc::Receiver},
    time::Duration,
};

use rustix::{
    event::{
        Timespec,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
    },
    io::{self, Errno},
};

use super::{Progress, Target, dial::Dialer, greeting::Greeting};
use crate::{
    check::{Counts, Follower, Pushed, Reference, Tally, Window, masked},
    clock::Clock,
    limits::{EVENTS_PER_WAIT, OPENING_MAX, READ_BYTES},
};

/// How long the thread sleeps when nothing comes, before it looks for orders.
const IDLE_WAIT: Duration = Duration::from_millis(5);

/// A follower to be.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Which reference it shares; `None` follows alone and has had everything up to those numbers.
    pub(crate) reference: Option<usize>,
    /// Members of `auth`, such as `"topics":["a"]`.
    pub(crate) auth: Arc<str>,
    /// What the kernel may keep for it, in bytes; `None` leaves that to the kernel.
    pub(crate) receive_bytes: Option<usize>,
}

impl Plan {
    /// Follows everything that it may read, with the first reference.
    pub(crate) fn of_everything() -> Self {
        Self { reference: Some(0), auth: Arc::default(), receive_bytes: None }
    }
}

/// What the measuring thread asks for.
#[derive(Debug)]
pub(crate) enum Order {
    /// More followers.
    Open(Vec<Plan>),
    /// The connections of those end at once.
    Cut(Range<usize>),
    /// Those that were cut come back where they were.
    Resume(Range<usize>),
    /// Those read nothing any more.
    Stall(Range<usize>),
    /// Those read again.
    Wake(Range<usize>),
    /// The thread ends.
    Stop,
}

struct Socket {
    plan: Plan,
    link: Link,
    follower: Follower,
}

enum Link {
    Waiting,
    Opening(OwnedFd),
    Greeting(OwnedFd, Box<Greeting>),
    Live(OwnedFd),
    Stalled(OwnedFd),
    /// Ended by us.
    Cut,
    /// Ended by the server, or never opened.
    Lost,
}

/// All followers of a run.
pub(crate) struct Followers {
    target: Target,
    dialer: Dialer,
    epoll: OwnedFd,
    sockets: Vec<Socket>,
    references: Vec<Reference>,
    /// What had been pushed before the run, by lane.
    before: Vec<u32>,
    waiting: VecDeque<usize>,
    opening: usize,
    live: u64,
    lost: u64,
    first_loss: Option<String>,
    tally: Tally,
    clock: Clock,
    buffer: Vec<u8>,
    progress: Arc<Progress>,
}

impl Followers {
    /// Followers of `references` streams, of which `before` has been pushed already.
    ///
    /// # Errors
    /// No epoll to be had.
    pub(crate) fn new(
        target: Target,
        references: usize,
        before: &[u32],
        (clock, window, progress): (Clock, Window, Arc<Progress>),
    ) -> anyhow::Result<Self> {
        Ok(Self {
            dialer: Dialer::new(target.address),
            target,
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            sockets: Vec::new(),
            references: (0..references.max(1)).map(|_| Reference::after(before)).collect(),
            before: before.to_vec(),
            waiting: VecDeque::new(),
            opening: 0,
            live: 0,
            lost: 0,
            first_loss: None,
            tally: Tally::new(window),
            clock,
            buffer: vec![0; READ_BYTES],
            progress,
        })
    }

    /// Reads and connects until it is told to stop.
    ///
    /// # Errors
    /// What the kernel refuses; what a single follower meets is counted instead.
    pub(crate) fn run(mut self, orders: &Receiver<Order>) -> anyhow::Result<Self> {
        let mut events = Vec::with_capacity(EVENTS_PER_WAIT);
        let wait = Timespec::try_from(IDLE_WAIT)?;
        loop {
            while let Ok(order) = orders.try_recv() {
                if matches!(order, Order::Stop) {
                    return Ok(self);
                }
                self.obey(order)?;
            }
            self.dial_waiting()?;
            events.clear();
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&wait)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                self.ready(*event);
            }
            self.progress.set_delivered(self.tally.delivered);
            self.progress.set_live(self.live);
            self.progress.set_failed(self.lost);
        }
    }

    fn obey(&mut self, order: Order) -> anyhow::Result<()> {
        match order {
            Order::Open(plans) => plans.into_iter().for_each(|plan| self.plan(plan)),
            Order::Cut(who) => who.for_each(|index| self.end(index, Link::Cut)),
            Order::Resume(who) => self.waiting.extend(who),
            Order::Stall(who) => {
                for index in who {
                    self.stall(index)?;
                }
            }
            Order::Wake(who) => {
                for index in who {
                    self.wake(index)?;
                }
            }
            Order::Stop => {}
        }
        Ok(())
    }

    fn plan(&mut self, plan: Plan) {
        let dialect = self.target.dialect;
        let follower = match plan.reference {
            Some(reference) if dialect.frames_alike() => Follower::shared(dialect, &self.references[reference]),
            _ => Follower::alone(dialect, &self.before),
        };
        self.waiting.push_back(self.sockets.len());
        self.sockets.push(Socket { plan, link: Link::Waiting, follower });
    }

    fn dial_waiting(&mut self) -> anyhow::Result<()> {
        while self.opening < OPENING_MAX {
            let Some(index) = self.waiting.pop_front() else { return Ok(()) };
            let socket = &mut self.sockets[index];
            let fd = self.dialer.dial(index, socket.plan.receive_bytes)?;
            listen(&self.epoll, &fd, index)?;
            socket.link = Link::Opening(fd);
            self.opening += 1;
        }
        Ok(())
    }

    fn stall(&mut self, index: usize) -> anyhow::Result<()> {
        let socket = &mut self.sockets[index];
        if let Link::Live(fd) = std::mem::replace(&mut socket.link, Link::Lost) {
            epoll::delete(&self.epoll, &fd)?;
            socket.link = Link::Stalled(fd);
        }
        Ok(())
    }

    fn wake(&mut self, index: usize) -> anyhow::Result<()> {
        let socket = &mut self.sockets[index];
        if let Link::Stalled(fd) = std::mem::replace(&mut socket.link, Link::Lost) {
            listen(&self.epoll, &fd, index)?;
            socket.link = Link::Live(fd);
        }
        Ok(())
    }

    fn ready(&mut self, event: Event) {
        let index = usize::try_from(event.data.u64()).expect("we gave it a usize");
        if let Err(error) = self.advance(index, event.flags) {
            self.first_loss.get_or_insert_with(|| format!("follower {index}: {error:#}"));
            self.end(index, Link::Lost);
        }
    }

    fn advance(&mut self, index: usize, flags: EventFlags) -> anyhow::Result<()> {
        let socket = &mut self.sockets[index];
        if let Link::Opening(fd) = &socket.link {
            if !flags.contains(EventFlags::OUT) || flags.contains(EventFlags::ERR) {
                anyhow::bail!("no connection: {:?}", rustix::net::sockopt::socket_error(fd)?);
            }
            io::write(fd, &self.target.upgrade_request())?;
            self.greet(index);
            return Ok(());
        }
        let ends = flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
        if ends || flags.contains(EventFlags::IN) { self.read(index, ends) } else { Ok(()) }
    }

    fn greet(&mut self, index: usize) {
        let socket = &mut self.sockets[index];
        let resumes = socket.plan.reference.and_then(|reference| socket.follower.cut(&self.references[reference]));
        let cursor = resumes.map(|cursor| format!("\"cursor\":\"{cursor}\""));
        let members = [&*socket.plan.auth].into_iter().filter(|auth| !auth.is_empty()).chain(cursor.as_deref());
        let connect = self.target.connect_packet(&members.collect::<Vec<_>>().join(","));
        if let Link::Opening(fd) = std::mem::replace(&mut socket.link, Link::Lost) {
            socket.link = Link::Greeting(fd, Box::new(Greeting::new(self.target.dialect, connect)));
        }
    }

    /// Reads until nothing is left: an edge is told once. A read that does not fill the buffer has taken everything, unless
    /// the end was told with it.
    fn read(&mut self, index: usize, ends: bool) -> anyhow::Result<()> {
        loop {
            let (Link::Greeting(fd, _) | Link::Live(fd)) = &self.sockets[index].link else { return Ok(()) };
            let length = match io::read(fd, &mut self.buffer[..]) {
                Ok(0) => anyhow::bail!("the server ended the connection"),
                Ok(length) => length,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            self.take(index, length)?;
            if length < READ_BYTES && !ends {
                return Ok(());
            }
        }
    }

    fn take(&mut self, index: usize, length: usize) -> anyhow::Result<()> {
        let socket = &mut self.sockets[index];
        if let Link::Greeting(fd, greeting) = &mut socket.link {
            let mut out = Vec::new();
            let rest = greeting.receive(&self.buffer[..length], &mut out)?;
            if !out.is_empty() {
                io::write(fd, &out)?;
            }
            let Some(rest) = rest else { return Ok(()) };
            let Link::Greeting(fd, _) = std::mem::replace(&mut socket.link, Link::Lost) else { return Ok(()) };
            socket.link = Link::Live(fd);
            self.live += 1;
            self.opening -= 1;
            self.buffer[..rest.len()].copy_from_slice(&rest);
            return self.follow(index, rest.len());
        }
        self.follow(index, length)
    }

    fn follow(&mut self, index: usize, length: usize) -> anyhow::Result<()> {
        let socket = &mut self.sockets[index];
        let reference = &mut self.references[socket.plan.reference.unwrap_or(0)];
        let now_ns = self.clock.now_ns();
        let wish = socket.follower.receive(&self.buffer[..length], reference, &mut self.tally, now_ns)?;
        anyhow::ensure!(!wish.closed, "the server closed the WebSocket");
        if wish.pongs > 0
            && let Link::Live(fd) = &socket.link
        {
            let mut out = Vec::new();
            masked(self.target.dialect.pong(), &mut out);
            io::write(fd, &out)?;
        }
        Ok(())
    }

    /// The connection ends: closing the file takes it out of the epoll too.
    fn end(&mut self, index: usize, how: Link) {
        let lost = matches!(how, Link::Lost);
        let before = std::mem::replace(&mut self.sockets[index].link, how);
        match before {
            Link::Live(_) | Link::Stalled(_) => self.live -= 1,
            Link::Opening(_) | Link::Greeting(..) => self.opening -= 1,
            Link::Waiting | Link::Cut | Link::Lost => return,
        }
        self.lost += u64::from(lost);
    }

    /// Messages that arrived, latencies and events.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What the first follower that was cut off met.
    pub(crate) fn first_loss(&self) -> Option<&str> {
        self.first_loss.as_deref()
    }

    /// How many followers did not agree with the others of their topic about the order, or follow alone.
    pub(crate) fn alone(&self) -> usize {
        self.sockets.iter().filter(|socket| socket.follower.is_alone()).count()
    }

    /// The judgement over all followers but those that were left stalled or cut on purpose. `pushed_to` says what was
    /// pushed to the followers of a reference; who follows alone is asked for that of `None`.
    pub(crate) fn judge(&self, pushed_to: impl Fn(Option<usize>) -> Pushed) -> Counts {
        let mut counts = Counts { delivered: self.tally.delivered, cut: self.lost, ..Counts::default() };
        let mut pushed: Vec<Option<Pushed>> = vec![None; self.references.len() + 1];
        for socket in &self.sockets {
            if matches!(socket.link, Link::Stalled(_) | Link::Cut) {
                continue;
            }
            let place = socket.plan.reference.map_or(self.references.len(), |reference| reference);
            let pushed = pushed[place].get_or_insert_with(|| pushed_to(socket.plan.reference));
            counts.add(&socket.follower.judge(&self.references[socket.plan.reference.unwrap_or(0)], pushed));
        }
        counts
    }
}

fn listen(epoll: &OwnedFd, fd: &OwnedFd, index: usize) -> anyhow::Result<()> {
    let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
    Ok(epoll::add(epoll, fd, EventData::new_u64(index as u64), flags)?)
}
