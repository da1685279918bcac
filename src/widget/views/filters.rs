//! What is looked for: words as they are typed, and conditions.

use rules::{Class, Kind};
use yew::prelude::*;

use super::Cx;
use crate::{
    locale::Key,
    page,
    state::{Change, Edge, Form, ListMsg, Msg},
    words,
};

fn look(change: Change) -> Msg {
    Msg::List(ListMsg::Look(change))
}

/// The form above a list. It has no button: the list follows it.
pub fn form(cx: &Cx) -> Html {
    let form = &cx.state.list.form;
    let conditions = form.conditions();
    html! {
        <div class="looking" role="search" aria-label={cx.text(Key::Looking)}>
            <label class="field wide"><span>{ cx.text(Key::SearchWords) }</span>
                <input type="search" value={form.words.clone()} maxlength="200" autocomplete="off"
                    oninput={cx.typed(|words| look(Change::Words(words)))} />
            </label>
            <details class="conditions">
                <summary>
                    { cx.text(Key::Conditions) }
                    if conditions > 0 { <span class="badge">{ cx.texts.count(Key::ConditionsSet, conditions, &[]) }</span> }
                </summary>
                <div class="fields">
                    { day(cx, Key::From, form.from.as_ref(), |day| look(Change::From(first_of(day)))) }
                    { day(cx, Key::To, form.to.as_ref(), |day| look(Change::To(after(day)))) }
                    { devices(cx, form) }
                    { kinds(cx, form) }
                    { classes(cx, form) }
                </div>
                if form.is_backwards() { <p class="hint" role="alert">{ cx.text(Key::Backwards) }</p> }
            </details>
            if *form != Form::default() {
                <button type="button" class="button quiet" onclick={cx.press(look(Change::Nothing))}>
                    { cx.text(Key::LookForAll) }
                </button>
            }
        </div>
    }
}

fn day(cx: &Cx, label: Key, edge: Option<&Edge>, msg: fn(String) -> Msg) -> Html {
    let day = edge.map(|edge| edge.day.clone()).unwrap_or_default();
    html! {
        <label class="field"><span>{ cx.text(label) }</span>
            <input type="date" value={day} onchange={cx.entered(msg)} />
        </label>
    }
}

/// A list of choices by their place in it; the first means all.
fn choice(cx: &Cx, label: Key, names: &[AttrValue], chosen: Option<usize>, on: Callback<Event>) -> Html {
    html! {
        <label class="field"><span>{ cx.text(label) }</span>
            <select onchange={on}>
                <option value="" selected={chosen.is_none()}>{ cx.text(Key::Any) }</option>
                { for names.iter().enumerate().map(|(at, name)| html! {
                    <option value={at.to_string()} selected={chosen == Some(at)}>{ name }</option>
                }) }
            </select>
        </label>
    }
}

fn devices(cx: &Cx, form: &Form) -> Html {
    let Some(child) = cx.state.chosen() else { return Html::default() };
    let names: Vec<_> = child.devices.iter().map(|device| device.name.clone().into()).collect();
    let ids: Vec<_> = child.devices.iter().map(|device| device.id).collect();
    let chosen = ids.iter().position(|id| Some(*id) == form.device);
    let on = cx.link.callback(move |event: Event| {
        let device = super::choice_of(&event).and_then(|at| ids.get(at).copied());
        page::Event::Msg(look(Change::Device(device)))
    });
    choice(cx, Key::Device, &names, chosen, on)
}

const KINDS: [Kind; 2] = [Kind::Voice, Kind::Video];

fn kinds(cx: &Cx, form: &Form) -> Html {
    let names = KINDS.map(|kind| cx.text(words::kind(kind)));
    let chosen = KINDS.iter().position(|kind| Some(*kind) == form.kind);
    let on = cx.chosen(|at| look(Change::Kind(at.and_then(|at| KINDS.get(at).copied()))));
    choice(cx, Key::Kind, &names, chosen, on)
}

fn classes(cx: &Cx, form: &Form) -> Html {
    let names = Class::ALL.map(|class| cx.text(words::class(class)));
    let chosen = Class::ALL.iter().position(|class| Some(*class) == form.class);
    let on = cx.chosen(|at| look(Change::Class(at.and_then(|at| Class::ALL.get(at).copied()))));
    choice(cx, Key::Class, &names, chosen, on)
}

/// The first moment of a day, where the reader is.
fn first_of(day: String) -> Option<Edge> {
    let at = local_midnight(&day, 0)?;
    Some(Edge { day, at })
}

/// The first moment after a day, where the reader is.
fn after(day: String) -> Option<Edge> {
    let at = local_midnight(&day, 1)?;
    Some(Edge { day, at })
}

/// Days begin when the reader's clock says so, summer time and all: the browser knows.
fn local_midnight(day: &str, plus_days: i32) -> Option<rules::Timestamp> {
    let (year, month, of_month) = day.parse::<rules::Date>().ok()?.civil();
    // A year that is still being typed; JavaScript would read 26 as 1926.
    let year = u32::try_from(year).ok().filter(|year| *year >= 1900)?;
    let at =
        js_sys::Date::new_with_year_month_day(year, i32::from(month) - 1, i32::from(of_month) + plus_days);
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds, far below 2^53")]
    Some(rules::Timestamp::from_ms(at.get_time() as i64))
}
