//! What the tests of the whole server share: a server in this process or the real binary, raw HTTP and Socket.IO clients,
//! tokens. Nothing here sleeps; whatever is waited for must come within [`PATIENCE`].
#![allow(dead_code, unused_imports, reason = "each test binary takes what it needs")]

mod append;
mod http;
mod packet;
mod polling;
mod process;
mod random;
pub(crate) mod record;
mod site;
mod socket;
mod sse;
mod strace;
mod token;

use std::{panic::Location, time::Duration};

pub(crate) use http::{Answer, Ask, Http};
pub(crate) use packet::{Packet, Update};
pub(crate) use polling::Poller;
pub(crate) use process::{Process, Start, verify};
pub(crate) use random::Random;
pub(crate) use site::Site;
pub(crate) use socket::{Socket, frame};
pub(crate) use sse::{Stream, StreamEvent};
pub(crate) use strace::{Injected, Strace};
pub(crate) use token::{SECRET, claims_token, token};

/// The longest wait for anything, on the slowest machine: only a hang reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// Waits for what must come.
#[track_caller]
pub(crate) fn patient<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let place = Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(value) => value,
            Err(_) => panic!("waited in vain at {place}"),
        }
    }
}
