//! Ticking rows of a list: one, a range, a day, all; also what is not there yet.
//!
//! A deletion names recordings by their ids, so a range or a day is ticked once the ids of all its
//! rows are known: exactly those, and not whatever a period would catch.

use std::rc::Rc;

use rules::{
    ChildId, Date, RecordingId, Scope, Timestamp,
    contract::{RecordingItem, RecordingPage},
    scope::{Filter, MAX_ITEMS},
};

use super::{
    Effect, Failure, List, Pick, Selection, Ticked, Turn,
    gather::{Gather, Gathered, Then},
};

/// The box that was ticked last: a range begins there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Anchor {
    row: usize,
    id: RecordingId,
    at: Timestamp,
}

impl List {
    pub(super) fn give_up_ticking(&mut self) {
        self.gather = None;
        self.ticks.clear();
        self.anchor = None;
        self.too_many = false;
    }

    /// Whether a range or a day is on its way to be ticked or unticked: what is ticked meanwhile comes
    /// after it. One that failed is given up for another.
    pub(super) fn is_ticking(&self) -> bool {
        self.gather.as_ref().is_some_and(|gather| gather.then != Then::Ask && gather.page.failed.is_none())
    }

    /// Ticks what waited.
    pub(super) fn tick_those(&mut self, child: ChildId) -> Vec<Effect> {
        let ticks = std::mem::take(&mut self.ticks);
        ticks.into_iter().flat_map(|msg| self.update_later(child, msg)).collect()
    }

    /// How many "all" would be. While the period ends before it begins, what is shown is not what the
    /// form says: nobody deletes all of that.
    #[must_use]
    pub fn can_be_all(&self) -> Option<u64> {
        let total = self.total().filter(|_| !self.form.is_backwards())?;
        (total > 0).then_some(total as u64)
    }

    /// She went on: what was still being named is not asked about any more.
    pub(super) fn give_up_asking(&mut self) {
        self.gather.take_if(|gather| gather.then == Then::Ask);
    }

    fn pick(&self, item: &RecordingItem) -> Pick {
        Pick { id: item.id, day: (self.zone.day_of)(item.captured_at) }
    }

    fn set(&mut self, picks: &[Pick], on: bool) {
        self.too_many = !Rc::make_mut(&mut self.selection).set(picks, on);
    }

    pub(super) fn tick(&mut self, child: ChildId, id: RecordingId, shift: bool) -> Vec<Effect> {
        let Some(row) = self.place_of(id) else { return Vec::new() };
        let Some(item) = self.row(row).cloned() else { return Vec::new() };
        self.gather = None;
        let on = !self.selection.has(id);
        let here = Anchor { row, id, at: item.captured_at };
        let from = self.anchor.replace(here).filter(|_| shift).unwrap_or(here);
        let (newer, older) = if from.row < row { (from, here) } else { (here, from) };
        let rows = newer.row..older.row + 1;
        let picks: Vec<_> =
            rows.clone().filter_map(|row| self.row(row)).map(|item| self.pick(item)).collect();
        if picks.len() == rows.len() {
            self.set(&picks, on);
            return Vec::new();
        }
        if on && rows.len() > MAX_ITEMS {
            self.too_many = true;
            return Vec::new();
        }
        let moment_after = Timestamp::from_ms(newer.at.ms() + 1);
        let filter = Filter { from: Some(older.at), to: Some(moment_after), ..self.form.filter() };
        self.gather(child, filter, Some([newer.id, older.id]), if on { Then::Tick } else { Then::Untick })
    }

    pub(super) fn tick_day(&mut self, child: ChildId, day: Date) -> Vec<Effect> {
        let found = self.days.as_ref().and_then(|days| days.days.iter().find(|known| known.date == day));
        let Some(known) = found.copied() else { return Vec::new() };
        self.gather = None;
        let on = self.selection.of_day(day, known.rows) != Ticked::All;
        let picks: Vec<_> = (known.first..known.first + known.rows)
            .filter_map(|row| self.row(row))
            .map(|item| self.pick(item))
            .collect();
        if picks.len() == known.rows {
            self.set(&picks, on);
            return Vec::new();
        }
        if on && known.rows > MAX_ITEMS {
            self.too_many = true;
            return Vec::new();
        }
        let (start, end) = ((self.zone.start_of)(day), (self.zone.start_of)(day.plus_days(1)));
        let filter = self.form.filter();
        let from = filter.from.map_or(start, |from| from.max(start));
        let to = filter.to.map_or(end, |to| to.min(end));
        let filter = Filter { from: Some(from), to: Some(to), ..filter };
        self.gather(child, filter, None, if on { Then::Tick } else { Then::Untick })
    }

    pub(super) fn gather(
        &mut self,
        child: ChildId,
        filter: Filter,
        ends: Option<[RecordingId; 2]>,
        then: Then,
    ) -> Vec<Effect> {
        self.too_many = false;
        let (gather, effect) = Gather::begin(child, filter, ends, then);
        self.gather = Some(gather);
        vec![effect]
    }

    /// A page of ids arrived. Says whether the selection is to be deleted now.
    pub fn gathered(
        &mut self,
        child: ChildId,
        turn: Turn,
        answer: Result<RecordingPage, Failure>,
    ) -> (Vec<Effect>, bool) {
        let Some(gather) = &mut self.gather else { return (Vec::new(), false) };
        let then = gather.then;
        match gather.arrived(child, turn, answer, self.zone, &self.selection) {
            Gathered::Nothing => return (Vec::new(), false),
            Gathered::More(effect) => return (vec![effect], false),
            Gathered::TooMany => self.too_many = true,
            Gathered::All(picks) => match then {
                Then::Tick => self.set(&picks, true),
                Then::Untick => self.set(&picks, false),
                Then::Ask => {
                    self.selection = Rc::default();
                    self.set(&picks, true);
                }
            },
        }
        self.gather = None;
        let too_many = self.too_many;
        let effects = self.tick_those(child);
        // It is said although a tick after it was possible.
        self.too_many |= too_many;
        (effects, then == Then::Ask && !too_many)
    }

    /// Whether ids have to be fetched before what is ticked can be named in a deletion, and whether
    /// they are few enough for that.
    #[must_use]
    pub fn unnamed(&self) -> Option<bool> {
        match &*self.selection {
            Selection::All { .. } if self.form.is_backwards() => None,
            Selection::All { except, .. } if !except.is_empty() => {
                Some(self.selection.count() <= MAX_ITEMS as u64)
            }
            _ => None,
        }
    }

    /// What a deletion of the selection would be. "All" without any condition is a period, all of
    /// time: what she keeps stays, as with any selection. Everything of a child is asked for elsewhere,
    /// in words that say so. All but some has no such words: they are named one by one first.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        match &*self.selection {
            Selection::These(picks) if picks.is_empty() => None,
            Selection::These(picks) => {
                Some(Scope::Items { recordings: picks.iter().map(|pick| pick.id).collect() })
            }
            Selection::All { except, .. } if !except.is_empty() || self.form.is_backwards() => None,
            Selection::All { .. } => Some(match self.form.filter() {
                filter if filter.is_empty() => Scope::Range { from: Timestamp::MIN, to: Timestamp::MAX },
                Filter { q: None, from: Some(from), to: Some(to), device: None, kind: None, class: None } => {
                    Scope::Range { from, to }
                }
                filter => Scope::Search { filter },
            }),
        }
    }
}
