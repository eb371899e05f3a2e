//! Text made to cost more than its length: it does not. The bounds in time lie far above what linear work takes even in
//! a slow build on a busy machine, and far below what comparing every pair of 100 000 keys would take.

use std::time::{Duration, Instant};

use journal::{Json, JsonError, limits::JSON_DEPTH_MAX};

const KEYS: usize = 100_000;
const TIME_MAX: Duration = Duration::from_secs(8);

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    let took = start.elapsed();
    assert!(took < TIME_MAX, "{what} took {took:?}");
    (result, took)
}

fn parse_timed(what: &str, text: &str) -> Result<Json, JsonError> {
    timed(what, || Json::parse(text.as_bytes())).0
}

fn object(key: impl Fn(usize) -> String) -> String {
    let members: Vec<String> = (0..KEYS).map(|number| format!("\"{}\":{number}", key(number))).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn a_megabyte_of_open_brackets_is_refused_at_the_bound() {
    let too_deep = JsonError::TooDeep { at: JSON_DEPTH_MAX };
    assert_eq!(Json::parse(&vec![b'['; 1_000_000]), Err(too_deep));
    assert_eq!(Json::parse("{\"a\":".repeat(200_000).as_bytes()), Err(JsonError::TooDeep { at: JSON_DEPTH_MAX * 5 }));
}

#[test]
fn a_hundred_thousand_keys_are_not_compared_pair_by_pair() {
    let scattered = |number: usize| format!("k{}", number.wrapping_mul(2_654_435_761) % 1_000_000_007);
    for (what, text) in [
        ("rising keys", object(|number| format!("{number:08}"))),
        ("falling keys", object(|number| format!("{:08}", KEYS - number))),
        ("scattered keys", object(scattered)),
        ("escaped keys", object(|number| format!("\\u0061{number}"))),
        ("keys that differ only at the end", object(|number| format!("{}{number:06}", "x".repeat(100)))),
    ] {
        let json = parse_timed(what, &text);
        assert_eq!(json.map(|json| json.members().count()), Ok(KEYS), "{what}");
    }
}

#[test]
fn the_second_of_two_keys_is_found_among_a_hundred_thousand() {
    let text = object(|number| format!("k{}", if number == KEYS - 1 { 0 } else { number }));
    let at = text.rfind("\"k0\"").expect("the last key");
    assert_eq!(parse_timed("a duplicate key", &text), Err(JsonError::DuplicateKey { at }));
}

#[test]
fn a_megabyte_of_digits_spaces_or_escapes_costs_no_more_than_its_length() {
    let digits = format!("0.{}", "9".repeat(1_000_000));
    assert!(parse_timed("a long fraction", &digits).is_ok());
    let integer = "9".repeat(1_000_000);
    let out_of_range = Err(JsonError::NumberOutOfRange { at: 0 });
    assert_eq!(parse_timed("a long integer", &integer), out_of_range);
    let spaces = format!("{}1{}", " ".repeat(1_000_000), "\n".repeat(1_000_000));
    assert_eq!(parse_timed("spaces", &spaces).map(|json| json.as_bytes().len()), Ok(1));
    let escapes = format!("{{\"{}\":0}}", "\\u0061".repeat(200_000));
    assert!(parse_timed("escapes in a key", &escapes).is_ok());
}

#[test]
fn a_patch_of_a_hundred_thousand_members_is_not_compared_pair_by_pair() {
    let target = Json::parse(object(|number| format!("k{number}")).as_bytes()).expect("valid");
    let patch = Json::parse(object(|number| format!("k{}", KEYS / 2 + number)).as_bytes()).expect("valid");
    let (merged, _) = timed("a wide patch", || target.merge_patch(&patch));
    assert_eq!(merged.map(|json| json.members().count()), Ok(KEYS + KEYS / 2));
}

#[test]
fn a_wide_object_at_the_bottom_of_a_deep_patch_is_not_read_at_every_level() {
    let nested = |inner: &str| {
        let levels = JSON_DEPTH_MAX - 1;
        format!("{}{inner}{}", "{\"a\":".repeat(levels), "}".repeat(levels))
    };
    let wide = Json::parse(object(|number| format!("{number}")).as_bytes()).expect("valid");
    let patch = Json::parse(nested(wide.as_raw().as_str()).as_bytes()).expect("valid");
    let empty = Json::parse(b"{}").expect("valid");
    let (flat, shallow) = timed("a flat patch", || empty.merge_patch(&wide));
    let (deep, nested) = timed("a deep patch", || empty.merge_patch(&patch));
    assert_eq!((flat, deep), (Ok(wide), Ok(patch)));
    // Reading it at each level would take a hundred times as long.
    assert!(nested < shallow * 20, "{nested:?}, {shallow:?} when flat");
}
