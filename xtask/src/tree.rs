//! The files of the repository as the rules see them: path and text, read once.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

/// One thing that is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The path from the root of the repository, with `/`.
    pub(crate) path: String,
    /// The line, from 1; 0 when it is about the whole file.
    pub(crate) line: usize,
    /// A sentence.
    pub(crate) sentence: String,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, sentence: sentence.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line.max(1), self.sentence)
    }
}

/// The root of the repository that we stand in.
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    let top = git(Path::new("."), &["rev-parse", "--show-toplevel"])?;
    Ok(PathBuf::from(top.trim_end_matches('\n')))
}

/// What git answers in that folder.
fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let answer =
        Command::new("git").args(arguments).current_dir(folder).output().context("git is missing; install it")?;
    anyhow::ensure!(answer.status.success(), "git {}: {}", arguments[0], String::from_utf8_lossy(&answer.stderr));
    String::from_utf8(answer.stdout).context("a path is not UTF-8; rename the file")
}

/// All files that are or could be committed, by path. Files that are not text have none.
pub(crate) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

/// Lines with their numbers from 1.
pub(crate) type Lines<'a> = Vec<(usize, &'a str)>;

/// One file of text.
#[derive(Clone, Copy)]
pub(crate) struct File<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
}

impl Tree {
    /// What git tracks at `root`, and what it does not ignore.
    pub(crate) fn of_repository(root: &Path) -> anyhow::Result<Self> {
        let every = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
        let paths = git(root, &every)?;
        // A file that is deleted but not yet committed is still listed; it is gone.
        let existing = paths.split_terminator('\0').filter(|path| root.join(path).is_file());
        let read = |path: &str| Ok((path.to_owned(), String::from_utf8(std::fs::read(root.join(path))?).ok()));
        Ok(Self { files: existing.map(read).collect::<anyhow::Result<_>>()? })
    }

    /// A tree for a test.
    #[cfg(test)]
    pub(crate) fn planted(files: &[(&str, &str)]) -> Self {
        let file = |&(path, text): &(&str, &str)| (path.to_owned(), Some(text.to_owned()));
        Self { files: files.iter().map(file).collect() }
    }

    /// Every path.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every file of text.
    pub(crate) fn files(&self) -> impl Iterator<Item = File<'_>> {
        self.files.iter().filter_map(|(path, text)| Some(File { path, text: text.as_deref()? }))
    }

    /// Every file of program text: Rust and TypeScript.
    pub(crate) fn programs(&self) -> impl Iterator<Item = File<'_>> {
        self.files().filter(|file| ["rs", "ts", "tsx", "mjs"].contains(&file.extension()))
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether a file or folder of that path exists.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.range(folder.clone()..).next().is_some_and(|(next, _)| next.starts_with(&folder))
    }
}

impl<'a> File<'a> {
    /// What follows the last dot of the name.
    pub(crate) fn extension(self) -> &'a str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// The lines with their numbers from 1.
    pub(crate) fn lines(self) -> impl Iterator<Item = (usize, &'a str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Whether the whole file is there for tests.
    pub(crate) fn is_test(self) -> bool {
        let mut folders: Vec<&str> = self.path.split('/').collect();
        let name = folders.pop().unwrap_or_default();
        let in_folder = folders.iter().any(|folder| ["tests", "conformance", "fuzz"].contains(folder));
        in_folder || name == "tests.rs" || name.contains(".test.") || name.contains(".spec.")
    }

    /// The numbered lines that end up in the product.
    pub(crate) fn product_lines(self) -> Lines<'a> {
        if self.is_test() { Vec::new() } else { self.split().0 }
    }

    /// The numbered lines that only tests run.
    pub(crate) fn test_lines(self) -> Lines<'a> {
        if self.is_test() { self.lines().collect() } else { self.split().1 }
    }

    /// Product and tests of a Rust file: what stands behind `#[cfg(test)]` at the beginning of a line is a test, up to
    /// the next line that begins there too and ends the item.
    fn split(self) -> (Lines<'a>, Lines<'a>) {
        let mut in_tests = false;
        self.lines().partition(|&(_, line)| {
            let was_in_tests = in_tests;
            let ends = !line.starts_with(' ') && line.ends_with(['}', ';']);
            in_tests = if in_tests { !ends } else { line == "#[cfg(test)]" };
            !was_in_tests && !in_tests
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(lines: &[(usize, &str)]) -> Vec<usize> {
        lines.iter().map(|&(number, _)| number).collect()
    }

    #[test]
    fn a_test_module_is_told_from_the_product() {
        let text = "//! Head.\nfn a() {\n}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod tests;\nfn d() {\n}\n";
        let file = File { path: "crates/a/src/a.rs", text };
        assert_eq!(numbers(&file.product_lines()), [1, 2, 3, 8, 11, 12]);
        assert_eq!(numbers(&file.test_lines()), [4, 5, 6, 7, 9, 10]);
    }

    #[test]
    fn whole_files_of_tests_are_known_by_their_place_or_name() {
        for (path, is_test) in [
            ("crates/a/tests/b.rs", true),
            ("crates/a/src/b/tests.rs", true),
            ("client/src/outbox.test.ts", true),
            ("conformance/resume.mjs", true),
            ("crates/a/src/latest.rs", false),
            ("client/src/outbox.ts", false),
        ] {
            assert_eq!(File { path, text: "" }.is_test(), is_test, "{path}");
        }
    }

    #[test]
    fn files_and_their_folders_exist_and_nothing_else_does() {
        let tree = Tree::planted(&[("a/b.rs", ""), ("a-b/c", "")]);
        for path in ["a", "a/", "a/b.rs", "a-b", ""] {
            assert!(tree.has(path), "{path}");
        }
        for path in ["b.rs", "a/b", "a-", "a/b.rs/c"] {
            assert!(!tree.has(path), "{path}");
        }
    }

    #[test]
    fn a_repository_is_read_without_what_it_ignores() {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet"]).unwrap();
        for (path, bytes) in [(".gitignore", &b"out\n"[..]), ("out", b"x"), ("a.rs", b"x"), ("picture", b"\xff\0")] {
            std::fs::write(folder.path().join(path), bytes).unwrap();
        }
        let tree = Tree::of_repository(folder.path()).unwrap();
        assert_eq!(tree.paths().collect::<Vec<_>>(), [".gitignore", "a.rs", "picture"]);
        assert_eq!((tree.text("a.rs"), tree.text("picture")), (Some("x"), None));
    }
}
