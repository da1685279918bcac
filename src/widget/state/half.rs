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
    /// What was asked for last, and on which day.
    wanted: Option<(Msg, Date)>,
}

impl Default for Half {
    fn default() -> Self {
        Self { here: later::here(), coming: Loaded::default(), wanted: None }
    }
}

impl Half {
    /// A message has to wait.
    pub fn wait(&mut self, msg: Msg, today: Date) -> Vec<Effect> {
        self.wanted = Some((msg, today));
        if self.coming.busy { Vec::new() } else { self.fetch() }
    }

    /// Fetches the half.
    pub fn fetch(&mut self) -> Vec<Effect> {
        vec![Effect::Call(self.coming.begin(), Call::Half)]
    }

    /// It came, or did not. Gives what waited for it.
    pub fn came(&mut self, turn: Turn, answer: Result<(), Failure>) -> Option<(Msg, Date)> {
        let done = answer.is_ok();
        if !self.coming.accept(turn, answer) || !done {
            return None;
        }
        self.here = later::here();
        self.wanted.take()
    }

    /// Nobody waits any more: she went on to something else.
    pub fn forget(&mut self) {
        self.wanted = None;
        self.coming.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{
        Lane, ListMsg, State, View,
        samples::{at, recording},
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
