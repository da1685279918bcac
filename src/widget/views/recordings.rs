//! The recordings of a child, newest first, a day at a time; some or all of them ticked.

use rules::{Class, Kind, contract::RecordingItem};
use wasm_bindgen::JsCast;
use web_sys::MouseEvent;
use yew::prelude::{AttrValue, Html};

use super::{Cx, children, filters};
use crate::{
    locale::{Format, Key},
    page::Event,
    parts::{
        Weight, button, clock, el, keyed, maybe, on, p, press, screen, span, text, tick, trouble, waiting,
        with,
    },
    state::{Lane, ListMsg, Msg, Selection},
};

/// The list with what finds and what deletes.
pub fn view(cx: &Cx) -> Html {
    let list = &cx.state.list;
    let failed = list.page.failed.as_ref().or(list.count.failed.as_ref());
    let nothing = match (list.items.is_empty(), list.page.busy, failed) {
        (true, true, _) => waiting(cx),
        (true, false, None) => {
            let unasked = list.form.filter().is_empty();
            p("nothing", cx.text(if unasked { Key::ListEmpty } else { Key::ListNoMatch }))
        }
        _ => Html::default(),
    };
    screen(vec![
        children::chosen(cx),
        filters::form(cx),
        toolbar(cx),
        maybe(failed, |failure| trouble(cx, failure, Lane::List)),
        with(
            "div",
            &["class", "aria-busy"],
            vec!["days".into(), list.page.busy.to_string().into()],
            days(cx),
        ),
        nothing,
        maybe(list.next.as_ref(), |_| more(cx, list.page.busy, Msg::List(ListMsg::More))),
    ])
}

/// The way to the next page of a list.
pub fn more(cx: &Cx, busy: bool, msg: Msg) -> Html {
    let label = cx.text(if busy { Key::Waiting } else { Key::More });
    el("p", "more", vec![button(cx, Weight::Plain, label, msg)])
}

/// How many match, how many of them are ticked, and what can be done with those.
fn toolbar(cx: &Cx) -> Html {
    let list = &cx.state.list;
    let total = list.count.value.as_ref().map(|count| count.total);
    let selected = list.selection.count();
    let all = matches!(list.selection, Selection::All { .. });
    let found = match (selected, total) {
        (0, None) => AttrValue::default(),
        (0, Some(total)) => cx.texts.count(Key::Found, total, &[]),
        _ => cx.texts.count(Key::Selected, selected, &[]),
    };
    let tools = vec![
        p("found", found),
        maybe(total.filter(|total| !all && *total > 0), |total| {
            let matching = !list.form.filter().is_empty();
            let label = if matching {
                cx.texts.count(Key::SelectMatching, total, &[])
            } else {
                cx.texts.count(Key::SelectAll, total, &[])
            };
            button(cx, Weight::Quiet, label, Msg::List(ListMsg::All))
        }),
        maybe((selected > 0).then_some(()), |()| {
            button(cx, Weight::Quiet, cx.text(Key::SelectNone), Msg::List(ListMsg::None))
        }),
        maybe(list.scope(), |scope| {
            button(cx, Weight::Plain, cx.texts.count(Key::DeleteSelected, selected, &[]), Msg::Ask(scope))
        }),
    ];
    let values = vec!["toolbar".into(), "group".into(), cx.text(Key::Toolbar)];
    with("div", &["class", "role", "aria-label"], values, tools)
}

/// The items as sections of one day each.
fn days(cx: &Cx) -> Vec<Html> {
    let mut days = Vec::new();
    let mut day = String::new();
    let mut rows = Vec::new();
    let mut end_day = |day: &str, rows: &mut Vec<Html>| {
        if !rows.is_empty() {
            let rows = el("ul", "rows", std::mem::take(rows));
            let section = el("section", "day", vec![el("h3", "", vec![text(day.to_owned())]), rows]);
            days.push(keyed(day.to_owned(), section));
        }
    };
    for item in &cx.state.list.items {
        let its_day = cx.texts.moment(Format::Day, item.captured_at);
        if its_day != day {
            end_day(&day, &mut rows);
            day = its_day;
        }
        rows.push(row(cx, item));
    }
    end_day(&day, &mut rows);
    days
}

fn row(cx: &Cx, item: &RecordingItem) -> Html {
    let id = item.id;
    let time = cx.texts.moment(Format::Time, item.captured_at);
    let title = match &item.excerpt {
        Some(words) => cx.texts.fill(Key::Quoted, &[("words", words)]),
        None => cx.text(Key::NoTranscript),
    };
    let then = cx.link.callback(move |event: web_sys::Event| {
        let shift = event.unchecked_into::<MouseEvent>().shift_key();
        Event::Msg(Msg::List(ListMsg::Tick(id, shift)))
    });
    let label = cx.texts.fill(Key::SelectRow, &[("time", &time), ("words", &title)]);
    let about = |class: Class, words: AttrValue| {
        maybe(item.classes.contains(&class).then_some(words), |words| span("", words))
    };
    let about = el(
        "span",
        "about",
        vec![
            maybe((item.kind == Kind::Video).then(|| cx.text(Key::KindVideo)), |kind| span("", kind)),
            about(Class::Media, clock(item.duration_ms).into()),
            maybe(item.device.as_ref(), |device| span("", device.name.clone())),
            about(Class::Location, cx.text(Key::WithPlace)),
            maybe(item.kept_until, |until| {
                span("badge", cx.texts.fill(Key::KeptUntil, &[("date", &cx.texts.date(until))]))
            }),
        ],
    );
    let language = item.language.clone().unwrap_or_default().into();
    let title = with(
        "span",
        &["class", "lang", "dir"],
        vec!["title".into(), language, "auto".into()],
        vec![text(title)],
    );
    let selected = cx.state.list.selection.has(id);
    let about_tick = vec!["checkbox".into(), label];
    let tick = tick(&["type", "aria-label"], about_tick, selected, on("click", then));
    let about_open = vec!["button".into(), "open".into(), id.to_string().into()];
    let inside = vec![span("time", time), title, about];
    let open = press(&["type", "class", "id"], about_open, cx.press(Msg::Open(id)), inside);
    let row = vec![el("label", "tick", vec![tick]), open];
    keyed(id.to_string(), with("li", &["class", "part"], vec!["row".into(), "row".into()], row))
}
