//! Where following starts: at the head, after a client's cursor, or nowhere because the cursor fits no longer.

use journal::{Bug, Cursor, Filter, Position, Principal};

use crate::{ReadError, Space};

/// Where a follower starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// It brought no cursor: it follows from the head.
    Fresh(Cursor),
    /// Everything after its cursor will be delivered.
    Resumed(Cursor),
    /// What it missed cannot be replayed: it takes a snapshot and follows from the head.
    Reset(ResetReason, Cursor),
}

/// Why a cursor is not honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetReason {
    /// It is no cursor of this server.
    UnknownCursor,
    /// It is of a journal that went another way: a lost tail, a restored backup, another data folder.
    Diverged,
    /// The entries after it are no longer kept.
    Trimmed,
    /// More was missed than is replayed.
    TooFar,
}

impl ResetReason {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownCursor => "unknown_cursor",
            Self::Diverged => "diverged",
            Self::Trimmed => "trimmed",
            Self::TooFar => "too_far",
        }
    }
}

impl Start {
    /// The cursor that following starts from.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        match self {
            Self::Fresh(cursor) | Self::Resumed(cursor) | Self::Reset(_, cursor) => *cursor,
        }
    }

    /// The position that following starts after.
    #[must_use]
    pub fn position(&self) -> Position {
        self.cursor().position
    }
}

impl Space {
    /// Where somebody starts whose cursor is of an entry that is still in the tail: most of those who come back at all.
    /// None: only the store can tell.
    #[must_use]
    pub fn start_in_tail(&self, cursor: &str) -> Option<Start> {
        let brought = Cursor::decode(cursor).ok()?;
        let tail = self.tail();
        let missed = tail.head().0.checked_sub(brought.position.0)?;
        let resumes = missed <= self.bounds.resume_entries && tail.cursor_at(brought.position)?.is(&brought);
        resumes.then_some(Start::Resumed(brought))
    }

    /// Where somebody with this cursor starts. Reads the store: not for the serving threads.
    pub fn start(&self, cursor: Option<&str>, who: &Principal, filter: &Filter) -> Result<Start, ReadError> {
        let Some(text) = cursor else { return Ok(Start::Fresh(self.head_cursor())) };
        Ok(match self.check(text)? {
            Err(reason) => Start::Reset(reason, self.head_cursor()),
            Ok(cursor) if self.is_too_far(cursor.position, who, filter)? => {
                Start::Reset(ResetReason::TooFar, self.head_cursor())
            }
            Ok(_) if Bug::ResumedFromHead.is_planted() => Start::Resumed(self.head_cursor()),
            Ok(cursor) => Start::Resumed(cursor),
        })
    }

    /// Checks a cursor against the journal as it is now.
    pub fn check(&self, text: &str) -> Result<Result<Cursor, ResetReason>, ReadError> {
        let Ok(cursor) = Cursor::decode(text) else { return Ok(Err(ResetReason::UnknownCursor)) };
        let is_beyond = if Bug::ResetWithoutNeed.is_planted() { Position::ge } else { Position::gt };
        if is_beyond(&cursor.position, &self.head()) {
            return Ok(Err(ResetReason::Diverged));
        }
        if cursor.position.next() < self.journal.oldest() {
            return Ok(Err(ResetReason::Trimmed));
        }
        let fits = self
            .journal
            .tag(cursor.position)
            .map_err(ReadError::journal)?
            .is_some_and(|tag| self.keys.verifies(&cursor, &tag));
        Ok(if fits { Ok(cursor) } else { Err(ResetReason::Diverged) })
    }

    /// The cursor of a durable position; none when its entry is no longer kept.
    pub fn cursor_at(&self, position: Position) -> Result<Option<Cursor>, ReadError> {
        Ok(self.journal.tag(position).map_err(ReadError::journal)?.map(|tag| self.keys.cursor(position, &tag)))
    }

    /// Whether more readable entries than [`Bounds::resume_entries`](crate::Bounds) stand after a position.
    fn is_too_far(&self, after: Position, who: &Principal, filter: &Filter) -> Result<bool, ReadError> {
        let replayed_max = self.bounds.resume_entries;
        if self.head().0 - after.0 <= replayed_max {
            return Ok(false);
        }
        let snapshot = self.views.snapshot().map_err(ReadError::views)?;
        let mut missed = 0;
        for topic in self.readable_topics(&snapshot, who, filter)? {
            let wanted = usize::try_from(replayed_max + 1 - missed).unwrap_or(usize::MAX);
            missed += snapshot.positions(&topic.name, after, wanted).map_err(ReadError::views)?.len() as u64;
            if missed > replayed_max {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
