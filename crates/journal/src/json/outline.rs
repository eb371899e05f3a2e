//! Where values end and which members an object has, found in text that was parsed before.

use std::ops::Range;

use super::{JsonError, string};
use crate::limits::JSON_DEPTH_MAX;

/// Just after the value that begins at `start`.
pub(super) fn value_end(text: &[u8], start: usize) -> Option<usize> {
    match text.get(start)? {
        b'"' => string::end(text, start),
        b'{' | b'[' => brackets_end(text, start),
        _ => {
            let length = text[start..].iter().position(|byte| b",]}".contains(byte));
            Some(length.map_or(text.len(), |length| start + length))
        }
    }
}

fn brackets_end(text: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match text.get(at)? {
            b'"' => at = string::end(text, at)? - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The members of an object and of the objects in it, in the order of the text. What lies in arrays is not looked at.
pub(super) struct Outline<'a> {
    pub(super) text: &'a [u8],
    is_object: bool,
    members: Vec<Member>,
}

/// One member: where its key begins, and the index after the last member inside it.
struct Member {
    at: usize,
    after: usize,
}

impl<'a> Outline<'a> {
    /// Reads minified text once. Refuses what the parser would not have let through, as far as it would mislead us.
    pub(super) fn of(text: &'a [u8]) -> Result<Self, JsonError> {
        str::from_utf8(text).map_err(|error| JsonError::NotUtf8 { at: error.valid_up_to() })?;
        let mut outline = Self { text, is_object: text.first() == Some(&b'{'), members: Vec::new() };
        let end = if outline.is_object { outline.read_members()? } else { outline.end_of_value(0)? };
        if end == text.len() { Ok(outline) } else { Err(JsonError::Unexpected { at: end, expected: "nothing more" }) }
    }

    /// The members of the whole text's object with all that is in them, as [`Outline::members`] takes them.
    pub(super) fn root(&self) -> Option<Range<usize>> {
        self.is_object.then_some(0..self.members.len())
    }

    /// The members that lie side by side in this range, without those inside of them.
    pub(super) fn members(&self, within: Range<usize>) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(within.start), |&member| Some(self.members.get(member)?.after))
            .take_while(move |&member| member < within.end)
    }

    /// The key of a member, quotes included.
    pub(super) fn key(&self, member: usize) -> &'a [u8] {
        let start = self.members[member].at;
        &self.text[start..string::end(self.text, start).unwrap_or(start)]
    }

    /// The value of a member.
    pub(super) fn value(&self, member: usize) -> &'a [u8] {
        let start = self.value_start(member);
        &self.text[start..value_end(self.text, start).unwrap_or(start)]
    }

    /// The members inside a member, when its value is an object.
    pub(super) fn object(&self, member: usize) -> Option<Range<usize>> {
        (self.text.get(self.value_start(member)) == Some(&b'{')).then(|| member + 1..self.members[member].after)
    }

    fn value_start(&self, member: usize) -> usize {
        self.members[member].at + self.key(member).len() + 1
    }

    /// Just after the object at the beginning of the text.
    fn read_members(&mut self) -> Result<usize, JsonError> {
        let mut open = Vec::new();
        let mut at = 1;
        loop {
            if self.text.get(at) == Some(&b'}') {
                at += 1;
                let Some(closed) = open.pop() else { return Ok(at) };
                self.close(closed);
            } else {
                let value = self.read_key(at)?;
                self.members.push(Member { at, after: 0 });
                open.push(self.members.len() - 1);
                if self.text.get(value) == Some(&b'{') {
                    at = check_depth(open.len(), value)? + 1;
                    continue;
                }
                at = self.end_of_value(value)?;
                open.pop();
                self.close(self.members.len() - 1);
            }
            if self.text.get(at) == Some(&b',') {
                at += 1;
            }
        }
    }

    fn close(&mut self, member: usize) {
        self.members[member].after = self.members.len();
    }

    /// Where the value of the key at `at` begins.
    fn read_key(&self, at: usize) -> Result<usize, JsonError> {
        match self.text.get(at) {
            Some(b'"') => {}
            Some(_) => return Err(JsonError::Unexpected { at, expected: "a key in double quotes" }),
            None => return Err(JsonError::EndsEarly { at }),
        }
        let colon = string::scan(self.text, at)?.end;
        match self.text.get(colon) {
            Some(b':') => Ok(colon + 1),
            _ => Err(JsonError::Unexpected { at: colon, expected: "a colon" }),
        }
    }

    fn end_of_value(&self, start: usize) -> Result<usize, JsonError> {
        let end = value_end(self.text, start).ok_or(JsonError::EndsEarly { at: self.text.len() })?;
        if end > start { Ok(end) } else { Err(JsonError::Unexpected { at: start, expected: "a value" }) }
    }
}

/// `open` objects are open beside the outermost one when another begins at `at`.
fn check_depth(open: usize, at: usize) -> Result<usize, JsonError> {
    if open < JSON_DEPTH_MAX { Ok(at) } else { Err(JsonError::TooDeep { at }) }
}
