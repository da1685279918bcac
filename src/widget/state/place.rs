//! Where she is on the page, to come back to.

use std::rc::Rc;

use rules::{ChildId, ErasureId, RecordingId};

use super::{ChildLog, Effect, Form, Selection, Spot, State, View, receipt::Subject};

/// A place. It is kept in memory: nothing of a child is in the browser's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    view: View,
    child: Option<ChildId>,
    opened: Option<RecordingId>,
    watched: Option<ErasureId>,
    receipt: Option<Rc<Subject>>,
    form: Form,
    selection: Rc<Selection>,
    /// The list's era in which that was ticked.
    era: u32,
    top: usize,
}

impl Place {
    /// Whether the first half of the module knows its screen.
    #[must_use]
    pub const fn is_of_first_screens(&self) -> bool {
        matches!(self.view, View::Children | View::Recordings)
    }
}

/// How the history follows a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// She is where she was.
    Stayed,
    /// She went on, and may come back.
    Went,
    /// What she left is nothing to come back to.
    Slid,
}

impl State {
    /// Where she is.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            view: self.view,
            child: self.child,
            opened: self.opened.id.filter(|_| self.view == View::Recording),
            watched: self.watched.as_ref().map(|watched| watched.id).filter(|_| self.view == View::Progress),
            receipt: self
                .receipts
                .as_ref()
                .map(|receipts| receipts.of.clone())
                .filter(|_| self.view == View::Receipt),
            form: self.list.form.clone(),
            selection: self.list.selection.clone(),
            era: self.list.era,
            top: self.list.top,
        }
    }

    /// What kind of step led here from `before`.
    #[must_use]
    pub fn step_from(&self, before: &Place) -> Step {
        let now = self.place();
        let same = (now.view, now.child, now.opened, now.watched, &now.receipt)
            == (before.view, before.child, before.opened, before.watched, &before.receipt);
        let sideways = now.view == View::Recording && before.view == View::Recording;
        match before.view {
            _ if same => Step::Stayed,
            // A deletion that is decided is not decided again; the newer and older of a recording are
            // one place; and an only child is chosen by nobody.
            View::Erase => Step::Slid,
            _ if sideways => Step::Slid,
            View::Children if before.child.is_none() && self.only_child() => Step::Slid,
            _ => Step::Went,
        }
    }

    fn only_child(&self) -> bool {
        self.children.value.as_ref().is_some_and(|children| children.items.len() == 1)
    }

    /// Back, or forward, to a place of the first screens.
    pub(super) fn come_to(&mut self, place: &Place) -> Vec<Effect> {
        let left = self.opened.id.filter(|_| self.view == View::Recording);
        let mut effects = self.turn_to(place);
        effects.extend(self.go(place.view));
        if place.view == View::Recordings {
            self.where_she_was(&mut effects);
            if let Some(id) = left {
                self.focus_row(id, &mut effects);
            }
        }
        effects
    }

    /// To any other place.
    pub(super) fn come_to_later(&mut self, place: &Place) -> Vec<Effect> {
        let mut effects = self.turn_to(place);
        self.flow = None;
        effects.extend(match (place.view, place.opened, place.watched) {
            (View::Recording, Some(id), _) => self.open(id),
            (View::Progress, _, Some(id)) => self.watch(id, None),
            (View::Receipt, ..) if place.receipt.is_some() => {
                place.receipt.clone().map(|of| self.open_receipt(of)).unwrap_or_default()
            }
            // What was to be deleted is forgotten.
            (View::Erase | View::Recording | View::Progress | View::Receipt, ..) => {
                self.go(if self.child.is_some() { View::Recordings } else { View::Children })
            }
            (view, ..) => self.go(view),
        });
        effects
    }

    /// Whose place it is, and what was looked for there.
    fn turn_to(&mut self, place: &Place) -> Vec<Effect> {
        let in_box = self.flow.is_some() && self.view != View::Erase;
        if self.child != place.child {
            self.child = place.child;
            self.list.forget();
            self.holdings.clear();
            self.opened.forget();
            self.entries = ChildLog::default();
        }
        self.list.come_back(&place.form, (place.era, &place.selection), place.top);
        in_box.then_some(Effect::CloseBox).into_iter().collect()
    }

    /// Puts the focus on a row instead of the heading, where it is there.
    pub(super) fn focus_row(&mut self, id: RecordingId, effects: &mut Vec<Effect>) {
        if self.list.hold(id) {
            effects.retain(|effect| !matches!(effect, Effect::Focus(_)));
            effects.push(Effect::Focus(Spot::Row(id)));
        }
    }
}
