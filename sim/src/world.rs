//! A world: one server, its clients, the network and the disk, from the first moment to the last.
//!
//! Everything happens in one thread, one action after the other, in the order that the seed decides. When chaos is over, the
//! world waits until everybody has settled, ends the server, and hands the record and the journal to the judge.

mod chaos;
mod ending;

use std::{any::Any, collections::BTreeSet, panic::catch_unwind, rc::Rc};

use history::{Anomaly, Event};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::{
    action::{Action, Life, Task},
    client::{Client, Habits, Tally},
    disk::{Disk, Wear},
    plan::{Plan, rules_event},
    random::Random,
    server::{CannotStart, Server},
    stage::Stage,
};

/// The longest until a server that is down is started, in microseconds.
const START_WITHIN: u64 = 400_000;

/// Time after chaos until which everybody must have settled, in microseconds.
const SETTLED_WITHIN: u64 = 240_000_000;

/// Things that may happen in one world. More means that something goes round in circles.
const ACTIONS_MAX: u64 = 1_500_000;

/// SQLite's random numbers are one sequence for the whole process, which every world begins anew.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What came of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What must never be.
    pub anomalies: Vec<Anomaly>,
    /// What is wrong beside that: damage on the disk, somebody who never settled.
    pub faults: Vec<String>,
    /// A digest of everything that happened, in order. The same seed gives the same.
    pub trace: u64,
    /// How much happened.
    pub tally: WorldTally,
}

impl Outcome {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.anomalies.is_empty() && self.faults.is_empty()
    }

    fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        let fault = format!("something panicked: {}", text.unwrap_or("without a word"));
        Self { anomalies: Vec::new(), faults: vec![fault], trace: 0, tally: WorldTally::default() }
    }
}

/// How much happened in a world, or in many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldTally {
    /// Entries in the journal in the end.
    pub entries: u64,
    /// Lives of the server.
    pub lives: u64,
    /// Processes killed.
    pub kills: u64,
    /// Power cuts.
    pub power_cuts: u64,
    /// Starts that failed, because the disk did.
    pub failed_starts: u64,
    /// Clients barred.
    pub barred: u64,
    /// What clients went through.
    pub clients: Tally,
    /// What the disk went through.
    pub disk: Wear,
    /// Things that happened.
    pub actions: u64,
}

impl std::ops::Add for WorldTally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let disk = Wear {
            writes: self.disk.writes + other.disk.writes,
            syncs: self.disk.syncs + other.disk.syncs,
            syncs_failed: self.disk.syncs_failed + other.disk.syncs_failed,
            writes_without_room: self.disk.writes_without_room + other.disk.writes_without_room,
            faults: self.disk.faults + other.disk.faults,
        };
        Self {
            entries: self.entries + other.entries,
            lives: self.lives + other.lives,
            kills: self.kills + other.kills,
            power_cuts: self.power_cuts + other.power_cuts,
            failed_starts: self.failed_starts + other.failed_starts,
            barred: self.barred + other.barred,
            clients: self.clients + other.clients,
            disk,
            actions: self.actions + other.actions,
        }
    }
}

/// Runs the world of a seed, one at a time in a process: whoever has more cores starts more processes.
/// A panic is something wrong, too.
#[must_use]
pub fn run(seed: u64) -> Outcome {
    catch_unwind(|| run_recorded(seed).0).unwrap_or_else(|panic| Outcome::of_panic(&*panic))
}

/// Runs the world of a seed with a bug in it.
#[cfg(feature = "planted")]
#[must_use]
pub fn run_planted(seed: u64, bug: journal::Bug) -> Outcome {
    journal::plant(Some(bug));
    let outcome = run(seed);
    journal::plant(None);
    outcome
}

/// The same, with the record that the judge read.
#[must_use]
pub fn run_recorded(seed: u64) -> (Outcome, Vec<Event>) {
    let _alone = ONE_AT_A_TIME.lock();
    let mut random = Random::new(seed);
    let plan = Plan::new(&mut random);
    World::new(plan, random).run()
}

struct World {
    plan: Plan,
    stage: Stage,
    disk: Disk,
    server: Option<Server>,
    life: Life,
    clients: Vec<Client>,
    barred: BTreeSet<Rc<str>>,
    /// The next end of the process that the disk brings about cuts the power too.
    ends_in_power_cut: bool,
    is_calm: bool,
    settled_looks: u32,
    is_over: bool,
    trace: u64,
    tally: WorldTally,
}

impl World {
    fn new(plan: Plan, mut random: Random) -> Self {
        vfs::forget_randomness();
        let disk = Disk::new(random.fork());
        let clients = (0..plan.clients).map(|id| Client::new(id, &mut random)).collect();
        Self {
            plan,
            stage: Stage::new(random, plan.network),
            disk,
            server: None,
            life: 0,
            clients,
            barred: BTreeSet::new(),
            ends_in_power_cut: false,
            is_calm: false,
            settled_looks: 0,
            is_over: false,
            trace: 0,
            tally: WorldTally::default(),
        }
    }

    fn run(mut self) -> (Outcome, Vec<Event>) {
        self.stage.note(rules_event(self.plan.rules));
        self.stage.after(0, Action::Start);
        self.stage.soon(self.plan.chaos_every_max, Action::Chaos);
        self.stage.after(self.plan.calm_at, Action::Calm);
        (0..self.clients.len()).for_each(|client| self.stage.soon(100_000, Action::Client(client)));
        while !self.is_over
            && let Some(action) = self.stage.next()
        {
            self.happen(action);
            self.tally.actions += 1;
            if self.tally.actions > ACTIONS_MAX {
                self.stage.fault("something goes round in circles".to_owned());
                self.is_over = true;
            }
        }
        self.judge()
    }

    fn happen(&mut self, action: Action) {
        self.mark(&action);
        match action {
            Action::Chaos => self.chaos(),
            Action::Calm => self.calm(),
            Action::Look => self.look(),
            Action::Start => self.start(),
            Action::Stop(life) => self.stop(life),
            Action::Task(life, task) => {
                if let Some(server) = self.server.as_mut().filter(|server| server.life == life) {
                    server.run(&mut self.stage, task);
                }
            }
            Action::ServerHears(line) => self.server_hears(line),
            Action::Room(line) => self.with_server(|server, stage| server.room(stage, line)),
            Action::ServerLoses(line) => self.with_server(|server, stage| server.lose(stage, line)),
            Action::Request(exchange) => self.with_server(|server, stage| server.request(stage, exchange)),
            Action::Break(line) => self.stage.break_line(line),
            Action::ClientHears(line) => {
                if let Some(client) = self.stage.network.line(line).map(|line| line.client) {
                    self.clients[client].hear(&mut self.stage, line);
                }
            }
            Action::ClientLoses(line) => self.client_loses(line),
            Action::Answer(exchange) => {
                if let Some(found) = self.stage.take_answer(exchange) {
                    self.clients[found.client].take_answer(&mut self.stage, exchange, found.answer);
                }
            }
            Action::Client(client) => {
                let life = self.server.as_ref().map(|server| server.life);
                let habits = self.habits();
                self.clients[client].wake(&mut self.stage, habits, life);
            }
        }
        if self.disk.is_dead() {
            self.crash(self.ends_in_power_cut);
        }
    }

    fn habits(&self) -> Habits {
        let Plan { client_every_max, lost_one_in, .. } = self.plan;
        Habits {
            every_max: client_every_max,
            lost_one_in: if self.is_calm { 0 } else { lost_one_in },
            is_calm: self.is_calm,
        }
    }

    fn with_server(&mut self, work: impl FnOnce(&mut Server, &mut Stage)) {
        if let Some(server) = &mut self.server {
            work(server, &mut self.stage);
        }
    }

    /// A line to a server that is no more is refused.
    fn server_hears(&mut self, line: u64) {
        let life = self.stage.network.line(line).map(|line| line.life);
        match self.server.as_mut().filter(|server| Some(server.life) == life) {
            Some(server) => server.hear(&mut self.stage, line),
            None => self.stage.server_closes(line),
        }
    }

    /// The client reads what still arrived, and then sees that the line is gone.
    fn client_loses(&mut self, line: u64) {
        let Some(client) = self.stage.network.line(line).map(|line| line.client) else { return };
        if self.stage.is_unread(line) {
            return self.stage.after(1_000, Action::ClientLoses(line));
        }
        self.clients[client].lose(&mut self.stage, line);
    }

    fn start(&mut self) {
        if self.server.is_some() {
            return;
        }
        self.life += 1;
        let barred = self.barred.clone();
        match Server::start(self.life, self.plan, &self.disk, barred, &mut self.stage) {
            Ok(server) => {
                self.tally.lives += 1;
                self.stage.note(Event::Started { head: server.head() });
                self.server = Some(server);
            }
            Err(why) => {
                if let CannotStart::Damaged(fault) = why {
                    self.stage.fault(format!("a server found damage: {fault}"));
                    self.is_over = true;
                }
                self.tally.failed_starts += 1;
                self.stage.soon(START_WITHIN, Action::Start);
            }
        }
    }

    /// Ends the server in order, and starts another one.
    fn stop(&mut self, life: Life) {
        if let Some(server) = self.server.take_if(|server| server.life == life) {
            server.end(&mut self.stage);
            self.ended();
        }
    }

    /// The process is gone, and the power too if it was cut.
    fn crash(&mut self, loses_power: bool) {
        let server = self.server.take();
        // First the disk: taking the server apart must change nothing any more.
        if loses_power {
            self.disk.lose_power();
            self.tally.power_cuts += 1;
        } else {
            self.disk.kill();
            self.tally.kills += 1;
        }
        drop(server);
        self.stage.server_vanishes();
        self.ended();
    }

    fn ended(&mut self) {
        self.stage.note(Event::Ended);
        self.stage.soon(START_WITHIN, Action::Start);
    }

    /// Writes an action into the trace.
    fn mark(&mut self, action: &Action) {
        let kind = match action {
            Action::Chaos => 1,
            Action::Start => 2,
            Action::Stop(life) => 3 | life << 8,
            Action::Task(life, task) => 4 | life << 8 | task_kind(task) << 40,
            Action::ServerHears(line) => 5 | line << 8,
            Action::ClientHears(line) => 6 | line << 8,
            Action::Room(line) => 7 | line << 8,
            Action::ServerLoses(line) => 8 | line << 8,
            Action::ClientLoses(line) => 9 | line << 8,
            Action::Break(line) => 10 | line << 8,
            Action::Request(exchange) => 11 | exchange << 8,
            Action::Answer(exchange) => 12 | exchange << 8,
            Action::Client(client) => 13 | (*client as u64) << 8,
            Action::Calm => 14,
            Action::Look => 15,
        };
        for number in [self.stage.now(), kind] {
            self.trace = (self.trace ^ number).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(17);
        }
    }
}

fn task_kind(task: &Task) -> u64 {
    match task {
        Task::Write => 1,
        Task::Checkpoint => 2,
        Task::Project => 3,
        Task::LoadFilters => 4,
        Task::Answers => 5,
        Task::Round(_) => 6,
        Task::ReadPage(_) => 7,
        Task::PageRead(..) => 8,
        Task::FindStart(_) => 9,
        Task::Admit(..) => 10,
        Task::State(..) => 11,
        Task::Changes(..) => 12,
        Task::Timer(_) => 13,
        Task::Marks => 14,
        Task::Intrude => 15,
    }
}
