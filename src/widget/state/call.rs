//! What is asked of the service.

use rules::{ChildId, Date, ErasureId, RecordingId, contract::NewErasure, scope::Filter};

use super::Failure;

/// A call of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// The second half of the module.
    Half,
    /// The children of the session.
    Children,
    /// What every store holds of a child.
    Holdings(ChildId),
    /// A block of recordings.
    Recordings {
        /// Whose.
        child: ChildId,
        /// Which.
        filter: Filter,
        /// How many newer ones are passed over.
        skip: usize,
    },
    /// Recordings as well, for their ids: a page after the other.
    Ids {
        /// Whose.
        child: ChildId,
        /// Which.
        filter: Filter,
        /// Where the page begins.
        cursor: Option<String>,
    },
    /// How many a filter finds of each day.
    Timeline {
        /// Whose.
        child: ChildId,
        /// Which.
        filter: Filter,
    },
    /// How many there are of each day, whatever is looked for.
    Whole {
        /// Whose.
        child: ChildId,
    },
    /// One recording; what these words find in its transcript is marked.
    Recording(RecordingId, Option<String>),
    /// A way to the bytes of a recording.
    Playback(RecordingId),
    /// Keep it until that day, or end the keep.
    Keep(RecordingId, Option<Date>),
    /// What a deletion would do.
    Preview(NewErasure),
    /// Delete, under an idempotency key.
    Erase(NewErasure, String),
    /// Take a deletion back.
    Undo(ErasureId),
    /// Past requests.
    Erasures {
        /// Where the page begins.
        cursor: Option<String>,
    },
    /// A child's entries in the ledger, newest first.
    Entries {
        /// Whose.
        child: ChildId,
        /// Those before the one with this number.
        after: Option<u64>,
    },
}

/// A kind of call. One of each is on its way at a time; a new one ends the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// The children.
    Children,
    /// What is held.
    Holdings,
    /// A block of the list.
    List,
    /// Ids of what was ticked.
    Ids,
    /// The days of what matches.
    Timeline,
    /// All days.
    Whole,
    /// The opened recording.
    Recording,
    /// A ticket for its bytes.
    Playback,
    /// A keep.
    Keep,
    /// What a deletion would do.
    Preview,
    /// A deletion.
    Erase,
    /// News of a deletion.
    Watch,
    /// Taking back.
    Undo,
    /// Past requests.
    Erasures,
    /// The second half of the module.
    Half,
    /// A child's entries.
    Entries,
    /// The check of one of them.
    Entry,
    /// The check of a receipt.
    Receipt,
}

impl Lane {
    /// How many there are.
    pub const COUNT: usize = 18;
    /// Those that only read: they may be called off, and tried again without being asked.
    pub const READING: [Self; 13] = [
        Self::Children,
        Self::Holdings,
        Self::List,
        Self::Ids,
        Self::Timeline,
        Self::Whole,
        Self::Recording,
        Self::Preview,
        Self::Watch,
        Self::Erasures,
        Self::Entries,
        Self::Entry,
        Self::Receipt,
    ];

    /// Whether something is to be changed by it. Nobody calls that off by going on.
    #[must_use]
    pub const fn changes(self) -> bool {
        matches!(self, Self::Keep | Self::Erase | Self::Undo)
    }

    /// Why a call that was waited for long enough came to nothing: who has not answered. `signing_in`
    /// says that some call waits for a session.
    #[must_use]
    pub const fn silence(self, signing_in: bool) -> Failure {
        match self {
            Self::Half => Failure::NotLoaded,
            // That may be another call, while this one has reached the service.
            _ if signing_in && !self.changes() => Failure::NoSession,
            _ => Failure::NoAnswer,
        }
    }
}

impl Call {
    /// Its kind.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self {
            Self::Half => Lane::Half,
            Self::Children => Lane::Children,
            Self::Holdings(_) => Lane::Holdings,
            Self::Recordings { .. } => Lane::List,
            Self::Ids { .. } => Lane::Ids,
            Self::Timeline { .. } => Lane::Timeline,
            Self::Whole { .. } => Lane::Whole,
            Self::Recording(..) => Lane::Recording,
            Self::Playback(_) => Lane::Playback,
            Self::Keep(..) => Lane::Keep,
            Self::Preview(_) => Lane::Preview,
            Self::Erase(..) => Lane::Erase,
            Self::Undo(_) => Lane::Undo,
            Self::Erasures { .. } => Lane::Erasures,
            Self::Entries { .. } => Lane::Entries,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_changed_something_is_never_said_to_lack_a_session() {
        for lane in [Lane::Keep, Lane::Erase, Lane::Undo] {
            assert!(lane.silence(true).may_have_arrived(), "{lane:?}");
        }
        assert_eq!(Lane::List.silence(true), Failure::NoSession);
        assert_eq!(Lane::List.silence(false), Failure::NoAnswer);
        assert_eq!(Lane::Half.silence(true), Failure::NotLoaded);
    }
}
