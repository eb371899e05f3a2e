//! Who is here: counted as sockets come and go, told to those who asked, at most once a second. Never in the journal.

use std::collections::HashMap;

use journal::UserId;
use serde_json::{Value, json};

use crate::{asker::Person, limits::PRESENCE_NAMES_MAX, threads::Mutex};

/// Who is in a space.
#[derive(Debug, Default)]
pub struct Presence {
    here: Mutex<Here>,
}

#[derive(Debug, Default)]
struct Here {
    sockets: usize,
    people: HashMap<UserId, (String, usize)>,
    has_changed: bool,
}

impl Presence {
    /// A socket came. Returns how many there are now.
    pub fn join(&self, person: Option<&Person>) -> usize {
        let mut here = self.here.lock();
        here.sockets += 1;
        if let Some(person) = person {
            here.people.entry(person.id.clone()).or_insert_with(|| (person.name.clone(), 0)).1 += 1;
        }
        here.has_changed = true;
        here.sockets
    }

    /// A socket went.
    pub fn leave(&self, person: Option<&Person>) {
        let mut here = self.here.lock();
        here.sockets = here.sockets.saturating_sub(1);
        if let Some(person) = person
            && let Some((_, sockets)) = here.people.get_mut(&person.id)
        {
            *sockets -= 1;
            if *sockets == 0 {
                here.people.remove(&person.id);
            }
        }
        here.has_changed = true;
    }

    /// How many sockets there are.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.here.lock().sockets
    }

    /// Whether somebody came or went since this was last asked.
    pub fn take_change(&self) -> bool {
        std::mem::take(&mut self.here.lock().has_changed)
    }

    /// The signal: how many sockets, and the people behind them in the order of their names, a bounded number.
    #[must_use]
    pub fn signal(&self) -> Value {
        let here = self.here.lock();
        let mut online: Vec<(&str, &str)> =
            here.people.iter().map(|(id, (name, _))| (name.as_str(), id.as_str())).collect();
        online.sort_unstable();
        online.truncate(PRESENCE_NAMES_MAX);
        let online: Vec<Value> = online.into_iter().map(|(name, id)| json!({ "id": id, "name": name })).collect();
        json!({ "kind": "presence", "clients": here.sockets, "online": online })
    }
}
