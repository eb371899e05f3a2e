//! Merge patch: the rules of RFC 7396 one by one, the order and spelling that we promise, a naive model.

use journal::{Json, JsonError, limits::JSON_DEPTH_MAX};
use proptest::prelude::*;

use crate::tree::{Tree, tree};

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn check(target: &str, patch: &str, expected: &str) {
    let merged = json(target).merge_patch(&json(patch));
    assert_eq!(merged, Ok(json(expected)), "{target} with {patch}");
}

#[test]
fn each_rule_of_merge_patch_holds() {
    // The cases are those of the RFC's appendix A.
    check(r#"{"name":"old"}"#, r#"{"name":"new"}"#, r#"{"name":"new"}"#);
    check(r#"{"name":"old"}"#, r#"{"age":3}"#, r#"{"name":"old","age":3}"#);
    check(r#"{"name":"old"}"#, r#"{"name":null}"#, r#"{}"#);
    check(r#"{"name":"old","age":3}"#, r#"{"name":null}"#, r#"{"age":3}"#);
    check(r#"{"tags":["x"]}"#, r#"{"tags":"x"}"#, r#"{"tags":"x"}"#);
    check(r#"{"tags":"x"}"#, r#"{"tags":["x"]}"#, r#"{"tags":["x"]}"#);
    check(r#"{"of":{"x":"b"}}"#, r#"{"of":{"x":"d","y":null}}"#, r#"{"of":{"x":"d"}}"#);
    check(r#"{"list":[{"x":1}]}"#, r#"{"list":[1]}"#, r#"{"list":[1]}"#);
    check(r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#);
    check(r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#);
    check(r#"{"a":"b"}"#, "null", "null");
    check(r#"{"a":"b"}"#, r#""text""#, r#""text""#);
    check(r#"{"kept":null}"#, r#"{"a":1}"#, r#"{"kept":null,"a":1}"#);
    check("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#);
    check("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#);
}

#[test]
fn kept_members_keep_place_and_spelling_and_new_ones_come_last() {
    check(r#"{"a":1.0,"b":2,"c":3}"#, r#"{"z":1e2,"b":20,"y":-0}"#, r#"{"a":1.0,"b":20,"c":3,"z":1e2,"y":-0}"#);
    check(r#"{"\u0061":1,"b":{"x":1}}"#, r#"{"b":{"y":2,"x":1.00},"a":7}"#, r#"{"\u0061":7,"b":{"x":1.00,"y":2}}"#);
    check(r#"{"a":1,"b":{"c":1}}"#, "{}", r#"{"a":1,"b":{"c":1}}"#);
    check(r#"{"a":1}"#, r#"{"a":{"b":null,"c":[null]}}"#, r#"{"a":{"c":[null]}}"#);
    check(r#"{"a":null,"b":"null"}"#, r#"{"b":null,"c":{"n":null}}"#, r#"{"a":null,"c":{}}"#);
}

#[test]
fn merging_reaches_the_bottom_of_the_deepest_value() {
    let deep = |value: &str| format!("{}{value}{}", "{\"a\":".repeat(JSON_DEPTH_MAX), "}".repeat(JSON_DEPTH_MAX));
    check(&deep("1"), &deep("2"), &deep("2"));
    check("1", &deep("2"), &deep("2"));
    let too_deep = format!("{{\"a\":{}}}", deep("1"));
    let stored = Json::from_stored(too_deep.into_bytes().into());
    assert_eq!(stored.merge_patch(&json("{}")), Err(JsonError::TooDeep { at: JSON_DEPTH_MAX * 5 }));
    assert_eq!(json("{}").merge_patch(&stored), Err(JsonError::TooDeep { at: JSON_DEPTH_MAX * 5 }));
}

/// RFC 7396, section 2, written down as it stands there.
fn naive(target: Option<&Tree>, patch: &Tree) -> Tree {
    let Tree::Object(changes) = patch else { return patch.clone() };
    let mut members = match target {
        Some(Tree::Object(members)) => members.clone(),
        _ => Vec::new(),
    };
    for (name, change) in changes {
        let place = members.iter().position(|(known, _)| known == name);
        match (place, change) {
            (Some(place), Tree::Scalar(text)) if text == "null" => drop(members.remove(place)),
            (None, Tree::Scalar(text)) if text == "null" => {}
            (Some(place), change) => members[place].1 = naive(Some(&members[place].1), change),
            (None, change) => members.push((name.clone(), naive(None, change))),
        }
    }
    Tree::Object(members)
}

proptest! {
    #[test]
    fn merging_does_what_the_naive_model_does(target in tree(), patch in tree()) {
        let merged = json(&target.text()).merge_patch(&json(&patch.text()));
        prop_assert_eq!(merged, Ok(json(&naive(Some(&target), &patch).text())));
    }
}
