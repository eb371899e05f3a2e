//! What the readers see in a parsed value, and what the writers make.

use bytes::Bytes;
use journal::{BadItemId, ItemId, Json, JsonKind, limits::ITEM_ID_BYTES_MAX, write_string};

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_value_tells_its_kind() {
    for (text, kind) in [
        ("{\"a\":[]}", JsonKind::Object),
        ("[{}]", JsonKind::Array),
        ("\"{\"", JsonKind::String),
        ("-1.5", JsonKind::Number),
        ("0", JsonKind::Number),
        ("true", JsonKind::Bool),
        ("false", JsonKind::Bool),
        ("null", JsonKind::Null),
    ] {
        assert_eq!(json(text).kind(), kind, "{text}");
    }
}

#[test]
fn members_come_in_order_with_decoded_names_and_raw_values() {
    let json = json(r#"{"b":{"x":[1,"}"]}, "a\"\u0041":"\\\"", "":[ ], "z":-1.0}"#);
    let members: Vec<_> = json.members().map(|(name, value)| (name.into_owned(), value.as_str())).collect();
    let expected = [("b", r#"{"x":[1,"}"]}"#), ("a\"A", r#""\\\"""#), ("", "[]"), ("z", "-1.0")];
    assert_eq!(members, expected.map(|(name, value)| (name.to_owned(), value)));
    assert_eq!(json.member("a\"A").and_then(|value| value.string()).as_deref(), Some("\\\""));
    assert_eq!(json.member("z").map(|value| value.to_json()), Some(self::json("-1.0")));
    assert_eq!(json.member("x"), None);
}

#[test]
fn elements_come_in_order() {
    let json = json(r#"[1, "a,b", [2,[3]], {"c":[4]}, null]"#);
    let elements: Vec<_> = json.elements().map(|value| value.as_str()).collect();
    assert_eq!(elements, ["1", "\"a,b\"", "[2,[3]]", "{\"c\":[4]}", "null"]);
}

#[test]
fn only_objects_have_members_and_only_arrays_elements() {
    for text in ["{}", "[]", "[1]", "\"{\"", "1", "true", "null"] {
        assert_eq!(json(text).members().count(), 0, "{text}");
        assert_eq!(json(text).member("a"), None, "{text}");
    }
    for text in ["{}", "[]", "{\"a\":1}", "\"[\"", "1", "true", "null"] {
        assert_eq!(json(text).elements().count(), 0, "{text}");
    }
}

#[test]
fn a_scalar_is_read_only_as_what_it_is() {
    let read = |text: &str| {
        let json = json(text);
        let raw = json.as_raw();
        (raw.string().map(|text| text.into_owned()), raw.integer(), raw.bool(), raw.is_null())
    };
    assert_eq!(read("\"1\""), (Some("1".to_owned()), None, None, false));
    assert_eq!(read("1"), (None, Some(1), None, false));
    assert_eq!(read("true"), (None, None, Some(true), false));
    assert_eq!(read("false"), (None, None, Some(false), false));
    assert_eq!(read("null"), (None, None, None, true));
    assert_eq!(read("[null]"), (None, None, None, false));
}

#[test]
fn an_integer_is_one_only_in_the_spelling_of_integers() {
    for (text, integer) in [
        ("0", Some(0)),
        ("-7", Some(-7)),
        ("9223372036854775807", Some(i64::MAX)),
        ("-9223372036854775808", Some(i64::MIN)),
        ("9223372036854775808", None),
        ("-0", None),
        ("1.0", None),
        ("1e3", None),
        ("0.5", None),
        ("0e0", None),
    ] {
        assert_eq!(json(text).as_raw().integer(), integer, "{text}");
    }
}

#[test]
fn an_item_id_is_a_bounded_string_or_an_exact_integer() {
    let text = |id: &str| Ok(Some(ItemId::Text(id.into())));
    let long = "x".repeat(ITEM_ID_BYTES_MAX);
    for (json_text, id) in [
        (r#"{"id":"a"}"#.to_owned(), text("a")),
        (r#"{"x":{"id":1},"\u0069d":"\u0061\n"}"#.to_owned(), text("a\n")),
        (format!(r#"{{"id":"{long}"}}"#), text(&long)),
        (r#"{"id":3}"#.to_owned(), Ok(Some(ItemId::Integer(3)))),
        (r#"{"id":"3"}"#.to_owned(), text("3")),
        (r#"{"id":-9007199254740991}"#.to_owned(), Ok(Some(ItemId::Integer(-9_007_199_254_740_991)))),
        (r#"{"name":"a"}"#.to_owned(), Ok(None)),
        (r#"[{"id":1}]"#.to_owned(), Ok(None)),
        ("null".to_owned(), Ok(None)),
        (r#"{"id":9007199254740992}"#.to_owned(), Err(BadItemId)),
        (r#"{"id":1.0}"#.to_owned(), Err(BadItemId)),
        (r#"{"id":-0}"#.to_owned(), Err(BadItemId)),
        (r#"{"id":""}"#.to_owned(), Err(BadItemId)),
        (format!(r#"{{"id":"{long}x"}}"#), Err(BadItemId)),
        (r#"{"id":null}"#.to_owned(), Err(BadItemId)),
        (r#"{"id":[1]}"#.to_owned(), Err(BadItemId)),
    ] {
        assert_eq!(json(&json_text).item_id(), id, "{json_text}");
    }
}

#[test]
fn an_object_with_an_id_reads_back_as_that_id() {
    for (id, text) in [
        (ItemId::Integer(-3), r#"{"id":-3}"#),
        (ItemId::Text("a".into()), r#"{"id":"a"}"#),
        (ItemId::Text("\"\\\n\u{1}é😀\u{7f}".into()), "{\"id\":\"\\\"\\\\\\n\\u0001é😀\u{7f}\"}"),
    ] {
        let object = Json::object_with_id(&id);
        assert_eq!(object.as_bytes(), text.as_bytes());
        assert_eq!(Json::parse(text.as_bytes()), Ok(object.clone()));
        assert_eq!(object.item_id(), Ok(Some(id)));
    }
}

#[test]
fn a_written_string_escapes_only_what_must_be() {
    let mut text = b"x".to_vec();
    write_string(&mut text, "a\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}é\u{2028}");
    assert_eq!(String::from_utf8(text).as_deref(), Ok("x\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}é\u{2028}\""));
}

#[test]
fn damaged_bytes_read_as_less_but_never_panic() {
    for bytes in [
        &b""[..],
        b"{",
        b"{\"",
        b"{\"a",
        b"{\"a\"",
        b"{\"a\":",
        b"{\"a\":1",
        b"{\"a\":}",
        b"{\"a\":1,",
        b"[",
        b"[1,",
        b"[[",
        b"\"",
        b"\"\\",
        b"{\"\\u\":1}",
        b"\xff",
        b"{\"\xff\":1}",
        b"}{",
        b"][",
        b"[}",
        b"{\"a\":\"\n\"}",
    ] {
        let json = Json::from_stored(Bytes::from_static(bytes));
        let members = json.members().map(|(_, value)| value.as_bytes().len()).sum::<usize>();
        let elements = json.elements().map(|value| value.as_bytes().len()).sum::<usize>();
        assert!(members + elements <= bytes.len(), "{bytes:?}");
        assert_eq!(json.as_raw().integer(), None);
        assert!(json.as_raw().as_str().len() <= bytes.len());
        assert!(json.merge_patch(&json).is_err() || !bytes.starts_with(b"{"), "{bytes:?}");
    }
}
