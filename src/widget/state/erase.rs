//! A deletion: shown before, confirmed, watched, taken back.

use rules::{
    ErasureId, Scope,
    contract::{Erasure, NewErasure, Preview, Requester},
};

use super::{Call, Effect, Failure, Loaded, Turn, Waits};

/// What happens while a deletion is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowMsg {
    /// Also what she asked to keep.
    IncludeKept(bool),
    /// Give up the undo window.
    WaiveUndo(bool),
    /// The name was typed.
    Typed(String),
    /// Delete; the key is fresh, and only used when the request has none yet.
    Confirm {
        /// Idempotency key.
        key: String,
        /// Whether what must be typed for a scope of everything was typed.
        named: bool,
    },
}

/// A deletion that is being decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// What is asked for.
    pub draft: NewErasure,
    /// What it would do.
    pub preview: Loaded<Preview>,
    /// The name as typed so far.
    pub typed: String,
    /// Whether the name has to be typed and was not.
    pub must_type: bool,
    /// The request on its way.
    pub sending: Loaded<Erasure>,
    /// A try got no answer, so the request may have been accepted, whatever later tries are told.
    pub maybe_sent: bool,
    /// One key for one decision: sent again, it cannot delete twice.
    key: Option<String>,
}

impl Flow {
    /// Begins a deletion of `scope` and asks what it would do.
    pub fn begin(child: Option<rules::ChildId>, scope: Scope) -> (Self, Vec<Effect>) {
        let child = child.filter(|_| scope != Scope::Everything {});
        let mut flow = Self {
            draft: NewErasure { child, scope, include_kept: false, waive_undo: false, as_of: None },
            preview: Loaded::default(),
            typed: String::new(),
            must_type: false,
            sending: Loaded::default(),
            maybe_sent: false,
            key: None,
        };
        let effects = flow.load();
        (flow, effects)
    }

    /// Asks what it would do.
    pub fn load(&mut self) -> Vec<Effect> {
        let draft = NewErasure { as_of: None, ..self.draft.clone() };
        vec![Effect::Call(self.preview.begin(), Call::Preview(draft))]
    }

    /// Whether it is small enough for a box over the list; what is larger has a page to itself.
    #[must_use]
    pub fn is_small(&self) -> bool {
        matches!(self.draft.scope, Scope::Items { .. })
    }

    /// Whether the name has to be typed: for everything of a child, or of all.
    #[must_use]
    pub fn needs_name(&self) -> bool {
        self.draft.scope.is_total()
    }

    /// The preview as it stands: of exactly what would be sent.
    #[must_use]
    pub fn shown(&self) -> Option<&Preview> {
        self.preview.value.as_ref().filter(|_| !self.preview.busy && self.preview.failed.is_none())
    }

    /// What a reader did.
    pub fn update(&mut self, msg: FlowMsg) -> Vec<Effect> {
        // A request that is on its way, or may have arrived, is not changed any more.
        let open = !self.sending.busy && self.key.is_none();
        match msg {
            FlowMsg::IncludeKept(on) if open => {
                self.draft.include_kept = on;
                self.load()
            }
            FlowMsg::WaiveUndo(on) if open => {
                self.draft.waive_undo = on;
                self.load()
            }
            FlowMsg::Typed(typed) => {
                self.typed = typed;
                self.must_type = false;
                Vec::new()
            }
            FlowMsg::Confirm { key, named } => self.confirm(key, named),
            FlowMsg::IncludeKept(_) | FlowMsg::WaiveUndo(_) => Vec::new(),
        }
    }

    fn confirm(&mut self, key: String, named: bool) -> Vec<Effect> {
        let Some(as_of) = self.shown().map(|preview| preview.as_of) else { return Vec::new() };
        if self.sending.busy {
            return Vec::new();
        }
        if self.needs_name() && !named {
            self.must_type = true;
            return Vec::new();
        }
        self.draft.as_of = Some(as_of);
        let key = self.key.get_or_insert(key).clone();
        vec![Effect::Call(self.sending.begin(), Call::Erase(self.draft.clone(), key))]
    }

    /// The service answered the request. A refusal ends the key's life, unless an earlier try may
    /// have been accepted under it.
    pub fn answered(&mut self, turn: Turn, answer: Result<Erasure, Failure>) -> bool {
        // What a call is told that was given up says nothing of the one that is awaited, nor of its key.
        if !self.sending.awaits(turn) {
            return false;
        }
        if let Err(failure) = &answer {
            self.maybe_sent |= failure.may_have_arrived();
            if !self.maybe_sent {
                self.key = None;
            }
        }
        self.sending.accept(turn, answer)
    }
}

/// An erasure that was asked for and is being watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// Which one.
    pub id: ErasureId,
    /// How it stands.
    pub erasure: Loaded<Erasure>,
    /// The undo on its way.
    pub undoing: Loaded<()>,
    turn: Turn,
}

impl Watched {
    /// Starts to watch; `known` is what is known already.
    pub fn begin(id: ErasureId, known: Option<Erasure>) -> (Self, Vec<Effect>) {
        let mut watched = Self { id, erasure: Loaded::default(), undoing: Loaded::default(), turn: 0 };
        watched.erasure.value = known;
        let effects = watched.watch();
        (watched, effects)
    }

    /// Watches (again).
    pub fn watch(&mut self) -> Vec<Effect> {
        if self.erasure.value.as_ref().is_some_and(Erasure::is_over) {
            return Vec::new();
        }
        // Trouble stays on screen until there is news, so that it is not announced again and again.
        let failed = self.erasure.failed.take();
        self.turn = self.erasure.begin();
        self.erasure.failed = failed;
        vec![Effect::Watch(self.turn, self.id)]
    }

    /// News of it. A failure is shown beside what is known; the watch goes on by itself.
    pub fn news(&mut self, turn: Turn, news: Result<Erasure, Failure>) {
        if turn != self.turn {
            return;
        }
        match news {
            Ok(erasure) => {
                self.erasure.busy = !erasure.is_over();
                self.erasure.failed = None;
                self.erasure.value = Some(erasure);
            }
            Err(failure) => self.erasure.failed = Some(failure),
        }
    }

    /// Whether the watch of this turn should not have ended yet.
    #[must_use]
    pub fn goes_on(&self, turn: Turn) -> bool {
        turn == self.turn && self.erasure.busy
    }

    /// Takes it back, while that is possible.
    pub fn undo(&mut self) -> Vec<Effect> {
        if self.undoing.busy || !self.can_undo() {
            return Vec::new();
        }
        vec![Effect::Call(self.undoing.begin(), Call::Undo(self.id))]
    }

    /// Whether it can be taken back, as far as is known here; the service decides. What another
    /// guardian asked for, only they can take back.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        self.erasure.value.as_ref().is_some_and(|erasure| {
            erasure.state == rules::ErasureState::Sealed && erasure.requested_by != Requester::AnotherGuardian
        })
    }
}

#[cfg(test)]
mod tests {
    use rules::{
        ErasureState,
        problem::{Problem, ProblemType},
    };

    use super::*;
    use crate::state::samples::{child, erasure, preview, recording};

    fn items() -> Scope {
        Scope::Items { recordings: vec![recording(1).id] }
    }

    fn shown(scope: Scope) -> Flow {
        let (mut flow, effects) = Flow::begin(Some(child()), scope);
        let [Effect::Call(turn, Call::Preview(_))] = effects[..] else { panic!() };
        flow.preview.accept(turn, Ok(preview(1)));
        flow
    }

    fn confirm(flow: &mut Flow, key: &str) -> Vec<Effect> {
        let named = flow.typed == "Mia";
        flow.update(FlowMsg::Confirm { key: key.into(), named })
    }

    #[test]
    fn nothing_is_sent_that_was_not_shown() {
        let (mut flow, _) = Flow::begin(Some(child()), items());
        assert!(confirm(&mut flow, "a").is_empty());
        let mut flow = shown(items());
        flow.update(FlowMsg::WaiveUndo(true));
        assert!(confirm(&mut flow, "a").is_empty(), "the preview of the new choice is on its way");
    }

    #[test]
    fn exactly_what_was_shown_is_sent() {
        let mut flow = shown(items());
        let effects = confirm(&mut flow, "a");
        let [Effect::Call(_, Call::Erase(sent, key))] = &effects[..] else { panic!() };
        assert_eq!((sent.as_of, key.as_str()), (Some(preview(1).as_of), "a"));
        assert!(!sent.waive_undo && !sent.include_kept, "nothing is chosen beforehand");
    }

    #[test]
    fn another_try_uses_the_same_key_and_the_same_request() {
        let mut flow = shown(items());
        let first = confirm(&mut flow, "a");
        let [Effect::Call(turn, call)] = &first[..] else { panic!() };
        assert!(confirm(&mut flow, "b").is_empty(), "one at a time");
        flow.answered(*turn, Err(Failure::NoAnswer));
        assert!(
            flow.update(FlowMsg::WaiveUndo(true)).is_empty(),
            "it may have arrived: no other request under this key"
        );
        assert!(matches!(&confirm(&mut flow, "b")[..], [Effect::Call(_, again)] if again == call));
    }

    #[test]
    fn a_refusal_frees_the_key() {
        let mut flow = shown(items());
        let [Effect::Call(turn, _)] = confirm(&mut flow, "a")[..] else { panic!() };
        flow.answered(turn, Err(Failure::Refused(Problem::new(ProblemType::Invalid))));
        assert!(matches!(&confirm(&mut flow, "b")[..], [Effect::Call(_, Call::Erase(_, key))] if key == "b"));
    }

    #[test]
    fn what_the_site_stopped_was_not_sent_and_can_be_asked_for_anew() {
        let mut flow = shown(items());
        let [Effect::Call(turn, _)] = confirm(&mut flow, "a")[..] else { panic!() };
        flow.answered(turn, Err(Failure::Stopped));
        assert!(!flow.maybe_sent && flow.sending.failed.is_some());
        assert!(matches!(&confirm(&mut flow, "b")[..], [Effect::Call(_, Call::Erase(_, key))] if key == "b"));
    }

    #[test]
    fn after_a_lost_answer_a_refusal_frees_nothing() {
        let mut flow = shown(items());
        let [Effect::Call(turn, _)] = confirm(&mut flow, "a")[..] else { panic!() };
        flow.answered(turn, Err(Failure::NoAnswer));
        let [Effect::Call(turn, _)] = confirm(&mut flow, "b")[..] else { panic!() };
        flow.answered(turn, Err(Failure::NoSession));
        assert!(flow.maybe_sent, "the first try may have been accepted");
        assert!(matches!(&confirm(&mut flow, "c")[..], [Effect::Call(_, Call::Erase(_, key))] if key == "a"));
    }

    #[test]
    fn what_a_call_is_told_that_was_given_up_leaves_the_key_alone() {
        let mut flow = shown(items());
        let [Effect::Call(given_up, _)] = confirm(&mut flow, "a")[..] else { panic!() };
        flow.answered(given_up, Err(Failure::NoSession));
        let [Effect::Call(awaited, _)] = confirm(&mut flow, "b")[..] else { panic!() };
        assert!(!flow.answered(given_up, Err(Failure::NoAnswer)));
        assert!(!flow.maybe_sent, "that was not about this one");
        flow.answered(given_up, Err(Failure::NoSession));
        flow.answered(awaited, Err(Failure::NoAnswer));
        assert!(matches!(&confirm(&mut flow, "c")[..], [Effect::Call(_, Call::Erase(_, key))] if key == "b"));
    }

    #[test]
    fn everything_of_a_child_needs_the_name() {
        let mut flow = shown(Scope::Child {});
        assert!(!flow.is_small());
        assert!(confirm(&mut flow, "a").is_empty());
        assert!(flow.must_type);
        flow.update(FlowMsg::Typed("Mia".into()));
        assert!(!flow.must_type);
        assert_eq!(confirm(&mut flow, "a").len(), 1);
    }

    #[test]
    fn everything_of_all_children_names_no_child() {
        let (flow, _) = Flow::begin(Some(child()), Scope::Everything {});
        assert!(flow.draft.check().is_ok());
    }

    #[test]
    fn a_watch_ends_with_the_last_state() {
        let (mut watched, effects) = Watched::begin(erasure(ErasureState::Sealed).id, None);
        let [Effect::Watch(turn, _)] = effects[..] else { panic!() };
        watched.news(turn, Ok(erasure(ErasureState::Sealed)));
        assert!(watched.erasure.busy && watched.can_undo());
        watched.news(turn, Err(Failure::NoAnswer));
        assert!(watched.erasure.value.is_some(), "what is known stays on screen");
        watched.news(turn, Ok(erasure(ErasureState::Deleted)));
        assert!(!watched.erasure.busy && !watched.can_undo());
        assert!(watched.watch().is_empty());
    }

    #[test]
    fn an_undo_is_sent_once_and_only_while_sealed() {
        let (mut watched, _) =
            Watched::begin(erasure(ErasureState::Sealed).id, Some(erasure(ErasureState::Sealed)));
        assert_eq!(watched.undo().len(), 1);
        assert!(watched.undo().is_empty());
        let (mut watched, _) =
            Watched::begin(erasure(ErasureState::Erasing).id, Some(erasure(ErasureState::Erasing)));
        assert!(watched.undo().is_empty());
    }
}
