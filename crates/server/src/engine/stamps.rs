//! Stamps: the parameter `t` by which most clients make each request's address unique. A request that repeats one was
//! repeated by a browser or proxy, because the answer to the first was lost on its way, or because it sends requests twice.
//! What is sent twice may come late, when the client has long been asking for more; an answer to it would be heard by nobody.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

/// A clock of seconds or of milliseconds goes on by less than this between two polls, of which none stays open for longer
/// than ping interval and timeout. It may say the same to two polls, so it tells none apart. Numbers that jump further, or
/// back, do: `rust_socketio` sends a checksum of the time.
const CLOCK_STEP_MAX: u64 = 100_000;

/// How many polls back a repeated one is known. Clients on a fast line ask some hundred times a second.
const TEXTS_REMEMBERED: usize = 32;

/// The same for numbers, of which each that is remembered costs: a checksum of the time is that of another poll by chance,
/// `rust_socketio`'s once in some two thousand, and then ends a session that nothing was wrong with.
const NUMBERS_REMEMBERED: usize = 4;

/// What a request's `t` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// Plain digits.
    Number(u64),
    /// The hash of anything else.
    Text(u64),
}

impl Stamp {
    /// None where there is nothing to tell apart by.
    pub(super) fn of(hasher: &RandomState, text: Option<&str>) -> Option<Self> {
        let text = text.filter(|text| !text.is_empty())?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        Some(number.map_or_else(|| Self::Text(hasher.hash_one(text)), Self::Number))
    }

    /// Whether these two, one after the other, show that this client gives each request a stamp of its own.
    fn is_apart_from(self, earlier: Self) -> bool {
        match (self, earlier) {
            (Self::Number(later), Self::Number(earlier)) => {
                later.checked_sub(earlier).is_none_or(|step| step > CLOCK_STEP_MAX)
            }
            (later, earlier) => later != earlier,
        }
    }

    const fn is_known_for(self) -> usize {
        match self {
            Self::Number(_) => NUMBERS_REMEMBERED,
            Self::Text(_) => TEXTS_REMEMBERED,
        }
    }
}

/// What a session's requests said.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    /// The latest first.
    answered: VecDeque<Stamp>,
    open: Option<Stamp>,
    /// Two requests in a row had different stamps: this client does use them to tell its requests apart.
    vary: bool,
}

impl Stamps {
    /// Of a session whose handshake had this stamp.
    pub(super) fn of_handshake(stamp: Option<Stamp>) -> Self {
        Self { answered: stamp.into_iter().collect(), ..Self::default() }
    }

    /// A poll begins. Whether it repeats one that was answered lately.
    pub(super) fn repeats(&mut self, stamp: Option<Stamp>) -> bool {
        self.open = stamp;
        let (Some(stamp), Some(latest)) = (stamp, self.answered.front()) else { return false };
        self.vary |= stamp.is_apart_from(*latest);
        self.vary && self.answered.iter().take(stamp.is_known_for()).any(|answered| *answered == stamp)
    }

    /// The open poll is answered.
    pub(super) fn answered(&mut self) {
        self.answered.truncate(TEXTS_REMEMBERED - 1);
        if let Some(stamp) = self.open {
            self.answered.push_front(stamp);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the last of these polls, each answered, counts as repeated. The first is the handshake's.
    fn last_repeats(stamps: &[Option<&str>]) -> bool {
        let hasher = RandomState::new();
        let mut read = stamps.iter().map(|stamp| Stamp::of(&hasher, *stamp));
        let mut stamps = Stamps::of_handshake(read.next().expect("a session has a handshake"));
        let mut repeats = false;
        for stamp in read {
            repeats = stamps.repeats(stamp);
            stamps.answered();
        }
        repeats
    }

    #[test]
    fn a_stamp_repeats_only_where_stamps_differ_otherwise() {
        assert!(last_repeats(&[Some("PabcX1.0"), Some("PabcX1.1"), Some("PabcX1.1")]));
        assert!(!last_repeats(&[Some("a"), Some("a"), Some("a")]), "a constant parameter says nothing");
        assert!(!last_repeats(&[None, None, None]));
        assert!(!last_repeats(&[Some(""), Some("a"), Some("")]));
        assert!(!last_repeats(&[None, Some("a"), Some("a")]));
        assert!(last_repeats(&[None, Some("a"), Some("b"), Some("b")]));
    }

    #[test]
    fn a_request_that_comes_again_late_repeats_too() {
        assert!(last_repeats(&[Some("a"), Some("b"), Some("c"), Some("b")]));
        assert!(last_repeats(&[Some("a"), Some("b"), Some("c"), Some("a")]), "the handshake's is one like any other");
        let texts: Vec<_> = (0..100).map(|number| format!("P{number}")).collect();
        let after = |later: usize| {
            let texts = texts[..=later].iter().chain([&texts[1]]);
            last_repeats(&texts.map(|text| Some(text.as_str())).collect::<Vec<_>>())
        };
        assert!(after(TEXTS_REMEMBERED));
        assert!(!after(TEXTS_REMEMBERED + 1), "what a session keeps is bounded");
    }

    #[test]
    fn a_clock_of_seconds_or_milliseconds_is_no_stamp() {
        assert!(!last_repeats(&[Some("1764000000"), Some("1764000025"), Some("1764000025")]));
        assert!(!last_repeats(&[Some("1764000000000"), Some("1764000025000"), Some("1764000025000")]));
        assert!(
            last_repeats(&[Some("1764000000.1"), Some("1764000000.2"), Some("1764000000.2")]),
            "parts of a second are"
        );
    }

    #[test]
    fn numbers_that_jump_are_stamps() {
        assert!(last_repeats(&[Some("3283946512"), Some("3284077585"), Some("3284077585")]));
        assert!(last_repeats(&[Some("3283946512"), Some("3283946511"), Some("3283946511")]));
        assert!(last_repeats(&[Some("3283946512"), Some("1170281100"), Some("3283946512")]));
        let long_ago = ["3283946512", "1170281100", "2170281100", "1870281100", "2970281100", "3283946512"].map(Some);
        assert!(!last_repeats(&long_ago), "this is chance");
    }
}
