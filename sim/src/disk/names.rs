//! The names of files: as processes see them, and as they are on the disk until their folders are synced.
//!
//! What was done to names reaches the disk in the order in which it was done, as on file systems that journal it: a power
//! cut keeps a beginning of it. A folder's sync makes everything durable that was done in that folder.

use std::collections::BTreeMap;

use crate::random::Random;

/// A file, whatever it is called.
pub(super) type Inode = u64;

#[derive(Clone, Debug)]
enum Change {
    Give { name: String, inode: Inode },
    Take { name: String },
    Move { from: String, to: String },
}

/// All names, with their folders.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    current: BTreeMap<String, Inode>,
    durable: BTreeMap<String, Inode>,
    changes: Vec<Change>,
}

impl Names {
    pub(super) fn get(&self, name: &str) -> Option<Inode> {
        self.current.get(name).copied()
    }

    pub(super) fn give(&mut self, name: &str, inode: Inode) {
        self.change(Change::Give { name: name.to_owned(), inode });
    }

    pub(super) fn take(&mut self, name: &str) {
        self.change(Change::Take { name: name.to_owned() });
    }

    /// A file gets another name; who had it before has none any more.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        self.change(Change::Move { from: from.to_owned(), to: to.to_owned() });
    }

    /// The names in a folder.
    pub(super) fn within<'n>(&'n self, folder: &'n str) -> impl Iterator<Item = &'n str> {
        let inside = move |name: &&str| folder_of(name) == folder;
        self.current.keys().map(String::as_str).filter(inside)
    }

    pub(super) fn sync(&mut self, folder: &str) {
        for change in std::mem::take(&mut self.changes) {
            if change.folder() == folder {
                change.apply(&mut self.durable);
            } else {
                self.changes.push(change);
            }
        }
    }

    pub(super) fn lose_power(&mut self, random: &mut Random) {
        let kept = random.index(self.changes.len() + 1);
        for change in self.changes.drain(..).take(kept) {
            change.apply(&mut self.durable);
        }
        self.current.clone_from(&self.durable);
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.current);
        self.changes.push(change);
    }
}

impl Change {
    fn folder(&self) -> &str {
        let (Self::Give { name, .. } | Self::Take { name } | Self::Move { to: name, .. }) = self;
        folder_of(name)
    }

    fn apply(&self, to: &mut BTreeMap<String, Inode>) {
        match self {
            Self::Give { name, inode } => drop(to.insert(name.clone(), *inode)),
            Self::Take { name } => drop(to.remove(name)),
            Self::Move { from, to: name } => {
                if let Some(inode) = to.remove(from) {
                    to.insert(name.clone(), inode);
                }
            }
        }
    }
}

pub(super) fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_durable_with_its_folder_and_not_with_another_one() {
        let mut names = Names::default();
        names.give("/a/x", 1);
        names.give("/b/y", 2);
        names.rename("/a/x", "/a/z");
        names.sync("/a");
        assert_eq!(names.within("/a").collect::<Vec<_>>(), ["/a/z"]);
        let survives = |name: &str| {
            (0..20)
                .filter(|seed| {
                    let mut names = names.clone();
                    names.lose_power(&mut Random::new(*seed));
                    names.get(name).is_some()
                })
                .count()
        };
        assert_eq!(survives("/a/z"), 20);
        assert!((1..20).contains(&survives("/b/y")));
    }
}
