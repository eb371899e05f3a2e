//! Strokes of fate: crashes, power cuts, bad disks, broken lines, clocks that jump, people who are barred.

use history::Event;

use super::World;
use crate::{
    action::{Action, Task},
    disk::Weather,
    plan::{other_rules, rules_event},
    server::folder,
};

impl World {
    /// Something happens to the machine, and before long something else.
    pub(super) fn chaos(&mut self) {
        if self.is_calm {
            return;
        }
        self.stage.soon(self.plan.chaos_every_max, Action::Chaos);
        let loses_power = self.stage.random.one_in(2);
        match self.stage.random.below(20) {
            0 | 1 => self.crash(loses_power),
            2..=6 => {
                // In the middle of whatever it does to the disk.
                self.ends_in_power_cut = loses_power;
                let calls = self.stage.random.within(1..=60);
                self.disk.die_after(calls);
            }
            7 => self.stop_in_order(),
            8 => self.restart_with_other_rules(),
            9 => self.delete_views(loses_power),
            10..=12 => {
                let weather = Weather::bad(&mut self.stage.random);
                self.disk.set_weather(weather);
            }
            13 | 14 => self.disk.set_weather(Weather::FAIR),
            15 => self.break_lines(),
            16 | 17 => self.jump_clock(),
            18 => self.bar_somebody(),
            _ => {
                if let Some(server) = &self.server {
                    self.stage.soon(1_000, Action::Task(server.life, Task::Intrude));
                }
            }
        }
    }

    fn stop_in_order(&mut self) {
        if let Some(life) = self.server.as_ref().map(|server| server.life) {
            self.stop(life);
        }
    }

    fn restart_with_other_rules(&mut self) {
        self.stop_in_order();
        if self.server.is_none() {
            // What was answered under the old rules must not arrive under the new ones: nobody could tell them apart.
            self.stage.clear_the_air();
            self.plan.rules = other_rules(&mut self.stage.random);
            self.stage.note(rules_event(self.plan.rules));
        }
    }

    /// Its operator deletes the views while the server is down.
    fn delete_views(&mut self, loses_power: bool) {
        self.crash(loses_power);
        for name in ["views.db", "views.db-wal"] {
            self.disk.remove(&folder(&self.disk).join(name));
        }
    }

    fn break_lines(&mut self) {
        let lines: Vec<u64> = self.stage.network.lines().collect();
        for line in lines {
            if self.stage.random.one_in(2) {
                self.stage.break_line(line);
            }
        }
    }

    fn jump_clock(&mut self) {
        let by = self.stage.random.below(20_000_000) as i64;
        self.stage.jump_clock(by - 10_000_000);
    }

    /// Once in a world, somebody may read and write no more.
    fn bar_somebody(&mut self) {
        let users: Vec<_> = self.clients.iter().filter_map(|client| client.user().cloned()).collect();
        let (Some(server), false) = (&mut self.server, users.is_empty() || !self.barred.is_empty()) else { return };
        let user = self.stage.random.pick(&users).clone();
        self.stage.note(Event::Barred { user: user.to_string(), beyond: server.head() });
        server.bar(&mut self.stage, &user);
        self.clients.iter_mut().filter(|client| client.user() == Some(&user)).for_each(|client| client.bar());
        self.barred.insert(user);
        self.tally.barred += 1;
    }

    /// From now on nothing goes wrong any more.
    pub(super) fn calm(&mut self) {
        self.is_calm = true;
        self.disk.set_weather(Weather::FAIR);
        self.disk.die_never();
        self.stage.after(500_000, Action::Look);
    }
}
