//! The page as a whole: sentences about what a parent meets.

use rules::{
    ErasureState,
    contract::{Erasure, Playback},
    erasure::Phrase,
    problem::{Problem, ProblemType},
};

use std::rc::Rc;

use super::{samples::*, *};

fn today() -> Date {
    at(0).date()
}

fn step(state: &mut State, msg: Msg) -> Vec<Effect> {
    state.update(msg, today())
}

fn turn_of(effects: &[Effect], lane: Lane) -> Turn {
    let turn = effects.iter().find_map(|effect| match effect {
        Effect::Call(turn, call) if call.lane() == lane => Some(*turn),
        Effect::Watch(turn, _) if lane == Lane::Watch => Some(*turn),
        _ => None,
    });
    turn.unwrap_or_else(|| panic!("{lane:?} was expected among {effects:?}"))
}

fn answer(state: &mut State, effects: &[Effect], lane: Lane, reply: impl serde::Serialize) -> Vec<Effect> {
    state.answer(lane, turn_of(effects, lane), Ok(serde_json::to_string(&reply).unwrap()))
}

fn refuse(state: &mut State, effects: &[Effect], lane: Lane, failure: Failure) -> Vec<Effect> {
    state.answer(lane, turn_of(effects, lane), Err(failure))
}

/// A page with so many children; with one, its list is on its way.
fn started(n: u64) -> (State, Vec<Effect>) {
    let mut state = State::default();
    let effects = step(&mut state, Msg::Start);
    let effects = answer(&mut state, &effects, Lane::Children, children(n));
    (state, effects)
}

/// A page that shows three recordings of its only child.
fn listed() -> State {
    let (mut state, effects) = started(1);
    fill(&mut state, &effects, 0..3);
    state
}

/// The list is answered: so many, on their days.
fn fill(state: &mut State, effects: &[Effect], ids: std::ops::Range<u64>) -> Vec<Effect> {
    answer(state, effects, Lane::List, page(ids.clone(), None));
    answer(state, effects, Lane::Timeline, timeline(ids))
}

fn rows(state: &State) -> usize {
    (0..state.list.shown()).filter(|row| state.list.row(*row).is_some()).count()
}

/// A page on which the deletion of one recording was confirmed and accepted.
fn accepted() -> (State, Vec<Effect>) {
    let mut state = listed();
    let id = recording(0).id;
    let effects = step(&mut state, Msg::Ask(Scope::Items { recordings: vec![id] }));
    answer(&mut state, &effects, Lane::Preview, preview(1));
    let effects = step(&mut state, Msg::Flow(FlowMsg::Confirm { key: "k".into(), named: false }));
    let sealed = erasure(ErasureState::Sealed);
    let effects = answer(&mut state, &effects, Lane::Erase, sealed);
    (state, effects)
}

#[test]
fn an_only_child_is_shown_at_once_and_several_are_chosen_from() {
    let (state, effects) = started(1);
    assert_eq!((state.view, state.child), (View::Recordings, Some(child())));
    turn_of(&effects, Lane::List);
    let (state, effects) = started(2);
    assert_eq!((state.view, state.child), (View::Children, None));
    assert!(effects.is_empty());
}

#[test]
fn nothing_of_one_child_is_shown_under_the_name_of_another() {
    let (mut state, _) = started(2);
    let [first, second] = [1, 2].map(|n| ChildId::from_parts(1, n));
    let of_first = step(&mut state, Msg::Child(first));
    let of_second = step(&mut state, Msg::Child(second));
    fill(&mut state, &of_first, 0..3);
    assert_eq!(rows(&state), 0, "the first child's list came too late");
    fill(&mut state, &of_second, 5..6);
    step(&mut state, Msg::Open(recording(5).id));
    step(&mut state, Msg::Child(first));
    assert_eq!(rows(&state), 0);
    assert_eq!((state.opened.id, &state.opened.recording.value), (None, &None));
}

#[test]
fn a_failure_says_what_it_is_and_trying_again_asks_again() {
    let mut state = State::default();
    let effects = step(&mut state, Msg::Start);
    refuse(&mut state, &effects, Lane::Children, Failure::NoSession);
    assert_eq!(state.children.failed.as_ref().map(Failure::trouble), Some(Trouble::SignedOut));
    let effects = step(&mut state, Msg::Start);
    turn_of(&effects, Lane::Children);
    assert!(step(&mut state, Msg::Start).is_empty(), "it is on its way already");
}

#[test]
fn back_from_a_recording_the_focus_is_on_its_row() {
    let mut state = listed();
    let id = recording(1).id;
    step(&mut state, Msg::Open(id));
    assert_eq!(step(&mut state, Msg::Close), [Effect::Focus(Spot::Row(id))]);
}

#[test]
fn a_keep_shows_in_the_list_and_is_said() {
    let mut state = listed();
    let id = recording(0).id;
    step(&mut state, Msg::Open(id));
    let until = today().plus_days(30);
    step(&mut state, Msg::Opened(OpenedMsg::Until(until.to_string())));
    let effects = step(&mut state, Msg::Opened(OpenedMsg::Keep));
    let effects = answer(&mut state, &effects, Lane::Keep, ());
    turn_of(&effects, Lane::Recording);
    assert_eq!(state.said, Some(Said::Kept(until)));
    assert_eq!(state.list.row(0).unwrap().kept_until, Some(until));
    let effects = step(&mut state, Msg::Opened(OpenedMsg::EndKeep));
    answer(&mut state, &effects, Lane::Keep, ());
    assert_eq!((state.said, state.list.row(0).unwrap().kept_until), (Some(Said::KeepEnded), None));
}

#[test]
fn once_a_deletion_is_accepted_nothing_that_was_read_before_is_shown() {
    let (state, effects) = accepted();
    assert_eq!((state.view, state.said), (View::Progress, Some(Said::Erasure(Phrase::Sealed))));
    assert!(state.flow.is_none() && rows(&state) == 0 && state.opened.recording.value.is_none());
    turn_of(&effects, Lane::Watch);
    turn_of(&effects, Lane::Children);
}

#[test]
fn a_deletion_that_failed_to_leave_stays_as_it_was_filled_in() {
    let mut state = listed();
    let effects = step(&mut state, Msg::Ask(Scope::Child {}));
    assert_eq!(state.view, View::Erase);
    answer(&mut state, &effects, Lane::Preview, preview(3));
    step(&mut state, Msg::Flow(FlowMsg::Typed("Child 1".into())));
    let effects = step(&mut state, Msg::Flow(FlowMsg::Confirm { key: "k".into(), named: true }));
    refuse(&mut state, &effects, Lane::Erase, Failure::NoAnswer);
    let flow = state.flow.as_ref().unwrap();
    assert_eq!((flow.typed.as_str(), flow.sending.failed.clone()), ("Child 1", Some(Failure::NoAnswer)));
    assert_eq!(rows(&state), 3, "nothing was accepted");
}

#[test]
fn leaving_a_deletion_leads_back_to_where_it_began() {
    let mut state = listed();
    step(&mut state, Msg::Go(View::Holdings));
    step(&mut state, Msg::Ask(Scope::Child {}));
    assert_eq!(step(&mut state, Msg::Leave), [Effect::Focus(Spot::Heading)]);
    assert_eq!((state.view, state.flow), (View::Holdings, None));
}

#[test]
fn each_change_of_state_is_said_once() {
    let (mut state, effects) = accepted();
    let turn = turn_of(&effects, Lane::Watch);
    let mut said = Vec::new();
    for kind in [ErasureState::Sealed, ErasureState::Erasing, ErasureState::Erasing, ErasureState::Deleted] {
        state.said = None;
        state.news(turn, Ok(erasure(kind)));
        said.extend(state.said);
    }
    assert_eq!(said, [Said::Erasure(Phrase::Erasing), Said::Erasure(Phrase::Deleted)]);
}

#[test]
fn deleted_is_not_said_on_the_word_of_the_service_alone() {
    let (mut state, effects) = accepted();
    let turn = turn_of(&effects, Lane::Watch);
    let mut claimed = erasure(ErasureState::Deleted);
    claimed.steps[0].state = rules::StepState::Retrying;
    state.news(turn, Ok(claimed));
    assert_eq!(state.said, Some(Said::Erasure(Phrase::Retrying)));
}

#[test]
fn an_undo_that_came_too_late_shows_how_things_stand() {
    let (mut state, _) = accepted();
    let effects = step(&mut state, Msg::Undo);
    let late = Failure::Refused(Problem::new(ProblemType::Conflict));
    let effects = refuse(&mut state, &effects, Lane::Undo, late);
    turn_of(&effects, Lane::Watch);
    assert_eq!(state.watched.as_ref().unwrap().undoing.failed.as_ref().unwrap().trouble(), Trouble::Changed);
}

#[test]
fn the_time_left_is_counted_by_one_clock_and_only_while_it_shows() {
    let (mut state, effects) = accepted();
    assert_eq!(effects.iter().filter(|effect| matches!(effect, Effect::Wait(..))).count(), 1);
    assert_eq!(step(&mut state, Msg::Tick), [Effect::Wait(1_000, Msg::Tick)]);
    let effects = step(&mut state, Msg::Go(View::Recordings));
    assert!(effects.contains(&Effect::Unwatch));
    assert!(step(&mut state, Msg::Tick).is_empty());
}

#[test]
fn pages_of_past_requests_follow_each_other() {
    let mut state = listed();
    let effects = step(&mut state, Msg::Go(View::Requests));
    let one = |next: Option<&str>| Erasures {
        items: vec![erasure(ErasureState::Deleted)],
        next: next.map(String::from),
    };
    answer(&mut state, &effects, Lane::Erasures, one(Some("c")));
    let effects = step(&mut state, Msg::MoreRequests);
    answer(&mut state, &effects, Lane::Erasures, one(None));
    assert_eq!(state.requests.value.as_ref().map(|list| list.items.len()), Some(2));
    assert!(step(&mut state, Msg::MoreRequests).is_empty());
}

#[test]
fn an_answer_of_the_wrong_kind_is_unreadable_not_a_crash() {
    let mut state = State::default();
    let effects = step(&mut state, Msg::Start);
    answer(&mut state, &effects, Lane::Children, ());
    assert_eq!(state.children.failed, Some(Failure::Unreadable));
}

#[test]
fn a_recording_that_is_gone_says_so() {
    let mut state = listed();
    let id = recording(0).id;
    let effects = step(&mut state, Msg::Open(id));
    refuse(&mut state, &effects, Lane::Recording, Failure::Refused(Problem::new(ProblemType::Gone)));
    assert_eq!(state.opened.recording.failed.as_ref().map(Failure::trouble), Some(Trouble::Gone));
    let effects = step(&mut state, Msg::Retry(Lane::Recording));
    answer(&mut state, &effects, Lane::Recording, opened(0));
    assert!(state.opened.recording.value.is_some());
}

#[test]
fn the_page_never_takes_the_focus_by_itself() {
    let (_, effects) = started(1);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Focus(_))));
    let (mut state, _) = started(2);
    assert!(
        step(&mut state, Msg::Child(child())).contains(&Effect::Focus(Spot::Heading)),
        "when asked, it does"
    );
}

#[test]
fn nobody_is_led_away_from_a_request_whose_answer_she_has_to_see() {
    let mut state = listed();
    let effects = step(&mut state, Msg::Ask(Scope::Child {}));
    answer(&mut state, &effects, Lane::Preview, preview(3));
    let effects = step(&mut state, Msg::Flow(FlowMsg::Typed("Child 1".into())));
    assert!(effects.is_empty());
    let effects = step(&mut state, Msg::Flow(FlowMsg::Confirm { key: "k".into(), named: true }));
    for msg in [Msg::Leave, Msg::Go(View::Recordings), Msg::Child(child()), Msg::Ask(Scope::Child {})] {
        assert!(step(&mut state, msg).is_empty());
    }
    answer(&mut state, &effects, Lane::Erase, erasure(ErasureState::Sealed));
    assert_eq!(state.view, View::Progress);
}

#[test]
fn a_watch_that_breaks_off_is_taken_up_again_until_the_end() {
    let (mut state, effects) = accepted();
    let turn = turn_of(&effects, Lane::Watch);
    state.news(turn, Err(Failure::NoAnswer));
    let again = [Effect::Wait(answers::WATCH_AGAIN_MS, Msg::Retry(Lane::Watch))];
    assert_eq!(state.quiet(turn), again);
    let effects = step(&mut state, Msg::Retry(Lane::Watch));
    assert!(state.watched.as_ref().unwrap().erasure.failed.is_some(), "it stays said until there is news");
    assert!(state.quiet(turn).is_empty(), "an earlier watch ends late");
    let turn = turn_of(&effects, Lane::Watch);
    state.news(turn, Ok(erasure(ErasureState::Deleted)));
    assert!(state.watched.as_ref().unwrap().erasure.failed.is_none());
    assert!(state.quiet(turn).is_empty());
}

/// A page on which a recording plays.
fn playing() -> State {
    let mut state = listed();
    let effects = step(&mut state, Msg::Open(recording(0).id));
    answer(&mut state, &effects, Lane::Recording, opened(0));
    let effects = step(&mut state, Msg::Player(player::Msg::Toggle));
    let ticket =
        Playback { url: "/v1/media/t".into(), media_type: "audio/wav".into(), expires_at: at(900_000) };
    let effects = answer(&mut state, &effects, Lane::Playback, ticket);
    assert_eq!(effects, [Effect::Media(player::Effect::Load("/v1/media/t".into(), 0))]);
    step(&mut state, Msg::Player(player::Msg::Started));
    step(&mut state, Msg::Player(player::Msg::At(1_000)));
    state
}

#[test]
fn nothing_plays_by_itself() {
    let mut state = listed();
    let effects = step(&mut state, Msg::Open(recording(0).id));
    let more = answer(&mut state, &effects, Lane::Recording, opened(0));
    for effect in effects.iter().chain(&more) {
        assert!(!matches!(effect, Effect::Media(_) | Effect::Call(_, Call::Playback(_))), "{effect:?}");
    }
}

#[test]
fn it_is_silent_before_a_deletion_is_even_shown() {
    let mut state = playing();
    let effects = step(&mut state, Msg::Ask(Scope::Items { recordings: vec![recording(0).id] }));
    assert_eq!(effects.first(), Some(&Effect::Media(player::Effect::Unload)));
    assert!(!state.player.playing && state.player.ticket.value.is_none());
}

#[test]
fn it_is_silent_once_it_is_left_and_another_begins_at_its_beginning() {
    for msg in [Msg::Close, Msg::Go(View::Requests), Msg::Open(recording(1).id)] {
        let mut state = playing();
        let effects = step(&mut state, msg.clone());
        assert_eq!(effects.first(), Some(&Effect::Media(player::Effect::Unload)), "{msg:?}");
    }
    let mut state = playing();
    step(&mut state, Msg::Open(recording(1).id));
    assert_eq!(state.player.position_ms, 0);
}

#[test]
fn out_of_a_box_the_focus_goes_back_to_where_it_was() {
    let mut state = listed();
    step(&mut state, Msg::Ask(Scope::Items { recordings: vec![recording(0).id] }));
    assert_eq!(step(&mut state, Msg::Leave), [Effect::CloseBox]);
}

/// A page on which this recording of three is opened.
fn reviewing(at: usize) -> State {
    let mut state = listed();
    let id = recording(at as u64).id;
    let effects = step(&mut state, Msg::Open(id));
    answer(&mut state, &effects, Lane::Recording, opened(at as u64));
    state
}

#[test]
fn keys_of_one_letter_mean_what_the_buttons_do() {
    let mut state = reviewing(1);
    let ids: Vec<_> = (0..3).map(|n| recording(n).id).collect();
    step(&mut state, Msg::Key(Shortcut::Older));
    assert_eq!(state.opened.id, Some(ids[2]));
    assert!(step(&mut state, Msg::Key(Shortcut::Older)).is_empty(), "there is no older one");
    assert!(step(&mut state, Msg::Key(Shortcut::Delete)).is_empty(), "it is not even shown yet");
    let mut state = reviewing(1);
    step(&mut state, Msg::Key(Shortcut::Newer));
    assert_eq!(state.opened.id, Some(ids[0]));
    let mut state = reviewing(1);
    assert_eq!(step(&mut state, Msg::Key(Shortcut::Keep)), [Effect::Focus(Spot::KeepFirst)]);
    assert_eq!(step(&mut state, Msg::Key(Shortcut::Back)), [Effect::Focus(Spot::Keep)], "the form first");
    let effects = step(&mut state, Msg::Key(Shortcut::Delete));
    turn_of(&effects, Lane::Preview);
    assert!(step(&mut state, Msg::Key(Shortcut::Older)).is_empty(), "a deletion is being decided");
    step(&mut state, Msg::Leave);
    assert_eq!(step(&mut state, Msg::Key(Shortcut::Back)), [Effect::Focus(Spot::Row(ids[1]))]);
    assert!(step(&mut state, Msg::Key(Shortcut::Delete)).is_empty(), "no recording is open");
}

#[test]
fn after_a_deletion_in_a_review_the_next_one_is_offered() {
    let mut state = reviewing(1);
    let next = recording(2).id;
    let effects = step(&mut state, Msg::Key(Shortcut::Delete));
    answer(&mut state, &effects, Lane::Preview, preview(1));
    let effects = step(&mut state, Msg::Flow(FlowMsg::Confirm { key: "k".into(), named: false }));
    answer(&mut state, &effects, Lane::Erase, erasure(ErasureState::Sealed));
    assert_eq!((state.view, state.next_up), (View::Progress, Some(next)));
    let effects = step(&mut state, Msg::Key(Shortcut::Older));
    assert_eq!((state.view, state.opened.id), (View::Recording, Some(next)));
    assert!(effects.contains(&Effect::Unwatch));
    turn_of(&effects, Lane::Recording);
    turn_of(&effects, Lane::List);
    let (state, _) = accepted();
    assert_eq!(state.next_up, None, "out of the list there is no next one");
}

#[test]
fn the_host_is_told_what_happened_and_nothing_of_a_child() {
    let mut state = reviewing(0);
    let id = state.opened.id.unwrap();
    let until = today().plus_days(30);
    step(&mut state, Msg::Opened(OpenedMsg::Until(until.to_string())));
    let effects = step(&mut state, Msg::Opened(OpenedMsg::Keep));
    let effects = answer(&mut state, &effects, Lane::Keep, ());
    assert!(effects.contains(&Effect::Tell(Told::Keep(id, Some(until)))));

    let (mut state, effects) = accepted();
    let sealed = erasure(ErasureState::Sealed);
    let told = |effects: &[Effect]| -> Vec<_> {
        effects.iter().filter(|effect| matches!(effect, Effect::Tell(_))).cloned().collect()
    };
    assert_eq!(told(&effects), [Effect::Tell(Told::Erasure(sealed.id, ErasureState::Sealed))]);
    let turn = turn_of(&effects, Lane::Watch);
    assert!(told(&state.news(turn, Ok(sealed.clone()))).is_empty());
    let error = [Effect::Tell(Told::Error("unreachable"))];
    assert_eq!(told(&state.news(turn, Err(Failure::NoAnswer))), error);
    assert!(told(&state.news(turn, Err(Failure::NoAnswer))).is_empty(), "once");
    let erasing = [Effect::Tell(Told::Erasure(sealed.id, ErasureState::Erasing))];
    assert_eq!(told(&state.news(turn, Ok(erasure(ErasureState::Erasing)))), erasing);
}

#[test]
fn a_failure_is_told_once_and_never_one_of_a_call_that_was_called_off() {
    let mut state = State::default();
    let first = step(&mut state, Msg::Start);
    let second = step(&mut state, Msg::Retry(Lane::Children));
    assert!(refuse(&mut state, &first, Lane::Children, Failure::NoAnswer).is_empty());
    let told = refuse(&mut state, &second, Lane::Children, Failure::NoSession);
    assert_eq!(told, [Effect::Tell(Told::Error("session"))]);
}

#[test]
fn what_she_did_not_wait_for_finds_her_when_it_failed() {
    let mut state = reviewing(0);
    let id = state.opened.id.unwrap();
    step(&mut state, Msg::Opened(OpenedMsg::Until(today().plus_days(3).to_string())));
    let keep = step(&mut state, Msg::Opened(OpenedMsg::Keep));
    step(&mut state, Msg::Key(Shortcut::Older));
    refuse(&mut state, &keep, Lane::Keep, Failure::NoAnswer);
    assert_eq!(state.lost, Some((Lost::Keep(id), Failure::NoAnswer)));
    let effects = step(&mut state, Msg::Open(id));
    assert_eq!(state.lost, None);

    answer(&mut state, &effects, Lane::Recording, opened(0));
    step(&mut state, Msg::Opened(OpenedMsg::Until(today().plus_days(3).to_string())));
    let keep = step(&mut state, Msg::Opened(OpenedMsg::Keep));
    step(&mut state, Msg::Close);
    refuse(&mut state, &keep, Lane::Keep, Failure::NoAnswer);
    assert_eq!(state.lost, Some((Lost::Keep(id), Failure::NoAnswer)), "she is in the list");

    let (mut state, _) = accepted();
    let id = state.watched.as_ref().unwrap().id;
    let undo = step(&mut state, Msg::Undo);
    step(&mut state, Msg::Go(View::Requests));
    refuse(&mut state, &undo, Lane::Undo, Failure::NoAnswer);
    assert_eq!(state.lost, Some((Lost::Undo(id), Failure::NoAnswer)));
    step(&mut state, Msg::Watch(id));
    assert_eq!(state.lost, None);
}

#[test]
fn online_again_what_was_missed_is_fetched_and_nothing_is_sent_that_changes_anything() {
    let mut state = reviewing(0);
    step(&mut state, Msg::Online(false));
    assert!(state.offline);
    step(&mut state, Msg::Opened(OpenedMsg::Until(today().plus_days(3).to_string())));
    let keep = step(&mut state, Msg::Opened(OpenedMsg::Keep));
    refuse(&mut state, &keep, Lane::Keep, Failure::NoAnswer);
    let holdings = step(&mut state, Msg::Go(View::Holdings));
    refuse(&mut state, &holdings, Lane::Holdings, Failure::NoAnswer);
    let effects = step(&mut state, Msg::Online(true));
    assert!(!state.offline);
    assert!(matches!(effects[..], [Effect::Call(_, Call::Holdings(_))]), "{effects:?}");
}

#[test]
fn a_call_that_drags_on_is_said_to_until_it_is_answered() {
    let mut state = State::default();
    let effects = step(&mut state, Msg::Start);
    let turn = turn_of(&effects, Lane::Children);
    state.drags(Lane::Children, turn - 1);
    assert!(!state.children.slow, "that was another one");
    state.drags(Lane::Children, turn);
    assert!(state.children.slow);
    step(&mut state, Msg::Retry(Lane::Children));
    assert!(!state.children.slow, "a new one");
}

#[test]
fn what_is_gone_is_not_in_the_list_she_goes_back_to() {
    let mut state = listed();
    let id = recording(1).id;
    let effects = step(&mut state, Msg::Open(id));
    let gone = Failure::Refused(Problem::new(ProblemType::NotFound));
    refuse(&mut state, &effects, Lane::Recording, gone);
    let effects = step(&mut state, Msg::Close);
    turn_of(&effects, Lane::List);
}

#[test]
fn what_was_searched_for_is_marked_in_what_is_opened() {
    let mut state = listed();
    let id = recording(1).id;
    state.list.form.words = "nuts".into();
    let effects = step(&mut state, Msg::Open(id));
    assert!(
        effects.iter().any(|effect| {
            matches!(effect, Effect::Call(_, Call::Recording(of, Some(words))) if *of == id && words == "nuts")
        }),
        "{effects:?}"
    );
}

#[test]
fn refreshing_asks_for_what_is_shown_and_leaves_a_decision_alone() {
    let mut state = listed();
    turn_of(&step(&mut state, Msg::Refresh), Lane::List);
    step(&mut state, Msg::List(ListMsg::Look(Change::Kind(Some(rules::Kind::Video)))));
    assert!(state.list.bars.is_some());
    let effects = step(&mut state, Msg::Refresh);
    for lane in [Lane::List, Lane::Timeline, Lane::Whole] {
        turn_of(&effects, lane);
    }
    assert!(state.list.bars.is_some(), "the picture stays until there is another");
    step(&mut state, Msg::Go(View::Requests));
    turn_of(&step(&mut state, Msg::Refresh), Lane::Erasures);
    let preview_call = step(&mut state, Msg::Ask(Scope::Child {}));
    answer(&mut state, &preview_call, Lane::Preview, preview(3));
    let flow = state.flow.clone();
    let effects = step(&mut state, Msg::Refresh);
    assert!(effects.iter().all(|effect| matches!(effect, Effect::Call(_, Call::Children))), "{effects:?}");
    assert_eq!((state.flow, state.view), (flow, View::Erase));
}

#[test]
fn who_left_sees_nothing_any_more() {
    let mut state = reviewing(0);
    let late = step(&mut state, Msg::Go(View::Holdings));
    let effects = step(&mut state, Msg::LeavePage);
    assert_eq!(effects, [Effect::Media(player::Effect::Unload), Effect::LeavePage]);
    answer(
        &mut state,
        &late,
        Lane::Holdings,
        rules::contract::Holdings {
            child: child(),
            as_of: at(0),
            stores: Vec::new(),
            recipients: Vec::new(),
        },
    );
    assert!(step(&mut state, Msg::Start).is_empty() && step(&mut state, Msg::Refresh).is_empty());
    assert_eq!(state, State { gone: true, ..State::default() });
}

#[test]
fn the_focus_is_caught_where_the_next_past_requests_begin() {
    let mut state = listed();
    let effects = step(&mut state, Msg::Go(View::Requests));
    let page = |n: u128, next: Option<&str>| Erasures {
        items: vec![Erasure { id: ErasureId::from_parts(2, n), ..erasure(ErasureState::Deleted) }],
        next: next.map(String::from),
    };
    answer(&mut state, &effects, Lane::Erasures, page(1, Some("more")));
    assert_eq!(state.catch(), Spot::Heading);
    let effects = step(&mut state, Msg::MoreRequests);
    answer(&mut state, &effects, Lane::Erasures, page(2, None));
    assert_eq!(state.catch(), Spot::Request(ErasureId::from_parts(2, 2)));
}

#[test]
fn after_a_deletion_she_is_where_she_was() {
    let (mut state, _) = accepted();
    let effects = step(&mut state, Msg::Go(View::Recordings));
    let mut left = page(1..3, None);
    let gone = left.items[0].id;
    answer(&mut state, &effects, Lane::List, left.clone());
    let effects = answer(&mut state, &effects, Lane::Timeline, timeline(1..3));
    assert!(effects.contains(&Effect::Focus(Spot::Row(gone))), "the next row has the focus: {effects:?}");
    left.items.clear();
    let effects = step(&mut state, Msg::Go(View::Recordings));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Call(..))), "what is there is there");
}

#[test]
fn back_and_forward_lead_to_where_she_was() {
    let mut state = listed();
    state.update(Msg::List(ListMsg::Tick(recording(2).id, false)), today());
    let list = state.place();
    step(&mut state, Msg::Open(recording(1).id));
    assert_eq!(state.step_from(&list), Step::Went);
    let opened = state.place();
    step(&mut state, Msg::Open(recording(2).id));
    assert_eq!(state.step_from(&opened), Step::Slid, "the older one takes the place of the newer");

    let effects = step(&mut state, Msg::Back(Rc::new(list.clone())));
    assert_eq!((state.view, state.list.selection.count()), (View::Recordings, 1));
    assert!(effects.contains(&Effect::Focus(Spot::Row(recording(2).id))), "{effects:?}");
    let effects = step(&mut state, Msg::Back(Rc::new(opened.clone())));
    assert_eq!((state.view, state.opened.id), (View::Recording, Some(recording(1).id)));
    turn_of(&effects, Lane::Recording);
}

#[test]
fn back_to_another_search_looks_for_that_again() {
    let mut state = listed();
    let video = |kind| Msg::List(ListMsg::Look(Change::Kind(kind)));
    let effects = step(&mut state, video(Some(rules::Kind::Video)));
    fill(&mut state, &effects, 0..1);
    step(&mut state, Msg::List(ListMsg::Tick(recording(0).id, false)));
    let searched = state.place();
    step(&mut state, Msg::Go(View::Holdings));
    step(&mut state, Msg::Go(View::Recordings));
    let effects = step(&mut state, video(None));
    fill(&mut state, &effects, 0..3);
    step(&mut state, Msg::Go(View::Holdings));
    let effects = step(&mut state, Msg::Back(Rc::new(searched.clone())));
    assert_eq!((state.list.form.kind, state.list.selection.count()), (Some(rules::Kind::Video), 1));
    fill(&mut state, &effects, 0..1);
    assert_eq!(state.list.selection.count(), 1);
}

#[test]
fn back_out_of_a_deletion_forgets_it_and_not_while_it_is_sent() {
    let mut state = listed();
    let list = state.place();
    let effects = step(&mut state, Msg::Ask(Scope::Child {}));
    answer(&mut state, &effects, Lane::Preview, preview(3));
    let asked = state.place();
    step(&mut state, Msg::Back(Rc::new(list.clone())));
    assert_eq!((state.view, &state.flow), (View::Recordings, &None));
    step(&mut state, Msg::Back(Rc::new(asked.clone())));
    assert_eq!((state.view, &state.flow), (View::Recordings, &None), "forward does not ask for it again");
}

/// A page on which all but one of three are being named for a deletion.
fn naming() -> (State, Vec<Effect>) {
    let mut state = listed();
    step(&mut state, Msg::List(ListMsg::All));
    step(&mut state, Msg::List(ListMsg::Tick(recording(0).id, false)));
    let effects = step(&mut state, Msg::List(ListMsg::Name));
    turn_of(&effects, Lane::Ids);
    (state, effects)
}

#[test]
fn a_deletion_she_looks_at_is_never_replaced_by_one_that_was_still_being_named() {
    let (mut state, ids) = naming();
    let effects = answer(&mut state, &ids, Lane::Ids, page(0..3, None));
    turn_of(&effects, Lane::Preview);

    let (mut state, ids) = naming();
    step(&mut state, Msg::Go(View::Holdings));
    step(&mut state, Msg::Ask(Scope::Child {}));
    let effects = answer(&mut state, &ids, Lane::Ids, page(0..3, None));
    assert_eq!((effects, state.said), (Vec::new(), None));
    assert_eq!((state.view, &state.flow.as_ref().unwrap().draft.scope), (View::Erase, &Scope::Child {}));

    let (mut state, ids) = naming();
    let one = Scope::Items { recordings: vec![recording(1).id] };
    let effects = step(&mut state, Msg::Open(recording(1).id));
    answer(&mut state, &effects, Lane::Recording, opened(1));
    let effects = step(&mut state, Msg::Ask(one.clone()));
    answer(&mut state, &effects, Lane::Preview, preview(1));
    let sent = step(&mut state, Msg::Flow(FlowMsg::Confirm { key: "k".into(), named: false }));
    assert!(answer(&mut state, &ids, Lane::Ids, page(0..3, None)).is_empty());
    assert_eq!(state.flow.as_ref().unwrap().draft.scope, one);
    answer(&mut state, &sent, Lane::Erase, erasure(ErasureState::Sealed));
    assert_eq!(state.view, View::Progress, "the service's yes is heard");
}

#[test]
fn what_was_being_named_is_not_asked_about_once_she_went_on() {
    for msg in
        [Msg::Go(View::Holdings), Msg::Open(recording(1).id), Msg::Watch(erasure(ErasureState::Sealed).id)]
    {
        let (mut state, ids) = naming();
        step(&mut state, msg.clone());
        assert!(answer(&mut state, &ids, Lane::Ids, page(0..3, None)).is_empty(), "{msg:?}");
        step(&mut state, Msg::Go(View::Recordings));
        assert!(state.flow.is_none() && state.list.gather.is_none(), "{msg:?}");
    }
}

#[test]
fn a_request_that_is_come_back_to_tells_the_host_nothing_new() {
    let mut state = listed();
    let deleted = erasure(ErasureState::Deleted);
    let effects = step(&mut state, Msg::Watch(deleted.id));
    let turn = turn_of(&effects, Lane::Watch);
    let effects = state.news(turn, Ok(deleted));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Tell(_))), "{effects:?}");
}

/// A page on which the answer to a deletion was lost; and the list as it was before.
fn unanswered(scope: Scope) -> (State, Rc<Place>) {
    let mut state = listed();
    let list = Rc::new(state.place());
    let effects = step(&mut state, Msg::Ask(scope));
    answer(&mut state, &effects, Lane::Preview, preview(3));
    let effects = step(&mut state, Msg::Flow(FlowMsg::Confirm { key: "k".into(), named: true }));
    refuse(&mut state, &effects, Lane::Erase, Failure::NoAnswer);
    (state, list)
}

#[test]
fn back_from_a_deletion_that_may_have_been_accepted_leads_where_she_sees_whether_it_was() {
    for scope in [Scope::Child {}, Scope::Items { recordings: vec![recording(0).id] }] {
        let (mut state, list) = unanswered(scope.clone());
        let effects = step(&mut state, Msg::Back(list));
        assert_eq!((state.view, &state.flow, rows(&state)), (View::Requests, &None, 0));
        turn_of(&effects, Lane::Erasures);
        let boxed = matches!(scope, Scope::Items { .. });
        assert_eq!(effects.contains(&Effect::CloseBox), boxed);
        turn_of(&step(&mut state, Msg::Go(View::Recordings)), Lane::List);
    }
}

#[test]
fn whoever_goes_on_from_such_a_deletion_is_shown_nothing_of_before() {
    let (mut state, _) = unanswered(Scope::Child {});
    turn_of(&step(&mut state, Msg::Go(View::Recordings)), Lane::List);
    assert_eq!(rows(&state), 0);
}

/// All three recordings are ticked.
fn ticked() -> State {
    let mut state = listed();
    for n in 0..3 {
        step(&mut state, Msg::List(ListMsg::Tick(recording(n).id, false)));
    }
    assert_eq!(state.list.selection.count(), 3);
    state
}

fn delete_ticked(state: &mut State) {
    let scope = state.list.scope().unwrap();
    let effects = step(state, Msg::Ask(scope));
    answer(state, &effects, Lane::Preview, preview(3));
    let effects = step(state, Msg::Flow(FlowMsg::Confirm { key: "k".into(), named: false }));
    answer(state, &effects, Lane::Erase, erasure(ErasureState::Sealed));
}

#[test]
fn back_after_a_deletion_nothing_of_it_is_ticked() {
    let mut state = ticked();
    let list = state.place();
    delete_ticked(&mut state);
    assert_eq!(state.view, View::Progress);
    let effects = step(&mut state, Msg::Back(Rc::new(list.clone())));
    turn_of(&effects, Lane::List);
    assert_eq!((state.view, state.list.selection.count()), (View::Recordings, 0));

    // All that match a search, and another search since.
    let mut state = listed();
    let video = |kind| Msg::List(ListMsg::Look(Change::Kind(kind)));
    let effects = step(&mut state, video(Some(rules::Kind::Video)));
    fill(&mut state, &effects, 0..3);
    step(&mut state, Msg::List(ListMsg::All));
    let searched = state.place();
    delete_ticked(&mut state);
    step(&mut state, Msg::Go(View::Recordings));
    step(&mut state, video(None));
    step(&mut state, Msg::List(ListMsg::Tick(recording(0).id, false)));
    step(&mut state, Msg::Back(Rc::new(searched)));
    assert_eq!((state.list.form.kind, state.list.selection.count()), (Some(rules::Kind::Video), 0));
}

#[test]
fn what_was_ticked_since_a_deletion_stays_ticked_on_the_way_back() {
    let mut state = listed();
    step(&mut state, Msg::List(ListMsg::Tick(recording(0).id, false)));
    let list = state.place();
    delete_ticked(&mut state);
    let effects = step(&mut state, Msg::Go(View::Recordings));
    fill(&mut state, &effects, 1..3);
    step(&mut state, Msg::List(ListMsg::Tick(recording(2).id, false)));
    step(&mut state, Msg::Open(recording(1).id));
    step(&mut state, Msg::Back(Rc::new(list)));
    assert!(state.list.selection.has(recording(2).id) && state.list.selection.count() == 1);
}

#[test]
fn what_somebody_else_deleted_does_not_stay_ticked() {
    let mut state = ticked();
    let scope = state.list.scope().unwrap();
    let effects = step(&mut state, Msg::Ask(scope));
    refuse(&mut state, &effects, Lane::Preview, Failure::Refused(Problem::new(ProblemType::Gone)));
    assert!(state.flow.as_ref().unwrap().preview.failed.is_some(), "the box says so");
    assert_eq!(state.list.selection.count(), 0);
    let effects = step(&mut state, Msg::Leave);
    assert_eq!(effects[0], Effect::CloseBox);
    let effects = fill(&mut state, &effects, 1..3);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Focus(Spot::Row(_)))), "{effects:?}");
    assert_eq!((rows(&state), state.list.selection.count()), (2, 0));
}
