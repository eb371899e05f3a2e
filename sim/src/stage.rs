//! The stage of a world: its time, what happens next, the network, and the record of what was seen.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use history::Event;

use crate::{
    action::Action,
    network::{Network, NetworkPlan},
    random::Random,
};

/// When simulated time begins, in milliseconds since 1970.
const BEGINNING_MS: u64 = 1_800_000_000_000;

/// Simulated time, in microseconds since the beginning.
pub(crate) type Micros = u64;

/// What everybody in a world acts on.
pub(crate) struct Stage {
    /// Everything random but the disk.
    pub(crate) random: Random,
    pub(crate) network: Network,
    record: Vec<Event>,
    /// What is wrong and no judge of a record could know.
    faults: Vec<String>,
    now: Micros,
    /// What the machine's clock is wrong by, in milliseconds.
    skew_ms: i64,
    queue: BTreeMap<(Micros, u64), Action>,
    last: u64,
    /// Where simulated instants count from: whenever this world was made, which nobody can see.
    origin: Instant,
}

impl Stage {
    /// An empty stage.
    pub(crate) fn new(mut random: Random, network: NetworkPlan) -> Self {
        let network = Network::new(random.fork(), network);
        Self {
            random,
            network,
            record: Vec::new(),
            faults: Vec::new(),
            now: 0,
            skew_ms: 0,
            queue: BTreeMap::new(),
            last: 0,
            origin: Instant::now(),
        }
    }

    /// Microseconds since the beginning.
    pub(crate) fn now(&self) -> Micros {
        self.now
    }

    /// The present moment as `wire` counts it.
    pub(crate) fn instant(&self) -> Instant {
        self.origin + Duration::from_micros(self.now)
    }

    /// The simulated moment of an instant.
    pub(crate) fn moment(&self, instant: Instant) -> Micros {
        u64::try_from(instant.saturating_duration_since(self.origin).as_micros()).unwrap_or(Micros::MAX)
    }

    /// What the machine's clock says, in milliseconds since 1970.
    pub(crate) fn clock_ms(&self) -> u64 {
        (BEGINNING_MS + self.now / 1_000).saturating_add_signed(self.skew_ms)
    }

    /// The machine's clock jumps, forth or back.
    pub(crate) fn jump_clock(&mut self, by_ms: i64) {
        self.skew_ms += by_ms;
    }

    /// Writes down what was just seen, or is about to be asked.
    pub(crate) fn note(&mut self, event: Event) {
        self.record.push(event);
    }

    /// Writes down that something is wrong which no event says.
    pub(crate) fn fault(&mut self, fault: String) {
        self.faults.push(fault);
    }

    /// What was written down so.
    pub(crate) fn take_faults(&mut self) -> Vec<String> {
        std::mem::take(&mut self.faults)
    }

    /// Everything that was seen so far.
    pub(crate) fn record(&self) -> &[Event] {
        &self.record
    }

    /// Everything that was seen.
    pub(crate) fn into_record(self) -> Vec<Event> {
        self.record
    }

    /// Has something happen later.
    pub(crate) fn after(&mut self, delay: Micros, action: Action) {
        self.at(self.now + delay, action);
    }

    /// Has something happen at a moment that has not passed.
    pub(crate) fn at(&mut self, moment: Micros, action: Action) {
        self.last += 1;
        self.queue.insert((moment.max(self.now), self.last), action);
    }

    /// Has something happen within a while.
    pub(crate) fn soon(&mut self, within: Micros, action: Action) {
        let delay = self.random.below(within.max(1));
        self.after(delay, action);
    }

    /// What happens next; time goes there.
    pub(crate) fn next(&mut self) -> Option<Action> {
        let ((moment, _), action) = self.queue.pop_first()?;
        self.now = moment;
        Some(action)
    }
}
