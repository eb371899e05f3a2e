//! A file has one subject. A long one has two.

use crate::tree::{Finding, Tree};

/// Lines of product in one file. Ours have 100 to 350; at 500 one looks for the second subject.
const PRODUCT_LINES_MAX: usize = 600;

/// Longer files, each with the reason why it is one subject.
const ALLOWED: &[(&str, &str)] = &[];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let judged = tree.programs().filter(|file| ALLOWED.iter().all(|(path, _)| *path != file.path));
    let counted = judged.map(|file| (file, file.product_lines().len()));
    let sentence =
        |lines| format!("{lines} lines of product; find the second subject in it ({PRODUCT_LINES_MAX} at most)");
    let long = counted.filter(|(_, lines)| *lines > PRODUCT_LINES_MAX);
    long.map(|(file, lines)| Finding::new(file.path, 0, sentence(lines))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::places;

    #[test]
    fn only_lines_of_product_count() {
        let lines = |count: usize| "x\n".repeat(count);
        let with_tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(600), lines(600));
        let files = [
            ("a.rs", &*lines(600)),
            ("b.rs", &*lines(601)),
            ("c.rs", &*with_tests),
            ("crates/a/tests/d.rs", &*lines(900)),
            ("e.test.ts", &*lines(900)),
            ("f.tsx", &*lines(601)),
            ("g.lock", &*lines(9000)),
        ];
        assert_eq!(places(check, &files), ["b.rs:0", "f.tsx:0"]);
    }
}
