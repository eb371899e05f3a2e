//! `tidings verify`: walks the whole chain, read-only, beside a running server too.

use std::{collections::HashMap, path::Path};

use journal::{Content, Entry, Position, Seq, TopicName};

use super::{
    Damage, Fault, Head,
    damage::Trouble,
    open::journal_folder,
    read::{Budget, Run},
    segment::{self, Segment},
};
use crate::{
    Disk, Failure,
    limits::{VERIFY_PAGE_BYTES, VERIFY_PAGE_ENTRIES},
};

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Segments walked to their end.
    pub segments: usize,
    /// Entries that are what they were when they were written.
    pub entries: u64,
    /// How many of them have had their data erased.
    pub erased: u64,
    /// What the oldest entry that is present continues; none when not even that can be read.
    pub base: Option<Head>,
    /// The last entry that can be trusted.
    pub head: Option<Head>,
    /// The first thing that is wrong. Nothing behind it was looked at.
    pub fault: Option<Fault>,
}

/// Walks the journal of the space in folder `space` from its oldest entry to the head at the time of the call, and
/// stops at the first fault. `progress` hears of the position reached after every page.
///
/// # Errors
/// Only when the files cannot be read; what is wrong *in* them is a [`Verification::fault`].
pub fn verify(space: &Path, progress: impl FnMut(Position)) -> Result<Verification, Failure> {
    verify_on(&Disk::System, space, progress)
}

/// [`verify`] on another disk.
///
/// # Errors
/// As [`verify`].
pub fn verify_on(disk: &Disk, space: &Path, mut progress: impl FnMut(Position)) -> Result<Verification, Failure> {
    let folder = journal_folder(space);
    let paths = segment::list(disk, &folder)?;
    if paths.is_empty() {
        return Err(Failure::new("verifying", &folder, "there is no journal"));
    }
    let mut walk = Walk::default();
    for path in &paths {
        match walk.segment(path, &mut progress) {
            Ok(()) => {}
            Err(Trouble::Damaged(fault)) => return Ok(Verification { fault: Some(fault), ..walk.found }),
            Err(Trouble::Failed(failure)) => return Err(failure),
        }
    }
    Ok(walk.found)
}

#[derive(Default)]
struct Walk {
    found: Verification,
    identity: Option<[u8; 16]>,
    seqs: HashMap<TopicName, Seq>,
}

impl Walk {
    fn segment(&mut self, path: &Path, progress: &mut impl FnMut(Position)) -> Result<(), Trouble> {
        let connection = segment::open_reader(path)?;
        let segment = Segment::describe(path, &connection)?;
        let continues = self.found.head.is_none_or(|head| head == segment.before)
            && self.identity.is_none_or(|identity| identity == segment.identity);
        if !continues {
            return Err(segment.damaged(segment.first, Damage::Joint));
        }
        self.identity = Some(segment.identity);
        self.found.base.get_or_insert(segment.before);
        self.found.head = Some(segment.before);
        let last = segment.end(&connection)?.position;
        let run = Run { segment: &segment, connection: &connection };
        run.verify(segment.first, last, |page| {
            let fault = page.iter().try_for_each(|entry| self.entry(&segment, entry));
            progress(self.found.head.map_or(segment.before.position, |head| head.position));
            fault
        })?;
        self.found.segments += 1;
        Ok(())
    }

    fn entry(&mut self, segment: &Segment, entry: &Entry) -> Result<(), Trouble> {
        // Where the journal no longer goes back to the beginning, a topic's first entry says where its seqs begin.
        let is_whole = self.found.base.is_some_and(|base| base.position == Position::START);
        let expected = self.seqs.get(&entry.topic).map(|seq| seq.next()).or(is_whole.then_some(Seq(1)));
        if let Some(expected) = expected.filter(|expected| *expected != entry.seq) {
            let damage = Damage::Seq { expected: expected.0, found: entry.seq.0 };
            return Err(segment.damaged(entry.position, damage));
        }
        self.seqs.insert(entry.topic.clone(), entry.seq);
        self.found.entries += 1;
        self.found.erased += u64::from(matches!(entry.content, Content::Erased { .. }));
        self.found.head = Some(Head::of(entry));
        Ok(())
    }
}

impl Run<'_> {
    /// Holds all entries from `first` to `last` against the chain, in pages that pin no log for long.
    pub(super) fn verify(
        &self,
        first: Position,
        last: Position,
        mut seen: impl FnMut(&[Entry]) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let mut next = first;
        while next <= last {
            let mut page = Vec::new();
            let mut budget = Budget::new(VERIFY_PAGE_ENTRIES, VERIFY_PAGE_BYTES);
            let read = self.read(next, last, &mut budget, &mut page);
            seen(&page)?;
            if read? == 0 {
                return Err(self.segment.damaged(next, Damage::Hole));
            }
            next = Position(next.0 + page.len() as u64);
        }
        Ok(())
    }
}
