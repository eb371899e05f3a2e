//! No test waits for time to pass: it waits for what it wants to see, or it moves the clock itself.
//!
//! Where real time is the very thing under test (when a process is killed), the line above says so, beginning with
//! `// A pause on purpose:`.

use crate::tree::{File, Finding, Tree};

const EXCUSE: &str = "// A pause on purpose:";

const PAUSES: &[&str] = &["thread::sleep(", "time::sleep(", "waitForTimeout(", "timers/promises"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    // The rules of this house quote what they look for.
    let programs = tree.programs().filter(|file| !file.path.starts_with("xtask/src/rules/"));
    programs.flat_map(|file| pauses(&file)).collect()
}

fn pauses(file: &File<'_>) -> Vec<Finding> {
    let lines = file.test_lines();
    let excused = |index: usize| index > 0 && lines[index - 1].1.trim_start().starts_with(EXCUSE);
    let found = lines.iter().enumerate().filter(|(index, (_, line))| is_pause(line) && !excused(*index));
    let sentence = "a test that sleeps; wait for what it wants to see, or move the clock";
    found.map(|(_, (number, _))| Finding::new(file.path, *number, sentence)).collect()
}

fn is_pause(line: &str) -> bool {
    let promised = line.contains("new Promise") && line.contains("setTimeout(");
    promised || PAUSES.iter().any(|pause| line.contains(pause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::places;

    #[test]
    fn a_sleep_in_a_test_is_found_unless_it_is_the_subject() {
        let rust = "//! Head.\nfn timer() { thread::sleep(d) }\n#[cfg(test)]\nmod tests {\n    tokio::time::sleep(d).await;\n}\n";
        let purpose = "//! Head.\n// A pause on purpose: the moment of the kill is random.\nthread::sleep(d);\nthread::sleep(d);\n";
        let files = [
            ("crates/a/src/a.rs", rust),
            ("crates/a/tests/b.rs", purpose),
            ("client/src/c.test.ts", "// Head.\nawait new Promise((done) => setTimeout(done, 100));"),
            ("conformance/d.mjs", "// Head.\nawait page.waitForTimeout(100);"),
            ("client/src/e.ts", "// Head.\nnew Promise((done) => setTimeout(done, 100));"),
        ];
        let found = places(check, &files);
        assert_eq!(
            found,
            ["client/src/c.test.ts:2", "conformance/d.mjs:2", "crates/a/src/a.rs:5", "crates/a/tests/b.rs:4"]
        );
    }
}
