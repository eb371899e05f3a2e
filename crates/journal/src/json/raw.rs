//! One value inside a [`Json`], read in place: its kind, its scalar, its members or elements.
//!
//! The text is trusted to be what the parser let through. Where it is not (bytes damaged on a disk), readers see fewer
//! members or none; they never panic.

use std::borrow::Cow;

use bytes::Bytes;

use super::{Json, number, outline::value_end, string};

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonKind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// `-1.5e3`
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

/// The text of one value inside a [`Json`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawJson<'a>(&'a [u8]);

impl<'a> RawJson<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// The minified text.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The minified text as a `str`. Costs a check of its UTF-8; empty if a damaged disk gave us something else.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        str::from_utf8(self.0).unwrap_or_default()
    }

    /// What the value is.
    #[must_use]
    pub fn kind(&self) -> JsonKind {
        match self.0.first() {
            Some(b'{') => JsonKind::Object,
            Some(b'[') => JsonKind::Array,
            Some(b'"') => JsonKind::String,
            Some(b't' | b'f') => JsonKind::Bool,
            Some(b'-' | b'0'..=b'9') => JsonKind::Number,
            _ => JsonKind::Null,
        }
    }

    /// The decoded text of a string.
    #[must_use]
    pub fn string(&self) -> Option<Cow<'a, str>> {
        string::decode(self.0.strip_prefix(b"\"")?.strip_suffix(b"\"")?)
    }

    /// A number spelt as an integer that fits: `-?(0|[1-9][0-9]*)`, but not `-0`. Neither `1.0` nor `1e3` is one.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        number::integer(self.0)
    }

    /// The value of `true` or `false`.
    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        match self.0 {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// Whether the value is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0 == b"null"
    }

    /// The member of that (decoded) name; none when the value is not an object. Reads up to that member.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Self> {
        self.members().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The members in their order, names decoded; none when the value is not an object.
    #[must_use]
    pub fn members(&self) -> Members<'a> {
        Members { text: self.0, at: self.inside(b'{') }
    }

    /// The elements in their order; none when the value is not an array.
    #[must_use]
    pub fn elements(&self) -> Elements<'a> {
        Elements { text: self.0, at: self.inside(b'[') }
    }

    /// The value on its own, copied out of the text around it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json(Bytes::copy_from_slice(self.0))
    }

    /// Where the first member or element begins, or the end of the text when there is none.
    fn inside(&self, bracket: u8) -> usize {
        if self.0.first() == Some(&bracket) { 1 } else { self.0.len() }
    }
}

/// The members of an object, in order.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, RawJson<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key_end = string::end(self.text, self.at)?;
        let key = RawJson(self.text.get(self.at..key_end)?).string()?;
        let value = value_at(self.text, key_end + 1)?;
        // One past the comma; past the closing bracket there is nothing more.
        self.at = key_end + 1 + value.0.len() + 1;
        Some((key, value))
    }
}

/// The elements of an array, in order.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = RawJson<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let value = value_at(self.text, self.at)?;
        self.at += value.0.len() + 1;
        Some(value)
    }
}

fn value_at(text: &[u8], start: usize) -> Option<RawJson<'_>> {
    text.get(start..value_end(text, start)?).filter(|value| !value.is_empty()).map(RawJson)
}
