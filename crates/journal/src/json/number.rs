//! JSON numbers: their grammar, and that a double can hold them.

use super::JsonError;

/// So many digits before the point are below 10^300 and cannot overflow a double, whatever follows the point.
const SAFE_DIGITS_MAX: usize = 300;

/// Just after the number that begins at `start`.
pub(super) fn scan(text: &[u8], start: usize) -> Result<usize, JsonError> {
    let first = start + usize::from(text.get(start) == Some(&b'-'));
    let integer_end = match text.get(first) {
        Some(b'0') => first + 1,
        _ => digits(text, first)?,
    };
    let fraction_end = match text.get(integer_end) {
        Some(b'.') => digits(text, integer_end + 1)?,
        _ => integer_end,
    };
    let end = match text.get(fraction_end) {
        Some(b'e' | b'E') => exponent(text, fraction_end + 1)?,
        _ => fraction_end,
    };
    let safe = end == fraction_end && integer_end - first <= SAFE_DIGITS_MAX;
    if safe || is_finite(&text[start..end]) { Ok(end) } else { Err(JsonError::NumberOutOfRange { at: start }) }
}

/// Just after one or more digits.
fn digits(text: &[u8], start: usize) -> Result<usize, JsonError> {
    let count = text.iter().skip(start).take_while(|byte| byte.is_ascii_digit()).count();
    match text.get(start) {
        _ if count > 0 => Ok(start + count),
        Some(_) => Err(JsonError::Unexpected { at: start, expected: "a digit" }),
        None => Err(JsonError::EndsEarly { at: text.len() }),
    }
}

fn exponent(text: &[u8], start: usize) -> Result<usize, JsonError> {
    digits(text, start + usize::from(matches!(text.get(start), Some(b'+' | b'-'))))
}

fn is_finite(number: &[u8]) -> bool {
    str::from_utf8(number).is_ok_and(|number| number.parse::<f64>().is_ok_and(f64::is_finite))
}

/// The integer that a number is, when it is spelt as integers are: `-?(0|[1-9][0-9]*)`, but not `-0`.
pub(super) fn integer(number: &[u8]) -> Option<i64> {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    let canonical = digits.iter().all(u8::is_ascii_digit) && (digits.first() != Some(&b'0') || number == b"0");
    if canonical { str::from_utf8(number).ok()?.parse().ok() } else { None }
}
