//! What goes on beside requests: answers to their sockets, presence, marks, and tokens that have ended.

use std::sync::Arc;

use tokio::task::JoinHandle;
use wire::socketio;

use crate::{
    http::Api,
    limits::{MARK_ENTRIES_MIN, ROUNDS_EVERY},
    sync::Running,
};

/// Starts all of it. The tasks run until they are aborted.
pub(super) fn start(api: &Arc<Api>) -> Vec<JoinHandle<()>> {
    vec![
        tokio::spawn(Arc::clone(&api.app).deliver_answers()),
        tokio::spawn(check_tokens(Arc::clone(api))),
        tokio::spawn(rounds(Arc::clone(api))),
    ]
}

/// Looks every socket over whenever a token was revoked.
async fn check_tokens(api: Arc<Api>) {
    let mut changes = api.doorkeeper.changes();
    while changes.changed().await.is_ok() {
        for (index, link) in api.engine.links().iter().enumerate() {
            api.app.check_tokens(link);
            if index % 64 == 63 {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Once a second: presence where it changed, marks where many entries have passed.
async fn rounds(api: Arc<Api>) {
    let mut marked: Vec<(Arc<Running>, u64)> =
        api.spaces.values().map(|running| (Arc::clone(running), running.space.head().0)).collect();
    let mut ticks = tokio::time::interval(ROUNDS_EVERY);
    loop {
        ticks.tick().await;
        tell_presence(&api);
        let mut is_due = false;
        for (running, at) in &mut marked {
            let head = running.space.head().0;
            if head >= *at + MARK_ENTRIES_MIN {
                *at = head;
                is_due = true;
            }
        }
        if is_due {
            for (index, link) in api.engine.links().iter().enumerate() {
                api.app.mark(link);
                if index % 64 == 63 {
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

fn tell_presence(api: &Api) {
    for name in api.spaces.keys() {
        let Some(presence) = api.app.presence(name) else { continue };
        if presence.take_change() {
            let signal = presence.signal().to_string();
            for link in api.engine.links() {
                link.enter(|session, control| {
                    for namespace in session.presence_watchers(name) {
                        control.packet(socketio::event(namespace, "signal", signal.as_bytes(), None, 0));
                    }
                });
            }
        }
    }
}
