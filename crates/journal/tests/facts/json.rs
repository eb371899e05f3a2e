//! What holds for any bytes that meet the strict parser. The fuzz target and the replay of its seeds both call it.

use bytes::Bytes;
use journal::Json;

/// Panics when one of the facts does not hold.
pub(crate) fn hold_for(bytes: &[u8]) {
    let stored = Json::from_stored(Bytes::copy_from_slice(bytes));
    readers_stay_inside(&stored);
    let Ok(json) = Json::parse(bytes) else { return };
    assert!(json.as_bytes().len() <= bytes.len());
    assert_eq!(Json::parse(json.as_bytes()).as_ref(), Ok(&json), "minified text is minified");
    readers_stay_inside(&json);
    for (name, value) in json.members() {
        assert_ne!(name, "__proto__");
        assert_eq!(json.member(&name), Some(value), "a name stands once");
        assert_eq!(Json::parse(value.as_bytes()), Ok(value.to_json()), "a part is JSON");
    }
    let merged = json.merge_patch(&json).expect("parsed JSON merges");
    assert_eq!(Json::parse(merged.as_bytes()).as_ref(), Ok(&merged), "merging makes JSON");
    assert_eq!(
        merged.merge_patch(&merged).as_ref(),
        Ok(&merged),
        "merging a value into itself changes nothing once its nulls are gone"
    );
}

fn readers_stay_inside(json: &Json) {
    let parts = json.members().map(|(_, value)| value).chain(json.elements());
    assert!(parts.map(|part| part.as_bytes().len()).sum::<usize>() <= json.as_bytes().len());
    let _ = (json.item_id(), json.as_raw().string(), json.as_raw().integer(), json.merge_patch(json));
}
