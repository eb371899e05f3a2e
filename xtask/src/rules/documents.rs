//! The documents name only what exists: every path in backticks and every link, and every test named behind a path.

use crate::tree::{File, Finding, Lines, Tree};

/// The folders that a path in backticks must begin with to be taken for one of ours.
const FOLDERS: &[&str] = &[
    "crates/",
    "client/",
    "web/",
    "conformance/",
    "bench/",
    "fuzz/",
    "history/",
    "interleave/",
    "sim/",
    "docs/",
    "xtask/",
    "scripts/",
    ".ci/",
    ".github/",
];

/// Folders that a build makes.
const BUILT: &[&str] = &["dist", "target", "node_modules"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.files().filter(|file| file.extension() == "md" && is_document(file.path));
    documents.flat_map(|file| missing(tree, &file)).collect()
}

fn is_document(path: &str) -> bool {
    !path.contains('/') || path.starts_with("docs/") || path.ends_with("/README.md")
}

fn missing(tree: &Tree, file: &File<'_>) -> Vec<Finding> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut findings = Vec::new();
    for (number, line) in prose(file) {
        let named = paths(line).into_iter().filter(|path| !exists(tree, path));
        findings.extend(named.map(|path| Finding::new(file.path, number, format!("`{path}` does not exist"))));
        let linked = links(line).into_iter().filter(|link| !tree.has(&resolved(folder, link)));
        findings.extend(linked.map(|link| Finding::new(file.path, number, format!("the link {link} leads nowhere"))));
    }
    findings
}

/// The lines outside of fenced code.
fn prose<'a>(file: &File<'a>) -> Lines<'a> {
    let mut fenced = false;
    let lines = file.lines().filter(|(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    });
    lines.collect()
}

/// The paths of ours in backticks, `a/{b,c}` written out.
pub(crate) fn paths(line: &str) -> Vec<String> {
    let spans = line.split('`').skip(1).step_by(2);
    let ours =
        spans.filter(|span| FOLDERS.iter().any(|folder| span.starts_with(folder)) && !span.contains([' ', '…', '<']));
    ours.flat_map(braces_written_out).filter(|path| !path.split('/').any(|part| BUILT.contains(&part))).collect()
}

fn braces_written_out(path: &str) -> Vec<String> {
    let parts = path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let Some((before, (choices, after))) = parts else { return vec![path.to_owned()] };
    choices.split(',').map(|choice| format!("{before}{choice}{after}")).collect()
}

/// Whether a path exists; of `path::name`, whether that file names that test; of `path*`, whether anything begins so.
pub(crate) fn exists(tree: &Tree, path: &str) -> bool {
    if let Some((file, test)) = path.split_once("::") {
        return tree.text(file).is_some_and(|text| names_test(text, test));
    }
    match path.split_once('*') {
        Some((before, after)) => {
            tree.paths().any(|path| path.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)))
        }
        None => tree.has(path),
    }
}

/// `fn name(` in Rust, the quoted title in TypeScript.
fn names_test(text: &str, test: &str) -> bool {
    let name = test.rsplit("::").next().unwrap_or(test);
    text.contains(&format!("fn {name}("))
        || ['"', '\'', '`'].iter().any(|quote| text.contains(&format!("{quote}{name}{quote}")))
}

/// The targets of links that lead into the repository, without their anchors.
fn links(line: &str) -> Vec<&str> {
    let outside_code = line.split('`').step_by(2);
    let targets =
        outside_code.flat_map(|text| text.split("](").skip(1)).filter_map(|rest| rest.split([')', ' ', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains(':')).collect()
}

/// A link of a document in `folder`, from the root of the repository.
fn resolved(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::places;

    const PLANTED: &[(&str, &str)] = &[
        ("crates/a/src/lib.rs", "//! Head."),
        ("crates/a/tests/t.rs", "fn it_holds() {}"),
        ("conformance/r.test.mjs", "test(\"it resumes\", …)"),
        ("docs/guide.md", ""),
    ];

    fn check_line(path: &str, line: &str, is_right: bool) {
        let mut files = PLANTED.to_vec();
        files.push((path, line));
        let expected: Vec<String> = if is_right { Vec::new() } else { vec![format!("{path}:1")] };
        assert_eq!(places(check, &files), expected, "{line}");
    }

    #[test]
    fn a_path_in_backticks_must_exist() {
        for right in [
            "`crates/a/`",
            "`crates/a/src/lib.rs`",
            "`crates/a/{src,tests}/`",
            "`crates/*/src/lib.rs`",
            "`web/dist`",
            "`/api/docs/x`",
            "`docs/`…",
        ] {
            check_line("README.md", right, true);
        }
        for wrong in ["`crates/b/`", "`crates/a/src/lib`", "`crates/a/{src,b}/`", "`docs/*.png`", "x `scripts/x.sh` y"]
        {
            check_line("docs/deep/a.md", wrong, false);
        }
    }

    #[test]
    fn a_test_behind_a_path_must_be_in_that_file() {
        check_line("ARCHITECTURE.md", "`crates/a/tests/t.rs::it_holds`", true);
        check_line("ARCHITECTURE.md", "`crates/a/tests/t.rs::inner::it_holds`", true);
        check_line("ARCHITECTURE.md", "`crates/a/tests/t.rs::it_hold`", false);
        check_line("ARCHITECTURE.md", "`conformance/r.test.mjs`", true);
    }

    #[test]
    fn a_link_must_lead_somewhere() {
        for right in ["[a](docs/guide.md#x)", "[a](https://example.test/x)", "[a](#here)", "`[a](b)`"] {
            check_line("README.md", right, true);
        }
        check_line("docs/decisions/1.md", "[a](../guide.md) [b](../../crates/a/src)", true);
        check_line("docs/decisions/1.md", "[a](guide.md)", false);
        check_line("README.md", "![a](docs/chat.png)", false);
    }

    #[test]
    fn fenced_code_and_other_files_are_not_judged() {
        check_line("README.md", "```sh\n`crates/b/`\n```", true);
        check_line("web/notes.md", "`crates/b/`", true);
    }
}
