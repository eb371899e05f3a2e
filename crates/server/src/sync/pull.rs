//! The event `pull`: pages of changes, one at a time per socket.
//!
//! A page may be large and is asked for with a few bytes, so the next one is read only when the last one was taken: a
//! socket that asks and does not read costs one page.

use std::sync::Arc;

use journal::{Filter, Json, Refusal};
use serde_json::Value;
use wire::socketio::{self, Event};

use super::{
    SyncApp, UpdateEncoder,
    app::SyncLink,
    ask::{self, Changes},
    events::{failure, refused},
    session::Stay,
};

/// A page that was asked for.
pub(super) struct Pull {
    id: u64,
    since: Option<String>,
    limit: Option<usize>,
    filter: Filter,
}

impl SyncApp {
    /// Puts a pull behind those that wait, or says at once why not.
    pub(super) fn pull(&self, stay: &mut Stay, event: &Event) -> Option<Value> {
        let id = event.ack?;
        if stay.unanswered >= self.config.unanswered_max {
            return Some(failure(Refusal::Busy.code(), "too many requests of this socket wait for their answer"));
        }
        let wanted = match event.arguments.iter().next() {
            Some(body) => match Json::parse(&body) {
                Ok(wanted) => wanted,
                Err(error) => return Some(failure("bad_json", &error.to_string())),
            },
            None => Json::empty_object(),
        };
        let filter = match ask::filter(&wanted, self.config.followed_max) {
            Ok(filter) => filter,
            Err(message) => return Some(failure("bad_topic", &message)),
        };
        stay.unanswered += 1;
        stay.pulls.push_back(Pull {
            id,
            since: wanted.member("since").and_then(|since| since.string()).map(String::from),
            limit: wanted.member("limit").and_then(|limit| limit.integer()).and_then(|limit| limit.try_into().ok()),
            filter,
        });
        None
    }

    /// Reads the next page, unless one is being read. Called when the transport has taken everything before.
    pub(super) fn next_pull(&self, link: &Arc<SyncLink>, stay: &mut Stay) {
        if stay.is_pulling {
            return;
        }
        let Some(pull) = stay.pulls.pop_front() else { return };
        stay.is_pulling = true;
        let (link, namespace) = (Arc::clone(link), stay.namespace.clone());
        let (running, who) = (Arc::clone(&stay.running), stay.asker.principal().clone());
        tokio::spawn(async move {
            let page = ask::changes(&running, &who, &pull.filter, pull.since.as_deref(), pull.limit).await;
            let arguments = answer(page, &UpdateEncoder::new(&running.name));
            link.enter(|session, control| {
                if let Some(stay) = session.stay(&namespace) {
                    stay.is_pulling = false;
                    stay.unanswered = stay.unanswered.saturating_sub(1);
                    control.packet(socketio::ack(&namespace, pull.id, &arguments, 0));
                }
            });
        });
    }
}

fn answer(page: Result<Changes, Refusal>, encoder: &UpdateEncoder) -> Vec<u8> {
    match page {
        Ok(page) => {
            let mut arguments = Vec::with_capacity(page.bytes_len() + 128);
            page.write(encoder, &mut arguments);
            arguments
        }
        Err(refusal) => refused(refusal).to_string().into_bytes(),
    }
}
