//! Which recordings are ticked.

use rules::{Date, RecordingId, scope::MAX_ITEMS};

/// A recording that was ticked, or unticked among all, and the day it stands under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pick {
    /// Which.
    pub id: RecordingId,
    /// Its day in the list.
    pub day: Date,
}

/// What a deletion would act on. Picks are in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These, ticked one by one, by ranges or by days.
    These(Vec<Pick>),
    /// All that the filter finds, shown or not: a step of its own, with the number said.
    All {
        /// How many that were when she said so.
        count: u64,
        /// But these.
        except: Vec<Pick>,
    },
}

/// How much of a day is ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticked {
    /// Nothing.
    None,
    /// Something.
    Some,
    /// All of it.
    All,
}

impl Default for Selection {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl Selection {
    /// How many recordings are selected.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::These(picks) => picks.len() as u64,
            Self::All { count, except } => count.saturating_sub(except.len() as u64),
        }
    }

    /// Whether this recording is selected.
    #[must_use]
    pub fn has(&self, id: RecordingId) -> bool {
        match self {
            Self::These(picks) => place(picks, id).is_ok(),
            Self::All { except, .. } => place(except, id).is_err(),
        }
    }

    /// How much of a day with so many recordings is selected.
    #[must_use]
    pub fn of_day(&self, day: Date, recordings: usize) -> Ticked {
        let named = |picks: &[Pick]| picks.iter().filter(|pick| pick.day == day).count();
        let ticked = match self {
            Self::These(picks) => named(picks),
            Self::All { except, .. } => recordings.saturating_sub(named(except)),
        };
        match ticked {
            0 => Ticked::None,
            n if n >= recordings => Ticked::All,
            _ => Ticked::Some,
        }
    }

    /// Ticks or unticks these. Answers whether that was possible: a deletion names at most so many.
    pub fn set(&mut self, picks: &[Pick], on: bool) -> bool {
        let (named, adds) = match self {
            Self::These(named) => (named, on),
            Self::All { except, .. } => (except, !on),
        };
        let mut changed = picks.to_vec();
        changed.sort_unstable();
        let mut after = named.clone();
        after.retain(|pick| place(&changed, pick.id).is_err());
        if adds {
            after.append(&mut changed);
            after.sort_unstable();
            after.dedup();
            // Half of a range would be a surprise: nothing of one that is too long.
            if on && after.len() > MAX_ITEMS {
                return false;
            }
        }
        *named = after;
        if self.count() == 0 {
            *self = Self::default();
        }
        true
    }

    /// What is known by its id of these that a deletion has taken.
    pub fn forget(&mut self, gone: &[RecordingId]) {
        match self {
            Self::These(picks) => picks.retain(|pick| !gone.contains(&pick.id)),
            // "All" was said of what was there.
            Self::All { .. } => *self = Self::default(),
        }
    }
}

fn place(picks: &[Pick], id: RecordingId) -> Result<usize, usize> {
    picks.binary_search_by_key(&id, |pick| pick.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picks(range: std::ops::Range<u128>) -> Vec<Pick> {
        let pick = |n: u128| Pick {
            id: RecordingId::from_parts(0, n),
            day: Date::from_days(i64::try_from(n / 10).unwrap()),
        };
        range.map(pick).collect()
    }

    fn all(count: u64) -> Selection {
        Selection::All { count, except: Vec::new() }
    }

    #[test]
    fn a_range_is_ticked_and_part_of_it_unticked() {
        let mut selection = Selection::default();
        assert!(selection.set(&picks(2..9), true));
        assert!(selection.set(&picks(5..12), true));
        assert_eq!(selection.count(), 10, "what is ticked twice counts once");
        assert!(selection.set(&picks(0..4), false));
        assert_eq!(selection.count(), 8);
        assert!(!selection.has(picks(3..4)[0].id) && selection.has(picks(4..5)[0].id));
    }

    #[test]
    fn unticking_one_of_all_leaves_everything_but_that_one() {
        let mut selection = all(400);
        selection.set(&picks(7..8), false);
        assert_eq!(selection.count(), 399);
        assert!(!selection.has(picks(7..8)[0].id) && selection.has(picks(300..301)[0].id));
        selection.set(&picks(7..8), true);
        assert_eq!(selection, all(400));
    }

    #[test]
    fn all_but_all_is_nothing() {
        let mut selection = all(3);
        selection.set(&picks(0..3), false);
        assert_eq!(selection, Selection::default());
    }

    #[test]
    fn a_day_says_how_much_of_it_is_ticked() {
        let day = Date::from_days(1);
        let mut selection = Selection::default();
        assert_eq!(selection.of_day(day, 10), Ticked::None);
        selection.set(&picks(8..13), true);
        assert_eq!(selection.of_day(day, 10), Ticked::Some);
        selection.set(&picks(10..20), true);
        assert_eq!(selection.of_day(day, 10), Ticked::All);
        let mut selection = all(30);
        assert_eq!(selection.of_day(day, 10), Ticked::All);
        selection.set(&picks(10..11), false);
        assert_eq!(selection.of_day(day, 10), Ticked::Some);
    }

    #[test]
    fn more_than_a_deletion_can_name_is_not_ticked_at_all() {
        let most = MAX_ITEMS as u128;
        let mut selection = Selection::default();
        assert!(selection.set(&picks(0..most), true));
        assert!(!selection.set(&picks(most..most + 1), true));
        assert_eq!(selection.count(), MAX_ITEMS as u64);
    }

    #[test]
    fn what_a_deletion_took_is_not_selected_any_more() {
        let mut selection = Selection::default();
        selection.set(&picks(0..3), true);
        selection.forget(&[picks(1..2)[0].id]);
        assert_eq!(selection.count(), 2);
    }
}
