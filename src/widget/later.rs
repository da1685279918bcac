//! The second half of the module: whether it is here, and how it comes.
//!
//! What only [`crate::doors`] leads to is moved by `cargo xtask` into a file of its own, which is fetched when
//! it is first needed (docs/decisions/0004). Where the module is in one piece, as in tests, everything
//! is always here.

use std::cell::RefCell;

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use crate::state::Failure;

thread_local! {
    /// What fetches the second half; none where it is here.
    static AWAY: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Proof that the second half is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Here(());

/// The proof, if it is.
#[must_use]
pub fn here() -> Option<Here> {
    AWAY.with_borrow(Option::is_none).then_some(Here(()))
}

/// The script tells that the module is in two halves, and how the second one is fetched: a function that
/// gives a promise, each time anew.
#[wasm_bindgen(skip_jsdoc)]
pub fn second_half(fetch: Function) {
    AWAY.set(Some(fetch));
}

/// Fetches it.
pub(crate) async fn come() -> Result<String, Failure> {
    if let Some(fetch) = AWAY.with_borrow(Clone::clone) {
        let coming: Promise = fetch.call0(&JsValue::NULL).map_err(|_| Failure::NotLoaded)?.unchecked_into();
        JsFuture::from(coming).await.map_err(|_| Failure::NotLoaded)?;
        AWAY.set(None);
    }
    Ok(String::new())
}
