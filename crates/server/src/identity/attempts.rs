//! How often somebody may try a password or a door: counted by account and by address, in a fixed amount of memory.

use std::{net::IpAddr, time::Duration};

use parking_lot::Mutex;

use super::limits::{ACCOUNT_ATTEMPT_EVERY, ACCOUNT_ATTEMPTS_MAX, ADDRESS_ATTEMPT_EVERY, ADDRESS_ATTEMPTS_MAX};
use crate::counters::{Counters, key_of_address};

/// Attempts at accounts, and from addresses.
pub struct Attempts {
    accounts: Mutex<Counters>,
    addresses: Mutex<Counters>,
}

/// Too many attempts; how long until one more is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again in {} seconds", .0.as_secs().max(1))]
pub struct TooMany(pub Duration);

impl Attempts {
    /// No attempts yet.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        let counters = |attempts_max, every| Mutex::new(Counters::new(secret, attempts_max, every));
        Self {
            accounts: counters(ACCOUNT_ATTEMPTS_MAX, ACCOUNT_ATTEMPT_EVERY),
            addresses: counters(ADDRESS_ATTEMPTS_MAX, ADDRESS_ATTEMPT_EVERY),
        }
    }

    /// Counts an attempt from an address. A whole IPv6 network of a customer, /64, is one address.
    pub fn from_address(&self, address: IpAddr, now_ms: u64) -> Result<(), TooMany> {
        self.addresses.lock().count(&key_of_address(address), now_ms).map_err(TooMany)
    }

    /// Counts an attempt at an account, whether it exists or not.
    pub fn at_account(&self, account: &str, now_ms: u64) -> Result<(), TooMany> {
        self.accounts.lock().count(account.as_bytes(), now_ms).map_err(TooMany)
    }

    /// Takes an attempt back that turned out to be the owner's.
    pub fn succeeded(&self, account: &str) {
        self.accounts.lock().take_back(account.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_700_000_000_000;

    fn attempts() -> Attempts {
        Attempts::new([7; 32])
    }

    #[test]
    fn attempts_at_an_account_end_and_come_back_one_by_one() {
        let attempts = attempts();
        for _ in 0..ACCOUNT_ATTEMPTS_MAX {
            assert_eq!(attempts.at_account("ann", NOW_MS), Ok(()));
        }
        assert_eq!(attempts.at_account("ann", NOW_MS), Err(TooMany(ACCOUNT_ATTEMPT_EVERY)));
        assert_eq!(attempts.at_account("bob", NOW_MS), Ok(()));
        assert!(attempts.at_account("ann", NOW_MS + 59_999).is_err());
        assert_eq!(attempts.at_account("ann", NOW_MS + 60_000), Ok(()));
        assert!(attempts.at_account("ann", NOW_MS + 60_000).is_err());
    }

    #[test]
    fn the_owners_attempts_do_not_count() {
        let attempts = attempts();
        for _ in 0..3 * ACCOUNT_ATTEMPTS_MAX {
            assert_eq!(attempts.at_account("ann", NOW_MS), Ok(()));
            attempts.succeeded("ann");
        }
    }

    #[test]
    fn an_ipv6_network_and_a_mapped_address_are_one_address() {
        let attempts = attempts();
        let from = |text: &str| attempts.from_address(text.parse().unwrap(), NOW_MS);
        for n in 0..ADDRESS_ATTEMPTS_MAX {
            assert_eq!(from(&format!("2001:db8:1:2::{n:x}")), Ok(()));
            assert_eq!(from("192.0.2.1"), Ok(()));
        }
        assert!(from("2001:db8:1:2:ffff::1").is_err());
        assert!(from("::ffff:192.0.2.1").is_err());
        assert_eq!(from("2001:db8:1:3::1"), Ok(()));
        assert_eq!(from("192.0.2.2"), Ok(()));
    }

    #[test]
    fn a_clock_that_jumps_back_locks_nobody_out_for_longer() {
        let attempts = attempts();
        for _ in 0..ACCOUNT_ATTEMPTS_MAX {
            attempts.at_account("ann", NOW_MS).unwrap();
        }
        assert_eq!(attempts.at_account("ann", 0), Err(TooMany(ACCOUNT_ATTEMPT_EVERY)));
    }
}
