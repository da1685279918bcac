//! The frame's own pieces: the way out, that the browser is offline, what failed after she went on.

use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use yew::{prelude::Html, virtual_dom::VTag};

use super::Cx;
use crate::{
    leave::Press,
    locale::Key,
    page::Event,
    parts::{self, Weight, live, maybe, on, p, press, text, with},
    state::{Lost, Msg},
    words,
};

/// "Leave this page", always in reach.
pub fn button(cx: &Cx) -> Html {
    let about = ["button", "button leave", "button", "leave-about"].map(Into::into).into();
    let names = &["type", "class", "part", "aria-describedby"];
    press(names, about, cx.press(Msg::LeavePage), vec![text(cx.text(Key::LeavePage))])
}

/// How else she leaves, and what leaving cannot do. At the end of the page: what is held comes first.
pub fn about(cx: &Cx) -> Html {
    let about = vec!["leave-about".into(), "quiet".into()];
    with("p", &["id", "class"], about, vec![text(cx.text(Key::LeaveAbout))])
}

/// The frame, listening for three presses of Shift.
pub fn listen(cx: &Cx, mut frame: VTag) -> Html {
    let key = |at: &'static str, shift: Press| {
        on(
            at,
            cx.link.callback(move |event: web_sys::Event| {
                let at_ms = event.time_stamp();
                let shifted = event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Shift");
                Event::Press(if shifted { shift } else { Press::Other }, at_ms)
            }),
        )
    };
    frame.add_listener(key("keydown", Press::Down));
    frame.add_listener(key("pointerdown", Press::Other));
    live(frame, key("keyup", Press::Up))
}

/// What is so while there is no connection.
pub fn offline(cx: &Cx) -> Html {
    maybe(cx.state.offline.then_some(()), |()| {
        let about = vec!["trouble".into(), "trouble".into(), "status".into()];
        with("div", &["class", "part", "role"], about, vec![p("", cx.text(Key::Offline))])
    })
}

/// What she asked for, went on from, and what then failed.
pub fn lost(cx: &Cx) -> Html {
    maybe(cx.state.lost.as_ref(), |(lost, failure)| {
        let back = match lost {
            Lost::Keep(id) => Msg::Open(*id),
            Lost::Undo(id) => Msg::Watch(*id),
        };
        let inside = vec![
            p("lead", cx.text(Key::LostTitle)),
            p("", cx.text(words::trouble(failure.trouble()).0)),
            parts::button(cx, Weight::Plain, cx.text(Key::LostBack), back),
        ];
        let about = vec!["trouble".into(), "trouble".into(), "alert".into()];
        with("div", &["class", "part", "role"], about, inside)
    })
}
