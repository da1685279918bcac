//! The ways between the screens: what each asks for, and where the focus goes.

use rules::{ChildId, ErasureId, RecordingId, Scope, contract::Erasure};

use super::{
    Call, ChildLog, Effect, Flow, Lane, ListMsg, Lost, Msg, Said, Spot, State, View, Watched, player,
    receipt::Of, with_focus,
};
use crate::doors;

impl State {
    /// Where the focus goes when what had it is no longer there.
    #[must_use]
    pub fn catch(&self) -> Spot {
        match self.view {
            View::Recording => Spot::Keep,
            View::Requests => self.first_of_more.map_or(Spot::Heading, Spot::Request),
            View::Entries => match self.entries.of {
                Some(Of::Entry(seq)) => Spot::Entry(seq),
                _ => Spot::Heading,
            },
            _ => Spot::Heading,
        }
    }

    pub(super) fn start(&mut self) -> Vec<Effect> {
        if self.children.busy || self.children.value.is_some() {
            return Vec::new();
        }
        self.load_children()
    }

    pub(super) fn load_children(&mut self) -> Vec<Effect> {
        vec![Effect::Call(self.children.begin(), Call::Children)]
    }

    pub(super) fn load_requests(&mut self) -> Vec<Effect> {
        self.requests.clear();
        self.first_of_more = None;
        vec![Effect::Call(self.requests.begin(), Call::Erasures { cursor: None })]
    }

    pub(super) fn go(&mut self, view: View) -> Vec<Effect> {
        if self.may_be_sent() {
            self.stale();
        }
        self.flow = None;
        self.said = None;
        let mut effects = self.go_on(view);
        effects.extend(match (view, self.child) {
            (View::Children, _) => self.load_children(),
            (View::Recordings, Some(child)) if self.list.days.is_none() => self.list.load(child),
            (View::Holdings | View::Requests | View::Entries, _) => self.ask_for(view, true),
            _ => Vec::new(),
        });
        with_focus(effects, Spot::Heading)
    }

    /// What one of the other screens shows; `anew` where she comes to it.
    pub(super) fn ask_for(&mut self, view: View, anew: bool) -> Vec<Effect> {
        self.half.here.map(|here| doors::ask_for(here, self, view, anew)).unwrap_or_default()
    }

    /// What the first screens have no part in.
    pub(crate) fn ask_for_later(&mut self, view: View, anew: bool) -> Vec<Effect> {
        match (view, self.child) {
            (View::Holdings, _) => self.retry_later(Lane::Holdings),
            (View::Recording, _) => self.opened.load(),
            (View::Progress, _) => self.retry_later(Lane::Watch),
            (View::Requests, _) => self.load_requests(),
            (View::Entries, Some(child)) => {
                if anew {
                    self.entries = ChildLog::default();
                }
                self.entries.load(child)
            }
            _ => Vec::new(),
        }
    }

    /// Shows another screen. What was watched on the last one is not watched any more.
    pub(super) fn go_on(&mut self, view: View) -> Vec<Effect> {
        self.list.give_up_asking();
        let unwatch = self.view == View::Progress && view != View::Progress;
        if unwatch {
            self.watched = None;
            self.next_up = None;
        }
        self.view = view;
        unwatch.then_some(Effect::Unwatch).into_iter().collect()
    }

    /// What is there is shown at the row where she left it.
    pub(super) fn where_she_was(&self, effects: &mut Vec<Effect>) {
        if self.list.days.is_some() && self.list.top > 0 {
            effects.push(Effect::Scroll(self.list.top));
        }
    }

    /// Nothing of one child is shown under the name of another.
    pub(super) fn choose(&mut self, child: ChildId) -> Vec<Effect> {
        if self.child != Some(child) {
            self.child = Some(child);
            self.list.forget();
            self.holdings.clear();
            self.opened.forget();
            self.entries = ChildLog::default();
        }
        self.go(View::Recordings)
    }

    pub(super) fn open(&mut self, id: RecordingId) -> Vec<Effect> {
        self.lost.take_if(|(lost, _)| *lost == Lost::Keep(id));
        let mut effects = self.go_on(View::Recording);
        effects.extend(self.opened.open(id, self.list.form.filter().q));
        // Without the list nobody knows which one is next.
        effects.extend(self.child.map(|child| self.list.opened(child, id)).unwrap_or_default());
        with_focus(effects, Spot::Heading)
    }

    pub(super) fn close(&mut self) -> Vec<Effect> {
        self.view = View::Recordings;
        if let Some(id) = self.opened.id {
            self.list.hold(id);
        }
        let spot = self.opened.id.map_or(Spot::Heading, Spot::Row);
        let mut effects = match self.child {
            Some(child) if self.list.days.is_none() && !self.list.page.busy => self.list.load(child),
            _ => Vec::new(),
        };
        self.where_she_was(&mut effects);
        with_focus(effects, spot)
    }

    pub(super) fn in_list(&mut self, msg: ListMsg) -> Vec<Effect> {
        let Some(child) = self.child else { return Vec::new() };
        let ticks = matches!(msg, ListMsg::Tick(..) | ListMsg::Day(_) | ListMsg::All | ListMsg::None);
        let effects = self.list.update_later(child, msg);
        if ticks && self.list.gather.is_none() {
            self.say_ticked();
        }
        effects
    }

    pub(super) fn say_ticked(&mut self) {
        self.said = Some(if self.list.too_many {
            Said::TooMany
        } else {
            Said::Selected(self.list.selection.count())
        });
    }

    pub(super) fn ask(&mut self, scope: Scope) -> Vec<Effect> {
        self.list.give_up_asking();
        let (flow, effects) = Flow::begin(self.child, scope);
        let small = flow.is_small();
        self.flow = Some(flow);
        if small {
            return effects;
        }
        self.came_from = self.view;
        self.view = View::Erase;
        with_focus(effects, Spot::Heading)
    }

    pub(super) fn leave(&mut self) -> Vec<Effect> {
        if self.flow.take().is_some_and(|flow| flow.maybe_sent) {
            // It may have been accepted: she goes on where she sees whether it was.
            self.stale();
            let mut effects = if self.view == View::Erase { Vec::new() } else { vec![Effect::CloseBox] };
            effects.extend(self.go(View::Requests));
            return effects;
        }
        if self.view != View::Erase {
            let mut effects = vec![Effect::CloseBox];
            // What was to be deleted was gone already: the list is asked for anew.
            if let (View::Recordings, Some(child), None) = (self.view, self.child, &self.list.days) {
                effects.extend(self.list.load(child));
            }
            return effects;
        }
        self.view = self.came_from;
        vec![Effect::Focus(Spot::Heading)]
    }

    pub(super) fn watch(&mut self, id: ErasureId, known: Option<Erasure>) -> Vec<Effect> {
        self.lost.take_if(|(lost, _)| *lost == Lost::Undo(id));
        self.said = known.as_ref().map(|erasure| Said::Erasure(erasure.phrase()));
        let (watched, effects) = Watched::begin(id, known);
        self.watched = Some(watched);
        self.go_on(View::Progress);
        let mut effects = with_focus(effects, Spot::Heading);
        effects.extend(self.tick());
        effects
    }

    pub(super) fn undo(&mut self) -> Vec<Effect> {
        let Some(watched) = &mut self.watched else { return Vec::new() };
        let effects = watched.undo();
        if let Some(Effect::Call(turn, _)) = effects.first() {
            self.undo_sent = Some((*turn, watched.id));
        }
        effects
    }

    /// The time left is shown to the second while there is any.
    pub(super) fn tick(&mut self) -> Vec<Effect> {
        let counting = self.view == View::Progress && self.watched.as_ref().is_some_and(Watched::can_undo);
        if self.ticking || !counting {
            return Vec::new();
        }
        self.ticking = true;
        vec![Effect::Wait(1_000, Msg::Tick)]
    }

    pub(super) fn play(&mut self, msg: player::Msg) -> Vec<Effect> {
        let effect = self.player.update(msg).and_then(|effect| match effect {
            player::Effect::Ask(turn) => self.opened.id.map(|id| Effect::Call(turn, Call::Playback(id))),
            effect => Some(Effect::Media(effect)),
        });
        effect.into_iter().collect()
    }
}
