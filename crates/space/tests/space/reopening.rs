//! A writer after a failed write: it comes back with what the disk has, and not without the projections.

use std::{fs, path::Path};

use journal::{Ask, Position, Refusal};
use space::ReopenError;

use crate::bench::{BOTH, Bench, Kept, add, keyed, member, push};

#[test]
fn a_writer_that_was_reopened_takes_pushes_once_the_projections_are_there() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let ann = member("ann");
        bench.push(&ann, keyed(add("a", 1), "one")).unwrap();
        bench.faults.fail_next_append();
        assert_eq!(bench.push(&ann, keyed(add("b", 1), "two")), Err(Refusal::Unavailable));
        assert!(bench.writer.reopen().unwrap().is_none(), "nothing was left there");
        assert_eq!(bench.writer.resume(), Ok(false), "the projections are behind");
        assert_eq!(bench.push(&ann, keyed(add("b", 1), "two")), Err(Refusal::Unavailable));
        bench.project();
        assert_eq!(bench.writer.resume(), Ok(true));
        // What was decided and never written is forgotten: the topic begins now.
        let receipt = bench.push(&ann, keyed(add("b", 1), "two")).unwrap();
        assert_eq!((receipt.position.0, receipt.seq.0, receipt.duplicate), (2, 1, false));
        assert!(bench.push(&ann, keyed(add("a", 1), "one")).unwrap().duplicate);
    }
}

/// Each push is decided by itself, also those that somebody sends without waiting: so a change should wait for the answer
/// to what it changes.
#[test]
fn a_change_that_is_taken_where_its_add_was_refused_makes_the_item() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let ann = member("ann");
        bench.push(&ann, add("a", 1)).unwrap();
        bench.project();
        bench.faults.fail_next_append();
        assert_eq!(bench.push(&ann, keyed(add("a", 2), "two")), Err(Refusal::Unavailable));
        bench.writer.reopen().unwrap();
        assert_eq!(bench.writer.resume(), Ok(true));
        bench.push(&ann, push("a", Ask::Update, r#"{"id":2,"by":"ann"}"#)).unwrap();
        assert_eq!(bench.push(&ann, keyed(add("a", 2), "two")), Err(Refusal::IdTaken));
    }
}

#[test]
fn after_a_failed_checkpoint_pushes_are_refused_until_the_journal_was_reopened() {
    for kept in BOTH {
        let mut bench = Bench::new(kept);
        let ann = member("ann");
        bench.push(&ann, add("a", 1)).unwrap();
        bench.project();
        bench.faults.fail_next_checkpoint();
        assert!(bench.writer.checkpoint().is_err());
        assert_eq!(bench.push(&ann, add("a", 2)), Err(Refusal::Unavailable));
        assert_eq!(bench.writer.resume(), Ok(false), "it was not reopened");
        bench.writer.reopen().unwrap();
        assert_eq!(bench.writer.resume(), Ok(true));
        assert_eq!(bench.push(&ann, add("a", 2)).unwrap().position, Position(2));
    }
}

/// A copy of the journal's files, with which a disk can lose what came after it.
struct OlderJournal {
    folder: std::path::PathBuf,
    copy: tempfile::TempDir,
}

impl OlderJournal {
    fn keep(bench: &Bench) -> Self {
        let kept = Self { folder: bench.views_file().with_file_name("journal"), copy: tempfile::tempdir().unwrap() };
        copy(&kept.folder, kept.copy.path());
        kept
    }

    fn put_back(&self) {
        fs::remove_dir_all(&self.folder).unwrap();
        fs::create_dir(&self.folder).unwrap();
        copy(self.copy.path(), &self.folder);
    }
}

#[test]
fn a_disk_that_lost_what_was_acknowledged_is_not_written_again() {
    let mut bench = Bench::new(Kept::OnDisk);
    let ann = member("ann");
    bench.push(&ann, add("a", 1)).unwrap();
    let older = OlderJournal::keep(&bench);
    bench.push(&ann, add("a", 2)).unwrap();
    bench.project();
    bench.faults.fail_next_append();
    bench.push(&ann, add("a", 3)).unwrap_err();
    older.put_back();
    let error = bench.writer.reopen().unwrap_err();
    assert!(matches!(error, ReopenError::Lost(Position(2))) && !error.is_passing(), "{error}");
    assert_eq!(bench.writer.resume(), Ok(false));
    assert_eq!(bench.push(&ann, add("a", 3)), Err(Refusal::Unavailable));
}

#[test]
fn a_retry_whose_first_entry_cannot_be_found_is_not_taken_for_a_new_push() {
    let mut bench = Bench::new(Kept::OnDisk);
    let ann = member("ann");
    bench.push(&ann, add("a", 1)).unwrap();
    let older = OlderJournal::keep(&bench);
    bench.push(&ann, keyed(add("a", 2), "two")).unwrap();
    bench.project();
    // Nobody has read the journal yet, so the first who does reads these files.
    older.put_back();
    assert_eq!(bench.push(&ann, keyed(add("a", 2), "two")), Err(Refusal::Unavailable));
}

/// Copies the files that survive a crash.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        if !name.to_string_lossy().ends_with("-shm") {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}
