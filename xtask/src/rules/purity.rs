//! What the pure crates must not call: clocks, threads, randomness, files, sockets. The dependency law cannot see these,
//! because they come with the standard library.

use crate::tree::{File, Finding, Lines, Tree};

const CLOCKS: &[&str] = &["Instant::now", "SystemTime::now"];
const THREADS: &[&str] = &["thread::spawn", "thread::Builder", "thread::sleep", "std::thread"];
const RANDOMNESS: &[&str] = &["getrandom", "RandomState"];
const FILES: &[&str] = &["std::fs", "std::env", "std::process", "std::io::stdin", "std::io::stdout", "std::io::stderr"];
const SOCKETS: &[&str] = &["std::net", "std::os::unix::net"];

/// What each crate must not call in its product.
const FORBIDDEN: &[(&str, &[&[&str]])] = &[
    ("crates/wire/src/", &[CLOCKS, THREADS, RANDOMNESS, FILES, SOCKETS]),
    ("crates/journal/src/", &[CLOCKS, THREADS, RANDOMNESS, FILES, SOCKETS]),
    ("crates/space/src/", &[CLOCKS, THREADS, RANDOMNESS, FILES, SOCKETS]),
    ("crates/store/src/", &[SOCKETS]),
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.programs().flat_map(|file| calls(&file)).collect()
}

fn calls(file: &File<'_>) -> Vec<Finding> {
    let Some((_, forbidden)) = FORBIDDEN.iter().find(|(folder, _)| file.path.starts_with(folder)) else {
        return Vec::new();
    };
    let forbidden: Vec<&str> = forbidden.iter().flat_map(|calls| calls.iter().copied()).collect();
    let code: Lines<'_> =
        file.product_lines().into_iter().map(|(number, line)| (number, without_comment(line))).collect();
    let paths = imports(&code);
    let direct = code
        .iter()
        .flat_map(|(number, line)| forbidden.iter().filter(|call| line.contains(**call)).map(|call| (*number, *call)));
    let imported = paths
        .iter()
        .flat_map(|(number, path)| forbidden.iter().filter(|call| is_below(path, call)).map(|call| (*number, *call)));
    let mut found: Vec<(usize, &str)> = direct.chain(imported).collect();
    found.sort_unstable();
    found.dedup();
    let sentence = |call| format!("`{call}`: this crate must not; let the caller pass in what it needs");
    found.into_iter().map(|(number, call)| Finding::new(file.path, number, sentence(call))).collect()
}

fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

fn is_below(path: &str, call: &str) -> bool {
    path.strip_prefix(call).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Every path that the file imports, groups written out, with the line on which the import begins.
fn imports(code: &[(usize, &str)]) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in code {
        let begins =
            line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ").strip_prefix("use ");
        let (start, mut text) = match (open.take(), begins) {
            (Some((start, text)), _) => (start, text + line),
            (None, Some(rest)) => (*number, rest.to_owned()),
            (None, None) => continue,
        };
        if let Some(end) = text.find(';') {
            text.truncate(end);
            text.retain(|c| !c.is_whitespace());
            written_out("", &text, &mut |path| paths.push((start, path)));
        } else {
            open = Some((start, text));
        }
    }
    paths
}

/// Calls `each` for every path in `a::{b,c::{d,e}}`.
fn written_out(before: &str, group: &str, each: &mut dyn FnMut(String)) {
    for path in split_outside_braces(group) {
        match path.split_once('{') {
            Some((stem, inner)) => {
                written_out(&format!("{before}{stem}"), inner.strip_suffix('}').unwrap_or(inner), each)
            }
            None => each(format!("{before}{path}").trim_end_matches("::self").to_owned()),
        }
    }
}

fn split_outside_braces(group: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let is_comma = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    group.split(is_comma).filter(|path| !path.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::places;

    fn found_in(path: &str, code: &str) -> Vec<String> {
        places(check, &[(path, &format!("//! Head.\n{code}\n"))])
    }

    #[test]
    fn every_forbidden_call_is_found_where_it_is_forbidden() {
        for (folder, forbidden) in FORBIDDEN {
            let path = format!("{folder}a.rs");
            for call in forbidden.iter().flat_map(|calls| calls.iter()) {
                assert_eq!(found_in(&path, &format!("    {call}(x);")), [format!("{path}:2")], "{call}");
            }
        }
        assert_eq!(found_in("crates/store/src/a.rs", "std::fs::read(Instant::now())"), Vec::<String>::new());
        assert_eq!(found_in("crates/server/src/a.rs", "std::net::TcpStream"), Vec::<String>::new());
    }

    #[test]
    fn imports_are_seen_through_their_groups() {
        for code in [
            "use std::{collections::BTreeMap, fs};",
            "pub use std::{\n    fmt,\n    fs::{self, File},\n};",
            "use std::{\n    os::{unix::net::UnixStream, fd::AsFd},\n};",
        ] {
            assert_eq!(found_in("crates/space/src/a.rs", code), ["crates/space/src/a.rs:2"], "{code}");
        }
        assert_eq!(
            found_in("crates/space/src/a.rs", "use std::{fmt, time::Instant};\nuse a::fs;"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn comments_and_tests_may_say_what_they_like() {
        let code = "/// Never calls `Instant::now`.\n#[cfg(test)]\nmod tests {\n    fn a() { Instant::now() }\n}";
        assert_eq!(found_in("crates/journal/src/a.rs", code), Vec::<String>::new());
        assert_eq!(found_in("crates/journal/tests/a.rs", "Instant::now()"), Vec::<String>::new());
    }
}
