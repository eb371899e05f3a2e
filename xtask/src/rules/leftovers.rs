//! Nothing is left for later, and no test is left out.

use crate::tree::{File, Finding, Tree};

/// Words that put something off. Written in halves, so that this file does not find itself.
const PUT_OFF: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// What leaves a test out or lets it pass for the wrong reason, in Rust.
const RUST: &[&str] =
    &[concat!("#[ig", "nore"), concat!("should_", "panic"), concat!("to", "do!("), concat!("unimple", "mented!(")];

/// The same in TypeScript.
const TYPESCRIPT: &[&str] =
    &[concat!(".sk", "ip("), concat!(".on", "ly("), concat!(".to", "do("), concat!(".fix", "me(")];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().filter(is_judged).flat_map(|file| leftovers(&file)).collect()
}

fn leftovers(file: &File<'_>) -> Vec<Finding> {
    let found = file.lines().filter_map(|(number, line)| Some((number, leftover(file, line)?)));
    found.map(|(number, word)| Finding::new(file.path, number, format!("`{word}`: do it, or take it out"))).collect()
}

fn is_judged(file: &File<'_>) -> bool {
    let name = file.path.rsplit('/').next();
    ["rs", "ts", "tsx", "mjs", "css", "html", "sh", "toml", "yml"].contains(&file.extension())
        || name == Some("Makefile")
}

fn leftover(file: &File<'_>, line: &str) -> Option<&'static str> {
    let words = match file.extension() {
        "rs" => RUST,
        "ts" | "tsx" | "mjs" => TYPESCRIPT,
        _ => &[],
    };
    let put_off = PUT_OFF.iter().find(|word| line.split(|c: char| !c.is_alphanumeric()).any(|part| part == **word));
    put_off.or_else(|| words.iter().find(|word| line.contains(**word))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::places;

    #[test]
    fn what_is_put_off_or_left_out_is_found() {
        for word in PUT_OFF.iter().chain(RUST) {
            assert_eq!(places(check, &[("a.rs", &format!("//! Head.\n    {word} x"))]), ["a.rs:2"], "{word}");
        }
        for word in PUT_OFF {
            assert_eq!(places(check, &[("scripts/a.sh", &format!("# {word}: x"))]), ["scripts/a.sh:1"], "{word}");
        }
        for word in TYPESCRIPT {
            assert_eq!(places(check, &[("a.test.ts", &format!("describe{word}x"))]), ["a.test.ts:1"], "{word}");
        }
    }

    #[test]
    fn words_that_only_look_alike_are_not() {
        let files = [
            ("a.rs", "//! Head.\nlines.skip(1).XXXL(); // mastodon"),
            ("b.ts", "// Head.\nskip();"),
            ("c.md", PUT_OFF[0]),
        ];
        assert_eq!(places(check, &files), Vec::<String>::new());
    }
}
