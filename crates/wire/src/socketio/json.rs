//! JSON as packets carry it: checked for syntax, without recursion, then handed on in pieces of the original text.
//! What the data means, and whether it is acceptable as data, is judged elsewhere.

use bytes::Bytes;
use serde_json::value::RawValue;

/// The arguments of an event or acknowledgement: JSON values separated by commas, exactly as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments(Bytes);

impl Arguments {
    /// Of text that is known to be comma-separated JSON, or whitespace.
    pub(super) const fn from_checked(text: Bytes) -> Self {
        Self(text)
    }

    /// The whole text, without brackets; it may be put between brackets or behind another value and a comma.
    #[must_use]
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// Whether there is no argument.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The text of each argument, without copying.
    pub fn iter(&self) -> impl Iterator<Item = Bytes> + '_ {
        let mut scanner = Scanner::new(&self.0);
        std::iter::from_fn(move || {
            scanner.skip_space();
            scanner.eat(b',');
            scanner.skip_space();
            let start = scanner.at;
            scanner.skip_value();
            (scanner.at > start).then(|| self.0.slice(start..scanner.at))
        })
    }
}

/// Whether `text` is one JSON value. `serde_json` checks a raw value with an explicit stack, one byte per level.
pub(super) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(text).is_ok()
}

/// Walks over JSON that is known to be valid. On anything else it still terminates, within the text.
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) const fn advance(&mut self) {
        self.at += 1;
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    pub(super) fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// The string that starts here, with its quotes; moves behind it.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        if !self.eat(b'"') {
            return None;
        }
        loop {
            let rest = self.text.get(self.at..)?;
            let stop = memchr::memchr2(b'"', b'\\', rest)?;
            self.at += stop + 1;
            if rest.get(stop) == Some(&b'"') {
                return self.text.get(start..self.at);
            }
            self.at += 1;
        }
    }

    /// A run of digits or letters that starts here: a number without sign or fraction, or a literal.
    pub(super) fn word(&mut self) -> &'a [u8] {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Moves behind the value that starts here.
    fn skip_value(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    if self.string().is_none() {
                        self.at = self.text.len();
                    }
                    if depth == 0 {
                        return;
                    }
                    continue;
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' if depth <= 1 => {
                    self.at += depth;
                    return;
                }
                b']' | b'}' => depth -= 1,
                b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }
}

/// Splits the text of a checked JSON array into its first value and the text of the others. `None` if it is no array
/// or empty.
pub(super) fn split_first(array: &Bytes) -> Option<(Bytes, Arguments)> {
    let inside = inside(array)?;
    let mut scanner = Scanner::new(&inside);
    scanner.skip_space();
    let start = scanner.at;
    scanner.skip_value();
    let end = scanner.at;
    if end == start {
        return None;
    }
    scanner.skip_space();
    scanner.eat(b',');
    let rest = inside.slice(scanner.at.min(inside.len())..);
    Some((inside.slice(start..end), Arguments::from_checked(rest)))
}

/// The text between the brackets of a checked JSON array. `None` if it is no array.
pub(super) fn inside(array: &Bytes) -> Option<Bytes> {
    let start = array.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let end = array.iter().rposition(|byte| !byte.is_ascii_whitespace())?;
    let brackets = array.get(start) == Some(&b'[') && array.get(end) == Some(&b']') && start < end;
    brackets.then(|| array.slice(start + 1..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(arguments: &'static str) -> Vec<Bytes> {
        assert!(is_json(format!("[{arguments}]").as_bytes()));
        Arguments::from_checked(Bytes::from_static(arguments.as_bytes())).iter().collect()
    }

    #[test]
    fn arguments_come_in_the_pieces_they_were_sent_in() {
        assert_eq!(pieces(r#"1,"2",{"3":[true]}"#), vec!["1", r#""2""#, r#"{"3":[true]}"#]);
        assert_eq!(
            pieces(r#" -1.5e3 , "a\"],b" , [ [ ] , { } ] , null "#),
            vec!["-1.5e3", r#""a\"],b""#, "[ [ ] , { } ]", "null"]
        );
        assert_eq!(pieces(" "), Vec::<Bytes>::new());
        assert_eq!(pieces(r#""\\","\\\"""#), vec![r#""\\""#, r#""\\\"""#]);
    }

    #[test]
    fn the_first_value_is_split_off() {
        let split = |text: &'static str| {
            split_first(&Bytes::from_static(text.as_bytes())).map(|(first, rest)| (first, rest.as_bytes().clone()))
        };
        assert_eq!(split(r#"["name",1,[2]]"#), Some((r#""name""#.into(), "1,[2]".into())));
        assert_eq!(split(r#" [ "name" ] "#), Some((r#""name""#.into(), "".into())));
        assert_eq!(split("[[],1]"), Some(("[]".into(), "1".into())));
        assert_eq!(split("[]"), None);
        assert_eq!(split("{}"), None);
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
        let thread = std::thread::Builder::new().stack_size(64 * 1024);
        let judged = thread.spawn(move || is_json(deep.as_bytes())).unwrap().join();
        assert!(judged.unwrap());
    }
}
