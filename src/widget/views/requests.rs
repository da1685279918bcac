//! Past requests, newest first, with their states.

use rules::contract::Erasure;
use yew::prelude::*;

use super::{Cx, heading, loaded, progress};
use crate::{
    locale::Key,
    parts::{Weight, button},
    state::{Lane, Msg},
    words,
};

/// The list of past requests.
pub fn view(cx: &Cx) -> Html {
    html! {
        <section aria-labelledby="heading">
            { heading(cx.text(Key::RequestsTitle)) }
            { loaded(cx, &cx.state.requests, Lane::Erasures, |requests| html! {<>
                if requests.items.is_empty() { <p class="nothing">{ cx.text(Key::RequestsNone) }</p> }
                <ul class="cards">{ for requests.items.iter().map(|erasure| card(cx, erasure)) }</ul>
                if requests.next.is_some() {
                    <p class="more">
                        { button(cx, Weight::Plain, cx.text(if cx.state.requests.busy { Key::Waiting } else { Key::More }), Msg::MoreRequests) }
                    </p>
                }
            </>}) }
        </section>
    }
}

fn card(cx: &Cx, erasure: &Erasure) -> Html {
    html! {
        <li class="card" key={erasure.id.to_string()}>
            <h3>{ cx.text(words::phrase(erasure.phrase())) }</h3>
            <p>{ progress::summary(cx, erasure) }</p>
            { button(cx, Weight::Plain, cx.text(Key::RequestOpen), Msg::Watch(erasure.id)) }
        </li>
    }
}
