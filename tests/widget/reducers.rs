//! The state, as it runs in a browser: on 32 bits, with the answers of a real service.

use rules::{Date, Timestamp};
use wasm_bindgen_test::wasm_bindgen_test;
use widget::{
    client::Client,
    state::{Call, Change, Effect, Failure, Lane, ListMsg, Msg, State, Trouble, Turn, View},
};

use crate::support::signed_in;

fn today() -> Date {
    Timestamp::from_ms(1_795_219_200_000).date()
}

fn call_of(effects: &[Effect], lane: Lane) -> (Turn, Call) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Call(turn, call) if call.lane() == lane => Some((*turn, call.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{lane:?} was expected among {effects:?}"))
}

/// Makes the call that the effects ask for, and lets the state take the answer in.
async fn carry_out(client: &Client, state: &mut State, effects: &[Effect], lane: Lane) -> Vec<Effect> {
    let (turn, call) = call_of(effects, lane);
    let answer = client.call(&call, None).await;
    assert!(answer.is_ok(), "{call:?}: {answer:?}");
    state.answer(lane, turn, answer)
}

#[wasm_bindgen_test]
async fn a_parent_finds_what_was_said() {
    let client = Client::new(signed_in());
    let mut state = State::default();
    let effects = state.update(Msg::Start, today());
    carry_out(&client, &mut state, &effects, Lane::Children).await;
    let children = state.children.value.clone().expect("the children were read");
    assert!(children.items.len() > 1 && children.demo);
    assert_eq!(state.view, View::Children);

    let child = &children.items[0];
    let effects = state.update(Msg::Child(child.id), today());
    carry_out(&client, &mut state, &effects, Lane::List).await;
    carry_out(&client, &mut state, &effects, Lane::Timeline).await;
    assert_eq!(state.list.total().map(|total| total as u64), Some(child.recordings));
    let shown =
        |state: &State| (0..state.list.shown()).map_while(|row| state.list.row(row).cloned()).collect();
    let rows: Vec<_> = shown(&state);
    assert_eq!(rows.len(), 100, "the first block");
    assert!(rows.is_sorted_by(|newer, older| newer.captured_at >= older.captured_at), "newest first");

    let (excerpt, word) = rows
        .iter()
        .filter_map(|item| item.excerpt.clone())
        .filter_map(|said| Some((said.clone(), said.split(' ').find(|word| word.len() > 3)?.to_owned())))
        .find(|(_, word)| word.is_ascii())
        .expect("something was said");
    let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let effects = state.update(Msg::List(ListMsg::Look(Change::Words(word.clone()))), today());
    let Some(Effect::Wait(_, rested)) = effects.into_iter().next() else {
        panic!("typing has to rest first")
    };
    let effects = state.update(rested, today());
    carry_out(&client, &mut state, &effects, Lane::List).await;
    carry_out(&client, &mut state, &effects, Lane::Timeline).await;
    let found: Vec<_> = shown(&state);
    let same = found.iter().find(|item| item.excerpt.as_ref() == Some(&excerpt)).expect("it is found");
    let (from, to) = *same.marks.first().expect("and the word is marked");
    let units: Vec<_> = excerpt.encode_utf16().collect();
    let marked = String::from_utf16(&units[from as usize..to as usize]).expect("whole characters");
    assert_eq!(marked.to_lowercase(), word.to_lowercase());
}

#[wasm_bindgen_test]
async fn what_is_held_and_what_was_asked_for_is_read() {
    let client = Client::new(signed_in());
    let mut state = State::default();
    let effects = state.update(Msg::Start, today());
    carry_out(&client, &mut state, &effects, Lane::Children).await;
    let child = state.children.value.as_ref().expect("the children were read").items[0].id;
    state.update(Msg::Child(child), today());
    let effects = state.update(Msg::Go(View::Holdings), today());
    carry_out(&client, &mut state, &effects, Lane::Holdings).await;
    let holdings = state.holdings.value.as_ref().expect("the holdings were read");
    assert_eq!(holdings.stores.len(), rules::StoreId::ALL.len());
    let effects = state.update(Msg::Go(View::Requests), today());
    carry_out(&client, &mut state, &effects, Lane::Erasures).await;
    assert!(state.requests.value.is_some() && state.requests.failed.is_none());
}

#[wasm_bindgen_test]
fn an_answer_that_is_no_answer_is_said_as_the_services_fault() {
    let mut state = State::default();
    let effects = state.update(Msg::Start, today());
    let (turn, _) = call_of(&effects, Lane::Children);
    state.answer(Lane::Children, turn, Ok("<!doctype html>".into()));
    assert_eq!(state.children.failed.as_ref().map(Failure::trouble), Some(Trouble::Service));
}
