//! What the strict parser takes, as which bytes, and what it refuses, where and why.

use journal::{Json, JsonError, limits::JSON_DEPTH_MAX};

fn check(input: impl AsRef<[u8]>, minified: &str) {
    let input = input.as_ref();
    let shown = String::from_utf8_lossy(input);
    let json = Json::parse(input).unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert_eq!(json.as_bytes(), minified.as_bytes(), "{shown}");
}

fn check_refused(input: impl AsRef<[u8]>, expected: JsonError) {
    let input = input.as_ref();
    assert_eq!(Json::parse(input), Err(expected), "{}", String::from_utf8_lossy(input));
}

#[test]
fn whitespace_goes_and_every_other_byte_stays() {
    check(r#"{"a":1}"#, r#"{"a":1}"#);
    check(" \t\r\n{ \"a b\" :\t[ 1 , 2 ]\n, \"\" : { } , \"c\":[ ] } \n", r#"{"a b":[1,2],"":{},"c":[]}"#);
    check(r#"  "\u0041\/ \n"  "#, r#""\u0041\/ \n""#);
    check("[1.0,1e3,1E+03,-0,-0.0,0e0,100]", "[1.0,1e3,1E+03,-0,-0.0,0e0,100]");
    check("\"héé 😀 \u{2028}\u{7f}\u{feff}\"", "\"héé 😀 \u{2028}\u{7f}\u{feff}\"");
}

#[test]
fn every_kind_of_value_may_stand_alone() {
    for text in ["null", "true", "false", "0", "-1", "1.5e-3", "\"\"", "[]", "{}"] {
        check(text, text);
        check(format!(" {text} "), text);
    }
}

#[test]
fn what_ends_too_early_says_so_at_the_end() {
    for text in [
        "",
        " ",
        "[",
        "{",
        "[1",
        "[1,",
        "[1, ",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "\"",
        "\"abc",
        "\"\\",
        "-",
        "1.",
        "1e",
        "1e+",
        "[[]",
        "{\"a\":{}",
    ] {
        check_refused(text, JsonError::EndsEarly { at: text.len() });
    }
}

#[test]
fn what_the_grammar_does_not_allow_is_refused_where_it_stands() {
    let value = "a value";
    for (text, at, expected) in [
        ("[1,]", 3, value),
        ("[,1]", 1, value),
        ("]", 0, value),
        ("nul", 0, value),
        ("True", 0, value),
        ("NaN", 0, value),
        ("-Infinity", 1, "a digit"),
        ("+1", 0, value),
        (".5", 0, value),
        ("'a'", 0, value),
        ("// a\n1", 0, value),
        ("\u{a0}1", 0, value),
        ("\0", 0, value),
        ("1\0", 1, "nothing more"),
        ("nullx", 4, "nothing more"),
        ("{} {}", 3, "nothing more"),
        ("01", 1, "nothing more"),
        ("-01", 2, "nothing more"),
        ("0x10", 1, "nothing more"),
        ("1_0", 1, "nothing more"),
        ("1.e3", 2, "a digit"),
        ("1e3.5", 3, "nothing more"),
        ("[1 2]", 3, "a comma or ]"),
        ("[1}", 2, "a comma or ]"),
        ("{\"a\":1]", 6, "a comma or }"),
        ("{\"a\":1 \"b\":2}", 7, "a comma or }"),
        ("{\"a\" 1}", 5, "a colon"),
        ("{\"a\"::1}", 5, value),
        ("{,}", 1, "a key in double quotes"),
        ("{a:1}", 1, "a key in double quotes"),
        ("{1:1}", 1, "a key in double quotes"),
        ("{\"a\":1,}", 7, "a key in double quotes"),
    ] {
        check_refused(text, JsonError::Unexpected { at, expected });
    }
}

#[test]
fn strings_hold_neither_raw_control_characters_nor_unknown_escapes() {
    for byte in 0..0x20_u8 {
        check_refused([b'"', b'a', byte, b'"'], JsonError::ControlCharacter { at: 2 });
    }
    for text in [r#""a\x""#, r#""a\u12""#, r#""a\u12g4""#, r#""a\u+123""#, r#""a\U0041""#, r#""a\é""#, "\"a\\\n\""] {
        check_refused(text, JsonError::BadEscape { at: 2 });
    }
}

#[test]
fn surrogates_come_in_pairs() {
    check(r#""\ud83d\ude00\uD800\uDC00""#, r#""\ud83d\ude00\uD800\uDC00""#);
    for text in [r#""a\ud800""#, r#""a\udc00""#, r#""a\ud800\u0041""#, r#""a\ud800x""#, r#""a\ud800\ud800\udc00""#] {
        check_refused(text, JsonError::LoneSurrogate { at: 2 });
    }
    check_refused(r#"{"a\ud800":1}"#, JsonError::LoneSurrogate { at: 3 });
}

#[test]
fn text_is_utf_8_without_a_byte_order_mark() {
    check_refused(b"\"a\xff\"", JsonError::NotUtf8 { at: 2 });
    check_refused(b"\"\xc0\x80\"", JsonError::NotUtf8 { at: 1 });
    check_refused(b"\"\xed\xa0\x80\"", JsonError::NotUtf8 { at: 1 });
    check_refused(b"\"\xf4\x90\x80\x80\"", JsonError::NotUtf8 { at: 1 });
    check_refused(b"[1]\xe2\x82", JsonError::NotUtf8 { at: 3 });
    check_refused("\u{feff}{}", JsonError::ByteOrderMark { at: 0 });
    check_refused(b"\xff\xfe[\0]\0", JsonError::NotUtf8 { at: 0 });
}

#[test]
fn numbers_fit_a_double() {
    let digits_309 = format!("1{}", "0".repeat(308));
    check(&digits_309, &digits_309);
    for text in ["1.7976931348623157e308", "-1.7976931348623157e308", "1e-400", "0e999999999999", "0.0000001e310"] {
        check(text, text);
    }
    let digits_310 = format!("1{}", "0".repeat(309));
    for text in
        ["1e400", "-1e400", "1e309", "1.7976931348623159e308", "123e307", "1e999999999999999999999", &digits_310]
    {
        check_refused(format!("[{text}]"), JsonError::NumberOutOfRange { at: 1 });
    }
}

#[test]
fn a_key_stands_once_in_an_object_however_it_is_spelt() {
    check(r#"{"a":{"a":1},"b":[{"a":1},{"a":2}],"A":1}"#, r#"{"a":{"a":1},"b":[{"a":1},{"a":2}],"A":1}"#);
    check_refused(r#"{"a":1,"a":2}"#, JsonError::DuplicateKey { at: 7 });
    check_refused(r#"{"a":1, "\u0061":2}"#, JsonError::DuplicateKey { at: 8 });
    check_refused(r#"{"\n":1,"\u000A":2}"#, JsonError::DuplicateKey { at: 8 });
    check_refused(r#"{"\ud83d\ude00":1,"😀":2}"#, JsonError::DuplicateKey { at: 18 });
    check_refused(r#"[{"x":{"":0,"":0}}]"#, JsonError::DuplicateKey { at: 12 });
}

#[test]
fn a_second_key_is_found_in_small_and_large_objects_alike() {
    for count in 2..40 {
        let keys: Vec<String> = (0..count).map(|key| format!("\"k{key}\":0")).collect();
        let object = format!("{{{}}}", keys.join(","));
        check(&object, &object);
        let again = object.len();
        let object = format!("{},\"\\u006b1\":{{}},\"z\":1}}", object.trim_end_matches('}'));
        check_refused(&object, JsonError::DuplicateKey { at: again });
    }
}

#[test]
fn the_key_proto_is_refused_at_any_depth_and_in_any_spelling() {
    check_refused(r#"{"__proto__":1}"#, JsonError::ForbiddenKey { at: 1 });
    check_refused(r#"[{"a":{"\u005f_proto\u005F_":null}}]"#, JsonError::ForbiddenKey { at: 7 });
    check(
        r#"["__proto__",{"__proto":1,"a":"__proto__","constructor":{}}]"#,
        r#"["__proto__",{"__proto":1,"a":"__proto__","constructor":{}}]"#,
    );
}

#[test]
fn nesting_ends_at_the_bound() {
    let arrays = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    check(arrays(JSON_DEPTH_MAX), &arrays(JSON_DEPTH_MAX));
    check(objects(JSON_DEPTH_MAX), &objects(JSON_DEPTH_MAX));
    check_refused(arrays(JSON_DEPTH_MAX + 1), JsonError::TooDeep { at: JSON_DEPTH_MAX });
    check_refused(objects(JSON_DEPTH_MAX + 1), JsonError::TooDeep { at: JSON_DEPTH_MAX * 5 });
}

#[test]
fn an_error_names_its_place_and_what_to_do() {
    let error = Json::parse(br#"{"a":1,"a":2}"#).expect_err("a duplicate key");
    assert_eq!(error.at(), 7);
    assert_eq!(error.to_string(), "byte 7: this key stands twice in one object; send it once");
}
