//! What happens to a list.

use rules::{Date, RecordingId};

use crate::state::{Change, days::Seen};

/// What happens to a list.
#[derive(Debug, Clone, PartialEq)]
pub enum ListMsg {
    /// Something else is looked for.
    Look(Change),
    /// The first or the last bar of the period was chosen in the picture.
    Slide(End, usize),
    /// Typing may have come to rest.
    Rested(u32),
    /// The list was scrolled, or drawn anew.
    Seen(Seen),
    /// Scrolling may have come to rest.
    Settled(u32),
    /// A box was ticked or unticked; with shift, the range since the last one.
    Tick(RecordingId, bool),
    /// The box of a day was.
    Day(Date),
    /// All that match are wanted.
    All,
    /// No box stays ticked.
    None,
    /// What is ticked is to be deleted, and is not known one by one yet.
    Name,
    /// The conditions were folded out, or in.
    Unfold(bool),
    /// The table behind the picture was.
    Table(bool),
}

impl ListMsg {
    /// Whether the first half of the module knows it.
    #[must_use]
    pub const fn is_of_first_screens(&self) -> bool {
        matches!(self, Self::Look(_) | Self::Rested(_) | Self::Seen(_) | Self::Settled(_) | Self::Unfold(_))
    }
}

/// An end of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its beginning.
    First,
    /// Its end.
    Last,
}
