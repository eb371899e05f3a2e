//! What a disk may have lost when it failed a sync: everything that was written to that file since the last one that
//! succeeded. Whoever acknowledged it all the same has lost it then, and the judge sees it.

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    ops::Range,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

/// Puts zeros wherever bytes were written and not synced since, by the lines that strace wrote; answers how many bytes.
pub(crate) fn lose_unsynced(lines: &[String]) -> u64 {
    let mut unsynced: BTreeMap<PathBuf, Vec<Range<u64>>> = BTreeMap::new();
    for line in lines {
        match Done::read(line) {
            Some(Done::Written(path, range)) => unsynced.entry(path).or_default().push(range),
            Some(Done::Synced(path)) => drop(unsynced.remove(&path)),
            None => {}
        }
    }
    unsynced.iter().map(|(path, ranges)| ranges.iter().map(|range| blank(path, range)).sum::<u64>()).sum()
}

/// What a call came to, if it came to anything.
#[derive(Debug, PartialEq)]
enum Done {
    Written(PathBuf, Range<u64>),
    Synced(PathBuf),
}

impl Done {
    /// Reads `pwrite64(11</a/b>, ""..., 4096, 24) = 4096` or `fdatasync(11</a/b>) = 0`.
    fn read(line: &str) -> Option<Self> {
        let (call, result) = line.rsplit_once(" = ")?;
        let (name, arguments) = call.trim_end().strip_suffix(')')?.split_once('(')?;
        let (_, file) = arguments.split_once('<')?;
        let (path, rest) = file.split_once('>')?;
        match name {
            "pwrite64" => {
                let bytes: u64 = result.parse().ok()?;
                let offset: u64 = rest.rsplit_once(", ")?.1.parse().ok()?;
                Some(Self::Written(path.into(), offset..offset + bytes))
            }
            "fsync" | "fdatasync" => (result == "0").then(|| Self::Synced(path.into())),
            _ => None,
        }
    }
}

/// Zeros instead of what is there, as far as the file still goes. It may have been deleted since.
fn blank(path: &Path, range: &Range<u64>) -> u64 {
    let Ok(file) = OpenOptions::new().write(true).open(path) else { return 0 };
    let end = range.end.min(file.metadata().expect("an open file has a length").len());
    let bytes = end.saturating_sub(range.start);
    let zeros = vec![0; usize::try_from(bytes).expect("a page")];
    file.write_all_at(&zeros, range.start).expect("the test's own disk is well");
    bytes
}

#[test]
fn what_was_written_since_the_last_good_sync_is_lost_and_nothing_else() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, "aabbccdd").unwrap();
    let name = path.display();
    let lines = [
        format!("pwrite64(3<{name}>, \"\"..., 2, 0)       = 2"),
        format!("fdatasync(3<{name}>)       = 0"),
        format!("pwrite64(3<{name}>, \"\"..., 2, 2) = 2"),
        format!("pwrite64(3<{name}>, \"\"..., 2, 4) = -1 ENOSPC (No space left on device) (INJECTED)"),
        format!("fdatasync(3<{name}>) = -1 EIO (Input/output error) (INJECTED)"),
        format!("pwrite64(3<{name}>, \"\"..., 4, 6) = 4"),
    ];
    assert_eq!(lose_unsynced(&lines), 4);
    assert_eq!(std::fs::read(&path).unwrap(), b"aa\0\0cc\0\0");
}
