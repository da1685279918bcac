//! The children, each with what is held of it in plain words.

use rules::{Scope, contract::ChildSummary};
use yew::prelude::Html;

use super::{Cx, heading, loaded};
use crate::{
    locale::{Format, Key},
    parts::{Weight, button, el, group, h3, keyed, maybe, p, screen, ul, waiting},
    state::{Lane, Msg},
    words,
};

/// The first screen of a family with several children.
pub fn view(cx: &Cx) -> Html {
    screen(vec![
        heading(cx.text(Key::ChildrenTitle)),
        loaded(cx, &cx.state.children, Lane::Children, |children| {
            let none = children.items.is_empty().then(|| p("", cx.text(Key::ChildrenNone)));
            let everything = (children.items.len() > 1).then(|| {
                el(
                    "div",
                    "apart",
                    vec![
                        h3(cx.text(Key::EverythingTitle)),
                        p("", cx.text(Key::EverythingAbout)),
                        button(
                            cx,
                            Weight::Plain,
                            cx.text(Key::EverythingDelete),
                            Msg::Ask(Scope::Everything {}),
                        ),
                    ],
                )
            });
            let cards = ul("cards", children.items.iter().map(|child| card(cx, child)));
            group(vec![none.unwrap_or_default(), cards, everything.unwrap_or_default()])
        }),
    ])
}

fn card(cx: &Cx, child: &ChildSummary) -> Html {
    let open = cx.texts.fill(Key::ChildOpen, &[("child", &child.name)]);
    let card = el(
        "li",
        "card",
        vec![
            h3(child.name.clone()),
            summary(cx, child),
            button(cx, Weight::Main, open, Msg::Child(child.id)),
        ],
    );
    keyed(child.id.to_string(), card)
}

/// What is held, since when, by which devices, and what goes next.
pub fn summary(cx: &Cx, child: &ChildSummary) -> Html {
    let texts = cx.texts;
    let devices = texts.list(child.devices.iter().map(|device| device.name.as_str()));
    let holds = match child.oldest {
        Some(oldest) => {
            let since = texts.moment(Format::LocalDate, oldest);
            texts.count(Key::ChildHolds, child.recordings, &[("since", &since)])
        }
        None => texts.fill(Key::ChildNothing, &[("child", &child.name)]),
    };
    el(
        "div",
        "summary",
        vec![
            p("lead", holds),
            maybe((!devices.is_empty()).then_some(devices), |devices| {
                p("", texts.fill(Key::ChildDevices, &[("devices", &devices)]))
            }),
            maybe(child.next_end, |end| {
                p("", texts.fill(words::next_end(end.because), &[("date", &texts.date(end.on))]))
            }),
            maybe((child.open_erasures > 0).then_some(child.open_erasures), |n| {
                p("", texts.count(Key::ChildErasures, n, &[]))
            }),
        ],
    )
}

/// The chosen child's name and summary, over its list.
pub fn chosen(cx: &Cx) -> Html {
    match cx.state.chosen() {
        Some(child) => group(vec![heading(child.name.clone().into()), summary(cx, child)]),
        None => waiting(cx),
    }
}
