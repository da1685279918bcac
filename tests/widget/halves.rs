//! The texts of a language are two files: the second one is asked for when it is needed, and until then
//! nothing shows that it is not there.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::ShadowRoot;
use widget::{
    element::{mount, unmount, update},
    later,
    locale::Key,
};

use crate::support::{FIRST, LATER, found, heard, press, root_of, signed_in, until, until_shown, verifier};

/// Gives the texts that come later as the script does, and notes for which languages they were asked for.
/// `broken` says no.
fn texts(broken: bool) -> Function {
    let body = "const asked = []; const texts = (language) => { asked.push(language); \
        return broken ? Promise.reject(0) : Promise.resolve(later); }; texts.asked = asked; return texts;";
    let made = Function::new_with_args("later, broken", body);
    made.call2(&JsValue::NULL, &LATER.into(), &broken.into()).unwrap().unchecked_into()
}

fn asked(texts: &Function) -> Vec<String> {
    let asked: Array = Reflect::get(texts, &"asked".into()).unwrap().unchecked_into();
    asked.iter().filter_map(|language| language.as_string()).collect()
}

/// Everything that is read to somebody: texts, and labels.
fn said(root: &ShadowRoot) -> Vec<String> {
    let body = "const said = []; const walk = document.createTreeWalker(root, NodeFilter.SHOW_ALL); \
        for (let node; node = walk.nextNode();) { \
          if (node.nodeType == 3) said.push(node.data); \
          else for (const name of ['aria-label', 'aria-valuetext', 'placeholder']) said.push(node.getAttribute?.(name) ?? ''); \
        } return said;";
    let said: Array =
        Function::new_with_args("root", body).call1(&JsValue::NULL, root).unwrap().unchecked_into();
    said.iter().filter_map(|words| words.as_string()).collect()
}

/// No text shows its name, which is what is shown where it is missing.
fn nothing_is_missing(root: &ShadowRoot) {
    let names: Vec<_> = Key::FIRST.iter().chain(Key::LATER).map(|(_, key)| key.name()).collect();
    let missing: Vec<_> = said(root).into_iter().filter(|words| names.contains(&words.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[wasm_bindgen_test]
async fn the_first_screens_do_without_the_texts_that_come_later() {
    let family = signed_in();
    let root = root_of(&family);
    let errors = heard(&family, "fmn-error", false);
    let none = texts(true);
    later::beside(none.clone(), verifier());
    let id = mount(family.clone(), &root, FIRST).unwrap();
    found(&root, ".card .button").await;
    nothing_is_missing(&root);
    press(&root, "recordings");
    found(&root, ".row .open").await;
    nothing_is_missing(&root);
    assert!(asked(&none).is_empty(), "the first view does without");

    // They cannot be had: she stays where she is, and is told.
    press(&root, "Requests");
    until_shown(&root, "A part of this page could not be loaded.").await;
    nothing_is_missing(&root);
    found(&root, ".row .open").await;
    assert_eq!(errors.length(), 1);

    let some = texts(false);
    later::beside(some.clone(), verifier());
    press(&root, "Try again");
    until_shown(&root, "Requests to delete").await;
    nothing_is_missing(&root);
    assert_eq!(asked(&some), ["en"]);

    // Another language, in the middle of it: the old words stay until all of the new ones are there.
    let other = FIRST.replace("\"Requests\"", "\"Wishes\"").replace("\"en\"", "\"de\"");
    update(id, Some(other)).unwrap();
    nothing_is_missing(&root);
    until("the page is in the other words", || said(&root).contains(&"Wishes".to_owned())).await;
    nothing_is_missing(&root);
    assert_eq!(asked(&some), ["en", "de"]);

    // One whose other texts do not come leaves the page as it is.
    later::beside(texts(true), verifier());
    update(id, Some(FIRST.to_owned())).unwrap();
    until("the host was told", || errors.length() == 2).await;
    assert!(said(&root).contains(&"Wishes".to_owned()));
    unmount(id);
    family.remove();
    later::beside(some, verifier());
}
