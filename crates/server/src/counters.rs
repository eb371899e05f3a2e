//! Counters that fill with attempts and empty with time, in a fixed amount of memory however many keys there are.

use std::{net::IpAddr, time::Duration};

use crate::limits::COUNTERS;

/// Which counter a key falls on is a secret, so that nobody can fill another one's on purpose.
pub(crate) struct Counters {
    secret: [u8; 32],
    /// For each, the time in ms at which it will be empty.
    empty_at_ms: Box<[u64]>,
    attempts_max: u32,
    every: Duration,
}

impl Counters {
    /// Empty counters that hold so many, and lose one in each such time.
    #[must_use]
    pub(crate) fn new(secret: [u8; 32], attempts_max: u32, every: Duration) -> Self {
        Self { secret, empty_at_ms: vec![0; COUNTERS].into(), attempts_max, every }
    }

    /// Counts one more, or says how long until one more is free.
    pub(crate) fn count(&mut self, key: &[u8], now_ms: u64) -> Result<(), Duration> {
        let (every_ms, full_ms) = (self.every_ms(), self.every_ms() * u64::from(self.attempts_max));
        let counter = self.counter(key);
        let filled_ms = counter.saturating_sub(now_ms).min(full_ms) + every_ms;
        if filled_ms > full_ms {
            return Err(Duration::from_millis(filled_ms - full_ms));
        }
        *counter = now_ms + filled_ms;
        Ok(())
    }

    /// Takes one back.
    pub(crate) fn take_back(&mut self, key: &[u8]) {
        let every_ms = self.every_ms();
        let counter = self.counter(key);
        *counter = counter.saturating_sub(every_ms);
    }

    fn every_ms(&self) -> u64 {
        u64::try_from(self.every.as_millis()).expect("a minute fits")
    }

    fn counter(&mut self, key: &[u8]) -> &mut u64 {
        let hash = blake3::keyed_hash(&self.secret, key);
        let (first, _) = hash.as_bytes().split_first_chunk::<8>().expect("a hash has 32 bytes");
        let place = u64::from_le_bytes(*first) % self.empty_at_ms.len() as u64;
        &mut self.empty_at_ms[usize::try_from(place).expect("a place in a list")]
    }
}

/// An address as a key. A whole IPv6 network of a customer, /64, is one address.
pub(crate) fn key_of_address(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_bits().to_be_bytes().to_vec(),
        IpAddr::V6(address) => (address.to_bits() >> 64).to_be_bytes().to_vec(),
    }
}
