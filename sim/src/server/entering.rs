//! CONNECT: who comes, from where they follow, and the events that greet them. Mirrors
//! `crates/server/src/sync/connect.rs`; a token is the name of its owner.

use std::rc::Rc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use journal::{Bug, Cursor, Filter, Json, JsonKind, Pattern};
use space::{Serving, Start};
use wire::{
    engineio::CloseReason,
    socketio::{self, Namespace},
};

use super::{
    Server,
    asks::principal,
    fanout::Seat,
    link::{Link, Stay},
};
use crate::{
    action::{Entrance, Task},
    network::LineId,
    stage::Stage,
};

impl Server {
    /// A client wants in.
    pub(super) fn knock(
        &mut self,
        link: &mut Link,
        stage: &mut Stage,
        line: LineId,
        namespace: &Namespace,
        auth: Option<&[u8]>,
    ) {
        let auth = auth.and_then(|auth| Json::parse(auth).ok()).unwrap_or_else(Json::empty_object);
        let text = |name| auth.member(name).and_then(|value| value.string()).filter(|text| !text.is_empty());
        let user: Option<Rc<str>> = text("token").map(|user| user.as_ref().into());
        if self.is_barred(user.as_ref()) {
            if link.session.refuse(namespace) {
                let error = br#"{"message":"the token was revoked","data":{"code":"revoked"}}"#;
                link.send(socketio::connect_error(namespace, error));
            }
            return;
        }
        let pid = text("pid").map(String::from).filter(|pid| start_in(pid).is_some());
        let cursor = match &pid {
            Some(pid) => text("offset").map(String::from).or_else(|| start_in(pid).map(str::to_owned)),
            None => text("cursor").map(String::from),
        };
        let entrance = Entrance { line, user, filter: filter(&auth), pid, cursor };
        let start = match &entrance.cursor {
            None => Some(Start::Fresh(self.space.head_cursor())),
            Some(cursor) => self.space.start_in_tail(cursor),
        };
        match start {
            Some(start) => self.let_in(link, stage, entrance, start),
            None => self.task(stage, Task::FindStart(Box::new(entrance))),
        }
    }

    /// Checks the cursor in the store, then lets the client in.
    pub(super) fn find_start(&mut self, stage: &mut Stage, entrance: Box<Entrance>) {
        let who = principal(entrance.user.as_deref());
        let start = self.space.start(entrance.cursor.as_deref(), &who, &entrance.filter).ok();
        self.task(stage, Task::Admit(entrance, start));
    }

    pub(super) fn admit(&mut self, stage: &mut Stage, entrance: Entrance, start: Option<Start>) {
        let line = entrance.line;
        self.enter(stage, line, |server, link, stage| match start {
            // Whose token was revoked meanwhile is found out by the next look at it, which is now.
            Some(_) if server.is_barred(entrance.user.as_ref()) => link.wire.close(CloseReason::ClosedByServer),
            Some(start) => server.let_in(link, stage, entrance, start),
            None => link.wire.close(CloseReason::ClosedByServer),
        });
    }

    fn let_in(&mut self, link: &mut Link, stage: &mut Stage, entrance: Entrance, start: Start) {
        if !link.session.accept(&Namespace::main()) {
            return;
        }
        let Entrance { line, user, filter, pid, .. } = entrance;
        let resumed = matches!(start, Start::Resumed(_));
        let pid = pid.filter(|_| resumed).unwrap_or_else(|| new_pid(stage, &start.cursor()));
        greet(link, &pid, &start);
        self.seats += 1;
        let seat = Seat { shard: self.seats as usize % self.shards.len(), id: self.seats, filter: filter.clone() };
        self.shards[seat.shard].join(seat.id, &filter, line);
        let serving = Serving::new(principal(user.as_deref()), filter, start.position());
        link.stay = Some(Stay { serving, user, seat, unanswered: 0 });
    }
}

/// The private id of a socket's life: random, and the cursor it started from.
fn new_pid(stage: &mut Stage, start: &Cursor) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(&stage.random.bytes()[..12]), start.encode())
}

fn start_in(pid: &str) -> Option<&str> {
    let (random, cursor) = pid.split_once('.')?;
    (random.len() == 16 && Cursor::decode(cursor).is_ok()).then_some(cursor)
}

/// `connected` carries the cursor that following starts from, never the head.
fn greet(link: &mut Link, pid: &str, start: &Start) {
    let namespace = Namespace::main();
    link.send(socketio::connect(&namespace, format!(r#"{{"sid":"simulated","pid":"{pid}"}}"#).as_bytes()));
    let cursor = start.cursor().encode();
    let resumed = matches!(start, Start::Resumed(_));
    let greeting = format!(r#"{{"message":"connected","resumed":{resumed}}},"{cursor}""#);
    link.send(socketio::event(&namespace, "connected", greeting.as_bytes(), None, 0));
    if let Start::Reset(reason, _) = start
        && !Bug::ResetWithheld.is_planted()
    {
        let reset = format!(r#"{{"reason":"{}"}},"{cursor}""#, reason.as_str());
        link.send(socketio::event(&namespace, "reset", reset.as_bytes(), None, 0));
    }
}

fn filter(auth: &Json) -> Filter {
    let Some(topics) = auth.member("topics").filter(|topics| topics.kind() == JsonKind::Array) else {
        return Filter::Everything;
    };
    let pattern = |topic: journal::RawJson<'_>| Pattern::new(&topic.string()?).ok();
    Filter::Patterns(topics.elements().filter_map(pattern).collect())
}
