//! The end of a world: everybody settles, the server ends, and the judge reads what was written down.

use history::{Change, Digest, Entry, Event, check};
use journal::{Action as Deed, ItemId, Position, write_string};

use super::{Outcome, SETTLED_WITHIN, START_WITHIN, World, WorldTally};
use crate::{
    action::Action,
    client::Tally,
    server::{CannotStart, folder, open_journal},
};

/// Looks in a row at which everybody has settled and nothing was on its way, about half a second apart.
const SETTLED_LOOKS: u32 = 16;

/// The longest between two looks, in microseconds. Were it always the same, heartbeats could be on their way at every tenth.
const LOOK_WITHIN: u64 = 1_000_000;

/// Entries of the journal that are read at once.
const PAGE_ENTRIES: usize = 256;

impl World {
    /// Whether everybody has had everything by now.
    pub(super) fn look(&mut self) {
        let has_settled = self.server.as_ref().is_some_and(|server| server.is_caught_up())
            && self.clients.iter().all(|client| client.is_settled())
            && self.stage.network.is_quiet();
        self.settled_looks = if has_settled { self.settled_looks + 1 } else { 0 };
        if self.settled_looks >= SETTLED_LOOKS {
            return self.finish();
        }
        if self.stage.now() > self.plan.calm_at + SETTLED_WITHIN {
            let waiting = self.clients.iter().filter(|client| !client.is_settled()).map(|client| client.name());
            let waiting: Vec<_> = waiting.collect();
            let (server, is_quiet) =
                (self.server.as_ref().map(|server| server.is_caught_up()), self.stage.network.is_quiet());
            self.stage.fault(format!(
                "nobody disturbs them, and yet they never settle: {waiting:?}, server caught up {server:?}, network quiet {is_quiet}"
            ));
            return self.finish();
        }
        if self.server.is_none() {
            self.stage.soon(START_WITHIN, Action::Start);
        }
        self.stage.soon(LOOK_WITHIN, Action::Look);
    }

    fn finish(&mut self) {
        self.is_over = true;
        let Some(server) = self.server.take() else { return };
        let head = server.head();
        for client in self.clients.iter().filter(|client| !client.is_barred) {
            self.stage.note(Event::Settled { follower: client.name(), head });
        }
        if let Some(state) = server.whole_state() {
            self.stage.note(state);
        }
        server.end(&mut self.stage);
    }

    /// Reads the journal and judges the run.
    pub(super) fn judge(mut self) -> (Outcome, Vec<Event>) {
        // Whatever still holds the disk, as an ended server would.
        drop(self.server.take());
        self.disk.kill();
        match store::verify_on(&self.disk.as_store(), &folder(&self.disk), |_| ()) {
            Ok(verification) => {
                verification.fault.into_iter().for_each(|fault| self.stage.fault(format!("verify: {fault}")));
            }
            Err(failure) => self.stage.fault(format!("verify: {failure}")),
        }
        let entries = self.entries();
        self.tally.entries = entries.len() as u64;
        entries.into_iter().for_each(|entry| self.stage.note(Event::Entry(entry)));
        let anomalies = check(self.stage.record());
        let trace = self.whole_trace();
        let (tally, faults) = (self.whole_tally(), self.stage.take_faults());
        (Outcome { anomalies, faults, trace, tally }, self.stage.into_record())
    }

    fn entries(&mut self) -> Vec<Entry> {
        let journal = match open_journal(&self.plan, &self.disk) {
            Ok(journal) => journal,
            Err(why) => {
                let (CannotStart::Damaged(why) | CannotStart::Failed(why)) = why;
                self.stage.fault(format!("the journal cannot be read in the end: {why}"));
                return Vec::new();
            }
        };
        let (reader, head) = (journal.reader(), journal.head().position);
        let (mut entries, mut after) = (Vec::new(), Position::START);
        while after < head {
            match reader.page(after, head, PAGE_ENTRIES, usize::MAX) {
                Ok(page) if !page.is_empty() => {
                    after = page.last().map_or(head, |entry| entry.position);
                    entries.extend(page.iter().map(kept));
                }
                Ok(_) => break,
                Err(error) => {
                    self.stage.fault(format!("the journal cannot be read in the end: {error}"));
                    break;
                }
            }
        }
        entries
    }

    fn whole_trace(&self) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.trace.to_le_bytes()).update(&self.disk.trace().to_le_bytes());
        for event in self.stage.record() {
            hasher.update(history::write_line(event).as_bytes());
        }
        let digest = hasher.finalize();
        u64::from_le_bytes(*digest.as_bytes().first_chunk().expect("a digest has 32 bytes"))
    }

    fn whole_tally(&self) -> WorldTally {
        let clients = self.clients.iter().map(|client| client.tally).fold(Tally::default(), |sum, tally| sum + tally);
        WorldTally { clients, disk: self.disk.wear(), ..self.tally }
    }
}

/// An entry as the judge reads it.
fn kept(entry: &journal::Entry) -> Entry {
    let action = match entry.action {
        Deed::Add => history::Action::Add,
        Deed::Update => history::Action::Update,
        Deed::Delete => history::Action::Delete,
        Deed::Clear => history::Action::Clear,
    };
    let item = entry.item.as_ref().map(|item| match item {
        ItemId::Integer(id) => id.to_string(),
        ItemId::Text(id) => {
            let mut text = Vec::new();
            write_string(&mut text, id);
            String::from_utf8(text).expect("JSON is UTF-8")
        }
    });
    let change = Change {
        topic: entry.topic.as_str().to_owned(),
        action,
        item,
        data: entry.data().map(|data| Digest::of(data.as_bytes())),
        author: entry.author.as_ref().map(|author| author.as_str().to_owned()),
    };
    let key = entry.key.as_ref().map(|key| key.as_str().to_owned());
    Entry { position: entry.position.0, seq: entry.seq.0, time_ms: entry.time_ms, change, key }
}
