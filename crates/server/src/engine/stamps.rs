//! Stamps: the parameter `t` by which most clients make each request's address unique. A request that repeats one was
//! repeated by a browser or proxy, because the answer to the first was lost on its way.

use std::hash::{BuildHasher, RandomState};

/// The hash of a request's stamp. Plain digits are none: they may be a clock's seconds, which repeat by themselves.
pub(super) fn hash(hasher: &RandomState, stamp: Option<&str>) -> Option<u64> {
    let stamp = stamp.filter(|stamp| stamp.bytes().any(|byte| !byte.is_ascii_digit()))?;
    Some(hasher.hash_one(stamp))
}

/// What a session's requests said.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    answered: Option<u64>,
    open: Option<u64>,
    /// Two requests in a row had different stamps: this client does use them to tell its requests apart.
    vary: bool,
}

impl Stamps {
    /// Of a session whose handshake had this stamp.
    pub(super) fn of_handshake(stamp: Option<u64>) -> Self {
        Self { answered: stamp, ..Self::default() }
    }

    /// A poll begins. Whether it repeats the one that was answered last.
    pub(super) fn repeats(&mut self, stamp: Option<u64>) -> bool {
        self.open = stamp;
        let same = stamp.is_some() && stamp == self.answered;
        self.vary |= stamp.is_some() && self.answered.is_some() && !same;
        same && self.vary
    }

    /// The open poll is answered.
    pub(super) const fn answered(&mut self) {
        self.answered = self.open;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the last of these polls, each answered, counts as repeated.
    fn last_repeats(handshake: Option<u64>, polls: &[Option<u64>]) -> bool {
        let mut stamps = Stamps::of_handshake(handshake);
        let mut repeats = false;
        for stamp in polls {
            repeats = stamps.repeats(*stamp);
            stamps.answered();
        }
        repeats
    }

    #[test]
    fn a_stamp_repeats_only_where_stamps_differ_otherwise() {
        assert!(last_repeats(Some(1), &[Some(2), Some(2)]));
        assert!(!last_repeats(Some(1), &[Some(2), Some(3), Some(2)]), "only the last answer can have been lost");
        assert!(!last_repeats(Some(1), &[Some(1), Some(1)]), "a constant parameter says nothing");
        assert!(!last_repeats(None, &[None, None]));
        assert!(!last_repeats(None, &[Some(1), Some(1)]));
        assert!(last_repeats(None, &[Some(1), Some(2), Some(2)]));
    }

    #[test]
    fn seconds_are_no_stamp() {
        let hasher = RandomState::new();
        assert_eq!(hash(&hasher, Some("1764000000")), None);
        assert_eq!(hash(&hasher, Some("")), None);
        assert_eq!(hash(&hasher, None), None);
        assert_eq!(hash(&hasher, Some("PabcX1.0")), hash(&hasher, Some("PabcX1.0")));
        assert_ne!(hash(&hasher, Some("PabcX1.0")), hash(&hasher, Some("PabcX1.1")));
    }
}
