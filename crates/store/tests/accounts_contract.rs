//! What all accounts promise, run over every arm.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{sync::Barrier, thread};

use journal::UserId;
use store::{Accounts, AccountsError, PasswordHash, User, UserKind, UserRole, limits};
use tempfile::TempDir;

/// Runs a promise over every arm.
fn check(promise: impl Fn(Accounts)) {
    promise(Accounts::memory());
    let folder = TempDir::new().unwrap();
    promise(Accounts::open(folder.path()).unwrap());
}

fn id(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn ann() -> User {
    User {
        id: id("u-ann"),
        name: "Ann".into(),
        email: Some("Ann@Example.org".into()),
        password_hash: Some(PasswordHash::new("$argon2id$…".into())),
        role: UserRole::Member,
        picture_url: Some("/files/ann.png".into()),
        kind: UserKind::Registered,
        created_ms: 1_000,
    }
}

fn guest(number: u32) -> User {
    let user = User { id: id(&format!("g-{number}")), name: "Guest".into(), kind: UserKind::Guest, ..ann() };
    User { email: None, password_hash: None, picture_url: None, ..user }
}

#[test]
fn a_user_is_found_by_id_and_by_email_in_any_case() {
    check(|accounts| {
        accounts.create_user(&ann()).unwrap();
        assert_eq!(accounts.user(&id("u-ann")), Ok(Some(ann())));
        assert_eq!(accounts.user_by_email("aNN@example.ORG"), Ok(Some(ann())));
        assert_eq!(accounts.user(&id("u-bob")), Ok(None));
        assert_eq!(accounts.user_by_email("bob@example.org"), Ok(None));
    });
}

#[test]
fn ids_and_emails_belong_to_one_and_names_to_many() {
    check(|accounts| {
        accounts.create_user(&ann()).unwrap();
        let same_email = User { id: id("u-2"), email: Some("ANN@EXAMPLE.ORG".into()), ..ann() };
        assert_eq!(accounts.create_user(&same_email), Err(AccountsError::EmailTaken));
        let same_id = User { email: Some("other@example.org".into()), ..ann() };
        assert_eq!(accounts.create_user(&same_id), Err(AccountsError::IdTaken));
        accounts.create_user(&guest(1)).unwrap();
        accounts.create_user(&guest(2)).unwrap();
        assert_eq!(accounts.user(&id("g-2")), Ok(Some(guest(2))));
    });
}

#[test]
fn umlauts_in_an_email_are_one_in_either_case() {
    check(|accounts| {
        accounts.create_user(&User { email: Some("ÄNN@example.org".into()), ..ann() }).unwrap();
        let other = User { id: id("u-2"), email: Some("änn@example.org".into()), ..ann() };
        assert_eq!(accounts.create_user(&other), Err(AccountsError::EmailTaken));
    });
}

#[test]
fn texts_out_of_bounds_are_refused_and_at_their_bound_kept() {
    check(|accounts| {
        let bad = |user: User| matches!(accounts.create_user(&user), Err(AccountsError::BadText { .. }));
        for name in [String::new(), "a\nb".into(), "n".repeat(limits::USER_NAME_BYTES_MAX + 1)] {
            assert!(bad(User { name, ..ann() }));
        }
        for email in [String::new(), "e".repeat(limits::EMAIL_BYTES_MAX + 1)] {
            assert!(bad(User { email: Some(email), ..ann() }));
        }
        let long_hash = PasswordHash::new("h".repeat(limits::PASSWORD_HASH_BYTES_MAX + 1));
        assert!(bad(User { password_hash: Some(long_hash.clone()), ..ann() }));
        assert!(bad(User { picture_url: Some("p".repeat(limits::PICTURE_URL_BYTES_MAX + 1)), ..ann() }));
        let longest = User { name: "n".repeat(limits::USER_NAME_BYTES_MAX), ..ann() };
        accounts.create_user(&longest).unwrap();
        assert_eq!(accounts.user(&longest.id), Ok(Some(longest)));
        assert!(accounts.set_password_hash(&id("u-ann"), &long_hash).is_err());
        assert!(accounts.revoke_token(&"t".repeat(limits::TOKEN_ID_BYTES_MAX + 1), 1).is_err());
    });
}

#[test]
fn role_and_password_change_for_those_who_exist() {
    check(|accounts| {
        accounts.create_user(&ann()).unwrap();
        assert_eq!(accounts.any_admin(), Ok(false));
        accounts.set_role(&id("u-ann"), UserRole::Admin).unwrap();
        assert_eq!(accounts.any_admin(), Ok(true));
        let hash = PasswordHash::new("$new".into());
        accounts.set_password_hash(&id("u-ann"), &hash).unwrap();
        let expected = User { role: UserRole::Admin, password_hash: Some(hash.clone()), ..ann() };
        assert_eq!(accounts.user(&id("u-ann")), Ok(Some(expected)));
        assert_eq!(accounts.set_role(&id("u-bob"), UserRole::Admin), Err(AccountsError::NoSuchUser));
        assert_eq!(accounts.set_password_hash(&id("u-bob"), &hash), Err(AccountsError::NoSuchUser));
    });
}

#[test]
fn a_password_hash_never_shows_in_debug_output() {
    assert!(!format!("{:?}", ann()).contains("argon2"));
}

#[test]
fn minting_the_same_name_again_is_the_same_user_with_the_role_asked_for() {
    check(|accounts| {
        let mint = |role, now_ms| accounts.ensure_minted(&id("m-ops"), "ops", role, now_ms);
        let first = mint(UserRole::Member, 10).unwrap();
        assert_eq!((first.kind, first.created_ms), (UserKind::Minted, 10));
        let second = mint(UserRole::Admin, 20).unwrap();
        assert_eq!(second, User { role: UserRole::Admin, ..first });
        assert_eq!(accounts.user(&id("m-ops")), Ok(Some(second)));
        accounts.create_user(&ann()).unwrap();
        let stolen = accounts.ensure_minted(&id("u-ann"), "Ann", UserRole::Admin, 30);
        assert_eq!(stolen, Err(AccountsError::IdTaken));
        assert_eq!(accounts.user(&id("u-ann")), Ok(Some(ann())));
    });
}

#[test]
fn a_revoked_user_loses_tokens_issued_before_and_only_those() {
    check(|accounts| {
        accounts.revoke_user(&id("foreign"), 500).unwrap();
        accounts.revoke_user(&id("foreign"), 400).unwrap();
        let revocations = accounts.revocations().unwrap();
        assert!(revocations.covers(&id("foreign"), None, 499), "a later revocation never goes back in time");
        assert!(!revocations.covers(&id("foreign"), None, 500));
        assert!(!revocations.covers(&id("other"), None, 499));
    });
}

#[test]
fn everybody_of_a_name_is_revoked_at_once() {
    check(|accounts| {
        for user in [guest(1), guest(2), ann()] {
            accounts.create_user(&user).unwrap();
        }
        accounts.revoke_user(&id("g-1"), 900).unwrap();
        assert_eq!(accounts.revoke_users_named("Guest", 700), Ok(2));
        assert_eq!(accounts.revoke_users_named("guest", 700), Ok(0));
        let revocations = accounts.revocations().unwrap();
        assert!(revocations.covers(&id("g-1"), None, 899));
        assert!(revocations.covers(&id("g-2"), None, 699));
        assert!(!revocations.covers(&id("g-2"), None, 700));
        assert!(!revocations.covers(&id("u-ann"), None, 0));
    });
}

#[test]
fn a_revoked_token_is_remembered_until_it_expires() {
    check(|accounts| {
        accounts.revoke_token("t-1", 1_000).unwrap();
        accounts.revoke_token("t-2", 2_000).unwrap();
        let covers = |token| accounts.revocations().unwrap().covers(&id("u"), Some(token), u64::MAX);
        assert!(covers("t-1") && covers("t-2") && !covers("t-3"));
        assert_eq!(accounts.purge_expired(999), Ok(0));
        assert_eq!(accounts.purge_expired(1_000), Ok(1));
        assert!(!covers("t-1") && covers("t-2"));
        assert!(!accounts.revocations().unwrap().covers(&id("u"), None, 0));
    });
}

#[test]
fn a_change_shows_as_another_version_and_reading_does_not() {
    check(|accounts| {
        let before = accounts.revocations().unwrap();
        assert_eq!(accounts.version(), Ok(before.version()));
        accounts.revoke_token("t", 1).unwrap();
        let after = accounts.version().unwrap();
        assert_ne!(after, before.version());
        accounts.user(&id("u")).unwrap();
        assert_eq!(accounts.version(), Ok(after));
        assert_eq!(accounts.revocations().unwrap().version(), after);
    });
}

#[test]
fn the_setup_secret_makes_one_admin_once() {
    check(|accounts| {
        let (hash, other) = ([1; 32], [2; 32]);
        assert_eq!(accounts.spend_setup(&hash, 0, &ann()), Ok(false), "there is none yet");
        accounts.put_setup(&hash, 1_000).unwrap();
        assert_eq!(accounts.spend_setup(&other, 0, &ann()), Ok(false));
        assert_eq!(accounts.spend_setup(&hash, 1_000, &ann()), Ok(false), "expired");
        assert_eq!(accounts.any_admin(), Ok(false));
        assert_eq!(accounts.spend_setup(&hash, 999, &ann()), Ok(true));
        assert_eq!(accounts.user(&id("u-ann")), Ok(Some(User { role: UserRole::Admin, ..ann() })));
        assert_eq!(accounts.spend_setup(&hash, 999, &guest(1)), Ok(false), "spent");
        assert_eq!(accounts.user(&id("g-1")), Ok(None));
    });
}

#[test]
fn a_setup_that_cannot_make_its_admin_is_not_spent() {
    check(|accounts| {
        accounts.create_user(&ann()).unwrap();
        accounts.put_setup(&[1; 32], 1_000).unwrap();
        assert_eq!(accounts.spend_setup(&[1; 32], 0, &ann()), Err(AccountsError::IdTaken));
        assert_eq!(accounts.spend_setup(&[1; 32], 0, &guest(1)), Ok(true));
    });
}

#[test]
fn a_new_setup_secret_replaces_the_one_before() {
    check(|accounts| {
        accounts.put_setup(&[1; 32], 1_000).unwrap();
        accounts.put_setup(&[2; 32], 1_000).unwrap();
        assert_eq!(accounts.spend_setup(&[1; 32], 0, &ann()), Ok(false));
        assert_eq!(accounts.spend_setup(&[2; 32], 0, &ann()), Ok(true));
    });
}

#[test]
fn a_secret_spent_by_two_at_once_makes_one_admin() {
    check(|accounts| {
        accounts.put_setup(&[1; 32], 1_000).unwrap();
        let spent = thread::scope(|scope| {
            let spend = |number| {
                let accounts = accounts.clone();
                move || accounts.spend_setup(&[1; 32], 0, &guest(number)).unwrap()
            };
            let threads = [scope.spawn(spend(1)), scope.spawn(spend(2))];
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(spent.iter().filter(|spent| **spent).count(), 1);
    });
}

#[test]
fn accounts_are_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let accounts = Accounts::open(folder.path()).unwrap();
    accounts.create_user(&ann()).unwrap();
    accounts.revoke_token("t", 9).unwrap();
    drop(accounts);
    let accounts = Accounts::open(folder.path()).unwrap();
    assert_eq!(accounts.user(&id("u-ann")), Ok(Some(ann())));
    assert!(accounts.revocations().unwrap().covers(&id("u"), Some("t"), 0));
}

#[test]
fn a_revocation_by_another_process_is_noticed() {
    let folder = TempDir::new().unwrap();
    let server = Accounts::open(folder.path()).unwrap();
    let command = Accounts::open(folder.path()).unwrap();
    let before = server.revocations().unwrap();
    command.revoke_user(&id("u"), 5).unwrap();
    assert_ne!(server.version(), Ok(before.version()));
    assert!(server.revocations().unwrap().covers(&id("u"), None, 4));
}

#[test]
fn processes_that_open_and_write_at_once_lose_nothing() {
    let folder = TempDir::new().unwrap();
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for number in 0..4 {
            let (folder, barrier) = (folder.path(), &barrier);
            scope.spawn(move || {
                barrier.wait();
                let accounts = Accounts::open(folder).unwrap();
                for user in 0..5 {
                    accounts.create_user(&guest(number * 10 + user)).unwrap();
                }
            });
        }
    });
    let accounts = Accounts::open(folder.path()).unwrap();
    for number in [0, 4, 10, 24, 34] {
        assert_eq!(accounts.user(&id(&format!("g-{number}"))), Ok(Some(guest(number))));
    }
    let unfinished = folder.path().read_dir().unwrap().filter_map(|file| file.unwrap().file_name().into_string().ok());
    assert_eq!(unfinished.filter(|name| name.contains("unfinished")).count(), 0);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let accounts = Accounts::open(folder.path()).unwrap();
    accounts.create_user(&ann()).unwrap();
    let files: Vec<_> = folder.path().read_dir().unwrap().map(|file| file.unwrap()).collect();
    assert!(files.len() >= 2, "the log lies beside the file");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
    }
}
