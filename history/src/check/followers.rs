//! What followers were told against the journal, connection by connection.

use std::collections::{HashMap, HashSet};

use super::{audience::Audiences, journal::Journal, life::Life};
use crate::{Anomaly, Event, Follower};

/// What is known at a moment of the record.
pub(super) struct Scene<'r, 'a> {
    pub(super) journal: &'a Journal<'r>,
    pub(super) audiences: Audiences<'r>,
    /// The last position that somebody is known to have seen: it was durable before this moment.
    pub(super) known: u64,
    /// The head with which the present server began: what is up to there is not in its tail.
    pub(super) began_at: u64,
    /// Who may read no more, and from where.
    pub(super) barred: HashMap<&'r str, u64>,
    /// The cursors of the states from which somebody follows.
    pub(super) of_states: HashSet<(&'r str, u64)>,
    pub(super) found: &'a mut Vec<Anomaly>,
}

pub(super) fn check<'r>(events: &'r [Event], journal: &Journal<'r>, found: &mut Vec<Anomaly>) {
    let mut scene = Scene::new(journal, found);
    let mut lives: HashMap<&Follower, Life<'r>> = HashMap::new();
    for (moment, event) in events.iter().enumerate() {
        scene.audiences.note(event);
        match event {
            Event::Started { head } => {
                scene.began_at = *head;
                scene.learn(*head);
            }
            Event::Ack(ack) => scene.learn(ack.position),
            Event::Snapshot(snapshot) => {
                scene.of_states.extend(snapshot.follower.as_deref().map(|follower| (follower, snapshot.cursor)));
                scene.learn(snapshot.cursor);
            }
            Event::Barred { user, beyond } => drop(scene.barred.insert(user, *beyond)),
            Event::Connect(connect) => {
                let life = lives.entry(&connect.follower).or_insert_with(|| Life::new(connect));
                life.connects(connect, moment, &scene);
            }
            Event::Connected { follower, cursor, resumed } => {
                scene.of(&mut lives, follower, |life, scene| life.connected(*cursor, *resumed, moment, scene));
            }
            Event::Reset { follower, reason, cursor } => {
                scene.of(&mut lives, follower, |life, scene| life.reset(reason, *cursor, scene));
            }
            Event::Told(told) => scene.of(&mut lives, &told.follower, |life, scene| life.told(told, moment, scene)),
            Event::Mark { follower, cursor } => {
                scene.of(&mut lives, follower, |life, scene| life.marked(*cursor, moment, scene));
            }
            Event::Settled { follower, head } => {
                scene.of(&mut lives, follower, |life, scene| life.settled(*head, moment, scene));
            }
            Event::Disconnected { follower } => scene.of(&mut lives, follower, |life, _| life.disconnected()),
            Event::Rules { .. } | Event::Ended | Event::Push(_) | Event::Refused { .. } | Event::Entry(_) => {}
        }
    }
    let mut lives: Vec<_> = lives.into_values().collect();
    lives.sort_by(|one, other| one.follower.cmp(other.follower));
    lives.iter_mut().for_each(|life| life.ends(&mut scene));
}

impl<'r, 'a> Scene<'r, 'a> {
    fn new(journal: &'a Journal<'r>, found: &'a mut Vec<Anomaly>) -> Self {
        Self {
            journal,
            audiences: Audiences::new(),
            known: 0,
            began_at: 0,
            barred: HashMap::new(),
            of_states: HashSet::new(),
            found,
        }
    }

    /// Somebody has seen that the journal goes so far. What it never had counts for nothing.
    pub(super) fn learn(&mut self, position: u64) {
        if position <= self.journal.head() {
            self.known = self.known.max(position);
        }
    }

    fn of(
        &mut self,
        lives: &mut HashMap<&'r Follower, Life<'r>>,
        follower: &'r Follower,
        work: impl FnOnce(&mut Life<'r>, &mut Self),
    ) {
        match lives.get_mut(follower) {
            Some(life) => work(life, self),
            None => self.found.push(Anomaly::Unconnected { follower: follower.clone() }),
        }
    }
}
