//! What is held of a child, place by place, in plain words.

use rules::{
    Class, Scope,
    contract::{Held, Holding, Holdings},
};
use yew::prelude::{AttrValue, Html};

use super::{Cx, heading, loaded, progress::recipients};
use crate::{
    locale::{Format, Key},
    parts::{Weight, button, el, group, h3, maybe, p, screen, ul},
    state::{Lane, Msg},
    words,
};

/// Every place of the inventory, with its answer.
pub fn view(cx: &Cx) -> Html {
    let name = cx.state.chosen().map(|child| child.name.clone()).unwrap_or_default();
    screen(vec![
        heading(cx.texts.fill(Key::HoldingsTitle, &[("child", &name)])),
        loaded(cx, &cx.state.holdings, Lane::Holdings, |holdings| places(cx, holdings, &name)),
    ])
}

fn places(cx: &Cx, holdings: &Holdings, name: &str) -> Html {
    let child = [("child", name)];
    let asked = cx.texts.moment(Format::DayTime, holdings.as_of);
    let about = p("", cx.texts.fill(Key::HoldingsAbout, &[("at", &asked)]));
    let given = || {
        let about = cx.texts.fill(Key::RecipientsHeld, &child);
        recipients(cx, &holdings.recipients, about)
    };
    if holdings.stores.iter().all(|holding| holding.held == Held::None) {
        // Every place was asked, and each of them said so: there is nothing to decide.
        // Of others that cannot be said before they have confirmed it.
        let lead =
            if holdings.recipients.is_empty() { Key::HoldingsNothing } else { Key::HoldingsNothingHere };
        return group(vec![
            p("lead", cx.texts.fill(lead, &child)),
            about,
            ul("cards places", holdings.stores.iter().map(|holding| place(cx, holding))),
            given(),
        ]);
    }
    group(vec![
        about,
        ul("cards places", holdings.stores.iter().map(|holding| place(cx, holding))),
        given(),
        el(
            "div",
            "apart",
            vec![
                h3(cx.text(Key::ClassesTitle)),
                p("", cx.text(Key::ClassesAbout)),
                el("p", "decide", Class::ALL.iter().map(|class| delete_class(cx, *class)).collect()),
            ],
        ),
        el(
            "div",
            "apart",
            vec![
                h3(cx.texts.fill(Key::ChildDeleteTitle, &child)),
                p("", cx.text(Key::ChildDeleteAbout)),
                button(cx, Weight::Plain, cx.texts.fill(Key::ChildDelete, &child), Msg::Ask(Scope::Child {})),
            ],
        ),
    ])
}

fn place(cx: &Cx, holding: &Holding) -> Html {
    el(
        "li",
        "card",
        vec![
            h3(cx.text(words::store(holding.store))),
            p("quiet", cx.text(words::store_about(holding.store))),
            answer(cx, &holding.held),
        ],
    )
}

/// "We hold nothing", "we did not look" and "it cannot be tied to your child" are three answers.
fn answer(cx: &Cx, held: &Held) -> Html {
    match held {
        Held::Held { copies, sealed, bytes } => group(vec![
            p("lead", cx.texts.count(Key::Copies, *copies, &[])),
            maybe((*sealed > 0).then_some(*sealed), |n| p("", cx.texts.count(Key::CopiesSealed, n, &[]))),
            maybe(*bytes, |bytes| p("quiet", size(cx, bytes))),
        ]),
        Held::None => p("lead", cx.text(Key::HeldNone)),
        Held::NotSearched => p("lead", cx.text(Key::HeldNotSearched)),
        Held::NotLinkable => p("lead", cx.text(Key::HeldNotLinkable)),
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
