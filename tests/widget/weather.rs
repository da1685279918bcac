//! No connection, no session, no hurry: what is said, and the way on. And the way out.

use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Event, HtmlElement, KeyboardEvent, KeyboardEventInit, window};
use widget::element::{mount, refresh, unmount, update};

use crate::support::{
    Broken, ENGLISH, Hurried, api, found, heard, host, press, root_of, secret, session, signed_in, text_of,
    until, until_shown,
};

fn put_away(host: &HtmlElement, id: u32) {
    unmount(id);
    host.remove();
}

fn tell_window(event: &str) {
    window().unwrap().dispatch_event(&Event::new(event).unwrap()).unwrap();
}

fn set_session(host: &HtmlElement, ask: &JsValue) {
    js_sys::Reflect::set(host, &"fetchSession".into(), ask).unwrap();
}

#[wasm_bindgen_test]
async fn a_host_that_never_answers_does_not_trap_her() {
    let hurry = Hurried::new();
    let never = Function::new_no_args("return new Promise(() => {})");
    let late = host(api(), &never);
    let errors = heard(&late, "fmn-error", false);
    let root = root_of(&late);
    let id = mount(late.clone(), &root, &ENGLISH).unwrap();
    until_shown(&root, "This takes longer than usual").await;
    until_shown(&root, "You are not signed in here").await;
    let reasons: Vec<_> = errors
        .iter()
        .map(|event| js_sys::Reflect::get(&event, &"detail".into()).unwrap())
        .map(|detail| js_sys::Reflect::get(&detail, &"reason".into()).unwrap().as_string())
        .collect();
    assert_eq!(reasons, [Some("session".to_owned())]);
    drop(hurry);
    set_session(&late, &session(&[secret()]));
    update(id, None).unwrap();
    found(&root, ".card").await;
    put_away(&late, id);
}

#[wasm_bindgen_test]
async fn offline_is_said_and_what_was_missed_is_fetched_once_it_is_over() {
    let family = signed_in();
    let root = root_of(&family);
    let line = Broken::new("/children", "before");
    let id = mount(family.clone(), &root, &ENGLISH).unwrap();
    until_shown(&root, "The service did not answer").await;
    tell_window("offline");
    until_shown(&root, "This device is offline").await;
    line.mend();
    tell_window("online");
    found(&root, ".card").await;
    assert!(!text_of(&root).contains("offline"));
    put_away(&family, id);
}

#[wasm_bindgen_test]
async fn refreshing_asks_again_for_what_is_shown() {
    let family = signed_in();
    let root = root_of(&family);
    let id = mount(family.clone(), &root, &ENGLISH).unwrap();
    found(&root, ".card .button").await.click();
    found(&root, ".row").await;
    let line = Broken::new("/recordings?", "before");
    refresh(id);
    until_shown(&root, "The service did not answer").await;
    line.mend();
    refresh(id);
    until("the trouble is over", || !text_of(&root).contains("The service did not answer")).await;
    found(&root, ".row").await;
    put_away(&family, id);
}

#[wasm_bindgen_test]
async fn another_parent_sees_nothing_of_the_first_ones() {
    let family = signed_in();
    let root = root_of(&family);
    let id = mount(family.clone(), &root, &ENGLISH).unwrap();
    found(&root, ".card .button").await.click();
    found(&root, ".row").await;
    set_session(&family, &session(&["fmn_another"]));
    update(id, None).unwrap();
    until_shown(&root, "You are not signed in here").await;
    assert!(root.query_selector(".row, .card, input").unwrap().is_none(), "{}", text_of(&root));
    put_away(&family, id);
}

/// A session belongs to the service that it was given for.
#[wasm_bindgen_test]
async fn a_token_is_never_sent_to_the_service_that_src_names_next() {
    let line = Broken::new("127.0.0.1:9/", "before");
    let ask = session(&[secret()]);
    let moved = host(api(), &ask);
    let root = root_of(&moved);
    let id = mount(moved.clone(), &root, &ENGLISH).unwrap();
    // The attribute changes, and for a moment nobody has told the page.
    moved.set_attribute("src", "http://127.0.0.1:9/v1").unwrap();
    found(&root, ".card").await;
    assert_eq!(line.keys().len(), 0, "the call in between went where its session belongs");
    let before = js_sys::Reflect::get(&ask, &"asked".into()).unwrap().as_f64().unwrap();
    update(id, None).unwrap();
    until_shown(&root, "The service did not answer").await;
    let after = js_sys::Reflect::get(&ask, &"asked".into()).unwrap().as_f64().unwrap();
    assert!(after > before, "another service is another session");
    line.mend();
    put_away(&moved, id);
}

fn shift(root: &web_sys::ShadowRoot, kind: &str, name: &str) {
    let init = KeyboardEventInit::new();
    init.set_key(name);
    init.set_bubbles(true);
    init.set_composed(true);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict(kind, &init).unwrap();
    let page: HtmlElement = root.query_selector(".page").unwrap().unwrap().unchecked_into();
    page.dispatch_event(&event).unwrap();
}

#[wasm_bindgen_test]
async fn leaving_empties_the_page_at_once_and_goes_away() {
    let location = window().unwrap().location();
    for by_key in [false, true] {
        location.set_hash("").unwrap();
        let family = signed_in();
        let away = format!("{}#away", location.href().unwrap().trim_end_matches('#'));
        family.set_attribute("leave", &away).unwrap();
        let root = root_of(&family);
        let id = mount(family.clone(), &root, &ENGLISH).unwrap();
        found(&root, ".card .button").await.click();
        found(&root, ".row").await;
        if by_key {
            for name in ["A", "A", "A"] {
                shift(&root, "keydown", "Shift");
                shift(&root, "keydown", name);
                shift(&root, "keyup", "Shift");
            }
            for times in 1..=3 {
                assert_eq!(location.hash().unwrap(), "", "after {times} presses");
                assert!(!text_of(&root).is_empty());
                shift(&root, "keydown", "Shift");
                shift(&root, "keyup", "Shift");
                if times == 2 {
                    until_shown(&root, "Press Shift once more to leave this page").await;
                }
            }
        } else {
            press(&root, "Leave this page");
        }
        until("she is away", || location.hash().unwrap() == "#away").await;
        until("nothing is shown", || text_of(&root).is_empty()).await;
        // Nothing brings it back.
        update(id, None).unwrap();
        refresh(id);
        gloo_timers::future::TimeoutFuture::new(50).await;
        assert_eq!(text_of(&root), "");
        put_away(&family, id);
    }
    location.set_hash("").unwrap();
}
