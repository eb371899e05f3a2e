//! The name of a namespace as it stands in packets: `/` or `/name`.

use bytes::Bytes;

/// A namespace's name: valid UTF-8 that starts with a slash and holds no comma.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Namespace(Bytes);

impl Namespace {
    /// The namespace `/`, which packets do not name.
    #[must_use]
    pub const fn main() -> Self {
        Self(Bytes::from_static(b"/"))
    }

    /// The namespace of this name. `None` if no packet could carry it.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        Self::from_valid(Bytes::copy_from_slice(name.as_bytes()))
    }

    /// From bytes that are known to be UTF-8.
    pub(super) fn from_valid(name: Bytes) -> Option<Self> {
        let fits = name.first() == Some(&b'/') && memchr::memchr(b',', &name).is_none();
        fits.then_some(Self(name))
    }

    /// The same name in memory of its own: a decoded name is a slice that keeps its whole packet alive.
    pub(super) fn detached(&self) -> Self {
        if self.is_main() { Self::main() } else { Self(Bytes::copy_from_slice(&self.0)) }
    }

    /// Whether this is `/`.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.0.as_ref() == b"/"
    }

    /// The name with its slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a namespace is made from valid UTF-8 only")
    }
}

impl std::fmt::Debug for Namespace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(formatter)
    }
}
