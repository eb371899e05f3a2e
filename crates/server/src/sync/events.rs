//! The events a socket sends: `push`, `pull`, `signal`. An unknown one is ignored, or told so when it asks.

use std::{net::IpAddr, sync::Arc};

use journal::{Json, Refusal};
use serde_json::{Value, json};
use space::{Answer, Request};
use wire::socketio::{self, Event, Namespace};

use super::{Reply, Session, SyncApp, app::SyncLink, ask, session::Stay};
use crate::engine::Control;

impl SyncApp {
    pub(super) fn event(
        self: &Arc<Self>,
        link: &Arc<SyncLink>,
        session: &mut Session,
        event: Event,
        out: &mut Control,
    ) {
        let peer = session.peer;
        let Some(stay) = session.stay(&event.namespace) else { return };
        let answer = match &*event.name {
            "push" => self.push(link, stay, peer, &event),
            "pull" => self.pull(stay, &event),
            "signal" => Some(self.signal(stay, &event, out)),
            _ => Some(failure("unknown_event", "this server knows the events push, pull and signal")),
        };
        if let (Some(answer), Some(id)) = (answer, event.ack) {
            out.packet(socketio::ack(&event.namespace, id, answer.to_string().as_bytes(), 0));
        }
    }

    /// The answer, if it is there at once.
    fn push(
        self: &Arc<Self>,
        link: &Arc<SyncLink>,
        stay: &mut Stay,
        peer: Option<IpAddr>,
        event: &Event,
    ) -> Option<Value> {
        let Some(body) = event.arguments.iter().next().filter(|_| event.attachments.is_empty()) else {
            return Some(failure("bad_data", "push takes one object {type, action, data, key?} without binary parts"));
        };
        if stay.unanswered >= self.config.unanswered_max {
            return Some(failure(Refusal::Busy.code(), "too many pushes of this socket wait for their answer"));
        }
        let push = match ask::parse(&body) {
            Ok(push) => push,
            Err(error) => return Some(failure(error.code(), &error.to_string())),
        };
        if let Err(refusal) = self.rates.count(stay.asker.principal(), peer, super::now_ms()) {
            return Some(refused(refusal));
        }
        let reply = self.reply(link, &event.namespace, event.ack);
        let request = Request { who: stay.asker.principal().clone(), push, reply };
        match stay.running.push(request) {
            Ok(()) => {
                stay.unanswered += 1;
                None
            }
            Err(refusal) => Some(refused(refusal)),
        }
    }

    fn reply(self: &Arc<Self>, link: &Arc<SyncLink>, namespace: &Namespace, ack: Option<u64>) -> Reply {
        let (app, link, namespace) = (Arc::clone(self), Arc::clone(link), namespace.clone());
        Reply::Call(Box::new(move |answer| {
            let packet = ack.map(|id| socketio::ack(&namespace, id, &pushed(answer), 0));
            app.answer(link, namespace, packet);
        }))
    }

    /// Asks for presence. Other kinds are reserved: they are taken and do nothing.
    fn signal(&self, stay: &mut Stay, event: &Event, out: &mut Control) -> Value {
        let kind = event.arguments.iter().next().and_then(|body| Json::parse(&body).ok()).and_then(|signal| {
            let kind = signal.member("kind")?.string()?;
            Some(kind.into_owned())
        });
        if kind.as_deref() == Some("watch-presence")
            && let Some(presence) = self.presence(&stay.running.name)
        {
            stay.watches_presence = true;
            let now = presence.signal().to_string();
            out.packet(socketio::event(&stay.namespace, "signal", now.as_bytes(), None, 0));
        }
        match kind {
            Some(_) => json!({ "success": true }),
            None => failure("bad_signal", "a signal is an object with a kind, such as {kind: \"watch-presence\"}"),
        }
    }
}

fn pushed(answer: Answer) -> Vec<u8> {
    match answer {
        Ok(receipt) => ask::Told::of(&receipt, None).to_json(),
        Err(refusal) => refused(refusal).to_string().into_bytes(),
    }
}

pub(super) fn refused(refusal: Refusal) -> Value {
    failure(refusal.code(), &refusal.to_string())
}

pub(super) fn failure(code: &str, error: &str) -> Value {
    json!({ "error": error, "code": code })
}
