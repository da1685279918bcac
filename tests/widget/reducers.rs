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
    carry_out(&client, &mut state, &effects, Lane::Count).await;
    assert_eq!(state.list.count.value.as_ref().map(|count| count.total), Some(child.recordings));
    let times: Vec<_> = state.list.items.iter().map(|item| item.captured_at).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "newest first");

    let first_page = state.list.items.len();
    let effects = state.update(Msg::List(ListMsg::More), today());
    carry_out(&client, &mut state, &effects, Lane::List).await;
    assert!(state.list.items.len() > first_page);

    let spoken = state.list.items.iter().find_map(|item| item.excerpt.clone()).expect("something was said");
    let word = spoken.split_whitespace().max_by_key(|word| word.len()).expect("a word").to_owned();
    let effects = state.update(Msg::List(ListMsg::Look(Change::Words(word))), today());
    let Some(Effect::Wait(_, rested)) = effects.into_iter().next() else {
        panic!("typing has to rest first")
    };
    let effects = state.update(rested, today());
    carry_out(&client, &mut state, &effects, Lane::List).await;
    assert!(state.list.items.iter().any(|item| item.excerpt.as_ref() == Some(&spoken)));
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
