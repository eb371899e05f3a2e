//! Every released format stays readable for ever: folders that were written once are read by today's code.
//!
//! To add a format: raise it in the code, let the functions here write under the new name, run the tests once, which then
//! write the missing folder and fail, and commit the folder beside the old ones.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use journal::{Action, ClientTime, Content, Entry, ItemId, UserId, content_hash};
use store::{Accounts, Journal, JournalOptions, PasswordHash, User, UserKind, UserRole, Views, ViewsStart, verify};
use support::{Chain, IDENTITY, Wish, all};
use tempfile::TempDir;

fn options() -> JournalOptions {
    JournalOptions { segment_entries_max: 4, ..JournalOptions::new(IDENTITY) }
}

/// Something of everything that a journal can hold.
fn entries() -> Vec<Entry> {
    let mut chain = Chain::default();
    let integer = Some(ItemId::integer(3).unwrap());
    let mut entries = vec![
        chain.next(Wish::add("chat", "3").key("retry-1")),
        chain.next(Wish { item: integer.clone(), owner: Some("bob"), ..Wish::add("chat", "3") }.by("eve")),
        chain.next(Wish::new(Action::Update, "site", None).data("{\"title\":\"Grüße\"}")),
        chain.next(Wish { author: None, ..Wish::new(Action::Delete, "chat", integer).data("{\"id\":3}") }),
        chain.next(Wish::new(Action::Clear, "chat", None)),
    ];
    let forgotten = Content::Present { salt: [5; 16], data: entries[0].data().cloned() };
    let erased = Content::Erased { hash: content_hash(&forgotten) };
    entries.push(chain.next_with("chat", Action::Add, Some(ItemId::text("gone").unwrap()), erased, |entry| {
        entry.author = Some(UserId::new("ann").unwrap());
        entry.client_time = ClientTime::new("\"2026-01-01T00:00:00Z\"");
        entry.request = Some([9; 16]);
    }));
    entries.push(chain.next(Wish::add("room/1", "last")));
    entries
}

fn ann() -> User {
    User {
        id: UserId::new("u-ann").unwrap(),
        name: "Ann".into(),
        email: Some("Ann@example.org".into()),
        password_hash: Some(PasswordHash::new("$argon2id$fixture".into())),
        role: UserRole::Admin,
        picture_url: Some("/files/ann.png".into()),
        kind: UserKind::Registered,
        created_ms: 1_000,
    }
}

fn write(folder: &Path) {
    let mut journal = Journal::open(&folder.join("space"), options()).unwrap();
    entries().chunks(2).for_each(|batch| journal.append(batch).unwrap());
    let accounts = Accounts::open(folder).unwrap();
    accounts.create_user(&ann()).unwrap();
    accounts.revoke_user(&UserId::new("foreign").unwrap(), 500).unwrap();
    accounts.revoke_token("t-1", 2_000).unwrap();
    accounts.put_setup(&[1; 32], 3_000).unwrap();
    drop((journal, accounts));
    fs::remove_file(folder.join("space/LOCK")).unwrap();
}

/// A copy of a committed folder, to be opened; writes it when there is none yet.
fn fixture(name: &str) -> TempDir {
    let committed = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    if !committed.exists() {
        write(&committed);
        panic!("{} was missing and has been written: look at it and commit it", committed.display());
    }
    let copy = TempDir::new().unwrap();
    fs::create_dir_all(copy.path().join("space/journal")).unwrap();
    for file in ["accounts.db", "space/journal/00000000000000000001.db", "space/journal/00000000000000000005.db"] {
        fs::copy(committed.join(file), copy.path().join(file)).unwrap();
    }
    copy
}

#[test]
fn a_journal_of_format_1_is_read_verified_and_continued() {
    let folder = fixture("format-1");
    let space = folder.path().join("space");
    let mut journal = Journal::open(&space, JournalOptions::new([0; 16])).unwrap();
    assert_eq!(journal.identity(), IDENTITY);
    assert_eq!(all(&journal.reader()), entries());
    journal.append(&Chain::behind(&entries()).adds(3)).unwrap();
    let walk = verify(&space, |_| {}).unwrap();
    assert_eq!((walk.fault, walk.entries, walk.erased, walk.segments), (None, 10, 1, 2));
    let (mut views, start) = Views::open(&space, &journal.reader()).unwrap();
    assert_eq!(start, ViewsStart::New);
    views.apply(&all(&journal.reader())).unwrap();
    assert_eq!(views.at().0, journal.head().position);
}

#[test]
fn accounts_of_format_1_are_read_and_changed() {
    let folder = fixture("format-1");
    let accounts = Accounts::open(folder.path()).unwrap();
    assert_eq!(accounts.user_by_email("ann@example.org"), Ok(Some(ann())));
    let revocations = accounts.revocations().unwrap();
    assert!(revocations.covers(&UserId::new("foreign").unwrap(), None, 499));
    assert!(revocations.covers(&ann().id, Some("t-1"), 0));
    let bob = User { id: UserId::new("u-bob").unwrap(), email: None, ..ann() };
    assert_eq!(accounts.spend_setup(&[1; 32], 2_999, &bob), Ok(true));
}
