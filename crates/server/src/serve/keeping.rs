//! What goes on beside requests: answers to their sockets, presence, marks, and tokens that have ended.

use std::sync::{Arc, Weak};

use journal::Position;
use tokio::task::JoinHandle;
use wire::socketio;

use crate::{
    engine::Control,
    http::Api,
    limits::{MARK_ENTRIES_MIN, ROUNDS_EVERY},
    sync::{Running, Session, app::SyncLink},
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
    let mut marked: Vec<(Arc<Running>, Position)> =
        api.spaces.values().map(|running| (Arc::clone(running), running.fanout.told())).collect();
    let mut ticks = tokio::time::interval(ROUNDS_EVERY);
    let mut owed = Vec::new();
    loop {
        ticks.tick().await;
        tell_presence(&api, &mut owed);
        for (running, at) in &mut marked {
            let told = running.fanout.told();
            if told.0 >= at.0 + MARK_ENTRIES_MIN {
                mark(&api, running, told).await;
                *at = told;
            }
        }
    }
}

/// Gives idle sockets of a space the cursor of a position that everybody concerned has been told of.
async fn mark(api: &Api, running: &Running, told: Position) {
    let space = Arc::clone(&running.space);
    // Without it nobody is worse off: a later resume reads a little more.
    let Ok(Ok(Some(cursor))) = tokio::task::spawn_blocking(move || space.cursor_at(told)).await else { return };
    for (index, link) in api.engine.links().iter().enumerate() {
        api.app.mark(link, &running.name, &cursor);
        if index % 64 == 63 {
            tokio::task::yield_now().await;
        }
    }
}

/// Tells who is here where that has changed, and whoever could not be told the last time. A socket that does not read is
/// told when it reads again, and then only how things are by then.
fn tell_presence(api: &Api, owed: &mut Vec<Weak<SyncLink>>) {
    let late: Vec<_> = std::mem::take(owed).iter().filter_map(Weak::upgrade).collect();
    for name in api.spaces.keys() {
        let Some(presence) = api.app.presence(name) else { continue };
        let changed = presence.take_change().then(|| api.engine.links());
        let links = changed.as_ref().unwrap_or(&late);
        let signal = if links.is_empty() { continue } else { presence.signal().to_string() };
        for link in links {
            let told = link.enter(|session, control| tell(session, control, name, &signal));
            if told == Some(false) {
                owed.push(Arc::downgrade(link));
            }
        }
    }
}

/// Whether a socket that watches was told.
fn tell(session: &Session, control: &mut Control, space: &str, signal: &str) -> bool {
    for namespace in session.presence_watchers(space) {
        if control.is_full() {
            return false;
        }
        control.packet(socketio::event(namespace, "signal", signal.as_bytes(), None, 0));
    }
    true
}
