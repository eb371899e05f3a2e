//! Files and folders are named for their one thing, never for being a heap of things.

use crate::tree::{Finding, Tree};

const HEAPS: &[&str] = &["util", "utils", "common", "core", "helper", "helpers", "misc", "manager", "types"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let heap = |path: &'_ str| {
        path.split('/').filter_map(|part| part.split('.').next()).find(|stem| HEAPS.contains(stem)).map(str::to_owned)
    };
    let named = tree.paths().filter_map(|path| Some((path, heap(path)?)));
    named.map(|(path, heap)| Finding::new(path, 0, format!("name it for the one thing in it, not `{heap}`"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::places;

    #[test]
    fn a_file_or_folder_named_for_a_heap_is_found() {
        let files = [
            ("crates/a/src/utils.rs", ""),
            ("crates/a/tests/common/mod.rs", ""),
            ("client/src/types.d.ts", ""),
            ("client/src/prototypes.ts", ""),
            ("crates/scores/src/lib.rs", ""),
        ];
        assert_eq!(
            places(check, &files),
            ["client/src/types.d.ts:0", "crates/a/src/utils.rs:0", "crates/a/tests/common/mod.rs:0"]
        );
    }
}
