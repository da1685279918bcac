//! The ids of recordings that were ticked without being there: a long range, a day, all but some.

use rules::{
    ChildId, RecordingId,
    contract::RecordingPage,
    scope::{Filter, MAX_ITEMS},
};

use super::{Call, Effect, Failure, Loaded, Pick, Selection, Turn, Zone};

/// What is done with them once all are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// They are ticked.
    Tick,
    /// They are unticked.
    Untick,
    /// They, but what was unticked among all, are to be deleted.
    Ask,
}

/// Ids that are being fetched, page by page.
#[derive(Debug, Clone, PartialEq)]
pub struct Gather {
    /// What becomes of them.
    pub then: Then,
    /// The page on its way.
    pub page: Loaded<()>,
    /// Those that are known.
    pub found: Vec<Pick>,
    filter: Filter,
    /// The first and the last one; without, all that the filter finds.
    ends: Option<[RecordingId; 2]>,
    cursor: Option<String>,
}

/// How a gathering goes on.
#[derive(Debug, PartialEq)]
pub enum Gathered {
    /// The answer was late, or it failed: nothing more for now.
    Nothing,
    /// There is another page.
    More(Effect),
    /// They are more than a deletion can name.
    TooMany,
    /// These are all.
    All(Vec<Pick>),
}

impl Gather {
    /// Begins.
    pub fn begin(
        child: ChildId,
        filter: Filter,
        ends: Option<[RecordingId; 2]>,
        then: Then,
    ) -> (Self, Effect) {
        let mut gather =
            Self { then, page: Loaded::default(), found: Vec::new(), filter, ends, cursor: None };
        let effect = gather.ask(child);
        (gather, effect)
    }

    /// Asks for the next page, or again for one that failed.
    pub fn ask(&mut self, child: ChildId) -> Effect {
        let call = Call::Ids { child, filter: self.filter.clone(), cursor: self.cursor.clone() };
        Effect::Call(self.page.begin(), call)
    }

    /// A page arrived.
    pub fn arrived(
        &mut self,
        child: ChildId,
        turn: Turn,
        answer: Result<RecordingPage, Failure>,
        zone: Zone,
        selection: &Selection,
    ) -> Gathered {
        let page = match answer {
            Ok(page) if self.page.accept(turn, Ok(())) => page,
            Ok(_) => return Gathered::Nothing,
            Err(failure) => {
                self.page.accept(turn, Err(failure));
                return Gathered::Nothing;
            }
        };
        let items = page.items.iter();
        let picks = items.map(|item| Pick { id: item.id, day: (zone.day_of)(item.captured_at) });
        // What was unticked among all does not count: it is not to be named.
        self.found.extend(picks.filter(|pick| self.then != Then::Ask || selection.has(pick.id)));
        self.cursor = page.next;
        if self.found.len() > MAX_ITEMS + 200 {
            return Gathered::TooMany;
        }
        if self.cursor.is_some() {
            return Gathered::More(self.ask(child));
        }
        let mut found = std::mem::take(&mut self.found);
        // Others of the same moments do not belong to the range. An end that is gone ends nothing.
        if let Some([first, last]) = self.ends {
            if let Some(at) = found.iter().position(|pick| pick.id == last) {
                found.truncate(at + 1);
            }
            if let Some(at) = found.iter().position(|pick| pick.id == first) {
                found.drain(..at);
            }
        }
        if found.len() > MAX_ITEMS { Gathered::TooMany } else { Gathered::All(found) }
    }
}
