//! What is in a file: as processes see it, as it lies on the disk, and what was written since it was last synced.

use crate::random::Random;

/// The grain in which a disk keeps or loses what was not synced.
const SECTOR_BYTES: usize = 512;

/// What was done to a file and not yet synced.
#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Cut { bytes: usize },
}

/// What a power cut keeps of the changes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeps {
    Nothing,
    Everything,
    /// The first ones.
    Beginning,
    /// Any sectors.
    SomeSectors,
    /// Any sectors, and some of the others are neither old nor new.
    SomeSectorsAndGarbage,
}

impl Keeps {
    pub(super) const ALL: [Self; 5] =
        [Self::Nothing, Self::Everything, Self::Beginning, Self::SomeSectors, Self::SomeSectorsAndGarbage];
}

/// A file's contents.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    /// What processes read.
    current: Vec<u8>,
    /// What is left when the power is cut now, before the changes.
    durable: Vec<u8>,
    changes: Vec<Change>,
}

impl Contents {
    pub(super) fn len(&self) -> usize {
        self.current.len()
    }

    /// How much was read; less than asked for only at the end.
    pub(super) fn read(&self, offset: usize, into: &mut [u8]) -> usize {
        let there = self.current.get(offset..).unwrap_or_default();
        let read = there.len().min(into.len());
        into[..read].copy_from_slice(&there[..read]);
        read
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.change(Change::Write { offset, bytes: bytes.to_vec() });
    }

    pub(super) fn cut(&mut self, bytes: usize) {
        self.change(Change::Cut { bytes });
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.current);
        self.changes.push(change);
    }

    /// Everything that was written is on the disk.
    pub(super) fn sync(&mut self) {
        for change in self.changes.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    /// The sync failed: some of it is on the disk, the rest is not and never will be by itself, and memory shows no trace
    /// of that: the kernel takes the pages for clean.
    pub(super) fn fail_sync(&mut self, random: &mut Random) {
        let keeps = *random.pick(&Keeps::ALL);
        self.keep(keeps, random);
    }

    /// Memory lets go of what it takes for clean: it is read from the disk again.
    pub(super) fn forget(&mut self) {
        self.current.clone_from(&self.durable);
        for change in &self.changes {
            change.apply(&mut self.current);
        }
    }

    /// The power is cut.
    pub(super) fn lose_power(&mut self, keeps: Keeps, random: &mut Random) {
        self.keep(keeps, random);
        self.current.clone_from(&self.durable);
    }

    fn keep(&mut self, keeps: Keeps, random: &mut Random) {
        let changes = std::mem::take(&mut self.changes);
        let kept = match keeps {
            Keeps::Nothing => 0,
            Keeps::Beginning => random.index(changes.len() + 1),
            Keeps::Everything | Keeps::SomeSectors | Keeps::SomeSectorsAndGarbage => changes.len(),
        };
        for change in changes.into_iter().take(kept) {
            match keeps {
                Keeps::SomeSectors => change.apply_torn(&mut self.durable, false, random),
                Keeps::SomeSectorsAndGarbage => change.apply_torn(&mut self.durable, true, random),
                _ => change.apply(&mut self.durable),
            }
        }
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => put(to, *offset, bytes),
            Self::Cut { bytes } => to.resize(*bytes, 0),
        }
    }

    /// Each sector is kept or lost for itself. Bytes beside those that were written are never harmed, which is what SQLite
    /// takes for granted (`SQLITE_IOCAP_POWERSAFE_OVERWRITE`).
    fn apply_torn(&self, to: &mut Vec<u8>, with_garbage: bool, random: &mut Random) {
        let Self::Write { offset, bytes } = self else {
            if random.one_in(2) {
                self.apply(to);
            }
            return;
        };
        let mut done = 0;
        while done < bytes.len() {
            let at = offset + done;
            let length = (SECTOR_BYTES - at % SECTOR_BYTES).min(bytes.len() - done);
            let sector = &bytes[done..done + length];
            if random.one_in(2) {
                put(to, at, sector);
            } else if with_garbage && random.one_in(4) {
                let garbage: Vec<u8> = sector.iter().map(|_| random.next() as u8).collect();
                put(to, at, &garbage);
            }
            done += length;
        }
    }
}

fn put(to: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if to.len() < end {
        to.resize(end, 0);
    }
    to[offset..end].copy_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(contents: &Contents) -> String {
        let mut read = vec![0; contents.len()];
        contents.read(0, &mut read);
        String::from_utf8(read).unwrap()
    }

    #[test]
    fn what_was_synced_survives_and_the_rest_may() {
        let mut contents = Contents::default();
        contents.write(0, b"abc");
        contents.sync();
        contents.write(1, b"XYZ");
        assert_eq!(text(&contents), "aXYZ");
        let after = |keeps| {
            let mut contents = contents.clone();
            contents.lose_power(keeps, &mut Random::new(1));
            text(&contents)
        };
        assert_eq!(after(Keeps::Nothing), "abc");
        assert_eq!(after(Keeps::Everything), "aXYZ");
    }

    #[test]
    fn after_a_failed_sync_memory_shows_what_the_disk_does_not_have_and_the_next_sync_does_not_help() {
        let lost = (0..50).any(|seed| {
            let mut contents = Contents::default();
            contents.write(0, b"abc");
            contents.fail_sync(&mut Random::new(seed));
            assert_eq!(text(&contents), "abc");
            contents.sync();
            contents.forget();
            contents.len() == 0
        });
        assert!(lost, "no failed sync ever lost anything");
    }

    #[test]
    fn sectors_are_kept_or_lost_one_by_one() {
        let mixed = (0..50).any(|seed| {
            let mut contents = Contents::default();
            contents.write(0, &[1; 4 * SECTOR_BYTES]);
            contents.lose_power(Keeps::SomeSectors, &mut Random::new(seed));
            let mut read = vec![9; contents.len()];
            contents.read(0, &mut read);
            assert!(read.chunks(SECTOR_BYTES).all(|sector| sector.iter().all(|byte| *byte == sector[0])));
            read.contains(&0) && read.contains(&1)
        });
        assert!(mixed, "some sectors, but not all, at least once");
    }
}
