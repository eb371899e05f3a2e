//! Every file of program text begins by saying what it is.

use crate::tree::{File, Finding, Tree};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let headless = tree.programs().filter(|file| !has_head(file));
    headless
        .map(|file| Finding::new(file.path, 1, "begin the file with what it owns, promises and who calls it"))
        .collect()
}

fn has_head(file: &File<'_>) -> bool {
    let is_head = |line: &str| match file.extension() {
        "rs" => line.starts_with("//!"),
        _ => line.starts_with("//") || line.starts_with("/*"),
    };
    file.text.lines().find(|line| !line.starts_with("#!")).is_some_and(is_head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::places;

    #[test]
    fn a_file_without_a_head_is_found() {
        let files = [
            ("a.rs", "//! Head.\nfn a() {}"),
            ("b.rs", "// Not a head of a module.\nfn b() {}"),
            ("c.rs", ""),
            ("d.ts", "/** Head. */\n"),
            ("e.tsx", "import x\n"),
            ("f.mjs", "#!/usr/bin/env node\n// Head.\n"),
            ("g.css", "a {}"),
        ];
        assert_eq!(places(check, &files), ["b.rs:1", "c.rs:1", "e.tsx:1"]);
    }
}
