//! Notices what this and other processes change about the accounts, and keeps the newest revocations at hand.

use std::sync::Arc;

use store::{Accounts, AccountsError, Revocations};
use tokio::{sync::watch, task, time};

use super::{
    limits::{ACCOUNTS_POLL_EVERY, ACCOUNTS_PURGE_EVERY},
    now_ms,
};

/// The newest revocations, for whoever checks tokens. Cheap to clone.
#[derive(Clone)]
pub struct AccountsWatch {
    accounts: Accounts,
    newest: Arc<watch::Sender<Revocations>>,
}

impl AccountsWatch {
    /// Reads the revocations once. Blocks for that.
    pub fn new(accounts: Accounts) -> Result<Self, AccountsError> {
        let newest = Arc::new(watch::Sender::new(accounts.revocations()?));
        Ok(Self { accounts, newest })
    }

    /// The newest revocations, and word of every change.
    #[must_use]
    pub fn revocations(&self) -> watch::Receiver<Revocations> {
        self.newest.subscribe()
    }

    /// Reads them again if somebody changed something; answers whether. Blocks for that.
    pub fn refresh(&self) -> Result<bool, AccountsError> {
        let is_new = self.accounts.version()? != self.newest.borrow().version();
        if is_new {
            self.newest.send_replace(self.accounts.revocations()?);
        }
        Ok(is_new)
    }

    /// Refreshes for ever, often enough that a revocation counts within a second, and forgets revoked tokens that have
    /// expired. While the accounts cannot be read, what was known last goes on to hold.
    pub async fn run(self) {
        let mut polls = time::interval(ACCOUNTS_POLL_EVERY);
        polls.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut purged_at: Option<time::Instant> = None;
        let mut is_failing = false;
        loop {
            polls.tick().await;
            let purges = purged_at.is_none_or(|at| at.elapsed() >= ACCOUNTS_PURGE_EVERY);
            if purges {
                purged_at = Some(time::Instant::now());
            }
            let watch = self.clone();
            let result = task::spawn_blocking(move || watch.look(purges)).await.unwrap_or(Ok(()));
            if let Err(error) = &result
                && !is_failing
            {
                tracing::error!(%error, "the accounts cannot be read; new revocations are not noticed until they can");
            }
            is_failing = result.is_err();
        }
    }

    fn look(&self, purges: bool) -> Result<(), AccountsError> {
        if purges {
            self.accounts.purge_expired(now_ms())?;
        }
        self.refresh().map(|_| ())
    }
}
