//! The measuring thread's side of the followers: orders out, counters in, and the followers themselves at the end.

use std::{
    ops::Range,
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::Context;

use super::{Followers, Plan, Progress, Target, followers::Order};
use crate::{check::Window, clock::Clock, limits::SILENCE_TIME};

/// How often the measuring thread looks at the counters while it waits.
const LOOK: Duration = Duration::from_millis(2);

/// Followers at work on their thread.
pub(crate) struct Crowd {
    orders: Sender<Order>,
    thread: JoinHandle<anyhow::Result<Followers>>,
    progress: Arc<Progress>,
    planned: u64,
}

/// Starts a thread of followers of that many streams, of which `before` has been pushed already.
///
/// # Errors
/// No epoll or thread to be had.
pub(crate) fn spawn_followers(
    target: Target,
    references: usize,
    before: &[u32],
    (clock, window, progress): (Clock, Window, Arc<Progress>),
) -> anyhow::Result<Crowd> {
    let (orders, receiver) = channel();
    let followers = Followers::new(target, references, before, (clock, window, Arc::clone(&progress)))?;
    let thread = std::thread::Builder::new().name("followers".into()).spawn(move || followers.run(&receiver))?;
    Ok(Crowd { orders, thread, progress, planned: 0 })
}

impl Crowd {
    /// Opens `count` followers with the plan that `plan` makes for each, and waits until all of them are live.
    ///
    /// # Errors
    /// Some cannot connect.
    pub(crate) fn open(&mut self, count: usize, plan: impl Fn(usize) -> Plan) -> anyhow::Result<()> {
        self.order(Order::Open((0..count).map(plan).collect()));
        self.planned += count as u64;
        self.until_live(self.planned)
    }

    /// Waits until so many followers are live.
    ///
    /// # Errors
    /// Some were refused or cut off, or nothing happens for [`SILENCE_TIME`].
    pub(crate) fn until_live(&self, count: u64) -> anyhow::Result<()> {
        let reached = self.until(|progress| progress.live(), |live| live >= count || self.progress.failed() > 0);
        let (live, failed) = (self.progress.live(), self.progress.failed());
        anyhow::ensure!(
            reached && failed == 0,
            "{live} of {count} followers are connected, {failed} were refused or cut"
        );
        Ok(())
    }

    /// Waits until so many messages have arrived, and says whether they have, or nothing came for [`SILENCE_TIME`].
    pub(crate) fn until_delivered(&self, count: u64) -> bool {
        self.until(|progress| progress.delivered(), |delivered| delivered >= count)
    }

    /// Waits until so many followers were cut off.
    #[cfg(test)]
    pub(crate) fn until_failed(&self, count: u64) -> bool {
        self.until(|progress| progress.failed(), |failed| failed >= count)
    }

    fn until(&self, read: impl Fn(&Progress) -> u64, enough: impl Fn(u64) -> bool) -> bool {
        let mut last = (read(&self.progress), Instant::now());
        loop {
            let value = read(&self.progress);
            if enough(value) {
                return true;
            }
            if value != last.0 {
                last = (value, Instant::now());
            } else if last.1.elapsed() > SILENCE_TIME || self.thread.is_finished() {
                return false;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The connections of those end at once.
    pub(crate) fn cut(&self, who: Range<usize>) {
        self.order(Order::Cut(who));
    }

    /// Waits until nobody is connected any more.
    ///
    /// # Errors
    /// Some still are.
    pub(crate) fn until_cut(&self) -> anyhow::Result<()> {
        let reached = self.until(|progress| progress.live(), |live| live == 0);
        anyhow::ensure!(reached, "{} followers are still connected", self.progress.live());
        Ok(())
    }

    /// Those that were cut come back where they were.
    pub(crate) fn resume(&self, who: Range<usize>) {
        self.order(Order::Resume(who));
    }

    /// Those read nothing any more.
    pub(crate) fn stall(&self, who: Range<usize>) {
        self.order(Order::Stall(who));
    }

    /// Those read again.
    pub(crate) fn wake(&self, who: Range<usize>) {
        self.order(Order::Wake(who));
    }

    fn order(&self, order: Order) {
        // A thread that has ended says why when it is joined.
        let _ = self.orders.send(order);
    }

    /// Ends the thread and gives the followers back, to be judged.
    ///
    /// # Errors
    /// What ended the thread before.
    pub(crate) fn end(self) -> anyhow::Result<Followers> {
        self.order(Order::Stop);
        self.thread.join().ok().context("the thread of the followers panicked")?
    }
}
