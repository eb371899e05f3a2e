//! CONNECT: who comes, from where they follow, and the two events that greet them.

use std::{collections::VecDeque, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use journal::{Filter, Json};
use serde_json::json;
use space::{Serving, Start};
use wire::socketio::{self, Namespace};

use super::{
    Pid, Running, Session, SyncApp,
    app::{FollowerOf, SyncLink},
    ask,
    fanout::Handle,
    session::Stay,
};
use crate::{asker::Asker, engine::Control};

/// What a CONNECT said, once it makes sense.
struct Entrance {
    namespace: Namespace,
    running: Arc<Running>,
    asker: Asker,
    filter: Filter,
    /// The process id that the client brought back, if it is one of ours.
    pid: Option<Pid>,
    cursor: Option<String>,
}

/// Why a CONNECT is refused for good; anything passing would end the transport instead.
struct Refused {
    code: &'static str,
    message: String,
}

impl SyncApp {
    pub(super) fn connect(
        self: &Arc<Self>,
        link: &Arc<SyncLink>,
        session: &mut Session,
        namespace: Namespace,
        auth: Option<Bytes>,
        out: &mut Control,
    ) {
        let entrance = match self.entrance(namespace.clone(), auth.as_deref()) {
            Ok(entrance) => entrance,
            Err(refused) => {
                if session.wire.refuse(&namespace) {
                    let error = json!({ "message": refused.message, "data": { "code": refused.code } });
                    out.packet(socketio::connect_error(&namespace, error.to_string().as_bytes()));
                }
                return;
            }
        };
        let space = &entrance.running.space;
        let start = match &entrance.cursor {
            None => Some(Start::Fresh(space.head_cursor())),
            Some(cursor) => space.start_in_tail(cursor),
        };
        if let Some(start) = start {
            return self.admit(link, session, entrance, start, out);
        }
        let (app, link) = (Arc::clone(self), Arc::clone(link));
        tokio::spawn(async move { app.admit_later(link, entrance).await });
    }

    /// Checks the cursor in the store, off the serving threads, then lets the client in.
    async fn admit_later(self: Arc<Self>, link: Arc<SyncLink>, entrance: Entrance) {
        let Ok(permit) = Arc::clone(&self.reads).acquire_owned().await else { return };
        // Counting what was missed needs projections; only a long absence needs the count, so not waiting is harmless.
        let space = Arc::clone(&entrance.running.space);
        let (cursor, who) = (entrance.cursor.clone(), entrance.asker.principal().clone());
        let filter = entrance.filter.clone();
        let start = tokio::task::spawn_blocking(move || space.start(cursor.as_deref(), &who, &filter)).await;
        drop(permit);
        match start {
            Ok(Ok(start)) => {
                let app = Arc::clone(&self);
                let entering = Arc::clone(&link);
                link.enter(move |session, out| app.admit(&entering, session, entrance, start, out));
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "a cursor cannot be checked");
                link.close(crate::engine::CloseReason::ClosedByServer);
            }
            Err(_) => link.close(crate::engine::CloseReason::ClosedByServer),
        }
    }

    fn entrance(&self, namespace: Namespace, auth: Option<&[u8]>) -> Result<Entrance, Refused> {
        let running = self
            .space_of(&namespace)
            .ok_or_else(|| Refused { code: "unknown_space", message: "Invalid namespace".to_owned() })?;
        let bad = |message: &str| Refused { code: "bad_auth", message: message.to_owned() };
        let auth = match auth {
            Some(auth) => Json::parse(auth).map_err(|error| bad(&format!("auth is not valid JSON: {error}")))?,
            None => Json::empty_object(),
        };
        let text = |name| auth.member(name).and_then(|value| value.string()).filter(|text| !text.is_empty());
        let asker = match text("token") {
            Some(token) => self
                .doorkeeper
                .admit(&token, &running.name, super::now_ms())
                .map_err(|error| Refused { code: error.code(), message: error.to_string() })?,
            None => Asker::anonymous(),
        };
        let pid = text("pid").and_then(|pid| Pid::read(&pid));
        let offset = text("offset").map(String::from);
        let cursor = match &pid {
            Some(pid) => Some(offset.unwrap_or_else(|| pid.start().to_owned())),
            None => text("cursor").map(String::from),
        };
        let filter = ask::filter(&auth, self.config.followed_max).map_err(|message| bad(&message))?;
        Ok(Entrance { namespace, running: Arc::clone(running), asker, filter, pid, cursor })
    }

    fn admit(&self, link: &Arc<SyncLink>, session: &mut Session, entrance: Entrance, start: Start, out: &mut Control) {
        if !session.wire.accept(&entrance.namespace) {
            return;
        }
        let Entrance { namespace, running, asker, filter, pid, .. } = entrance;
        let resumed = matches!(start, Start::Resumed(_));
        let pid = pid.filter(|_| resumed).unwrap_or_else(|| Pid::new(&start.cursor()));
        let handle: Handle = Arc::new(FollowerOf { link: Arc::downgrade(link), namespace: namespace.clone() });
        let presence = self.presence.get(&*running.name);
        let clients = presence.map_or(0, |presence| presence.join(asker.person()));
        greet(&namespace, &running, &asker, &pid, &start, clients, out);
        // One, and not the four that a growing list begins with: nearly every socket is in one space.
        session.stays.reserve_exact(1);
        session.stays.push(Stay {
            _seat: running.fanout.join(filter.clone(), &handle),
            serving: Serving::new(asker.principal().clone(), filter, start.position()),
            namespace,
            unanswered: 0,
            pulls: VecDeque::new(),
            is_pulling: false,
            watches_presence: false,
            ends_at: asker.ends_in(super::now_ms()).map(|wait| std::time::Instant::now() + wait),
            running,
            asker,
        });
    }
}

/// `connected` carries the cursor that following starts from, never the head: a drop during catch-up must not skip the
/// rest. Every event ends in a cursor, or in something that is not a string, because the client keeps the last string.
fn greet(
    namespace: &Namespace,
    running: &Running,
    asker: &Asker,
    pid: &Pid,
    start: &Start,
    clients: usize,
    out: &mut Control,
) {
    let mut sid = [0; 15];
    getrandom::fill(&mut sid).expect("the system gives random bytes");
    let connect = json!({ "sid": URL_SAFE_NO_PAD.encode(sid), "pid": pid.as_str() });
    out.packet(socketio::connect(namespace, connect.to_string().as_bytes()));

    let cursor = start.cursor().encode();
    let resumed = matches!(start, Start::Resumed(_));
    let mut greeting = json!({
        "message": "connected to Tidings",
        "space": &*running.name,
        "clients": clients,
        "resumed": resumed,
    });
    if let Some(person) = asker.person() {
        greeting["user"] = json!({ "id": person.id.as_str(), "name": person.name });
    }
    out.packet(socketio::event(namespace, "connected", format!("{greeting},\"{cursor}\"").as_bytes(), None, 0));
    if let Start::Reset(reason, _) = start {
        let reset = json!({ "reason": reason.as_str() });
        out.packet(socketio::event(namespace, "reset", format!("{reset},\"{cursor}\"").as_bytes(), None, 0));
    }
}
