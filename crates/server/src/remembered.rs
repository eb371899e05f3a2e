//! Tokens that were verified lately: whoever sends one with every request is recognised by its hash, which costs a tenth of
//! verifying its signature and reading its claims. What may have changed since, expiry and revocation, is not remembered.

use parking_lot::Mutex;

use crate::{asker::Asker, limits::TOKENS_REMEMBERED};

/// A token's hash. The token itself is not kept, and comparing hashes tells nobody how much of a guess was right.
type TokenHash = [u8; 32];

/// Who the last tokens belong to. A token that falls on another one's place takes it.
pub(crate) struct Remembered {
    places: Box<[Mutex<Option<Holder>>]>,
}

struct Holder {
    token: TokenHash,
    asker: Asker,
}

impl Default for Remembered {
    fn default() -> Self {
        Self { places: (0..TOKENS_REMEMBERED).map(|_| Mutex::default()).collect() }
    }
}

impl Remembered {
    /// Who that token was verified to belong to.
    pub(crate) fn recall(&self, token: &str) -> Option<Asker> {
        let hash = hash(token);
        let place = self.place(&hash).lock();
        place.as_ref().filter(|holder| holder.token == hash).map(|holder| holder.asker.clone())
    }

    /// That token was verified.
    pub(crate) fn keep(&self, token: &str, asker: &Asker) {
        let hash = hash(token);
        *self.place(&hash).lock() = Some(Holder { token: hash, asker: asker.clone() });
    }

    fn place(&self, hash: &TokenHash) -> &Mutex<Option<Holder>> {
        let (first, _) = hash.split_first_chunk::<8>().expect("a hash has 32 bytes");
        let index = u64::from_le_bytes(*first) % TOKENS_REMEMBERED as u64;
        &self.places[usize::try_from(index).expect("it is below the number of places")]
    }
}

fn hash(token: &str) -> TokenHash {
    *blake3::hash(token.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recalled_as_itself_and_the_newest_take_the_places() {
        let remembered = Remembered::default();
        let tokens: Vec<String> = (0..4 * TOKENS_REMEMBERED).map(|number| format!("token {number}")).collect();
        for token in &tokens {
            assert!(remembered.recall(token).is_none(), "nobody kept it");
            remembered.keep(token, &Asker::anonymous());
            assert!(remembered.recall(token).is_some());
        }
        let kept = tokens.iter().filter(|token| remembered.recall(token).is_some()).count();
        assert!((1..=TOKENS_REMEMBERED).contains(&kept), "{kept} of {} are kept", tokens.len());
    }
}
