//! The binary as a person or a script runs it: what it prints where, and how it ends.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use server::{
    config::Secret,
    identity::{Identity, Secrets, Tokens, now_ms},
};
use tempfile::TempDir;

/// A run in a folder of its own, without our variables in the environment.
fn tidings(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.current_dir(folder).args(arguments).env_clear();
    command
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn ends_with(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", err(output));
}

/// What the one line on stdout says as a token of the folder's server.
fn identity(data: &Path, output: &Output) -> Identity {
    ends_with(output, 0);
    let token = out(output).strip_suffix('\n').unwrap();
    assert!(!token.contains(char::is_whitespace), "{token}");
    let secrets = Secrets::load(data).unwrap().unwrap();
    Tokens::own(&secrets.token).verify(token, now_ms()).unwrap()
}

#[test]
fn token_prints_one_line_and_the_same_name_is_the_same_user() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("d");
    let mint = |arguments: &[&str]| {
        let output = tidings(folder.path(), &[&["token", "--data", "d", "--name"], arguments].concat());
        assert_eq!(err(&output), "");
        identity(&data, &output)
    };
    let (first, second, other) = (mint(&["Ann"]), mint(&[" Ann "]), mint(&["Bob"]));
    assert_eq!(first.principal, second.principal);
    assert_ne!(first.principal, other.principal);
    assert_ne!(first.token_id, second.token_id);
    assert_eq!(first.name.as_deref(), Some("Ann"));
    assert_eq!(first.space, None);
    let lasts_ms = first.expires_at_ms.unwrap() - first.issued_at_ms.unwrap();
    assert!((86_400_000..86_401_000).contains(&lasts_ms), "{lasts_ms}");
    let admin = mint(&["Root", "--role", "admin", "--ttl", "1h"]);
    assert_eq!(admin.principal.role(), journal::Role::Admin);
}

#[test]
fn a_token_for_a_space_says_so_and_warns_when_it_is_not_declared() {
    let folder = TempDir::new().unwrap();
    let mint = || tidings(folder.path(), &["token", "--data", "d", "--name", "Ann", "--space", "support"]);
    let output = mint();
    assert_eq!(identity(&folder.path().join("d"), &output).space.as_deref(), Some("support"));
    assert!(err(&output).contains("no space support is declared"), "{}", err(&output));
    fs::write(folder.path().join("tidings.toml"), "[spaces.support]").unwrap();
    assert_eq!(err(&mint()), "");
}

#[test]
fn commands_that_start_at_once_in_an_empty_folder_make_it_once() {
    let folder = TempDir::new().unwrap();
    let run = || {
        let mut command = command(folder.path(), &["token", "--data", "d", "--name", "Ann"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let runs: Vec<_> = (0..8).map(|_| run()).collect();
    let outputs: Vec<Output> = runs.into_iter().map(|run| run.wait_with_output().unwrap()).collect();
    let users = outputs.iter().map(|output| identity(&folder.path().join("d"), output).principal);
    assert_eq!(users.collect::<Vec<_>>().windows(2).filter(|pair| pair[0] != pair[1]).count(), 0);
}

#[test]
fn an_existing_apps_secret_signs_instead_of_our_own() {
    let folder = TempDir::new().unwrap();
    let secret = "9f86d081884c7d659a2feaa0c55ad015";
    let output =
        command(folder.path(), &["token", "--name", "Ann"]).env("TIDINGS_JWT_SECRET", secret).output().unwrap();
    ends_with(&output, 0);
    let tokens = Tokens::shared(&Secret::new(secret.to_owned()));
    assert!(tokens.verify(out(&output).trim_end(), now_ms()).is_ok());
    assert!(folder.path().join("tidings-data/secrets.toml").exists());
}

#[test]
fn revoke_says_whom_it_found() {
    let folder = TempDir::new().unwrap();
    let revoke = |arguments: &[&str]| tidings(folder.path(), &[&["revoke"], arguments].concat());
    ends_with(&revoke(&["--name", "Ann"]), 2);
    ends_with(&tidings(folder.path(), &["token", "--name", "Ann"]), 0);
    let found = revoke(&["--name", "Ann"]);
    ends_with(&found, 0);
    assert_eq!(out(&found), "Ann is signed out everywhere\n");
    let unknown = revoke(&["--name", "ann"]);
    ends_with(&unknown, 1);
    assert_eq!((out(&unknown), err(&unknown)), ("", "tidings: nobody is called ann here; capital letters count\n"));
    ends_with(&revoke(&["--user", "17"]), 0);
    ends_with(&revoke(&[]), 2);
    ends_with(&revoke(&["--user", "17", "--name", "Ann"]), 2);
}

#[test]
fn a_name_that_stops_being_an_admin_loses_the_tokens_of_one() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("d");
    let mint = |role: &str| tidings(folder.path(), &["token", "--data", "d", "--name", "Ann", "--role", role]);
    let admin = identity(&data, &mint("admin"));
    let output = mint("member");
    assert!(err(&output).contains("was an admin"), "{}", err(&output));
    let member = identity(&data, &output);
    let revocations = store::Accounts::open(&data).unwrap().revocations().unwrap();
    let covers = |identity: &Identity| {
        let user = identity.principal.user().unwrap();
        revocations.covers(user, Some(&identity.token_id), identity.issued_at_ms.unwrap())
    };
    assert!(covers(&admin) && !covers(&member));
}

#[test]
fn config_default_prints_a_file_that_every_command_reads_without_a_word() {
    let folder = TempDir::new().unwrap();
    let printed = tidings(folder.path(), &["config", "default"]);
    ends_with(&printed, 0);
    fs::write(folder.path().join("tidings.toml"), &printed.stdout).unwrap();
    let output = tidings(folder.path(), &["token", "--name", "Ann"]);
    assert_eq!(err(&output), "");
    identity(&folder.path().join("tidings-data"), &output);
}

#[test]
fn a_wrong_configuration_ends_with_2_and_says_where_it_is() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("tidings.toml"), "[limits]\npayload_bytes = 1\n").unwrap();
    let output = tidings(folder.path(), &["serve", "--dev"]);
    ends_with(&output, 2);
    assert_eq!(out(&output), "");
    assert!(err(&output).contains("tidings.toml, key `limits.payload_bytes`: 1 is out of bounds"), "{}", err(&output));
    let open = tidings(folder.path(), &["serve", "--dev", "--config", "missing.toml"]);
    ends_with(&open, 2);
    assert!(err(&open).contains("missing.toml"), "{}", err(&open));
}

#[test]
fn unknown_keys_and_variables_are_warned_of_on_stderr() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("tidings.toml"), "lisen = 'localhost:1'\n").unwrap();
    let output = command(folder.path(), &["token", "--name", "Ann"]).env("TIDINGS_DATE", "x").output().unwrap();
    identity(&folder.path().join("tidings-data"), &output);
    assert!(err(&output).contains("`lisen`") && err(&output).contains("`listen`"), "{}", err(&output));
    assert!(err(&output).contains("TIDINGS_DATE") && err(&output).contains("TIDINGS_DATA"), "{}", err(&output));
}

#[test]
fn verify_reports_each_space_and_misses_what_is_not_there() {
    let folder = TempDir::new().unwrap();
    let verify = || tidings(folder.path(), &["verify", "--data", "d"]);
    let missing = verify();
    ends_with(&missing, 1);
    assert!(err(&missing).contains("--data"), "{}", err(&missing));
    let space = folder.path().join("d/spaces/default");
    drop(store::Journal::open(&space, store::JournalOptions::new([1; 16])).unwrap());
    let empty = verify();
    ends_with(&empty, 0);
    assert_eq!(out(&empty), "ok       default: 0 entries in 1 segment, 0 of them erased\n");
}

#[test]
fn version_and_usage_errors_have_their_exit_codes() {
    let folder = TempDir::new().unwrap();
    let version = tidings(folder.path(), &["version"]);
    assert_eq!(out(&version), format!("tidings {}\n", env!("CARGO_PKG_VERSION")));
    ends_with(&version, 0);
    ends_with(&tidings(folder.path(), &["help"]), 0);
    ends_with(&tidings(folder.path(), &[]), 2);
    ends_with(&tidings(folder.path(), &["sevre"]), 2);
    ends_with(&tidings(folder.path(), &["token"]), 2);
}
