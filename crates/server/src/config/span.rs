//! Spans of time as people write them: `90s`, `30m`, `24h`, `30d`.

use std::time::Duration;

/// Text that is no span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a number and a unit, such as 90s, 30m, 24h or 30d; at most 3650d.")]
pub struct BadSpan;

/// Ten years: longer than anything here should last.
const SPAN_MAX: Duration = Duration::from_secs(3_650 * 86_400);

/// Reads a positive span of at most ten years.
pub fn parse_span(text: &str) -> Result<Duration, BadSpan> {
    let text = text.trim();
    let unit = text.chars().last().ok_or(BadSpan)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(BadSpan),
    };
    let count: u64 = text.strip_suffix(unit).ok_or(BadSpan)?.trim_end().parse().map_err(|_| BadSpan)?;
    let span = Duration::from_secs(count.checked_mul(seconds).ok_or(BadSpan)?);
    if span.is_zero() || span > SPAN_MAX { Err(BadSpan) } else { Ok(span) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit_and_an_end() {
        let check = |text, seconds: Option<u64>| {
            assert_eq!(parse_span(text).ok(), seconds.map(Duration::from_secs), "{text}");
        };
        check("1s", Some(1));
        check("30m", Some(1_800));
        check(" 24 h ", Some(86_400));
        check("3650d", Some(315_360_000));
        for bad in
            ["", "h", "24", "-1h", "0s", "3651d", "1.5h", "24ä", "99999999999999999999d", "18446744073709551615d"]
        {
            check(bad, None);
        }
    }
}
