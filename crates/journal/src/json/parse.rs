//! The strict parser: one pass over the text with its open brackets on a small stack, whitespace left out on the way.

use super::{
    JsonError,
    keys::{Keys, Mark},
    number, string,
};
use crate::limits::JSON_DEPTH_MAX;

/// The minified text, or why it is refused.
pub(super) fn minify(input: &[u8]) -> Result<Box<[u8]>, JsonError> {
    if input.starts_with(b"\xEF\xBB\xBF") {
        return Err(JsonError::ByteOrderMark { at: 0 });
    }
    str::from_utf8(input).map_err(|error| JsonError::NotUtf8 { at: error.valid_up_to() })?;
    Parser::new(input).document()
}

/// A bracket that waits for its other half.
#[derive(Clone, Copy)]
enum Open {
    Array,
    Object(Mark),
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    open: Vec<Open>,
    keys: Keys<'a>,
    output: Vec<u8>,
    /// Everything before this is in the output, or was whitespace.
    copied: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a [u8]) -> Self {
        let output = Vec::with_capacity(text.len());
        Self { text, at: 0, open: Vec::new(), keys: Keys::new(text), output, copied: 0 }
    }

    fn document(mut self) -> Result<Box<[u8]>, JsonError> {
        // Each round reads one scalar or opens one array or object, then whatever ends there.
        loop {
            let opened = self.scalar_or_open()?;
            if !opened && !self.close_or_comma()? {
                break;
            }
        }
        self.skip_whitespace();
        if self.at < self.text.len() {
            return Err(self.unexpected("nothing more"));
        }
        self.output.extend_from_slice(&self.text[self.copied..]);
        Ok(self.output.into_boxed_slice())
    }

    /// Where a value must stand. True when an array or object was opened and its first value comes next.
    fn scalar_or_open(&mut self) -> Result<bool, JsonError> {
        self.skip_whitespace();
        match self.text.get(self.at) {
            Some(b'"') => self.at = string::scan(self.text, self.at)?.end,
            Some(b'{') => return self.open_object(),
            Some(b'[') => return self.open_array(),
            Some(b'-' | b'0'..=b'9') => self.at = number::scan(self.text, self.at)?,
            _ => self.word()?,
        }
        Ok(false)
    }

    fn open_object(&mut self) -> Result<bool, JsonError> {
        self.push(Open::Object(self.keys.open()))?;
        if self.skip_closing(b'}') {
            return Ok(false);
        }
        self.key()?;
        Ok(true)
    }

    fn open_array(&mut self) -> Result<bool, JsonError> {
        self.push(Open::Array)?;
        Ok(!self.skip_closing(b']'))
    }

    fn push(&mut self, open: Open) -> Result<(), JsonError> {
        if self.open.len() == JSON_DEPTH_MAX {
            return Err(JsonError::TooDeep { at: self.at });
        }
        self.open.push(open);
        self.at += 1;
        Ok(())
    }

    /// Whether the bracket just opened closes at once.
    fn skip_closing(&mut self, bracket: u8) -> bool {
        self.skip_whitespace();
        let empty = self.text.get(self.at) == Some(&bracket);
        if empty {
            self.open.pop();
            self.at += 1;
        }
        empty
    }

    /// After a value: closes what ends here. True when another value comes next, false at the end of the document.
    fn close_or_comma(&mut self) -> Result<bool, JsonError> {
        while let Some(&open) = self.open.last() {
            self.skip_whitespace();
            match (self.text.get(self.at), open) {
                (Some(b','), Open::Array) => {
                    self.at += 1;
                    return Ok(true);
                }
                (Some(b','), Open::Object(_)) => {
                    self.at += 1;
                    self.skip_whitespace();
                    self.key()?;
                    return Ok(true);
                }
                (Some(b']'), Open::Array) => {}
                (Some(b'}'), Open::Object(mark)) => self.keys.close(mark)?,
                (_, Open::Array) => return Err(self.unexpected("a comma or ]")),
                (_, Open::Object(_)) => return Err(self.unexpected("a comma or }")),
            }
            self.open.pop();
            self.at += 1;
        }
        Ok(false)
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<(), JsonError> {
        if self.text.get(self.at) != Some(&b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        let scanned = string::scan(self.text, self.at)?;
        self.keys.push(self.at, &scanned)?;
        self.at = scanned.end;
        self.skip_whitespace();
        if self.text.get(self.at) != Some(&b':') {
            return Err(self.unexpected("a colon"));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self) -> Result<(), JsonError> {
        let rest = &self.text[self.at..];
        let words: [&[u8]; 3] = [b"true", b"false", b"null"];
        match words.into_iter().find(|word| rest.starts_with(word)) {
            Some(word) => self.at += word.len(),
            None => return Err(self.unexpected("a value")),
        }
        Ok(())
    }

    /// Leaves whitespace out of the output: what came before it is copied, what comes after it will be.
    fn skip_whitespace(&mut self) {
        let start = self.at;
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
        if self.at > start {
            self.output.extend_from_slice(&self.text[self.copied..start]);
            self.copied = self.at;
        }
    }

    fn unexpected(&self, expected: &'static str) -> JsonError {
        match self.text.len() {
            length if self.at < length => JsonError::Unexpected { at: self.at, expected },
            length => JsonError::EndsEarly { at: length },
        }
    }
}
