//! Past requests, newest first, with their states.

use rules::contract::Erasure;
use yew::prelude::Html;

use super::{Cx, heading, loaded, progress, recordings::more};
use crate::{
    locale::Key,
    parts::{Weight, button, el, group, h3, keyed, maybe, p, press, screen, text, ul},
    state::{Lane, Msg, ReceiptMsg},
    words,
};

/// The list of past requests.
pub fn view(cx: &Cx) -> Html {
    screen(vec![
        heading(cx.text(Key::RequestsTitle)),
        loaded(cx, &cx.state.requests, Lane::Erasures, |requests| {
            if requests.items.is_empty() {
                return p("nothing", cx.text(Key::RequestsNone));
            }
            group(vec![
                ul("cards", requests.items.iter().map(|erasure| card(cx, erasure))),
                maybe(requests.next.as_ref(), |_| more(cx, cx.state.requests.busy, Msg::MoreRequests)),
            ])
        }),
    ])
}

fn card(cx: &Cx, erasure: &Erasure) -> Html {
    let id = erasure.id.to_string();
    let card = el(
        "li",
        "card",
        vec![
            h3(cx.text(words::phrase(erasure.phrase()))),
            p("", progress::summary(cx, erasure)),
            press(
                &["type", "class", "part", "id"],
                vec!["button".into(), "button".into(), "button".into(), id.clone().into()],
                cx.press(Msg::Watch(erasure.id)),
                vec![text(cx.text(Key::RequestOpen))],
            ),
            maybe((erasure.phrase().is_done()).then_some(()), |()| {
                let open = Msg::Receipt(ReceiptMsg::Open(erasure.id));
                button(cx, Weight::Plain, cx.text(Key::ReceiptOpen), open)
            }),
        ],
    );
    keyed(id, card)
}
