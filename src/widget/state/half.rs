//! The second half of the module, and what waits for it.

use rules::Date;

use super::{Call, Effect, Failure, Loaded, Msg, Turn};
use crate::later::{self, Here};

/// Whether the second half of the module is here, and what is done as soon as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Half {
    /// Proof of it.
    pub here: Option<Here>,
    /// The half, on its way.
    pub coming: Loaded<()>,
    /// What was asked for, in order, and on which day: all that was ticked, and where to go last.
    wanted: Vec<(Msg, Date)>,
}

impl Default for Half {
    fn default() -> Self {
        Self { here: later::here(), coming: Loaded::default(), wanted: Vec::new() }
    }
}

impl Half {
    /// A message has to wait.
    pub fn wait(&mut self, msg: Msg, today: Date) -> Vec<Effect> {
        // Of several ways to go on the last one counts; no tick is lost.
        if !matches!(msg, Msg::List(_)) {
            self.wanted.retain(|(known, _)| matches!(known, Msg::List(_)));
        }
        self.wanted.push((msg, today));
        if self.coming.busy { Vec::new() } else { self.fetch() }
    }

    /// Fetches the half.
    pub fn fetch(&mut self) -> Vec<Effect> {
        vec![Effect::Call(self.coming.begin(), Call::Half)]
    }

    /// It came, or did not. Gives what waited for it.
    pub fn came(&mut self, turn: Turn, answer: Result<(), Failure>) -> Vec<(Msg, Date)> {
        let done = answer.is_ok();
        if !self.coming.accept(turn, answer) || !done {
            return Vec::new();
        }
        self.here = later::here();
        std::mem::take(&mut self.wanted)
    }

    /// Nobody waits any more: she went on to something else.
    pub fn forget(&mut self) {
        self.wanted.clear();
        self.coming.clear();
    }

    /// Something else is looked for: what was ticked was ticked among other things.
    pub fn untick(&mut self) {
        self.wanted.retain(|(known, _)| !matches!(known, Msg::List(_)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{
        Change, Lane, ListMsg, State, View,
        samples::{at, child, children, page, recording, timeline},
    };

    fn step(state: &mut State, msg: Msg) -> Vec<Effect> {
        state.update(msg, at(0).date())
    }

    fn away() -> State {
        State { half: Half { here: None, ..Half::default() }, ..State::default() }
    }

    fn turn(effects: &[Effect]) -> Turn {
        let [Effect::Call(turn, Call::Half)] = effects else { panic!("{effects:?}") };
        *turn
    }

    #[test]
    fn a_message_waits_for_the_half_that_knows_it() {
        let mut state = away();
        let turn = turn(&step(&mut state, Msg::Open(recording(1).id)));
        assert_eq!((state.view, state.opened.id), (View::Children, None), "nothing has happened yet");
        let effects = state.answer(Lane::Half, turn, Ok(String::new()));
        assert_eq!((state.view, state.opened.id), (View::Recording, Some(recording(1).id)));
        assert!(
            matches!(effects[..], [Effect::Call(_, Call::Recording(..)), Effect::Focus(_)]),
            "{effects:?}"
        );
    }

    #[test]
    fn it_is_fetched_once_and_the_last_wish_counts() {
        let mut state = away();
        let turn = turn(&step(&mut state, Msg::Open(recording(1).id)));
        assert!(step(&mut state, Msg::Open(recording(2).id)).is_empty());
        state.answer(Lane::Half, turn, Ok(String::new()));
        assert_eq!(state.opened.id, Some(recording(2).id));
    }

    /// A page of which the second half is away, with three recordings of a child.
    fn away_with_a_list() -> State {
        let mut state = away();
        for n in [Msg::Start, Msg::Child(child())] {
            let effects = step(&mut state, n);
            for effect in effects {
                let Effect::Call(turn, call) = effect else { continue };
                let reply = match call.lane() {
                    Lane::List => serde_json::to_string(&page(0..3, None)),
                    Lane::Timeline => serde_json::to_string(&timeline(0..3)),
                    _ => serde_json::to_string(&children(2)),
                };
                state.answer(call.lane(), turn, Ok(reply.unwrap()));
            }
        }
        assert_eq!(state.list.shown(), 3);
        state
    }

    fn tick(n: u64) -> Msg {
        Msg::List(ListMsg::Tick(recording(n).id, false))
    }

    #[test]
    fn every_tick_made_meanwhile_is_made_in_order() {
        let mut state = away_with_a_list();
        let turn = turn(&step(&mut state, tick(0)));
        for msg in [tick(1), tick(2), tick(1), Msg::Open(recording(2).id), Msg::Open(recording(1).id)] {
            assert!(step(&mut state, msg).is_empty());
        }
        state.answer(Lane::Half, turn, Ok(String::new()));
        let ticked: Vec<_> = (0..3).map(|n| state.list.selection.has(recording(n).id)).collect();
        assert_eq!(ticked, [true, false, true], "the second one was ticked and unticked");
        assert_eq!(state.opened.id, Some(recording(1).id), "of two ways the last one");
    }

    #[test]
    fn what_was_ticked_meanwhile_is_not_ticked_in_another_search() {
        let mut state = away_with_a_list();
        let turn = turn(&step(&mut state, tick(0)));
        step(&mut state, Msg::List(ListMsg::Look(Change::Words("nuts".into()))));
        state.answer(Lane::Half, turn, Ok(String::new()));
        assert_eq!(state.list.selection.count(), 0);
    }

    #[test]
    fn without_it_nothing_is_lost_and_another_try_does_what_was_wanted() {
        let mut state = away();
        let first = turn(&step(&mut state, Msg::Open(recording(1).id)));
        let effects = state.answer(Lane::Half, first, Err(Failure::NotLoaded));
        assert!(matches!(effects[..], [Effect::Tell(_)]), "the host is told: {effects:?}");
        assert_eq!(
            (state.view, state.half.coming.failed.as_ref()),
            (View::Children, Some(&Failure::NotLoaded))
        );
        let again = turn(&step(&mut state, Msg::Retry(Lane::Half)));
        state.answer(Lane::Half, again, Ok(String::new()));
        assert_eq!(state.view, View::Recording);
    }

    #[test]
    fn who_has_gone_on_is_not_led_back() {
        let mut state = away();
        let turn = turn(&step(&mut state, Msg::Open(recording(1).id)));
        step(&mut state, Msg::Go(View::Children));
        state.answer(Lane::Half, turn, Ok(String::new()));
        assert_eq!(state.view, View::Children);
    }

    #[test]
    fn the_first_screens_do_not_wait() {
        let mut state = away();
        for msg in [
            Msg::Start,
            Msg::Child(recording(1).child),
            Msg::List(ListMsg::Unfold(true)),
            Msg::Go(View::Recordings),
        ] {
            let effects = step(&mut state, msg);
            assert!(
                !effects.iter().any(|effect| matches!(effect, Effect::Call(_, Call::Half))),
                "{effects:?}"
            );
        }
    }
}
