//! The strict parser beside a second one, serde_json: same verdict and same meaning, but for the differences named here.

use journal::{Json, JsonError};
use proptest::{prelude::*, sample::Index};
use serde_json::Value;

use crate::tree::tree;

/// What we refuse on purpose and serde_json takes. (It also stops one level of nesting before we do.)
fn is_deliberate(error: JsonError) -> bool {
    matches!(error, JsonError::DuplicateKey { .. } | JsonError::ForbiddenKey { .. } | JsonError::TooDeep { .. })
}

fn second_opinion(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).ok()
}

#[test]
fn the_deliberate_differences_are_these() {
    for text in [r#"{"a":1,"a":2}"#, r#"{"__proto__":1}"#] {
        assert!(second_opinion(text.as_bytes()).is_some(), "{text}");
        assert!(Json::parse(text.as_bytes()).is_err_and(is_deliberate), "{text}");
    }
    let depth_128 = format!("{}{}", "[".repeat(128), "]".repeat(128));
    assert!(second_opinion(depth_128.as_bytes()).is_none());
    assert!(Json::parse(depth_128.as_bytes()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whitespace_between_tokens_is_all_that_goes(tree in tree(), spaces in prop::collection::vec("[ \t\r\n]{0,3}", 1..9)) {
        let spaces: Vec<&'static str> = spaces.into_iter().map(|space| &*space.leak()).collect();
        let mut next = spaces.iter().copied().cycle();
        let spaced = tree.spaced(&mut || next.next().unwrap_or_default());
        let json = Json::parse(spaced.as_bytes());
        let minified = tree.text();
        prop_assert_eq!(json.as_ref().map(|json| json.as_bytes().as_ref()), Ok(minified.as_bytes()));
        let again = json.as_ref().map(|json| Json::parse(json.as_bytes()));
        prop_assert_eq!(again, Ok(json.clone()));
        let meaning = json.ok().and_then(|json| second_opinion(json.as_bytes()));
        prop_assert_eq!(meaning, second_opinion(spaced.as_bytes()));
    }

    #[test]
    fn damaged_text_gets_the_verdict_of_a_second_parser(
        tree in tree(),
        edits in prop::collection::vec((any::<Index>(), 0..3_u8, scrap()), 1..4),
    ) {
        let mut text = tree.text().into_bytes();
        for (place, edit, scrap) in edits {
            let at = place.index(text.len() + 1);
            let end = (at + usize::from(edit)).min(text.len());
            text.splice(at..end, scrap);
        }
        match (Json::parse(&text), second_opinion(&text)) {
            (Ok(json), meaning) => {
                prop_assert!(meaning.is_some(), "only we take {}", String::from_utf8_lossy(&text));
                prop_assert_eq!(second_opinion(json.as_bytes()), meaning);
            }
            (Err(error), Some(_)) => prop_assert!(is_deliberate(error), "{error}: {}", String::from_utf8_lossy(&text)),
            (Err(error), None) => prop_assert!(error.at() <= text.len()),
        }
    }

    #[test]
    fn bytes_without_meaning_get_the_verdict_of_a_second_parser(text in prop::collection::vec(any::<u8>(), 0..24)) {
        let ours = Json::parse(&text);
        prop_assert_eq!(ours.is_ok() || ours.is_err_and(is_deliberate), second_opinion(&text).is_some());
    }
}

/// Bytes that are likely to hit the grammar where it hurts.
fn scrap() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        " ",
        "0",
        "-",
        ".",
        "e",
        "1e400",
        "\\u",
        "\\ud800",
        "\\udc00",
        "\\u0061",
        "null",
        "tru",
        "\u{feff}",
        "\0",
        "\n",
        "é",
        "\"a\":1,",
        "\"__proto__\":1,",
        "{\"a\":",
    ];
    prop_oneof![
        9 => prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..3),
    ]
}
