//! What every scenario needs: a running server, a clock, counters, and the measured window with what it cost.

use std::{path::Path, sync::Arc, time::Duration};

use super::Outcome;
use crate::{
    check::{Pushed, Window},
    clock::Clock,
    load::{Crowd, Progress, PushPlan, PushReport, Pushing, Target, spawn_followers, spawn_pushers},
    server::{Choice, Cost, Server, thread_cpu_ns},
};

/// A server with everything around it.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) target: Target,
    pub(crate) clock: Clock,
    pub(crate) window: Window,
    pub(crate) progress: Arc<Progress>,
    pub(crate) outcome: Outcome,
}

/// Readings at the beginning of a window.
pub(crate) struct Opened {
    cost: Cost,
    now_ns: u64,
    delivered: u64,
    accepted: u64,
    load_ns: u64,
}

/// What happened in a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    pub(crate) cpu_ns: f64,
    pub(crate) switches: f64,
    pub(crate) delivered: f64,
    pub(crate) accepted: f64,
    pub(crate) load_ns: f64,
}

impl Stage {
    /// Starts the server.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn new(scenario: &str, choice: &Choice, folder: &Path) -> anyhow::Result<Self> {
        Ok(Self::on(scenario, choice, Server::start(choice, folder)?))
    }

    /// The same with a server that runs already.
    pub(crate) fn on(scenario: &str, choice: &Choice, server: Server) -> Self {
        Self {
            target: server.target(),
            server,
            clock: Clock::start(),
            window: Window::closed(),
            progress: Arc::default(),
            outcome: Outcome::new(scenario, &choice.label),
        }
    }

    fn shared(&self) -> (Clock, Window, Arc<Progress>) {
        (self.clock, self.window.clone(), Arc::clone(&self.progress))
    }

    /// A thread of followers of that many streams.
    ///
    /// # Errors
    /// No thread to be had.
    pub(crate) fn followers(&self, references: usize) -> anyhow::Result<Crowd> {
        self.followers_after(references, &[])
    }

    /// The same after something was pushed: the last numbers, by lane.
    ///
    /// # Errors
    /// No thread to be had.
    pub(crate) fn followers_after(&self, references: usize, before: &[u32]) -> anyhow::Result<Crowd> {
        spawn_followers(self.target.clone(), references, before, self.shared())
    }

    /// The pushers of that plan, at work.
    ///
    /// # Errors
    /// They cannot connect.
    pub(crate) fn push(&self, plan: PushPlan) -> anyhow::Result<Pushing> {
        spawn_pushers(&self.target, plan, self.shared())
    }

    /// Lets the load settle for that long, then measures for `span`.
    ///
    /// # Errors
    /// The server is gone.
    pub(crate) fn measure(&self, settle: Duration, span: Duration) -> anyhow::Result<Measured> {
        std::thread::sleep(settle);
        let opened = self.open()?;
        std::thread::sleep(span);
        self.close(&opened)
    }

    /// Opens the window.
    ///
    /// # Errors
    /// The server is gone.
    pub(crate) fn open(&self) -> anyhow::Result<Opened> {
        let now_ns = self.clock.now_ns();
        self.window.open(now_ns);
        Ok(Opened {
            cost: self.server.cost()?,
            now_ns,
            delivered: self.progress.delivered(),
            accepted: self.progress.accepted(),
            load_ns: load_ns(),
        })
    }

    /// Closes the window.
    ///
    /// # Errors
    /// The server is gone.
    pub(crate) fn close(&self, opened: &Opened) -> anyhow::Result<Measured> {
        let now_ns = self.clock.now_ns();
        self.window.close(now_ns);
        let cost = self.server.cost()?;
        Ok(Measured {
            seconds: (now_ns - opened.now_ns) as f64 / 1e9,
            cpu_ns: cost.cpu_ns_since(&opened.cost) as f64,
            switches: cost.switches_since(&opened.cost) as f64,
            delivered: (self.progress.delivered() - opened.delivered) as f64,
            accepted: (self.progress.accepted() - opened.accepted) as f64,
            load_ns: (load_ns() - opened.load_ns) as f64,
        })
    }

    /// Writes down what deliveries cost in the window.
    pub(crate) fn tell_deliveries(&mut self, measured: &Measured) {
        let outcome = &mut self.outcome;
        outcome.figure("cpu_per_delivery_us", measured.cpu_ns / measured.delivered / 1e3);
        outcome.figure("deliveries_per_s", measured.delivered / measured.seconds);
        outcome.figure("switches_per_delivery", measured.switches / measured.delivered);
        outcome.figure("load_cpu_per_delivery_us", measured.load_ns / measured.delivered / 1e3);
        self.tell_server(measured);
    }

    /// Writes down how busy the server was and what was accepted.
    pub(crate) fn tell_server(&mut self, measured: &Measured) {
        self.outcome.figure("server_cores", measured.cpu_ns / 1e9 / measured.seconds);
        self.outcome.figure("accepted_per_s", measured.accepted / measured.seconds);
    }

    /// Writes down what the pushers say.
    pub(crate) fn tell_pushes(&mut self, report: &PushReport) {
        self.outcome.latency("ack", &report.acks);
        self.outcome.refusals.extend(report.refusals.clone());
    }

    /// Waits for what is still owed, ends the followers and judges them. `pushed_to` says what was pushed to the followers
    /// of a reference.
    ///
    /// # Errors
    /// What ended the thread of the followers.
    pub(crate) fn judge(
        &mut self,
        crowd: Crowd,
        deliveries: u64,
        pushed_to: impl Fn(Option<usize>) -> Pushed,
    ) -> anyhow::Result<()> {
        crowd.until_delivered(deliveries);
        let followers = crowd.end()?;
        self.outcome.latency("delivery", &followers.tally().latency);
        self.outcome.figure("followers_alone", followers.alone() as f64);
        self.outcome.counts = followers.judge(pushed_to);
        if let Some(loss) = followers.first_loss() {
            eprintln!("{}: {loss}", self.outcome.server);
        }
        Ok(())
    }
}

fn load_ns() -> u64 {
    thread_cpu_ns("followers") + thread_cpu_ns("pushers")
}
