//! The recordings of one child: found, fetched where they are looked at, ticked.

mod arrived;
mod msg;
mod sought;

use std::rc::Rc;

use rules::{ChildId, Date, RecordingId, contract::RecordingItem};

use super::{
    Call, Effect, Failure, Form, Loaded, Msg, Selection, Spot, Zone,
    bars::{Bar, Unit},
    days::{BLOCK, Block, Days, Seen, Window},
    gather::{Gather, Then},
    tick::Anchor,
};

pub use msg::{End, ListMsg};

/// How long typing must rest before a search sets out, in milliseconds.
pub const TYPING_RESTS_MS: u32 = 200;
/// How long scrolling must rest before a call on its way is given up for another, in milliseconds.
const SCROLLING_RESTS_MS: u32 = 60;
/// Blocks that are kept: what is in sight, and where she was just before.
const BLOCKS: usize = 10;

/// The list of one child.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct List {
    /// What is looked for.
    pub form: Form,
    /// Whether the conditions are folded out; that stays while she looks at a recording.
    pub unfolded: bool,
    /// Whether the table behind the picture is.
    pub tabled: bool,
    /// The days of what was found.
    pub days: Option<Rc<Days>>,
    /// The picture over time.
    pub bars: Option<Rc<(Unit, Vec<Bar>)>>,
    /// The days on their way.
    pub timeline: Loaded<()>,
    /// The block on its way.
    pub page: Loaded<()>,
    /// All days of the child, whatever is looked for.
    pub(super) whole: Loaded<Rc<Days>>,
    /// What is ticked.
    pub selection: Rc<Selection>,
    /// Ids that are needed for it.
    pub gather: Option<Gather>,
    /// Ticks that wait until those ids are there.
    pub(super) ticks: Vec<ListMsg>,
    /// Whether more was to be ticked than a deletion can name.
    pub too_many: bool,
    /// What is drawn.
    pub window: Window,
    /// The first row in sight.
    pub top: usize,
    /// How the reader's days lie.
    pub zone: Zone,
    /// How many rows a browser can draw in one list.
    limit: Option<usize>,
    blocks: Vec<Block>,
    /// The first row of the block on its way.
    asked: usize,
    /// What is there so far of an answer that replaces what is shown.
    coming: Option<Coming>,
    /// Days and rows did not fit each other, and are asked for once more.
    doubted: bool,
    /// Counts how often it was asked anew what is left, after a deletion or its undo.
    pub(super) era: u32,
    /// The row that gets the focus once it is there.
    refocus: Option<usize>,
    /// The box that was ticked last.
    pub(super) anchor: Option<Anchor>,
    typed: u32,
    scrolled: u32,
}

/// An answer is shown when it is whole: its days and the rows to begin with.
#[derive(Debug, Clone, PartialEq, Default)]
struct Coming {
    /// Whether it answers another question: the list then begins at its beginning.
    anew: bool,
    days: Option<Rc<Days>>,
    block: Option<Block>,
}

impl List {
    /// Forgets everything: another child was chosen. Answers on their way will be late.
    pub fn forget(&mut self) {
        let (form, whole) = (Form::default(), Loaded::default());
        self.form = form;
        self.whole = whole;
        self.top = 0;
        self.selection = Rc::default();
        self.forget_found();
        self.refocus = None;
    }

    /// Forgets what was found, and looks for the same when it is shown again: at the same place,
    /// with the focus on what is there now.
    pub fn forget_found(&mut self) {
        if self.days.take().is_some() {
            self.refocus = Some(self.top);
        }
        self.bars = None;
        self.whole.clear();
        self.blocks.clear();
        self.page.clear();
        self.timeline.clear();
        self.coming = None;
        self.gather = None;
        self.ticks.clear();
        self.anchor = None;
        self.doubted = false;
    }

    /// Something was deleted, or came back: what was ticked at an earlier place counts no more.
    pub fn stale(&mut self) {
        self.era = self.era.wrapping_add(1);
        self.forget_found();
    }

    /// She comes back to where she looked for this, at this row, with this ticked in this era.
    pub fn come_back(&mut self, form: &Form, (era, selection): (u32, &Rc<Selection>), top: usize) {
        let elsewhere = self.form != *form;
        if elsewhere {
            self.form = form.clone();
            self.forget_found();
            self.refocus = None;
        }
        if era == self.era {
            self.selection = selection.clone();
        } else if elsewhere {
            self.selection = Rc::default();
        }
        self.top = top;
        if self.days.is_some() {
            self.window = Window::from(top, self.shown());
        }
    }

    /// A deletion took these; without, nobody knows what is left of what was ticked.
    pub fn lost(&mut self, gone: Option<&[RecordingId]>) {
        let first = gone.and_then(|gone| gone.iter().filter_map(|id| self.place_of(*id)).min());
        match gone {
            Some(gone) => Rc::make_mut(&mut self.selection).forget(gone),
            None => self.selection = Rc::default(),
        }
        self.stale();
        self.refocus = first.or(self.refocus);
    }

    /// A keep was given, or ended.
    pub fn set_kept(&mut self, id: RecordingId, until: Option<Date>) {
        let items = self.blocks.iter_mut().flat_map(|block| &mut block.items);
        for item in items.filter(|item| item.id == id) {
            Rc::make_mut(item).kept_until = until;
        }
    }

    /// How many there are of what is looked for, as soon as that is known.
    #[must_use]
    pub fn total(&self) -> Option<usize> {
        let stale = self.coming.as_ref().is_some_and(|coming| coming.anew);
        self.days.as_ref().filter(|_| !stale).map(|days| days.total)
    }

    /// Whether what is shown answers an earlier question.
    #[must_use]
    pub fn is_dimmed(&self) -> bool {
        self.days.is_some() && self.coming.is_some()
    }

    /// Whether a part of an answer is awaited, and none of it failed.
    #[must_use]
    pub fn is_coming(&self) -> bool {
        self.coming.is_some() && self.failed().is_none()
    }

    /// How many rows are shown: all, or as many as a browser can draw.
    #[must_use]
    pub fn shown(&self) -> usize {
        let total = self.days.as_ref().map_or(0, |days| days.total);
        self.limit.map_or(total, |limit| limit.min(total))
    }

    /// The recording of a row, if it is there.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<&Rc<RecordingItem>> {
        let block = self.block(row)?;
        block.items.get(row - block.first)
    }

    /// The row of a recording, if it is there.
    #[must_use]
    pub fn place_of(&self, id: RecordingId) -> Option<usize> {
        self.blocks
            .iter()
            .find_map(|block| Some(block.first + block.items.iter().position(|item| item.id == id)?))
    }

    /// Draws a row wherever it is, since it is about to have the focus: what is in sight may not be
    /// known yet. Answers whether it is there.
    pub fn hold(&mut self, id: RecordingId) -> bool {
        let row = self.place_of(id);
        self.window.held = row.or(self.window.held);
        row.is_some()
    }

    fn block(&self, row: usize) -> Option<&Block> {
        self.blocks.iter().find(|block| block.first == row / BLOCK * BLOCK)
    }

    /// Asks for the days and for the rows to begin with.
    pub fn load(&mut self, child: ChildId) -> Vec<Effect> {
        let anew = self.coming.as_ref().is_some_and(|coming| coming.anew);
        self.coming = Some(Coming { anew, ..Coming::default() });
        let filter = self.form.filter();
        self.asked = if anew { 0 } else { self.top / BLOCK * BLOCK };
        let rows = Call::Recordings { child, filter: filter.clone(), skip: self.asked };
        let mut effects = vec![
            Effect::Call(self.page.begin(), rows),
            Effect::Call(self.timeline.begin(), Call::Timeline { child, filter: filter.clone() }),
        ];
        if filter.is_empty() {
            self.whole.clear();
        } else if self.whole.value.is_none() && !self.whole.busy {
            effects.push(Effect::Call(self.whole.begin(), Call::Whole { child }));
        }
        effects
    }

    /// Asks again for what failed.
    pub fn retry(&mut self, child: ChildId) -> Vec<Effect> {
        if let Some(gather) = self.gather.as_mut().filter(|gather| gather.page.failed.is_some()) {
            return vec![gather.ask(child)];
        }
        if self.days.is_none() || self.coming.is_some() || self.timeline.failed.is_some() {
            return self.load(child);
        }
        self.page.clear();
        self.fetch(child)
    }

    /// Why the last call failed, if one did.
    #[must_use]
    pub fn failed(&self) -> Option<&Failure> {
        let gather = self.gather.as_ref().and_then(|gather| gather.page.failed.as_ref());
        self.timeline.failed.as_ref().or(self.page.failed.as_ref()).or(gather)
    }

    /// Fetches a block that is looked at and not there. One is on its way at a time; it is given up
    /// for another only once scrolling rests.
    fn fetch(&mut self, child: ChildId) -> Vec<Effect> {
        let Some(first) = self.missing() else { return Vec::new() };
        if self.page.busy {
            if self.asked == first || self.coming.is_some() {
                return Vec::new();
            }
            self.scrolled = self.scrolled.wrapping_add(1);
            return vec![Effect::Wait(SCROLLING_RESTS_MS, Msg::List(ListMsg::Settled(self.scrolled)))];
        }
        self.ask_for(child, first)
    }

    fn ask_for(&mut self, child: ChildId, first: usize) -> Vec<Effect> {
        self.asked = first;
        let call = Call::Recordings { child, filter: self.form.filter(), skip: first };
        vec![Effect::Call(self.page.begin(), call)]
    }

    /// The first row of a block that is looked at and not there: what is in sight comes first.
    fn missing(&self) -> Option<usize> {
        if self.days.is_none() || self.coming.as_ref().is_some_and(|coming| coming.anew) {
            return None;
        }
        let Window { rows, .. } = &self.window;
        let top = self.top.clamp(rows.start, rows.end.max(rows.start));
        let mut wanted = (top..rows.end).chain(rows.start..top);
        let row = wanted.find(|row| self.block(*row).is_none())?;
        Some(row / BLOCK * BLOCK)
    }

    /// What a reader did.
    pub fn update(&mut self, child: ChildId, msg: ListMsg) -> Vec<Effect> {
        match msg {
            ListMsg::Look(change) => self.look(child, change),
            // Typing went on meanwhile: a later rest will set out.
            ListMsg::Rested(typed) if typed != self.typed => Vec::new(),
            ListMsg::Rested(_) => self.load(child),
            ListMsg::Seen(seen) => self.seen(child, &seen),
            ListMsg::Settled(scrolled) => match self.missing() {
                Some(first) if scrolled == self.scrolled && first != self.asked && self.coming.is_none() => {
                    self.ask_for(child, first)
                }
                _ => Vec::new(),
            },
            ListMsg::Unfold(unfolded) => {
                self.unfolded = unfolded;
                Vec::new()
            }
            // They are of the second half.
            ListMsg::Slide(..)
            | ListMsg::Table(_)
            | ListMsg::Tick(..)
            | ListMsg::Day(_)
            | ListMsg::All
            | ListMsg::None
            | ListMsg::Name => Vec::new(),
        }
    }

    /// The same, as far as it is of the second half: ticking, and what the sliders under the picture do.
    pub fn update_later(&mut self, child: ChildId, msg: ListMsg) -> Vec<Effect> {
        match msg {
            ListMsg::Slide(end, bar) => self.slide(child, end, bar),
            ListMsg::Tick(..) | ListMsg::Day(_) if self.is_ticking() || !self.ticks.is_empty() => {
                self.ticks.push(msg);
                if self.is_ticking() { Vec::new() } else { self.tick_those(child) }
            }
            ListMsg::Tick(id, shift) => self.tick(child, id, shift),
            ListMsg::Day(day) => self.tick_day(child, day),
            ListMsg::All => {
                if let Some(total) = self.can_be_all() {
                    self.give_up_ticking();
                    self.selection = Rc::new(Selection::All { count: total, except: Vec::new() });
                }
                // The button is gone.
                vec![Effect::Focus(Spot::Toolbar)]
            }
            ListMsg::None => {
                self.give_up_ticking();
                self.selection = Rc::default();
                vec![Effect::Focus(Spot::Toolbar)]
            }
            ListMsg::Name => self.gather(child, self.form.filter(), None, Then::Ask),
            ListMsg::Table(tabled) => {
                self.tabled = tabled;
                Vec::new()
            }
            ListMsg::Look(_)
            | ListMsg::Rested(_)
            | ListMsg::Seen(_)
            | ListMsg::Settled(_)
            | ListMsg::Unfold(_) => Vec::new(),
        }
    }

    fn seen(&mut self, child: ChildId, seen: &Seen) -> Vec<Effect> {
        let Some(days) = self.days.clone() else { return Vec::new() };
        self.limit = Some(days.limit(seen));
        let shown = self.shown();
        let sight = days.in_sight(seen, shown);
        self.top = sight.start;
        if !self.window.serves(&sight, shown) {
            self.window = Window::around(&sight, shown);
        }
        self.window.held = seen.held.filter(|row| *row < shown);
        self.fetch(child)
    }

    /// A recording was opened: those before and after it are wanted, and the list will be where it is.
    pub fn opened(&mut self, child: ChildId, id: RecordingId) -> Vec<Effect> {
        if self.days.is_none() && !self.page.busy {
            return self.load(child);
        }
        let Some(row) = self.place_of(id) else { return Vec::new() };
        if !self.window.rows.contains(&row) || row < self.top {
            self.top = row;
        }
        let around = row.saturating_sub(1)..(row + 2).min(self.shown());
        if !self.window.serves(&around, self.shown()) {
            self.window = Window::around(&around, self.shown());
        }
        self.fetch(child)
    }

    /// The recording before or after `id` in the list.
    #[must_use]
    pub fn neighbour(&self, id: RecordingId, step: isize) -> Option<RecordingId> {
        Some(self.row(self.place_of(id)?.checked_add_signed(step)?)?.id)
    }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
