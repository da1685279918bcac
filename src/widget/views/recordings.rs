//! The recordings of a child, newest first, a day at a time; some or all of them ticked.

use std::rc::Rc;

use rules::{Class, contract::RecordingItem};
use yew::prelude::*;

use super::{Cx, children, filters};
use crate::{
    locale::{Format, Key},
    parts::{Weight, button, clock, trouble, waiting},
    state::{Lane, ListMsg, Msg, Selection},
    words,
};

/// The list with what finds and what deletes.
pub fn view(cx: &Cx) -> Html {
    let list = &cx.state.list;
    html! {
        <section aria-labelledby="heading">
            { children::chosen(cx) }
            { filters::form(cx) }
            { toolbar(cx) }
            if let Some(failure) = list.page.failed.as_ref().or(list.count.failed.as_ref()) {
                { trouble(cx, failure, Lane::List) }
            }
            <div class="days" aria-busy={list.page.busy.to_string()}>{ for days(cx) }</div>
            if list.items.is_empty() {
                if list.page.busy {
                    { waiting(cx) }
                } else if list.page.failed.is_none() {
                    <p class="nothing">{ cx.text(if list.form.filter().is_empty() { Key::ListEmpty } else { Key::ListNoMatch }) }</p>
                }
            }
            if list.next.is_some() {
                <p class="more">
                    { button(cx, Weight::Plain, cx.text(if list.page.busy { Key::Waiting } else { Key::More }), Msg::List(ListMsg::More)) }
                </p>
            }
        </section>
    }
}

/// How many match, how many of them are ticked, and what can be done with those.
fn toolbar(cx: &Cx) -> Html {
    let list = &cx.state.list;
    let total = list.count.value.as_ref().map(|count| count.total);
    let selected = list.selection.count();
    let all = matches!(list.selection, Selection::All { .. });
    let offer_all = total.filter(|total| !all && *total > 0);
    html! {
        <div class="toolbar" role="group" aria-label={cx.text(Key::Toolbar)}>
            <p class="found">
                if selected > 0 {
                    { cx.texts.count(Key::Selected, selected, &[]) }
                } else if let Some(total) = total {
                    { cx.texts.count(Key::Found, total, &[]) }
                }
            </p>
            if let Some(total) = offer_all {
                { button(cx, Weight::Quiet, cx.texts.count(Key::SelectAll, total, &[]), Msg::List(ListMsg::All)) }
            }
            if selected > 0 {
                { button(cx, Weight::Quiet, cx.text(Key::SelectNone), Msg::List(ListMsg::None)) }
            }
            if let Some(scope) = list.scope() {
                { button(cx, Weight::Plain, cx.texts.count(Key::DeleteSelected, selected, &[]), Msg::Ask(scope)) }
            }
        </div>
    }
}

/// The items as sections of one day each.
fn days<'a>(cx: &'a Cx) -> impl Iterator<Item = Html> + 'a {
    let day = |item: &RecordingItem| cx.texts.moment(Format::Day, item.captured_at);
    let mut rest = &cx.state.list.items[..];
    std::iter::from_fn(move || {
        let name = day(rest.first()?);
        let len = rest.iter().take_while(|item| day(item) == name).count();
        let (these, others) = rest.split_at(len);
        rest = others;
        Some(html! {
            <section class="day" key={name.clone()} aria-label={name.clone()}>
                <h3>{ name }</h3>
                <ul class="rows">{ for these.iter().map(|item| row(cx, item)) }</ul>
            </section>
        })
    })
}

fn row(cx: &Cx, item: &Rc<RecordingItem>) -> Html {
    let id = item.id;
    let time = cx.texts.moment(Format::Time, item.captured_at);
    let kind = cx.text(words::kind(item.kind));
    let title = match &item.excerpt {
        Some(words) => cx.texts.fill(Key::Quoted, &[("words", words)]),
        None => cx.text(Key::NoTranscript),
    };
    let tick = cx.link.callback(move |event: MouseEvent| Msg::List(ListMsg::Tick(id, event.shift_key())));
    let label = cx.texts.fill(Key::SelectRow, &[("time", &time), ("kind", &kind), ("words", &title)]);
    html! {
        <li class="row" part="row" key={id.to_string()}>
            <label class="tick"><input type="checkbox" aria-label={label} checked={cx.state.list.selection.has(id)} onclick={tick} /></label>
            <button type="button" class="open" id={id.to_string()} onclick={cx.press(Msg::Open(id))}>
                <span class="time">{ time }</span>
                <span class="title" lang={item.excerpt.as_ref().and(item.language.clone())}>{ title }</span>
                <span class="about">
                    <span>{ kind }</span>
                    if item.classes.contains(&Class::Media) { <span>{ clock(item.duration_ms) }</span> }
                    if let Some(device) = &item.device { <span>{ &device.name }</span> }
                    if item.classes.contains(&Class::Location) { <span>{ cx.text(Key::WithPlace) }</span> }
                    if let Some(until) = item.kept_until {
                        <span class="badge">{ cx.texts.fill(Key::KeptUntil, &[("date", &cx.texts.date(until))]) }</span>
                    }
                </span>
            </button>
        </li>
    }
}
