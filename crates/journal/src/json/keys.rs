//! The keys of the objects that the parser is inside of, and that none of them stands twice in one object.
//!
//! All open objects share two vectors as a stack, so that nesting costs no allocations. A hostile object of many keys
//! costs a sort, never a comparison of every pair, and no hash that could be flooded.

use super::{JsonError, string, string::Scanned};

/// Up to so many keys are compared pair by pair, which needs no sort.
const PAIRWISE_MAX: usize = 12;

/// The keys of all open objects, innermost last.
pub(super) struct Keys<'a> {
    text: &'a [u8],
    keys: Vec<Key>,
    /// Decoded names of the keys that have escapes.
    decoded: Vec<u8>,
}

/// Where the keys of one open object begin.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    keys: usize,
    decoded: usize,
}

/// One key: where it stands, and where its name does (in `decoded` when it has escapes, else in the text).
#[derive(Clone, Copy)]
struct Key {
    at: usize,
    start: usize,
    end: usize,
    escaped: bool,
}

impl<'a> Keys<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, keys: Vec::new(), decoded: Vec::new() }
    }

    /// An object opens.
    pub(super) fn open(&self) -> Mark {
        Mark { keys: self.keys.len(), decoded: self.decoded.len() }
    }

    /// A key of the innermost object, its opening quote at `at`.
    pub(super) fn push(&mut self, at: usize, scanned: &Scanned) -> Result<(), JsonError> {
        let (mut start, mut end) = (at + 1, scanned.end - 1);
        if scanned.escaped {
            let from = self.decoded.len();
            string::decode_into(&mut self.decoded, &self.text[start..end]).ok_or(JsonError::BadEscape { at })?;
            (start, end) = (from, self.decoded.len());
        }
        let key = Key { at, start, end, escaped: scanned.escaped };
        if self.name(&key) == b"__proto__" {
            return Err(JsonError::ForbiddenKey { at });
        }
        self.keys.push(key);
        Ok(())
    }

    /// The innermost object closes: none of its keys may stand twice.
    pub(super) fn close(&mut self, mark: Mark) -> Result<(), JsonError> {
        let duplicate = match self.keys.len() - mark.keys {
            0..=1 => None,
            2..=PAIRWISE_MAX => self.duplicate_among_few(mark),
            _ => self.duplicate_among_many(mark),
        };
        self.keys.truncate(mark.keys);
        self.decoded.truncate(mark.decoded);
        duplicate.map_or(Ok(()), |at| Err(JsonError::DuplicateKey { at }))
    }

    fn duplicate_among_few(&self, mark: Mark) -> Option<usize> {
        let keys = &self.keys[mark.keys..];
        let again = |index: &usize| keys[..*index].iter().any(|key| self.name(key) == self.name(&keys[*index]));
        (1..keys.len()).find(again).map(|index| keys[index].at)
    }

    fn duplicate_among_many(&mut self, mark: Mark) -> Option<usize> {
        let mut keys = self.keys.split_off(mark.keys);
        keys.sort_unstable_by(|a, b| self.name(a).cmp(self.name(b)).then(a.at.cmp(&b.at)));
        let twice = keys.windows(2).filter(|pair| self.name(&pair[0]) == self.name(&pair[1]));
        twice.map(|pair| pair[1].at).min()
    }

    fn name(&self, key: &Key) -> &[u8] {
        let source = if key.escaped { &self.decoded } else { self.text };
        &source[key.start..key.end]
    }
}
