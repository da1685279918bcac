//! What is held of a child, place by place, in plain words.

use rules::{
    Class, Scope,
    contract::{Held, Holding, Holdings},
};
use yew::prelude::*;

use super::{Cx, heading, loaded};
use crate::{
    locale::{Format, Key},
    parts::{Weight, button},
    state::{Lane, Msg},
    words,
};

/// Every place of the inventory, with its answer.
pub fn view(cx: &Cx) -> Html {
    let name = cx.state.chosen().map(|child| child.name.clone()).unwrap_or_default();
    html! {
        <section aria-labelledby="heading">
            { heading(cx.texts.fill(Key::HoldingsTitle, &[("child", &name)])) }
            { loaded(cx, &cx.state.holdings, Lane::Holdings, |holdings| places(cx, holdings, &name)) }
        </section>
    }
}

fn places(cx: &Cx, holdings: &Holdings, name: &str) -> Html {
    let asked = cx.texts.moment(Format::DayTime, holdings.as_of);
    html! {<>
        <p>{ cx.texts.fill(Key::HoldingsAbout, &[("at", &asked)]) }</p>
        <ul class="cards places">{ for holdings.stores.iter().map(|holding| place(cx, holding)) }</ul>
        <div class="apart">
            <h3>{ cx.text(Key::ClassesTitle) }</h3>
            <p>{ cx.text(Key::ClassesAbout) }</p>
            <p class="decide">{ for Class::ALL.iter().map(|class| delete_class(cx, *class)) }</p>
        </div>
        <div class="apart">
            <h3>{ cx.texts.fill(Key::ChildDeleteTitle, &[("child", name)]) }</h3>
            <p>{ cx.text(Key::ChildDeleteAbout) }</p>
            { button(cx, Weight::Plain, cx.texts.fill(Key::ChildDelete, &[("child", name)]), Msg::Ask(Scope::Child)) }
        </div>
    </>}
}

fn place(cx: &Cx, holding: &Holding) -> Html {
    html! {
        <li class="card">
            <h3>{ cx.text(words::store(holding.store)) }</h3>
            <p class="quiet">{ cx.text(words::store_about(holding.store)) }</p>
            { answer(cx, &holding.held) }
        </li>
    }
}

/// "We hold nothing", "we did not look" and "it cannot be tied to your child" are three answers.
fn answer(cx: &Cx, held: &Held) -> Html {
    match held {
        Held::Held { copies, sealed, bytes } => html! {<>
            <p class="lead">{ cx.texts.count(Key::Copies, *copies, &[]) }</p>
            if *sealed > 0 { <p>{ cx.texts.count(Key::CopiesSealed, *sealed, &[]) }</p> }
            if let Some(bytes) = bytes { <p class="quiet">{ size(cx, *bytes) }</p> }
        </>},
        Held::None => html! { <p class="lead">{ cx.text(Key::HeldNone) }</p> },
        Held::NotSearched => html! { <p class="lead">{ cx.text(Key::HeldNotSearched) }</p> },
        Held::NotLinkable => html! { <p class="lead">{ cx.text(Key::HeldNotLinkable) }</p> },
    }
}

fn size(cx: &Cx, bytes: u64) -> AttrValue {
    const MEGABYTE: u64 = 1_000_000;
    if bytes < MEGABYTE {
        cx.texts.count(Key::Kilobytes, bytes.div_ceil(1_000), &[])
    } else {
        cx.texts.count(Key::Megabytes, bytes.div_ceil(MEGABYTE), &[])
    }
}

fn delete_class(cx: &Cx, class: Class) -> Html {
    let label = cx.texts.fill(Key::ClassDelete, &[("class", &cx.text(words::class(class)))]);
    button(cx, Weight::Plain, label, Msg::Ask(Scope::Class { class, from: None, to: None }))
}
