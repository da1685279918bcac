//! What is looked for: words, conditions, and a period chosen in the picture.

use std::rc::Rc;

use rules::{ChildId, Date, scope::Filter};

use super::{Coming, End, List, ListMsg, TYPING_RESTS_MS};
use crate::state::{Change, Edge, Effect, Form, Msg, Spot};

impl List {
    pub(super) fn look(&mut self, child: ChildId, change: Change) -> Vec<Effect> {
        let before = self.form.filter();
        // A year is typed digit by digit, and each of them is a year.
        let typing = matches!(change, Change::Words(_) | Change::From(_) | Change::To(_));
        let cleared = change == Change::Nothing;
        match change {
            Change::Words(words) => self.form.words = words,
            Change::From(edge) => self.form.from = edge,
            Change::To(edge) => self.form.to = edge,
            Change::Device(device) => self.form.device = device,
            Change::Kind(kind) => self.form.kind = kind,
            Change::Class(class) => self.form.class = class,
            Change::Nothing => self.form = Form::default(),
        }
        let mut effects = self.sought(child, &before, typing);
        if cleared {
            // The button is gone.
            effects.push(Effect::Focus(Spot::Search));
        }
        effects
    }

    pub(super) fn slide(&mut self, child: ChildId, end: End, bar: usize) -> Vec<Effect> {
        let Some(picture) = self.bars.clone() else { return Vec::new() };
        let last = picture.1.len().saturating_sub(1);
        let [from, to] = self.period();
        // One end pushes the other on.
        let (from, to) = match end {
            End::First => (bar.min(last), to.max(bar.min(last))),
            End::Last => (from.min(bar), bar.min(last)),
        };
        let before = self.form.filter();
        let day = |at: usize| picture.1.get(at).filter(|_| (from, to) != (0, last));
        self.form.from = day(from).map(|bar| Edge::first(bar.first, self.zone));
        self.form.to = day(to).map(|bar| Edge::last(bar.last, self.zone));
        self.sought(child, &before, true)
    }

    /// The first and the last bar of the period that is looked for.
    #[must_use]
    pub fn period(&self) -> [usize; 2] {
        let Some(picture) = &self.bars else { return [0, 0] };
        let bars = &picture.1;
        let last = bars.len().saturating_sub(1);
        let day = |edge: &Option<Edge>| edge.as_ref().and_then(|edge| edge.day.parse::<Date>().ok());
        let from = day(&self.form.from).map_or(0, |day| bars.partition_point(|bar| bar.last < day));
        let to = day(&self.form.to).map_or(last, |day| bars.partition_point(|bar| bar.last < day));
        [from.min(last), to.min(last)]
    }

    /// What is looked for may have changed.
    pub(super) fn sought(&mut self, child: ChildId, before: &Filter, typing: bool) -> Vec<Effect> {
        if self.form.filter() == *before {
            return Vec::new();
        }
        // Only now: a space behind the words must not call off the search that waits.
        self.typed = self.typed.wrapping_add(1);
        // What is ticked was ticked among other things: it is not carried over unseen.
        self.selection = Rc::default();
        self.give_up_ticking();
        self.page.clear();
        self.timeline.clear();
        self.doubted = false;
        self.refocus = None;
        self.coming = Some(Coming { anew: true, ..Coming::default() });
        if typing {
            vec![Effect::Wait(TYPING_RESTS_MS, Msg::List(ListMsg::Rested(self.typed)))]
        } else {
            self.load(child)
        }
    }
}
