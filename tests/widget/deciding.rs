//! Hearing, keeping and deleting as a parent does it: where the focus goes, what the host hears, and
//! what becomes of a request on a line that breaks.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent, KeyboardEventInit, ShadowRoot, window};
use widget::element::{mount, unmount};

use crate::support::{Broken, ENGLISH, found, heard, press, root_of, signed_in, text_of, until, until_shown};

/// A signed-in page that shows a list.
async fn listed() -> (HtmlElement, ShadowRoot, u32) {
    let host = signed_in();
    let root = root_of(&host);
    let id = mount(host.clone(), &root, &ENGLISH).unwrap();
    found(&root, ".card .button").await.click();
    found(&root, ".row .open").await;
    (host, root, id)
}

/// The same with the recording of this row opened.
async fn opened(row: u32) -> (HtmlElement, ShadowRoot, u32) {
    let (host, root, id) = listed().await;
    let rows = root.query_selector_all(".row .open").unwrap();
    rows.get(row).unwrap().unchecked_into::<HtmlElement>().click();
    until_shown(&root, "Delete this recording").await;
    (host, root, id)
}

fn put_away(host: &HtmlElement, id: u32) {
    unmount(id);
    host.remove();
}

/// Presses a key where the focus is.
fn key(root: &ShadowRoot, kind: &str, key: &str, change: fn(&KeyboardEventInit)) {
    let init = KeyboardEventInit::new();
    init.set_key(key);
    init.set_bubbles(true);
    init.set_composed(true);
    init.set_cancelable(true);
    change(&init);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict(kind, &init).unwrap();
    focused(root).dispatch_event(&event).unwrap();
}

fn type_key(root: &ShadowRoot, name: &str) {
    key(root, "keydown", name, |_| {});
    key(root, "keyup", name, |_| {});
}

fn focused(root: &ShadowRoot) -> HtmlElement {
    root.active_element()
        .unwrap_or_else(|| panic!("nothing has the focus: {}", text_of(root)))
        .unchecked_into()
}

async fn until_focus(root: &ShadowRoot, text: &str) {
    until(&format!("the focus is on {text:?}"), || {
        root.active_element().is_some_and(|element| {
            element.text_content().unwrap_or_default().contains(text) || element.id() == text
        })
    })
    .await;
}

fn title(root: &ShadowRoot) -> String {
    root.query_selector("h2").unwrap().unwrap().text_content().unwrap_or_default()
}

/// Presses a button as a hand does: it has the focus then.
fn press_focused(root: &ShadowRoot, label: &str) {
    let buttons = root.query_selector_all("button").unwrap();
    let button = (0..buttons.length())
        .filter_map(|n| buttons.get(n))
        .find(|button| button.text_content().is_some_and(|text| text == label))
        .unwrap_or_else(|| panic!("no button {label:?} in {:?}", text_of(root)))
        .unchecked_into::<HtmlElement>();
    button.focus().unwrap();
    button.click();
}

fn detail(event: &JsValue, name: &str) -> JsValue {
    let detail = Reflect::get(event, &"detail".into()).unwrap();
    Reflect::get(&detail, &name.into()).unwrap()
}

fn details(events: &Array, name: &str) -> Vec<String> {
    events.iter().map(|event| detail(&event, name).as_string().unwrap_or_default()).collect()
}

#[wasm_bindgen_test]
async fn the_focus_is_never_lost_while_a_keep_is_chosen_given_and_ended() {
    let (host, root, id) = opened(3).await;
    let keeps = heard(&host, "fmn-keep", false);
    press_focused(&root, "Keep until a date");
    until_focus(&root, "keep-first").await;
    press_focused(&root, "Cancel");
    until_focus(&root, "Keep until a date").await;
    press_focused(&root, "Keep until a date");
    until_focus(&root, "keep-first").await;
    focused(&root).click();
    press_focused(&root, "Keep it");
    until_focus(&root, "Change the date").await;
    until_shown(&root, "You keep it until").await;
    press_focused(&root, "Stop keeping it");
    until_focus(&root, "Keep until a date").await;
    until("both were told", || keeps.length() == 2).await;
    assert_eq!(details(&keeps, "recording")[0].get(..4), Some("rec_"));
    assert_eq!(details(&keeps, "until")[0].len(), "2027-11-22".len());
    assert!(detail(&keeps.get(1), "until").is_null(), "the end of a keep has no day");
    put_away(&host, id);
}

#[wasm_bindgen_test]
async fn a_review_needs_no_mouse() {
    let (host, root, id) = opened(4).await;
    let first = title(&root);
    type_key(&root, "n");
    until("the next one is shown", || title(&root) != first).await;
    let second = title(&root);
    until_shown(&root, "Delete this recording").await;
    assert_eq!(focused(&root).id(), "heading", "the keys go on working");
    type_key(&root, "b");
    until("the one before is shown", || title(&root) == first).await;
    until_shown(&root, "Delete this recording").await;

    for held in [
        |init: &KeyboardEventInit| init.set_ctrl_key(true),
        |init: &KeyboardEventInit| init.set_shift_key(true),
        |init: &KeyboardEventInit| init.set_meta_key(true),
    ] {
        key(&root, "keydown", "n", held);
    }
    type_key(&root, "k");
    until_focus(&root, "keep-first").await;
    assert_eq!(title(&root), first, "with another key held it is no shortcut");
    let date: HtmlElement = found(&root, "input[type=date]").await;
    date.focus().unwrap();
    type_key(&root, "n");
    type_key(&root, "d");
    found(&root, "#keep-first").await.focus().unwrap();
    type_key(&root, "Escape");
    until_focus(&root, "Keep until a date").await;
    assert_eq!(title(&root), first, "in a field a letter is a letter");

    type_key(&root, "d");
    until_shown(&root, "Delete 1 recording of").await;
    until_focus(&root, "Cancel").await;
    press_focused(&root, "Cancel");
    until_focus(&root, "Keep until a date").await;
    type_key(&root, "n");
    until("the next one is shown", || title(&root) == second).await;
    type_key(&root, "Escape");
    found(&root, ".row").await;
    let shown = root.query_selector("[aria-keyshortcuts]").unwrap();
    assert!(shown.is_none(), "the keys belong to the opened recording");
    put_away(&host, id);
}

#[wasm_bindgen_test]
async fn the_host_may_stop_a_deletion_and_she_is_told() {
    let (host, root, id) = opened(5).await;
    let asked = heard(&host, "fmn-before-erasure", true);
    let accepted = heard(&host, "fmn-erasure", false);
    press_focused(&root, "Delete this recording");
    until_shown(&root, "Do not wait").await;
    found(&root, "label.choice input").await.click();
    until_shown(&root, "You cannot undo it").await;
    until_button(&root, "Delete 1 recording").await;
    press(&root, "Delete 1 recording");
    until_shown(&root, "This site stopped it. Nothing was sent, and nothing was changed.").await;
    assert_eq!(details(&asked, "scope"), ["items"]);
    assert_eq!(detail(&asked.get(0), "recordings").as_f64(), Some(1.0));
    let kept: HtmlInputElement = found(&root, "label.choice input").await.unchecked_into();
    assert!(kept.checked(), "her choices are kept");
    assert_eq!(accepted.length(), 0);
    press(&root, "Cancel");
    until("the box is closed", || root.query_selector("dialog").unwrap().is_none()).await;
    press(&root, "Requests");
    until_shown(&root, "Requests to delete").await;
    put_away(&host, id);
}

#[wasm_bindgen_test]
async fn back_while_a_deletion_is_sent_leads_nowhere_and_spoils_no_way_back() {
    let history = window().unwrap().history().unwrap();
    let entry = || Reflect::get(&history.state().unwrap(), &"fmn".into()).unwrap().as_f64();
    let (host, root, id) = opened(6).await;
    let line = Broken::new("/erasures", "held");
    press_focused(&root, "Delete this recording");
    until_shown(&root, "Do not wait").await;
    until_button(&root, "Delete 1 recording").await;
    press(&root, "Delete 1 recording");
    until("it is on its way", || line.keys().len() == 1).await;
    let here = entry();
    let popped = Function::new_no_args(
        "const popped = []; addEventListener('popstate', (event) => popped.push(event.state?.fmn)); return popped;",
    );
    let popped: Array = popped.call0(&JsValue::NULL).unwrap().unchecked_into();
    history.back().unwrap();
    until("the browser is where it was again", || popped.length() == 2 && entry() == here).await;
    line.mend();
    until_shown(&root, "Undo").await;
    press(&root, "Undo");
    history.back().unwrap();
    until_shown(&root, "Back to the list").await;
    history.back().unwrap();
    found(&root, ".row .open").await;
    put_away(&host, id);
}

async fn until_button(root: &ShadowRoot, label: &str) {
    until(label, || {
        let buttons = root.query_selector_all("dialog button").unwrap();
        (0..buttons.length()).filter_map(|n| buttons.get(n)?.text_content()).any(|text| text == label)
    })
    .await;
}

/// The name is compared as people read it, and a host that stops everything proves that it matched.
#[wasm_bindgen_test]
async fn a_name_may_be_typed_in_any_case_and_any_form() {
    let (host, root, id) = listed().await;
    let name = title(&root);
    heard(&host, "fmn-before-erasure", true);
    press(&root, "What is held");
    press_when(&root, &format!("Delete everything of {name}")).await;
    let field = found(&root, "label.field.wide input").await;
    let type_in = Function::new_with_args(
        "field, words",
        "field.value = words; field.dispatchEvent(new Event('input', { bubbles: true, composed: true }))",
    );
    let type_in = |words: &str| type_in.call2(&JsValue::NULL, &field, &words.into()).unwrap();
    type_in("somebody else");
    press_when(&root, "recordings").await;
    until_shown(&root, "This does not match yet").await;
    // Full-width capitals, and space around them.
    let wide: String = name
        .to_uppercase()
        .chars()
        .map(|c| if c.is_ascii_uppercase() { char::from_u32(u32::from(c) + 0xFEE0).unwrap() } else { c })
        .collect();
    type_in(&format!("  {wide} "));
    until("it is not called wrong any more", || !text_of(&root).contains("does not match yet")).await;
    press_when(&root, "recordings").await;
    until_shown(&root, "This site stopped it").await;
    put_away(&host, id);
}

/// Presses the grave or plain button of this label, once it is there.
async fn press_when(root: &ShadowRoot, label: &str) {
    let shown = || {
        let buttons = root.query_selector_all("section button").unwrap();
        (0..buttons.length()).filter_map(|n| buttons.get(n)).any(|button| {
            button.text_content().is_some_and(|text| text.contains(label) && text.starts_with("Delete"))
        })
    };
    until(label, shown).await;
    let buttons = root.query_selector_all("section button").unwrap();
    let button = (0..buttons.length()).filter_map(|n| buttons.get(n)).find(|button| {
        button.text_content().is_some_and(|text| text.contains(label) && text.starts_with("Delete"))
    });
    button.unwrap().unchecked_into::<HtmlElement>().click();
}

/// The service accepts, the answer is lost, and she tries again: one request, and the next recording
/// is offered.
#[wasm_bindgen_test]
async fn a_deletion_whose_answer_is_lost_counts_once_and_the_review_goes_on() {
    let (host, root, id) = opened(6).await;
    let erasures = heard(&host, "fmn-erasure", false);
    let errors = heard(&host, "fmn-error", false);
    let line = Broken::new("/erasures", "after");
    press_focused(&root, "Delete this recording");
    until_shown(&root, "You can undo it until").await;
    press(&root, "Delete 1 recording");
    until_shown(&root, "It may have arrived. Trying again is safe").await;
    assert_eq!(details(&errors, "reason"), ["unreachable"]);
    line.mend();
    press(&root, "Try again");
    until_shown(&root, "Hidden from everyone").await;
    let keys = line.keys();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(!keys[0].is_empty() && keys[0] == keys[1], "one decision has one key: {keys:?}");
    until("it was told", || erasures.length() > 0).await;
    assert_eq!(details(&erasures, "state"), ["sealed"]);

    press(&root, "Next recording");
    until_shown(&root, "Delete this recording").await;
    press(&root, "Requests");
    until_shown(&root, "See how it stands").await;
    press(&root, "See how it stands");
    until_shown(&root, "Undo").await;
    press_focused(&root, "Undo");
    until_shown(&root, "Taken back").await;
    until_focus(&root, "Taken back").await;
    until("its end was told", || erasures.length() == 2).await;
    assert_eq!(details(&erasures, "state"), ["sealed", "cancelled"]);
    put_away(&host, id);
}

#[wasm_bindgen_test]
async fn a_keep_goes_on_when_she_does_and_its_failure_finds_her() {
    let (host, root, id) = opened(7).await;
    let line = Broken::new("/keep", "before");
    let first = title(&root);
    press_focused(&root, "Keep until a date");
    found(&root, "#keep-first").await.click();
    press(&root, "Keep it");
    press(&root, "Back to the list");
    until_shown(&root, "Something you asked for before you went on was not confirmed").await;
    line.mend();
    press(&root, "Go back to it");
    until("the recording is shown again", || title(&root) == first).await;
    assert!(!text_of(&root).contains("Something you asked for"));
    put_away(&host, id);
}
