//! The browser's back and forward.
//!
//! An entry bears a number and what the host's router put there; its address stays the host's.
//! Nothing of a child is in it. All elements of a page share the entries (see [`crate::state::Entries`]).

use std::cell::RefCell;

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{History, window};

use crate::state::Entries;

/// The name of our number among what the host keeps.
const NUMBER: &str = "fmn";

thread_local! {
    static ENTRIES: RefCell<Option<Entries>> = const { RefCell::new(None) };
}

fn with<T>(then: impl FnOnce(&mut Entries) -> T) -> T {
    ENTRIES.with_borrow_mut(|entries| {
        then(entries.get_or_insert_with(|| {
            // Numbers of before a reload, or of another copy of this page, are others.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any number will do")]
            let first = (js_sys::Math::random() * 4e9) as u32;
            Entries::from(first)
        }))
    })
}

fn history() -> Option<History> {
    window()?.history().ok()
}

/// Our number in an entry.
fn number_of(state: &JsValue) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was written as one")]
    Reflect::get(state, &NUMBER.into()).ok()?.as_f64().map(|number| number as u32)
}

/// What an entry holds, with our number; none where that is not ours to add to.
fn marked(state: &JsValue, number: u32) -> Option<JsValue> {
    let plain =
        state.is_null() || Object::get_prototype_of(state) == Object::get_prototype_of(&Object::new());
    let copy = plain.then(|| Object::assign(&Object::new(), state.unchecked_ref()))?;
    Reflect::set(&copy, &NUMBER.into(), &number.into()).ok()?;
    Some(copy.into())
}

/// The number of the entry that is shown, which is marked as ours.
pub fn here() -> Option<u32> {
    let history = history()?;
    let state = history.state().ok()?;
    let known = number_of(&state);
    let number = with(|entries| entries.here(known));
    if known != Some(number) {
        history.replace_state(&marked(&state, number)?, "").ok()?;
    }
    Some(number)
}

/// A new entry after the one that is shown, and its number.
pub fn push() -> Option<u32> {
    let history = history()?;
    let state = history.state().ok()?;
    let number = with(Entries::push);
    history.push_state(&marked(&state, number)?, "").ok()?;
    Some(number)
}

/// The browser shows another entry: its number, if it is ours.
pub fn popped(state: &JsValue) -> Option<u32> {
    let number = number_of(state)?;
    with(|entries| entries.go(number))?;
    Some(number)
}

/// The browser goes to another entry again, from one that it was not to show.
pub fn return_to(number: u32) {
    if let Some((history, steps)) = history().zip(with(|entries| entries.steps_to(number))) {
        // Where that is not possible, it stays where it is.
        let _ = history.go_with_delta(steps);
    }
}

/// The entries up to the one that is shown.
pub fn behind() -> Vec<u32> {
    with(|entries| entries.behind().to_vec())
}
