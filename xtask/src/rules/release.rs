//! What people run has no switches of the tests: those are there with debug assertions only, which no profile but that of
//! development and tests has.

use crate::tree::{Finding, Lines, Tree};

/// The profiles that may have debug assertions.
const PROFILES: &[&str] = &["profile.dev", "profile.test"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = tree.files().filter(|file| file.path.ends_with("Cargo.toml") || file.path.contains(".cargo/"));
    manifests.flat_map(|file| armed(file.path, &file.lines().collect())).collect()
}

fn armed(path: &str, lines: &Lines<'_>) -> Vec<Finding> {
    let mut table = "";
    let mut found = Vec::new();
    for (number, line) in lines {
        if let Some(name) = line.trim().strip_prefix('[') {
            table = name.trim_end_matches(']');
        }
        let is_asserting = line.contains("debug-assertions") || line.contains("debug_assertions");
        if is_asserting && !PROFILES.contains(&table) {
            let sentence = "debug assertions arm switches of the tests, which what people run must not have";
            found.push(Finding::new(path, *number, sentence));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::places;

    #[test]
    fn switches_of_the_tests_are_armed_in_development_only() {
        let armed = "[profile.dev]\ndebug-assertions = true\n[profile.release]\ndebug-assertions = true\n";
        let flags = "[build]\nrustflags = [\"-C\", \"debug-assertions\"]\n";
        let files = [("Cargo.toml", armed), (".cargo/config.toml", flags), ("a.rs", "cfg!(debug_assertions)")];
        assert_eq!(places(check, &files), [".cargo/config.toml:2", "Cargo.toml:4"]);
    }
}
