//! JSON strings: finding their end, checking and decoding their escapes, writing them.

use std::borrow::Cow;

use super::JsonError;

/// The length of `\uXXXX`.
const UNICODE_ESCAPE_BYTES: usize = 6;

/// A checked string inside a text.
pub(super) struct Scanned {
    /// Just after the closing quote.
    pub(super) end: usize,
    /// Whether it holds a backslash, so that its spelling is not its value.
    pub(super) escaped: bool,
}

/// Checks the string whose opening quote is at `start`. Escapes are checked, surrogates must come in pairs.
pub(super) fn scan(text: &[u8], start: usize) -> Result<Scanned, JsonError> {
    let mut at = plain_end(text, start + 1);
    let mut escaped = false;
    loop {
        match text.get(at) {
            Some(b'"') => return Ok(Scanned { end: at + 1, escaped }),
            Some(b'\\') => at = plain_end(text, escape_end(text, at)?),
            Some(_) => return Err(JsonError::ControlCharacter { at }),
            None => return Err(JsonError::EndsEarly { at: text.len() }),
        }
        escaped = true;
    }
}

/// The end of the string whose opening quote is at `start`, in text that was checked before.
pub(super) fn end(text: &[u8], start: usize) -> Option<usize> {
    text.get(start).filter(|&&byte| byte == b'"')?;
    let mut at = plain_end(text, start + 1);
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = plain_end(text, at + 2),
            _ => return None,
        }
    }
}

/// The first byte from `at` on that is not plain content of a string: a quote, a backslash or a control character.
///
/// Eight bytes a step. A byte of `suspects` has its high bit set when the byte is one of those; a false alarm can only
/// stand above a true one (the subtraction borrows upwards), and only the lowest is looked at.
fn plain_end(text: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let (quotes, slashes) = (word ^ (ONES * b'"' as u64), word ^ (ONES * b'\\' as u64));
        let controls = word.wrapping_sub(ONES * 0x20) & !word;
        let suspects = (quotes.wrapping_sub(ONES) & !quotes | slashes.wrapping_sub(ONES) & !slashes | controls) & HIGHS;
        if suspects != 0 {
            return at + (suspects.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while text.get(at).is_some_and(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        at += 1;
    }
    at
}

/// Just after the escape whose backslash is at `at`.
fn escape_end(text: &[u8], at: usize) -> Result<usize, JsonError> {
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => unicode_escape_end(text, at),
        Some(_) => Err(JsonError::BadEscape { at }),
        None => Err(JsonError::EndsEarly { at: text.len() }),
    }
}

fn unicode_escape_end(text: &[u8], at: usize) -> Result<usize, JsonError> {
    let after = at + UNICODE_ESCAPE_BYTES;
    match unicode_escape(text, at).ok_or(JsonError::BadEscape { at })? {
        0xD800..=0xDBFF => match unicode_escape(text, after) {
            Some(0xDC00..=0xDFFF) => Ok(after + UNICODE_ESCAPE_BYTES),
            _ => Err(JsonError::LoneSurrogate { at }),
        },
        0xDC00..=0xDFFF => Err(JsonError::LoneSurrogate { at }),
        _ => Ok(after),
    }
}

/// The number in the `\uXXXX` at `at`.
fn unicode_escape(text: &[u8], at: usize) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = text.get(at..)?.first_chunk::<UNICODE_ESCAPE_BYTES>()? else { return None };
    digits.iter().try_fold(0, |number, &digit| Some(number * 16 + char::from(digit).to_digit(16)?))
}

/// The value of a string from its content, the text between the quotes. None when it is not valid content.
pub(super) fn decode(content: &[u8]) -> Option<Cow<'_, str>> {
    if !content.contains(&b'\\') {
        return str::from_utf8(content).ok().map(Cow::Borrowed);
    }
    let mut value = Vec::with_capacity(content.len());
    decode_into(&mut value, content)?;
    String::from_utf8(value).ok().map(Cow::Owned)
}

/// Appends the decoded content of a string; never more bytes than the content has.
pub(super) fn decode_into(value: &mut Vec<u8>, content: &[u8]) -> Option<()> {
    let mut at = 0;
    loop {
        let plain = plain_end(content, at);
        value.extend_from_slice(content.get(at..plain)?);
        if plain == content.len() {
            return Some(());
        }
        at = escape_end(content, plain).ok()?;
        let character = decoded_escape(content.get(plain..at)?)?;
        value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

fn decoded_escape(escape: &[u8]) -> Option<char> {
    let first = unicode_escape(escape, 0);
    match *escape {
        [_, b'b'] => Some('\u{8}'),
        [_, b'f'] => Some('\u{c}'),
        [_, b'n'] => Some('\n'),
        [_, b'r'] => Some('\r'),
        [_, b't'] => Some('\t'),
        [_, itself] => Some(char::from(itself)),
        _ => match unicode_escape(escape, UNICODE_ESCAPE_BYTES) {
            Some(low) => char::from_u32(0x10000 + ((first? - 0xD800) << 10) + (low - 0xDC00)),
            None => char::from_u32(first?),
        },
    }
}

/// Appends `value` as a JSON string, quotes included, escaping only what must be escaped.
pub fn write_string(text: &mut Vec<u8>, value: &str) {
    let content = value.as_bytes();
    let mut at = 0;
    text.push(b'"');
    loop {
        let plain = plain_end(content, at);
        text.extend_from_slice(&content[at..plain]);
        let Some(&byte) = content.get(plain) else { break };
        write_escape(text, byte);
        at = plain + 1;
    }
    text.push(b'"');
}

fn write_escape(text: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0C => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            return text.extend_from_slice(&[b'\\', b'u', b'0', b'0', DIGITS[high], DIGITS[low]]);
        }
    };
    text.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_of_plain_content_is_found_at_every_offset() {
        for byte in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for length in 0..40 {
                let mut text = "é~\u{7f}a b!#[]".repeat(4).into_bytes();
                text.truncate(length);
                text.push(byte);
                text.extend_from_slice(b"tail\"");
                assert_eq!(plain_end(&text, 0), length, "{byte} after {length}");
            }
        }
    }

    #[test]
    fn escapes_decode_to_what_they_stand_for() {
        for (content, value) in [
            (r"", ""),
            (r"plain é", "plain é"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e9\uFFFF\u0000", "Aé\u{ffff}\0"),
            (r"a\ud83d\ude00b", "a😀b"),
            (r"\udbff\udfff", "\u{10ffff}"),
        ] {
            assert_eq!(decode(content.as_bytes()).as_deref(), Some(value), "{content}");
        }
    }

    #[test]
    fn what_is_not_content_does_not_decode() {
        for content in [r"\", r"\x", r"\u12", r"\u12g4", r"\ud800", r"\ud800\u0041", r"\udc00", "\\\u{e9}", "\\n\n"] {
            assert_eq!(decode(content.as_bytes()), None, "{content:?}");
        }
        assert_eq!(decode(b"\xff"), None);
    }

    proptest! {
        #[test]
        fn a_written_string_reads_back(value in any::<String>()) {
            let mut text = Vec::new();
            write_string(&mut text, &value);
            prop_assert_eq!(scan(&text, 0).map(|scanned| scanned.end), Ok(text.len()));
            prop_assert_eq!(end(&text, 0), Some(text.len()));
            let read = decode(&text[1..text.len() - 1]);
            prop_assert_eq!(read.as_deref(), Some(&*value));
        }
    }
}
