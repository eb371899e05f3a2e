//! Nothing that is committed names the machine it was written on or the registry its packages came through.

use crate::tree::{Finding, Tree};

/// Folders of one machine. In halves, so that this file does not find itself.
const FOLDERS: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("C:\\Us", "ers\\"),
];

/// Hosts that only a package client needs to know.
const HOSTS: &[&str] = &[
    concat!("registry.npm", "js."),
    concat!("registry.yarn", "pkg."),
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("deb.deb", "ian.org"),
    concat!("pypi", ".org"),
];

/// A lock file of npm names a host in each of these, unless `.npmrc` tells npm not to.
const RESOLVED: &str = "\"resolved\": \"http";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let lines = tree.files().flat_map(|file| file.lines().map(move |(number, line)| (file.path, number, line)));
    lines.filter_map(|(path, number, line)| Some(Finding::new(path, number, complaint(path, line)?))).collect()
}

fn complaint(path: &str, line: &str) -> Option<String> {
    if path.ends_with("package-lock.json") && line.contains(RESOLVED) {
        let remedy = "write the lock file again with `omit-lockfile-registry-resolved=true` in .npmrc";
        return Some(format!("a lock file that names a registry; {remedy}"));
    }
    if let Some(folder) = FOLDERS.iter().find(|folder| names_folder(line, folder)) {
        return Some(format!("`{folder}` is a place on one machine; say it relative to the repository"));
    }
    let host = HOSTS.iter().find(|host| line.contains(**host))?;
    Some(format!("`{host}` is a registry's host; a package's name is enough"))
}

/// Whether the folder stands at the beginning of a path, not inside a longer one.
fn names_folder(line: &str, folder: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || "._-}~".contains(c);
    line.match_indices(folder).any(|(at, _)| !line.get(..at).unwrap_or_default().ends_with(inside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::places;

    #[test]
    fn a_place_on_one_machine_is_found() {
        for folder in FOLDERS {
            assert_eq!(places(check, &[("docs/a.md", &format!("x\nsee `{folder}x`"))]), ["docs/a.md:2"], "{folder}");
            assert_eq!(places(check, &[("docs/a.md", &format!("web{folder}x"))]), Vec::<String>::new(), "{folder}");
        }
    }

    #[test]
    fn a_registry_is_found_in_text_and_in_lock_files() {
        for host in HOSTS {
            assert_eq!(places(check, &[("a.toml", &format!("x = \"https://{host}\""))]), ["a.toml:1"], "{host}");
        }
        let lock = "{\n\"resolved\": \"https://example.test/a.tgz\"\n\"resolved\": \"client\"";
        assert_eq!(places(check, &[("package-lock.json", lock)]), ["package-lock.json:2"]);
    }
}
