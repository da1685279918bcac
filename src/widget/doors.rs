//! The doors to the second half of the module: to what the first view does not need.
//!
//! `cargo xtask` looks for the functions of this file by their names, and cuts where they are called. So
//! none is ever inlined, and each asks for a proof that the half is here.

use rules::Date;
use wasm_bindgen::JsValue;
use yew::{
    Context,
    prelude::{AttrValue, Html},
};

use crate::{
    beside,
    client::Ask,
    later::Here,
    page::{Event, Page},
    state::{Call, Checking, Effect, Failure, Lane, Msg, Said, State, Turn, View, Waits},
    views::{self, Cx},
};

/// A screen other than the first ones.
#[inline(never)]
pub fn screen(_: Here, cx: &Cx) -> Html {
    views::later(cx)
}

/// The box over the page.
#[inline(never)]
pub fn dialog(_: Here, cx: &Cx) -> Html {
    views::erase::dialog(cx)
}

/// The table behind the picture over time.
#[inline(never)]
pub fn table(_: Here, cx: &Cx) -> Html {
    views::timeline::table(cx)
}

/// The texts of a language that the first view does without, where the module is in one piece.
#[inline(never)]
pub fn texts(_: Here, language: &str) -> JsValue {
    beside::texts(language)
}

/// What can be done with what is ticked.
#[inline(never)]
pub fn ticked(_: Here, cx: &Cx) -> Html {
    views::recordings::ticked(cx)
}

/// What the status line says of what is on the other screens.
#[inline(never)]
pub fn said(_: Here, cx: &Cx, said: Said) -> AttrValue {
    views::said_later(cx, said)
}

/// What failed after she had gone on.
#[inline(never)]
pub fn lost(_: Here, cx: &Cx) -> Html {
    views::leave::lost(cx)
}

/// What follows from a message that the first screens do not know.
#[inline(never)]
pub fn update(_: Here, state: &mut State, msg: Msg, today: Date) -> Vec<Effect> {
    state.later(msg, today)
}

/// Another try of what they do not ask for.
#[inline(never)]
pub fn retry(_: Here, state: &mut State, lane: Lane) -> Vec<Effect> {
    state.retry_later(lane)
}

/// What follows from an answer to a call that they do not make.
#[inline(never)]
pub fn answer(
    _: Here,
    state: &mut State,
    lane: Lane,
    turn: Turn,
    answer: Result<String, Failure>,
) -> Vec<Effect> {
    state.take_in_later(lane, turn, answer)
}

/// What another screen than the first ones shows.
#[inline(never)]
pub fn ask_for(_: Here, state: &mut State, view: View, anew: bool) -> Vec<Effect> {
    state.ask_for_later(view, anew)
}

/// What is awaited of what they do not ask for.
#[inline(never)]
pub fn waits(_: Here, state: &mut State, lane: Lane) -> Option<&mut dyn Waits> {
    state.waits_later(lane)
}

/// Such a call as a request.
#[inline(never)]
pub fn ask(_: Here, call: &Call) -> Ask {
    Ask::later(call)
}

/// What follows from news of an erasure, or of a receipt.
#[inline(never)]
pub fn news(_: Here, state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::News(turn, news) => state.news(turn, news.map(|erasure| *erasure)),
        Event::Quiet(turn) => state.quiet(turn),
        Event::Verified(turn, checking) => match checking.map(|checking| *checking) {
            Ok(Checking::Came(reached)) => state.came(turn, reached),
            Ok(Checking::Done(verified)) => state.verified(turn, Ok(verified)),
            Err(failure) => state.verified(turn, Err(failure)),
        },
        _ => Vec::new(),
    }
}

/// Carries out what the first screens do not ask for.
#[inline(never)]
pub fn carry_out(_: Here, page: &mut Page, ctx: &Context<Page>, effect: Effect) {
    page.carry_out_later(ctx, effect);
}
