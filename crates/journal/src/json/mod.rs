//! Pushed JSON: one strict parser, minified once, stored and relayed as those bytes.
//!
//! Owns everything that reads or writes JSON in the domain. [`Json::parse`] is the only way in for text from outside;
//! whoever holds a [`Json`] reads it in place through [`RawJson`], without a second tree in memory. Nothing here panics,
//! whatever the bytes are, and nothing recurses over them but merging, which stops at the depth that the parser allows.

mod error;
mod keys;
mod number;
mod outline;
mod parse;
mod patch;
mod raw;
mod string;

use bytes::Bytes;

use crate::{BadItemId, ItemId};

pub use error::JsonError;
pub use raw::{Elements, JsonKind, Members, RawJson};
pub use string::write_string;

/// JSON text that went through the strict parser: valid, minified, bounded. Cheap to clone.
///
/// Minified means that the whitespace between tokens is gone. Everything else stays byte for byte as it was pushed:
/// `1.0` stays `1.0`, `"\u0041"` stays `"\u0041"`, members keep their order. So equality is that of the spelling.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Json(Bytes);

impl Json {
    /// Checks one JSON text (RFC 8259) and minifies it.
    ///
    /// Stricter than most parsers, so that every reader sees the same value: UTF-8 without a byte order mark, at most
    /// [`JSON_DEPTH_MAX`](crate::limits::JSON_DEPTH_MAX) nested arrays and objects, no key twice in one object, no key
    /// `__proto__`, no lone surrogate, no number outside the range of a double. Keys are compared decoded.
    ///
    /// Takes time in n log n of the input and memory in its order of size. The caller bounds the input's length.
    pub fn parse(input: &[u8]) -> Result<Self, JsonError> {
        parse::minify(input).map(|text| Self(text.into()))
    }

    /// Takes bytes that an earlier [`Json`] was stored as. They are not checked again: the hash chain is the check.
    #[must_use]
    pub fn from_stored(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The object without members.
    #[must_use]
    pub fn empty_object() -> Self {
        Self(Bytes::from_static(b"{}"))
    }

    /// The object `{"id":…}`, which is all that a delete says.
    #[must_use]
    pub fn object_with_id(id: &ItemId) -> Self {
        let mut text = br#"{"id":"#.to_vec();
        match id {
            ItemId::Integer(id) => text.extend_from_slice(id.to_string().as_bytes()),
            ItemId::Text(id) => write_string(&mut text, id),
        }
        text.push(b'}');
        Self(text.into())
    }

    /// The minified text.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The value, to be read in place.
    #[must_use]
    pub fn as_raw(&self) -> RawJson<'_> {
        RawJson::new(&self.0)
    }

    /// What the value is.
    #[must_use]
    pub fn kind(&self) -> JsonKind {
        self.as_raw().kind()
    }

    /// The member of that (decoded) name; none when the value is not an object.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<RawJson<'_>> {
        self.as_raw().member(name)
    }

    /// The members in their order, names decoded; none when the value is not an object.
    #[must_use]
    pub fn members(&self) -> Members<'_> {
        self.as_raw().members()
    }

    /// The elements in their order; none when the value is not an array.
    #[must_use]
    pub fn elements(&self) -> Elements<'_> {
        self.as_raw().elements()
    }

    /// The item id in the member `id`: none without that member, an error when it is not an id.
    pub fn item_id(&self) -> Result<Option<ItemId>, BadItemId> {
        let Some(id) = self.member("id") else { return Ok(None) };
        match (id.integer(), id.string()) {
            (Some(id), _) => ItemId::integer(id).map(Some),
            (None, Some(id)) => ItemId::text(&id).map(Some),
            (None, None) => Err(BadItemId),
        }
    }

    /// What `patch` makes of this value (RFC 7396): members that are null go, objects are merged member by member,
    /// everything else is replaced. Kept members keep their place and spelling, new ones come last in the patch's order.
    ///
    /// The result is no deeper than the deeper of the two, and no longer than both together: the caller bounds its
    /// length. Takes time in n log n. Fails only where one of the two is not what [`Json::parse`] would have made.
    pub fn merge_patch(&self, patch: &Self) -> Result<Self, JsonError> {
        patch::merge(&self.0, &patch.0).map(|text| Self(text.into()))
    }
}

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}
