//! What holds for any text that a browser may send as `Origin`: with `--dev`, this machine's pages are let in and nobody
//! else's. The fuzz target and the replay of its seeds both call it.

use server::{
    config,
    cors::{Cors, Origins},
};

/// Panics when one of the facts does not hold.
pub(crate) fn hold_for(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if Cors::new(Origins::Loopback).admits(text) {
        assert!(is_of_this_machine(text), "{text}");
    }
    let mut listed = config::Origins::default();
    if listed.push(text).is_err() {
        return;
    }
    let normal: Vec<String> = listed.iter().map(str::to_owned).collect();
    assert!(normal.iter().all(|origin| listed.admit(origin) && !origin.contains(['*', '@', ' '])));
    listed.push(&normal[0]).expect("what is normal is an origin");
    assert_eq!(listed.iter().count(), 1, "the normal form is its own normal form");
}

/// Scheme, one of three hosts, and maybe a port.
fn is_of_this_machine(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let port = ["localhost", "127.0.0.1", "[::1]"].iter().find_map(|host| authority.strip_prefix(host));
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let is_port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_scheme && port.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
}
