//! How fast somebody may push when the server is open to the world: by person, or by address without a token.

use std::{net::IpAddr, time::Duration};

use journal::{Principal, Refusal};
use parking_lot::Mutex;

use crate::{
    counters::{Counters, key_of_address},
    limits::PUSH_BURST_SECONDS,
};

/// Pushes, counted; or nothing to count.
pub struct Rates(Option<Mutex<Counters>>);

impl Rates {
    /// So many pushes a second on average; 0 counts nothing.
    #[must_use]
    pub fn new(pushes_per_second: u32) -> Self {
        let every = Duration::from_secs(1).checked_div(pushes_per_second);
        Self(every.map(|every| {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret).expect("the system gives random bytes");
            Mutex::new(Counters::new(secret, pushes_per_second * PUSH_BURST_SECONDS, every))
        }))
    }

    /// Counts a push.
    pub fn count(&self, who: &Principal, peer: Option<IpAddr>, now_ms: u64) -> Result<(), Refusal> {
        let Some(counters) = &self.0 else { return Ok(()) };
        let key = match (who.user(), peer) {
            (Some(user), _) => user.as_str().as_bytes().to_vec(),
            (None, Some(address)) => key_of_address(address),
            (None, None) => Vec::new(),
        };
        counters.lock().count(&key, now_ms).map_err(|_| Refusal::TooFast)
    }
}

#[cfg(test)]
mod tests {
    use journal::UserId;

    use super::*;

    const NOW_MS: u64 = 1_700_000_000_000;

    #[test]
    fn a_person_may_push_a_burst_and_then_at_the_rate() {
        let rates = Rates::new(20);
        let ann = Principal::member(UserId::new("ann").unwrap());
        for _ in 0..20 * PUSH_BURST_SECONDS {
            assert_eq!(rates.count(&ann, None, NOW_MS), Ok(()));
        }
        assert_eq!(rates.count(&ann, None, NOW_MS), Err(Refusal::TooFast));
        assert_eq!(rates.count(&ann, None, NOW_MS + 49), Err(Refusal::TooFast));
        assert_eq!(rates.count(&ann, None, NOW_MS + 50), Ok(()));
        let bob = Principal::member(UserId::new("bob").unwrap());
        assert_eq!(rates.count(&bob, None, NOW_MS), Ok(()), "one person's pushes are not another's");
    }

    #[test]
    fn without_a_token_the_address_counts() {
        let rates = Rates::new(1);
        let (here, there) = (Some(IpAddr::from([127, 0, 0, 1])), Some(IpAddr::from([127, 0, 0, 2])));
        for _ in 0..PUSH_BURST_SECONDS {
            assert_eq!(rates.count(&Principal::ANONYMOUS, here, NOW_MS), Ok(()));
        }
        assert_eq!(rates.count(&Principal::ANONYMOUS, here, NOW_MS), Err(Refusal::TooFast));
        assert_eq!(rates.count(&Principal::ANONYMOUS, there, NOW_MS), Ok(()));
    }

    #[test]
    fn no_rate_counts_nothing() {
        let rates = Rates::new(0);
        assert!((0..10_000).all(|_| rates.count(&Principal::ANONYMOUS, None, NOW_MS).is_ok()));
    }
}
