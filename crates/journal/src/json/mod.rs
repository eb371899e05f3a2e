//! Pushed JSON: one strict parser, minified once, stored and relayed as those bytes.

use bytes::Bytes;

/// JSON text that went through the strict parser: valid, minified, bounded. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Json(Bytes);

impl Json {
    /// Takes bytes that an earlier [`Json`] was stored as. They are not checked again: the hash chain is the check.
    #[must_use]
    pub fn from_stored(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The minified text.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}
