//! Each invariant in ARCHITECTURE.md names a test that exists.

use super::documents::{exists, paths};
use crate::tree::{File, Finding, Tree};

const DOCUMENT: &str = "ARCHITECTURE.md";
const INVARIANTS: usize = 11;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let file = File { path: DOCUMENT, text: tree.text(DOCUMENT).unwrap_or_default() };
    (1..=INVARIANTS).filter_map(|number| complaint(tree, &file, number)).collect()
}

fn complaint(tree: &Tree, file: &File<'_>, number: usize) -> Option<Finding> {
    let Some((line, text)) = stated(file, number) else {
        return Some(Finding::new(DOCUMENT, 0, format!("I{number} is missing")));
    };
    let sentence = format!("I{number} names no test that exists, as `path::test`");
    (!names_test(tree, &text)).then(|| Finding::new(DOCUMENT, line, sentence))
}

/// Where an invariant is stated, and its lines up to the next one, the next heading or the next empty line.
fn stated(file: &File<'_>, number: usize) -> Option<(usize, String)> {
    let begin = format!("- **I{number}**");
    let mut lines = file.lines().skip_while(|(_, line)| !line.starts_with(&begin));
    let (place, first) = lines.next()?;
    let rest = lines.map(|(_, line)| line).take_while(|line| line.starts_with("  "));
    Some((place, std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")))
}

fn names_test(tree: &Tree, text: &str) -> bool {
    let is_test = |path: &String| path.contains("::") || File { path, text: "" }.is_test();
    text.lines().flat_map(paths).any(|path| is_test(&path) && exists(tree, &path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::places;

    fn document(change: impl Fn(usize) -> &'static str) -> String {
        (1..=INVARIANTS).map(|number| format!("- **I{number}** It holds:\n  {}\n", change(number))).collect()
    }

    fn check_document(text: &str) -> Vec<String> {
        let test = ("crates/a/src/a.rs", "fn it_holds() {}");
        places(check, &[("ARCHITECTURE.md", text), test, ("crates/a/tests/t.rs", "")])
    }

    #[test]
    fn an_invariant_names_a_test_that_exists() {
        assert_eq!(check_document(&document(|_| "`crates/a/src/a.rs::it_holds`")), Vec::<String>::new());
        assert_eq!(check_document(&document(|_| "`crates/a/tests/t.rs`")), Vec::<String>::new());
    }

    #[test]
    fn an_invariant_without_a_test_is_found() {
        for nothing in ["", "`crates/a/src/a.rs`", "`crates/a/src/a.rs::gone`", "`crates/a/tests/gone.rs`"] {
            let text = document(|number| if number == 2 { nothing } else { "`crates/a/src/a.rs::it_holds`" });
            assert_eq!(check_document(&text), ["ARCHITECTURE.md:3"], "{nothing}");
        }
    }

    #[test]
    fn a_missing_invariant_is_found() {
        assert_eq!(check_document("").len(), INVARIANTS);
    }
}
