//! Numbers as people write them: three digits that count, thin spaces between thousands.

/// A number with three digits that count: `0.312`, `12.3`, `1 234`.
pub(crate) fn number(value: f64) -> String {
    let magnitude = value.abs();
    let decimals = match magnitude {
        _ if magnitude == 0.0 || magnitude >= 99.95 => 0,
        _ if magnitude >= 9.995 => 1,
        _ if magnitude >= 0.9995 => 2,
        _ => 3,
    };
    grouped(&format!("{value:.decimals$}"))
}

/// A number with its unit; `×` stands close to it.
pub(crate) fn with_unit(value: f64, unit: &str) -> String {
    match unit {
        "" => number(value),
        "×" => format!("{}×", number(value)),
        unit => format!("{} {unit}", number(value)),
    }
}

/// Digits in groups of three from the right, if there are more than four.
pub(crate) fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let count = whole.chars().filter(char::is_ascii_digit).count();
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.chars().count() - index;
        if index > 0 && count > 4 && left % 3 == 0 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    rest.map_or(out.clone(), |rest| format!("{out}.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_count() {
        let cases = [
            (0.0, "0"),
            (0.0914, "0.091"),
            (0.3124, "0.312"),
            (2.994, "2.99"),
            (30.0, "30.0"),
            (123.4, "123"),
            (1234.0, "1234"),
            (2_290_000.0, "2\u{202f}290\u{202f}000"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!((with_unit(1.5, "×"), with_unit(1.5, "ms")), ("1.50×".into(), "1.50 ms".into()));
    }
}
