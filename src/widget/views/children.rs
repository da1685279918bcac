//! The children, each with what is held of it in plain words.

use rules::{Scope, contract::ChildSummary};
use yew::prelude::*;

use super::{Cx, heading, loaded};
use crate::{
    locale::{Format, Key},
    parts::{Weight, button, waiting},
    state::{Lane, Msg},
    words,
};

/// The first screen of a family with several children.
pub fn view(cx: &Cx) -> Html {
    html! {
        <section aria-labelledby="heading">
            { heading(cx.text(Key::ChildrenTitle)) }
            { loaded(cx, &cx.state.children, Lane::Children, |children| html! {<>
                if children.items.is_empty() { <p>{ cx.text(Key::ChildrenNone) }</p> }
                <ul class="cards">{ for children.items.iter().map(|child| card(cx, child)) }</ul>
                if children.items.len() > 1 {
                    <div class="apart">
                        <h3>{ cx.text(Key::EverythingTitle) }</h3>
                        <p>{ cx.text(Key::EverythingAbout) }</p>
                        { button(cx, Weight::Plain, cx.text(Key::EverythingDelete), Msg::Ask(Scope::Everything)) }
                    </div>
                }
            </>}) }
        </section>
    }
}

fn card(cx: &Cx, child: &ChildSummary) -> Html {
    html! {
        <li class="card" key={child.id.to_string()}>
            <h3>{ &child.name }</h3>
            { summary(cx, child) }
            <button type="button" class="button main" onclick={cx.press(Msg::Child(child.id))}>
                { cx.texts.fill(Key::ChildOpen, &[("child", &child.name)]) }
            </button>
        </li>
    }
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
    html! {
        <div class="summary">
            <p class="lead">{ holds }</p>
            if !devices.is_empty() {
                <p>{ texts.fill(Key::ChildDevices, &[("devices", &devices)]) }</p>
            }
            if let Some(end) = child.next_end {
                <p>{ texts.fill(words::next_end(end.because), &[("date", &texts.date(end.on))]) }</p>
            }
            if child.open_erasures > 0 {
                <p>{ texts.count(Key::ChildErasures, child.open_erasures, &[]) }</p>
            }
        </div>
    }
}

/// The chosen child's name and summary, over its list.
pub fn chosen(cx: &Cx) -> Html {
    match cx.state.chosen() {
        Some(child) => html! {<>
            { heading(child.name.clone().into()) }
            { summary(cx, child) }
        </>},
        None => waiting(cx),
    }
}
