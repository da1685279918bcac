//! The client, call by call.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::Reflect;
use rules::{
    ChildId, ErasureState, RecordingId, Scope,
    contract::{Children, Erasure, NewErasure, Playback, Preview, Recording, RecordingPage},
    scope::Filter,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{AbortController, Headers, RequestInit, Response, window};
use widget::{
    client::{Client, now},
    json::{self, Decode},
    state::{Call, Failure, Trouble},
};

use crate::support::{api, host, secret, session, signed_in, until};

async fn get<T: Decode>(client: &Client, call: Call) -> T {
    let text = client.call(&call, None).await.unwrap_or_else(|failure| panic!("{call:?}: {failure:?}"));
    json::read(&text).unwrap_or_else(|| panic!("{call:?}: {text}"))
}

async fn fails(client: &Client, call: Call) -> Failure {
    client.call(&call, None).await.expect_err("it was to fail")
}

/// The child with most recordings, and the newest of them.
async fn some(client: &Client) -> (ChildId, RecordingPage) {
    let children: Children = get(client, Call::Children).await;
    let child = children.items.iter().max_by_key(|child| child.recordings).expect("a child").id;
    let page = Call::Recordings { child, filter: Filter::default(), skip: 0 };
    (child, get(client, page).await)
}

fn asked(ask: &JsValue) -> Option<f64> {
    Reflect::get(ask, &"asked".into()).ok()?.as_f64()
}

fn erasure_of(child: ChildId, id: RecordingId, preview: &Preview, waive_undo: bool) -> NewErasure {
    NewErasure {
        child: Some(child),
        scope: Scope::Items { recordings: vec![id] },
        include_kept: false,
        waive_undo,
        as_of: Some(preview.as_of),
    }
}

/// Follows an erasure to its end and gives every state it was told, the last one last.
async fn follow(client: &Client, erasure: &Erasure) -> Vec<Erasure> {
    let told = Rc::new(RefCell::new(Vec::new()));
    let signal = AbortController::new().expect("a controller").signal();
    let each = |news: Result<Erasure, Failure>| told.borrow_mut().push(news.expect("news"));
    client.watch(erasure.id, &signal, each).await;
    told.take()
}

#[wasm_bindgen_test]
async fn calls_made_together_ask_for_one_session() {
    let ask = session(&[secret()]);
    let client = Client::new(host(api(), &ask));
    let answers = Rc::new(Cell::new(0));
    for _ in 0..3 {
        let (client, answers) = (client.clone(), answers.clone());
        wasm_bindgen_futures::spawn_local(async move {
            let _: Children = get(&client, Call::Children).await;
            answers.set(answers.get() + 1);
        });
    }
    until("three answers", || answers.get() == 3).await;
    assert_eq!(asked(&ask), Some(1.0));
}

#[wasm_bindgen_test]
async fn a_session_that_is_over_is_renewed_once_and_the_call_made_again() {
    let ask = session(&["fmn_over", secret()]);
    let client = Client::new(host(api(), &ask));
    let _: Children = get(&client, Call::Children).await;
    assert_eq!(asked(&ask), Some(2.0));
    let _: Children = get(&client, Call::Children).await;
    assert_eq!(asked(&ask), Some(2.0), "the new one is kept");
}

#[wasm_bindgen_test]
async fn a_host_that_cannot_sign_in_is_not_asked_for_ever() {
    let ask = session(&["fmn_over"]);
    let client = Client::new(host(api(), &ask));
    assert_eq!(fails(&client, Call::Children).await.trouble(), Trouble::SignedOut);
    assert_eq!(asked(&ask), Some(2.0));
}

#[wasm_bindgen_test]
async fn a_host_that_gives_no_session_is_no_crash() {
    let thrower = js_sys::Function::new_no_args("throw new Error('not now')");
    let nothing = js_sys::Function::new_no_args("return {}");
    let spoilt = js_sys::Function::new_no_args(
        "return { client_secret: 'a\\nb', expires_at: '2999-01-01T00:00:00Z' }",
    );
    for fetch_session in [JsValue::UNDEFINED, 7.into(), thrower.into(), nothing.into(), spoilt.into()] {
        let client = Client::new(host(api(), &fetch_session));
        assert_eq!(fails(&client, Call::Children).await, Failure::NoSession);
    }
}

#[wasm_bindgen_test]
async fn nobody_there_is_said_as_that() {
    // A port that nothing listens on, and no service at all.
    for src in ["http://127.0.0.1:9/v1", "", "/"] {
        let client = Client::new(host(src, &session(&[secret()])));
        assert_eq!(fails(&client, Call::Children).await, Failure::NoAnswer);
    }
}

#[wasm_bindgen_test]
async fn a_call_that_is_called_off_ends() {
    let client = Client::new(signed_in());
    let controller = AbortController::new().expect("a controller");
    controller.abort();
    let answer = client.call(&Call::Children, Some(&controller.signal())).await;
    assert_eq!(answer, Err(Failure::NoAnswer));
}

#[wasm_bindgen_test]
async fn another_familys_id_is_not_there() {
    let client = Client::new(signed_in());
    let stranger = ChildId::from_parts(1, 1);
    assert_eq!(fails(&client, Call::Holdings(stranger)).await.trouble(), Trouble::Gone);
    assert_eq!(
        fails(&client, Call::Recording(RecordingId::from_parts(1, 1), None)).await.trouble(),
        Trouble::Gone
    );
}

#[wasm_bindgen_test]
async fn pages_follow_each_other_and_a_filter_narrows() {
    let client = Client::new(signed_in());
    let (child, first) = some(&client).await;
    let cursor = first.next.clone();
    assert!(cursor.is_some(), "the demo household has more than one page");
    let second: RecordingPage = get(&client, Call::Ids { child, filter: Filter::default(), cursor }).await;
    let last = first.items.last().expect("a first page");
    assert!(second.items.iter().all(|item| item.id != last.id && item.captured_at <= last.captured_at));

    let day = last.captured_at.date();
    let filter = Filter { from: Some(day.start()), to: Some(day.plus_days(1).start()), ..Filter::default() };
    let of_day: RecordingPage = get(&client, Call::Recordings { child, filter, skip: 0 }).await;
    assert!(of_day.items.iter().any(|item| item.id == last.id));
    assert!(of_day.items.iter().all(|item| item.captured_at.date() == day));
}

#[wasm_bindgen_test]
async fn words_of_any_script_arrive_as_they_were_typed() {
    let client = Client::new(signed_in());
    let (child, _) = some(&client).await;
    for words in ["a&b=c", "100%", "ナッツ", "пожалуйста", "\"ä\"", "? #x"] {
        let filter = Filter { q: Some(words.into()), ..Filter::default() };
        let _: RecordingPage = get(&client, Call::Recordings { child, filter, skip: 0 }).await;
    }
}

#[wasm_bindgen_test]
async fn a_recording_is_heard_by_its_ticket_and_only_a_part_is_loaded() {
    let client = Client::new(signed_in());
    let (_, page) = some(&client).await;
    let with_sound =
        page.items.iter().find(|item| item.classes.contains(&rules::Class::Media)).expect("a sound");
    let recording: Recording = get(&client, Call::Recording(with_sound.id, None)).await;
    assert!(recording.bytes.is_some_and(|bytes| bytes > 10) && recording.waveform.is_some());

    let ticket: Playback = get(&client, Call::Playback(with_sound.id)).await;
    let url = client.url(&ticket.url);
    assert!(url.starts_with(api().trim_end_matches("/v1")), "absolute: {url}");
    let headers = Headers::new().expect("headers");
    headers.set("range", "bytes=0-9").expect("a range");
    let init = RequestInit::new();
    init.set_headers(&headers);
    let answer = window().expect("a window").fetch_with_str_and_init(&url, &init);
    let response: Response = JsFuture::from(answer).await.expect("an answer").unchecked_into();
    assert_eq!(response.status(), 206);
}

#[wasm_bindgen_test]
async fn a_keep_begins_and_ends() {
    let client = Client::new(signed_in());
    let (_, page) = some(&client).await;
    let id = page.items[1].id;
    let until = now().date().plus_months(12);
    client.call(&Call::Keep(id, Some(until)), None).await.expect("kept");
    let kept: Recording = get(&client, Call::Recording(id, None)).await;
    assert_eq!(kept.item.kept_until, Some(until));
    client.call(&Call::Keep(id, None), None).await.expect("ended");
    let ended: Recording = get(&client, Call::Recording(id, None)).await;
    assert_eq!(ended.item.kept_until, None);
    let for_ever = now().date().plus_months(19);
    assert_eq!(fails(&client, Call::Keep(id, Some(for_ever))).await.trouble(), Trouble::Refused);
}

#[wasm_bindgen_test]
async fn a_deletion_is_shown_asked_for_once_and_taken_back() {
    let client = Client::new(signed_in());
    let (child, page) = some(&client).await;
    let id = page.items[2].id;
    let scope = Scope::Items { recordings: vec![id] };
    let draft = NewErasure { child: Some(child), scope, include_kept: false, waive_undo: false, as_of: None };
    let preview: Preview = get(&client, Call::Preview(draft)).await;
    assert_eq!((preview.recordings, preview.children.as_slice()), (1, &[child][..]));

    let request = erasure_of(child, id, &preview, false);
    let key = "widget-test-once";
    let erasure: Erasure = get(&client, Call::Erase(request.clone(), key.into())).await;
    let again: Erasure = get(&client, Call::Erase(request, key.into())).await;
    assert_eq!(erasure.id, again.id, "the same key is the same request");
    assert_eq!(erasure.state, ErasureState::Sealed);
    assert_eq!(fails(&client, Call::Recording(id, None)).await.trouble(), Trouble::Gone, "use stops at once");

    client.call(&Call::Undo(erasure.id), None).await.expect("taken back");
    let told = follow(&client, &erasure).await;
    assert_eq!(told.last().map(|erasure| erasure.state), Some(ErasureState::Cancelled));
    let _: Recording = get(&client, Call::Recording(id, None)).await;
    assert_eq!(fails(&client, Call::Undo(erasure.id)).await.trouble(), Trouble::Changed);
}

#[wasm_bindgen_test]
async fn a_deletion_is_followed_until_every_place_was_read_again() {
    let client = Client::new(signed_in());
    let (child, page) = some(&client).await;
    let id = page.items.last().expect("a recording").id;
    let scope = Scope::Items { recordings: vec![id] };
    let draft = NewErasure { child: Some(child), scope, include_kept: false, waive_undo: true, as_of: None };
    let preview: Preview = get(&client, Call::Preview(draft)).await;
    let request = erasure_of(child, id, &preview, true);
    let erasure: Erasure = get(&client, Call::Erase(request, "widget-test-for-good".into())).await;
    let told = follow(&client, &erasure).await;
    let last = told.last().expect("news");
    assert_eq!(last.state, ErasureState::Deleted);
    assert_eq!(last.phrase(), rules::erasure::Phrase::Deleted);
    assert!(
        told[..told.len() - 1].iter().all(|erasure| !erasure.state.is_final()),
        "the watch ends with the end"
    );
    assert_eq!(fails(&client, Call::Recording(id, None)).await.trouble(), Trouble::Gone);
}
