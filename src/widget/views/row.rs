//! One row of a list.

use std::rc::Rc;

use rules::{Class, Kind, contract::RecordingItem};
use yew::prelude::{AttrValue, Html};

use super::{Cx, recordings::ticked};
use crate::{
    locale::{Format, Key},
    parts::{clock, el, keyed, marked, maybe, on, placed, press, span, text, tick, with},
    sight::ROW,
    state::{Msg, days::Day},
};

/// What a row is drawn with that stays the same, ticked or not: its recording, the words for its box,
/// and all the rest. It takes the browser a while to write a time.
pub type Drawn = (Rc<RecordingItem>, AttrValue, Html);

/// The row at this place, or what holds its place until it is there.
pub fn row(cx: &Cx, day: &Day, row: usize) -> Html {
    let item = cx.state.list.row(row);
    let place = row - day.first;
    let about = vec![
        if item.is_some() { "row" } else { "row absent" }.into(),
        "row".into(),
        format!("{ROW}{row}").into(),
        day.rows.to_string().into(),
        (place + 1).to_string().into(),
    ];
    let style = format!("inset-block-start:calc({place} * var(--row-size) + var(--day-size))");
    let names = &["class", "part", "id", "aria-setsize", "aria-posinset", "style"];
    let (key, inside) = match item {
        Some(item) => (item.id.to_string(), inside(cx, item)),
        None => (row.to_string(), vec![span("waiting", "\u{2026}")]),
    };
    keyed(key, placed("li", names, about, style, inside))
}

fn inside(cx: &Cx, item: &Rc<RecordingItem>) -> Vec<Html> {
    let known = cx.before.iter().find(|(known, ..)| Rc::ptr_eq(known, item));
    let drawn = known.cloned().unwrap_or_else(|| draw(cx, item));
    let (_, label, open) = drawn.clone();
    cx.drawn.borrow_mut().push(drawn);
    let selected = cx.state.list.selection.has(item.id);
    let about = vec!["checkbox".into(), label];
    let tick = tick(&["type", "aria-label"], about, selected, on("click", ticked(cx, item.id)));
    vec![el("label", "tick", vec![tick]), open]
}

fn draw(cx: &Cx, item: &Rc<RecordingItem>) -> Drawn {
    let id = item.id;
    let time = cx.texts.moment(Format::Time, item.captured_at);
    let (title, shown) = title(cx, item);
    let label = cx.texts.fill(Key::SelectRow, &[("time", &time), ("words", &title)]);
    let about = |class: Class, words: AttrValue| {
        maybe(item.classes.contains(&class).then_some(words), |words| span("", words))
    };
    // What decides over the rest comes first: on a narrow screen there is one line for all of it.
    let about = el(
        "span",
        "about",
        vec![
            maybe(item.kept_until, |until| {
                span("badge", cx.texts.fill(Key::KeptUntil, &[("date", &cx.texts.date(until))]))
            }),
            maybe((item.kind == Kind::Video).then(|| cx.text(Key::KindVideo)), |kind| span("", kind)),
            about(Class::Media, clock(item.duration_ms).into()),
            maybe(item.device.as_ref(), |device| span("", device.name.clone())),
            about(Class::Location, cx.text(Key::WithPlace)),
        ],
    );
    let language = item.language.clone().unwrap_or_default().into();
    let title = with("span", &["class", "lang", "dir"], vec!["title".into(), language, "auto".into()], shown);
    let about_open = vec!["button".into(), "open".into(), id.to_string().into()];
    let inside = vec![span("time", time), title, about];
    let open = press(&["type", "class", "id"], about_open, cx.press(Msg::Open(id)), inside);
    (item.clone(), label, open)
}

/// What was said, as text and as it is shown: with those words marked that were looked for.
fn title(cx: &Cx, item: &RecordingItem) -> (AttrValue, Vec<Html>) {
    let Some(words) = &item.excerpt else {
        let none = cx.text(Key::NoTranscript);
        return (none.clone(), vec![text(none)]);
    };
    let quoted = cx.texts.fill(Key::Quoted, &[("words", words)]);
    if item.marks.is_empty() {
        return (quoted.clone(), vec![text(quoted)]);
    }
    let frame = cx.text(Key::Quoted);
    let (before, after) = frame.split_once("{words}").unwrap_or_default();
    let mut shown = vec![text(before.to_owned())];
    shown.extend(marked(words, &item.marks));
    shown.push(text(after.to_owned()));
    (quoted, shown)
}
