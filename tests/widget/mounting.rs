//! Mounting and unmounting: what one mount knew is never seen by the next, and nothing piles up.

use gloo_timers::future::TimeoutFuture;
use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlElement, HtmlInputElement, ShadowRoot};
use widget::element::{mount, pooled, unmount, update};

use crate::support::{
    ENGLISH, api, found, host, press, root_of, secret, session, signed_in, text_of, until_shown,
};

fn show(host: &HtmlElement) -> (ShadowRoot, u32) {
    let root = root_of(host);
    let id = mount(host.clone(), &root, &ENGLISH).expect("a mount");
    (root, id)
}

fn put_away(host: &HtmlElement, id: u32) {
    unmount(id);
    host.remove();
}

fn count(script: &str) -> f64 {
    Function::new_no_args(script).call0(&JsValue::NULL).expect("a script").as_f64().expect("a number")
}

#[wasm_bindgen_test]
async fn a_family_sees_its_children_and_the_list_of_one() {
    let host = signed_in();
    let (root, id) = show(&host);
    until_shown(&root, "What is held about your children").await;
    found(&root, ".card .button").await.click();
    found(&root, ".row").await;
    assert!(root.query_selector("[role=status]").unwrap().is_some());
    put_away(&host, id);
}

#[wasm_bindgen_test]
async fn what_one_mount_knew_is_never_seen_by_the_next() {
    let family = signed_in();
    let (root, id) = show(&family);
    found(&root, ".card .button").await.click();
    let field: HtmlInputElement = found(&root, "input[type=search]").await.unchecked_into();
    field.set_value("a secret word");
    put_away(&family, id);
    assert_eq!(root.child_element_count(), 0, "it is taken away at once");

    let stranger = host(api(), &JsValue::UNDEFINED);
    let (root, id) = show(&stranger);
    until_shown(&root, "You are not signed in here").await;
    assert!(root.query_selector(".row, .card, input").unwrap().is_none(), "{}", text_of(&root));
    put_away(&stranger, id);

    let again = signed_in();
    let (root, id) = show(&again);
    found(&root, ".card .button").await.click();
    let field: HtmlInputElement = found(&root, "input[type=search]").await.unchecked_into();
    assert_eq!(field.value(), "");
    put_away(&again, id);
}

#[wasm_bindgen_test]
async fn nothing_of_the_last_mount_is_there_even_before_the_next_is_drawn() {
    let family = signed_in();
    let (root, id) = show(&family);
    found(&root, ".card").await;
    put_away(&family, id);
    let stranger = host(api(), &JsValue::UNDEFINED);
    let (root, id) = show(&stranger);
    assert_eq!(text_of(&root), "");
    put_away(&stranger, id);
}

#[wasm_bindgen_test]
async fn two_elements_on_one_page_know_nothing_of_each_other() {
    let (family, stranger) = (signed_in(), host(api(), &JsValue::UNDEFINED));
    let ((first, first_id), (second, second_id)) = (show(&family), show(&stranger));
    found(&first, ".card").await;
    until_shown(&second, "You are not signed in here").await;
    assert!(second.query_selector(".card").unwrap().is_none());
    put_away(&family, first_id);
    assert!(text_of(&second).contains("You are not signed in here"));
    put_away(&stranger, second_id);
}

#[wasm_bindgen_test]
async fn a_host_that_signs_in_late_is_shown_the_children() {
    let late = host(api(), &JsValue::UNDEFINED);
    let (root, id) = show(&late);
    until_shown(&root, "You are not signed in here").await;
    js_sys::Reflect::set(&late, &"fetchSession".into(), &session(&[secret()])).unwrap();
    update(id, None).expect("an update");
    found(&root, ".card").await;
    put_away(&late, id);
}

#[wasm_bindgen_test]
async fn another_service_is_another_page() {
    let moved = signed_in();
    let (root, id) = show(&moved);
    found(&root, ".card").await;
    moved.set_attribute("src", "http://127.0.0.1:9/v1").unwrap();
    update(id, None).expect("an update");
    until_shown(&root, "The service did not answer").await;
    assert!(root.query_selector(".card").unwrap().is_none(), "the children of the first service are gone");
    moved.set_attribute("src", api()).unwrap();
    update(id, None).expect("an update");
    found(&root, ".card").await;
    put_away(&moved, id);
}

#[wasm_bindgen_test]
async fn other_texts_are_shown_at_once() {
    let stranger = host(api(), &JsValue::UNDEFINED);
    let (root, id) = show(&stranger);
    until_shown(&root, "Try again").await;
    let other = ENGLISH.replace("\"Try again\"", "\"Once more\"").replace("\"ltr\"", "\"rtl\"");
    update(id, Some(other)).expect("an update");
    until_shown(&root, "Once more").await;
    assert!(root.query_selector("[dir=rtl]").unwrap().is_some());
    assert!(update(id, Some("<!doctype html>".into())).is_err(), "what is no locale file is refused");
    press(&root, "Once more");
    put_away(&stranger, id);
}

/// Yew never takes its listeners off a node it rendered into: a hundred mounts must not mean a
/// hundred such nodes.
#[wasm_bindgen_test]
async fn a_hundred_mounts_leave_no_node_and_no_listener_behind() {
    count(
        "globalThis.listening = 0;
         const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
         EventTarget.prototype.addEventListener = function (...a) { globalThis.listening++; return add.apply(this, a); };
         EventTarget.prototype.removeEventListener = function (...a) { globalThis.listening--; return remove.apply(this, a); };
         return 0;",
    );
    let nodes = "return document.querySelectorAll('*').length";
    let mut after_first = None;
    for round in 0..120 {
        let stranger = host(api(), &JsValue::UNDEFINED);
        let (root, id) = show(&stranger);
        if round < 3 {
            until_shown(&root, "You are not signed in here").await;
        } else {
            // Some go at once, some after a while: before, while and after they are drawn.
            TimeoutFuture::new(round % 4).await;
        }
        put_away(&stranger, id);
        TimeoutFuture::new(0).await;
        assert_eq!(root.child_element_count(), 0);
        if round == 2 {
            after_first = Some((count(nodes), count("return listening"), pooled()));
        }
    }
    TimeoutFuture::new(50).await;
    assert_eq!(Some((count(nodes), count("return listening"), pooled())), after_first);
    assert!(pooled().1 <= 3, "no more nodes wait than were ever shown at once: {:?}", pooled());
}
