//! Session ids: 128 random bits, printed as base64url.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The id of a session. Whoever knows it may act as the session, so it is never logged.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// A fresh one, from the operating system's randomness.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system gives randomness once it has booted");
        Self(bytes)
    }

    /// The id that a peer sent. `None` if it cannot be one of ours, whatever it is.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// Which of `shards` it belongs to.
    pub(super) fn shard(self, shards: usize) -> usize {
        usize::from(self.0[0]) % shards
    }
}

impl std::fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl std::fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SessionId(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::SessionId;

    #[test]
    fn an_id_parses_back_and_nothing_else_parses() {
        let id = SessionId::random();
        assert_eq!(SessionId::parse(&id.to_string()), Some(id));
        for foreign in ["", "__proto__", "constructor", "AAAA", "%41", &"A".repeat(23), &"A".repeat(1 << 16)] {
            assert_eq!(SessionId::parse(foreign), None, "{}", foreign.len());
        }
    }
}
