//! The reading half: pages, single entries and tags, every one held against the hash chain.

use std::sync::Arc;

use journal::{Entry, Position, Tag};
use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension as _};

use super::{
    Damage, Discontinuity, Fault, Head,
    damage::{Trouble, judge},
    memory::MemoryJournal,
    row,
    segment::Segment,
};
use crate::{
    Disk, Failure,
    sqlite::{Pool, PoolError, Pooled},
};

/// Reads everything whose append returned. Cheap to clone; every call is its own short transaction.
#[derive(Clone)]
pub struct JournalReader(Arm);

#[derive(Clone)]
enum Arm {
    Memory(MemoryJournal),
    Sqlite(Arc<Shared>),
}

/// What the owner and the readers of a journal on disk share.
pub(super) struct Shared {
    pub(super) disk: Disk,
    /// Oldest first; the last one is being appended to.
    pub(super) segments: RwLock<Vec<Arc<Segment>>>,
    pub(super) pool: Arc<Pool>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The journal no longer goes back so far.
    #[error("the journal begins at position {oldest}")]
    Trimmed {
        /// The first position that is present.
        oldest: Position,
    },
    /// The journal does not go so far.
    #[error("the journal has no entry at position {position}")]
    Absent {
        /// The position asked for.
        position: Position,
    },
    /// All read-only connections stayed in use. Ask again later.
    #[error("too many readers at once")]
    Busy,
    /// What is on disk is not what was written.
    #[error(transparent)]
    Damaged(Fault),
    /// The operating system or SQLite said no.
    #[error(transparent)]
    Failed(Failure),
}

impl From<Trouble> for ReadError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Damaged(fault) => Self::Damaged(fault),
            Trouble::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl JournalReader {
    pub(super) fn memory(memory: MemoryJournal) -> Self {
        Self(Arm::Memory(memory))
    }

    pub(super) fn sqlite(shared: Arc<Shared>) -> Self {
        Self(Arm::Sqlite(shared))
    }

    /// Where the journal lies.
    pub(crate) fn disk(&self) -> Disk {
        match &self.0 {
            Arm::Memory(_) => Disk::System,
            Arm::Sqlite(shared) => shared.disk.clone(),
        }
    }

    /// The first position that is present, or will be when there is none yet.
    #[must_use]
    pub fn oldest(&self) -> Position {
        match &self.0 {
            Arm::Memory(_) => Position::START.next(),
            Arm::Sqlite(shared) => shared.oldest().first,
        }
    }

    /// Where the journal ends.
    pub fn head(&self) -> Result<Head, ReadError> {
        match &self.0 {
            Arm::Memory(memory) => Ok(memory.head()),
            Arm::Sqlite(shared) => shared.head(),
        }
    }

    /// The tag at a position: of an entry, or of the place before the oldest one. None beyond the head and before that.
    pub fn tag(&self, position: Position) -> Result<Option<Tag>, ReadError> {
        match &self.0 {
            Arm::Memory(memory) => Ok(memory.tag(position)),
            Arm::Sqlite(shared) => shared.tag(position),
        }
    }

    /// The entry at a position, if it is there.
    pub fn entry(&self, position: Position) -> Result<Option<Entry>, ReadError> {
        match &self.0 {
            Arm::Memory(memory) => Ok(memory.entry(position)),
            Arm::Sqlite(shared) => match shared.entries(&[position]) {
                Ok(entries) => Ok(entries.into_iter().next()),
                Err(ReadError::Absent { .. } | ReadError::Trimmed { .. }) => Ok(None),
                Err(error) => Err(error),
            },
        }
    }

    /// The entries after `after`, up to and including `until`, without holes: at most `entries_max`, and no more once
    /// their data has reached `bytes_max` bytes (one entry always comes). Fewer means: ask again from the last one;
    /// none means that nothing is there.
    ///
    /// # Errors
    /// [`ReadError::Trimmed`] when the entry after `after` is no longer kept.
    pub fn page(
        &self,
        after: Position,
        until: Position,
        entries_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Entry>, ReadError> {
        match &self.0 {
            Arm::Memory(memory) => Ok(memory.page(after, until, entries_max, bytes_max)),
            Arm::Sqlite(shared) => shared.page(after, until, Budget::new(entries_max, bytes_max)),
        }
    }

    /// The first of the entries at these positions, which must ascend: as far as they are there, and no more once their
    /// data has reached `bytes_max` bytes (one entry always comes if it is there).
    pub fn first_of(&self, positions: &[Position], bytes_max: usize) -> Result<Vec<Entry>, ReadError> {
        debug_assert!(positions.is_sorted_by(|one, other| one < other), "each entry once, in order");
        let mut budget = Budget::new(usize::MAX, bytes_max);
        match &self.0 {
            Arm::Memory(memory) => {
                let present = positions.iter().map_while(|position| memory.entry(*position));
                Ok(present.take_while(|entry| budget.admits(entry)).collect())
            }
            Arm::Sqlite(shared) => shared.first_of(positions, budget),
        }
    }

    /// The entries at these positions, which must be sorted.
    ///
    /// # Errors
    /// [`ReadError::Absent`] or [`ReadError::Trimmed`] when one of them is not there.
    pub fn entries(&self, positions: &[Position]) -> Result<Vec<Entry>, ReadError> {
        debug_assert!(positions.is_sorted(), "scattered reads go through the segments in order");
        match &self.0 {
            Arm::Memory(memory) => {
                positions.iter().map(|&position| memory.entry(position).ok_or(ReadError::Absent { position })).collect()
            }
            Arm::Sqlite(shared) => shared.entries(positions),
        }
    }
}

impl Shared {
    fn first_of(&self, positions: &[Position], mut budget: Budget) -> Result<Vec<Entry>, ReadError> {
        let mut entries = Vec::new();
        while let Some(&first) = positions.get(entries.len())
            && !budget.is_spent()
        {
            let segment = match self.segment_of(first) {
                Err(ReadError::Trimmed { .. }) => break,
                segment => segment?,
            };
            let end = self.end_of(&segment);
            let run = Run { segment: &segment, connection: &*self.connect(&segment)? };
            let of_segment = |position: &Position| end.is_none_or(|end| *position < end);
            while let Some(neighbours) = neighbours(positions.get(entries.len()..).unwrap_or_default(), of_segment)
                && !budget.is_spent()
            {
                let wanted = neighbours.1.0 - neighbours.0.0 + 1;
                if run.read(neighbours.0, neighbours.1, &mut budget, &mut entries)? < wanted {
                    return Ok(entries);
                }
            }
        }
        Ok(entries)
    }

    fn oldest(&self) -> Arc<Segment> {
        Arc::clone(self.segments.read().first().expect("an open journal has a segment"))
    }

    /// The segment that holds a position, or will.
    fn segment_of(&self, position: Position) -> Result<Arc<Segment>, ReadError> {
        let segments = self.segments.read();
        let after = segments.partition_point(|segment| segment.first <= position);
        match after.checked_sub(1) {
            Some(index) => Ok(Arc::clone(&segments[index])),
            None => Err(ReadError::Trimmed { oldest: segments[0].first }),
        }
    }

    /// The position at which the segment after this one begins, if there is one.
    fn end_of(&self, segment: &Segment) -> Option<Position> {
        let segments = self.segments.read();
        let after = segments.partition_point(|other| other.first <= segment.first);
        segments.get(after).map(|next| next.first)
    }

    fn connect(&self, segment: &Segment) -> Result<Pooled, ReadError> {
        self.pool.take(segment.first.0, &segment.path).map_err(|error| match error {
            PoolError::Busy => ReadError::Busy,
            PoolError::Failed(failure) => Trouble::of(failure, &segment.path, segment.first).into(),
        })
    }

    fn head(&self) -> Result<Head, ReadError> {
        let last = Arc::clone(self.segments.read().last().expect("an open journal has a segment"));
        let connection = self.connect(&last)?;
        Ok(last.end(&connection)?)
    }

    fn tag(&self, position: Position) -> Result<Option<Tag>, ReadError> {
        let segment = match self.segment_of(position) {
            Ok(segment) => segment,
            Err(ReadError::Trimmed { .. }) => {
                let before = self.oldest().before;
                return Ok((before.position == position).then_some(before.tag));
            }
            Err(error) => return Err(error),
        };
        let head = head_at(&segment, &*self.connect(&segment)?, position)?;
        Ok(head.map(|head| head.tag))
    }

    fn page(&self, after: Position, until: Position, mut budget: Budget) -> Result<Vec<Entry>, ReadError> {
        let mut page: Vec<Entry> = Vec::new();
        let mut next = after.next();
        while next <= until && !budget.is_spent() {
            let segment = self.segment_of(next)?;
            let end = self.end_of(&segment);
            let last = until.min(end.map_or(until, Position::previous));
            let run = Run { segment: &segment, connection: &*self.connect(&segment)? };
            let read = run.read(next, last, &mut budget, &mut page)?;
            next = Position(next.0 + read);
            if next <= last && !budget.is_spent() {
                // The entries end here: at the head, or, where another segment follows, in a hole.
                return if end.is_some() { Err(segment.damaged(next, Damage::Hole).into()) } else { Ok(page) };
            }
        }
        Ok(page)
    }

    fn entries(&self, positions: &[Position]) -> Result<Vec<Entry>, ReadError> {
        let mut entries = Vec::with_capacity(positions.len());
        let mut rest = positions;
        while let [position, ..] = rest {
            let segment = self.segment_of(*position)?;
            let end = self.end_of(&segment);
            let here = end.map_or(rest.len(), |end| rest.partition_point(|position| *position < end));
            let run = Run { segment: &segment, connection: &*self.connect(&segment)? };
            for &position in &rest[..here] {
                let read = run.read(position, position, &mut Budget::unlimited(), &mut entries)?;
                if read == 0 {
                    return Err(ReadError::Absent { position });
                }
            }
            rest = &rest[here..];
        }
        Ok(entries)
    }
}

/// The first and the last of those positions at the beginning that follow one another.
fn neighbours(positions: &[Position], of_segment: impl Fn(&Position) -> bool) -> Option<(Position, Position)> {
    let first = *positions.first().filter(|first| of_segment(first))?;
    let row = (first.0..).zip(positions).take_while(|(next, position)| position.0 == *next && of_segment(position));
    row.last().map(|(_, last)| (first, *last))
}

/// Reads in one segment over one connection.
pub(super) struct Run<'a> {
    pub(super) segment: &'a Segment,
    pub(super) connection: &'a Connection,
}

impl Run<'_> {
    /// Appends the entries from `first` to `last` to `page`, as far as the budget goes, and answers how many. Each is
    /// held against the one before it; those before a damaged one stay in the page.
    pub(super) fn read(
        &self,
        first: Position,
        last: Position,
        budget: &mut Budget,
        page: &mut Vec<Entry>,
    ) -> Result<u64, Trouble> {
        let judged = |error: rusqlite::Error| judge(&self.segment.path, first, &error);
        let mut statement = self.connection.prepare_cached(row::SELECT_RANGE).map_err(judged)?;
        let mut rows = statement.query([row::number(first.0), row::number(last.0)]).map_err(judged)?;
        let mut before: Option<Head> = None;
        let mut read = 0;
        loop {
            let next = Position(first.0 + read);
            let Some(row) = rows.next().map_err(|error| judge(&self.segment.path, next, &error))? else { break };
            let entry = row::decode(row).map_err(|damage| self.segment.damaged(next, damage))?;
            let before = match &mut before {
                Some(before) => before,
                none => none.insert(self.before(first)?),
            };
            self.check(before, &entry)?;
            if !budget.admits(&entry) {
                break;
            }
            *before = Head::of(&entry);
            read += 1;
            page.push(entry);
        }
        Ok(read)
    }

    fn check(&self, before: &Head, entry: &Entry) -> Result<(), Trouble> {
        let damage = match before.refuses(entry) {
            None => return Ok(()),
            Some(Discontinuity::Position) => Damage::Hole,
            Some(why) => Damage::Chain(why),
        };
        Err(self.segment.damaged(before.position.next(), damage))
    }

    fn before(&self, position: Position) -> Result<Head, Trouble> {
        let before = position.previous();
        head_at(self.segment, self.connection, before)?.ok_or_else(|| self.segment.damaged(before, Damage::Hole))
    }
}

/// The journal as it ended with a position of this segment, or with the place before its first entry.
fn head_at(segment: &Segment, connection: &Connection, position: Position) -> Result<Option<Head>, Trouble> {
    if position == segment.before.position {
        return Ok(Some(segment.before));
    }
    let judged = |error: rusqlite::Error| judge(&segment.path, position, &error);
    let sql = "SELECT tag, time_ms FROM entries WHERE position = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(judged)?;
    let found = statement.query_row([row::number(position.0)], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)));
    let found = found.optional().map_err(judged)?;
    Ok(found.map(|(tag, time_ms)| Head { position, tag: Tag(tag), time_ms: time_ms.unsigned_abs() }))
}

/// How much more a page may hold.
pub(super) struct Budget {
    entries: usize,
    bytes: usize,
    is_first: bool,
}

impl Budget {
    fn unlimited() -> Self {
        Self::new(usize::MAX, usize::MAX)
    }

    pub(super) fn new(entries: usize, bytes: usize) -> Self {
        Self { entries, bytes, is_first: true }
    }

    /// Whether this entry still fits; the first always does, unless no entry was asked for at all.
    pub(super) fn admits(&mut self, entry: &Entry) -> bool {
        let bytes = entry.data().map_or(0, |data| data.as_bytes().len());
        if self.entries == 0 || (bytes > self.bytes && !self.is_first) {
            self.entries = 0;
            return false;
        }
        *self = Self { entries: self.entries - 1, bytes: self.bytes.saturating_sub(bytes), is_first: false };
        true
    }

    fn is_spent(&self) -> bool {
        self.entries == 0
    }
}
