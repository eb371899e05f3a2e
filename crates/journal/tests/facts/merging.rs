//! What holds when any JSON is merged into any other: the result is what RFC 7396 says, by its own words, over another JSON
//! library. The fuzz target and the replay of its seeds both call it.

use journal::Json;
use serde_json::{Map, Value};

/// Panics when the fact does not hold. The first line is the target, what follows is the patch.
pub(crate) fn hold_for(bytes: &[u8]) {
    let Some(at) = bytes.iter().position(|byte| *byte == b'\n') else { return };
    let (target, patch) = (&bytes[..at], &bytes[at + 1..]);
    let (Ok(target), Ok(patch)) = (Json::parse(target), Json::parse(patch)) else { return };
    let merged = target.merge_patch(&patch).expect("what was parsed is merged");
    assert_eq!(Json::parse(merged.as_bytes()).as_ref(), Ok(&merged), "merging makes JSON, minified");
    // The other library stops one level of nesting earlier.
    let (Some(target), Some(patch)) = (value(&target), value(&patch)) else { return };
    assert_eq!(value(&merged), Some(merge(target, &patch)));
}

fn value(json: &Json) -> Option<Value> {
    serde_json::from_slice(json.as_bytes()).ok()
}

/// MergePatch of RFC 7396, section 2.
fn merge(target: Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else { return patch.clone() };
    let mut members = if let Value::Object(members) = target { members } else { Map::new() };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            let member = members.remove(name).unwrap_or(Value::Null);
            members.insert(name.clone(), merge(member, change));
        }
    }
    Value::Object(members)
}
