//! The second half of the module, and the texts that go with it: whether they are here, and how they come.
//!
//! What only [`crate::doors`] leads to is moved by `cargo xtask` into a file of its own, which is fetched when
//! it is first needed (docs/decisions/0004). Where the module is in one piece, as in tests, all of it
//! is always here; the texts still are in two files.

use std::cell::RefCell;

use js_sys::{Function, JsString, Promise};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use crate::{doors, locale::Texts, state::Failure};

/// What fetches something that lies beside the script: each gives a promise, each time anew.
#[derive(Clone)]
struct Beside {
    texts: Function,
    verifier: Function,
}

thread_local! {
    /// What fetches the second half; none where it is here.
    static AWAY: RefCell<Option<Function>> = const { RefCell::new(None) };
    /// What fetches the rest; none where this module has to find it by itself.
    static BESIDE: RefCell<Option<Beside>> = const { RefCell::new(None) };
}

/// Proof that the second half is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Here(());

/// The proof, if it is.
#[must_use]
pub fn here() -> Option<Here> {
    AWAY.with_borrow(Option::is_none).then_some(Here(()))
}

/// The script tells that the module is in two halves, and how the second one is fetched, the texts of a
/// language that go with it, and the module that checks receipts.
#[wasm_bindgen(skip_jsdoc)]
pub fn second_half(fetch: Function, texts: Function, verifier: Function) {
    AWAY.set(Some(fetch));
    beside(texts, verifier);
}

/// The same for a module in one piece.
pub fn beside(texts: Function, verifier: Function) {
    BESIDE.set(Some(Beside { texts, verifier }));
}

/// Fetches the second half, and what these texts lack.
pub(crate) async fn come(texts: &Texts) -> Result<String, Failure> {
    // Both set out before either is awaited.
    let half = AWAY.with_borrow(Clone::clone).map(|fetch| fetch.call0(&JsValue::NULL));
    let words = (!texts.are_whole()).then(|| fetch_texts(texts.language()));
    if let Some(half) = half {
        settled(half).await?;
        AWAY.set(None);
    }
    if let Some(words) = words {
        let words: JsString = settled(words).await?.unchecked_into();
        texts.add(&String::from(words)).map_err(|_| Failure::NotLoaded)?;
    }
    Ok(String::new())
}

fn fetch_texts(language: &str) -> Result<JsValue, JsValue> {
    match BESIDE.with_borrow(Clone::clone) {
        Some(beside) => beside.texts.call1(&JsValue::NULL, &language.into()),
        None => here().map(|here| doors::texts(here, language)).ok_or(JsValue::NULL),
    }
}

/// The module that checks receipts, once it is loaded.
pub(crate) async fn verifier(_: Here) -> Result<JsValue, Failure> {
    settled(match BESIDE.with_borrow(Clone::clone) {
        Some(beside) => beside.verifier.call0(&JsValue::NULL),
        None => Ok(crate::beside::verifier()),
    })
    .await
}

async fn settled(coming: Result<JsValue, JsValue>) -> Result<JsValue, Failure> {
    let coming: Promise = coming.map_err(|_| Failure::NotLoaded)?.unchecked_into();
    JsFuture::from(coming).await.map_err(|_| Failure::NotLoaded)
}
