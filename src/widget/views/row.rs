//! One row of a list.

use std::rc::Rc;

use js_sys::Reflect;
use rules::{Class, Kind, contract::RecordingItem};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, MouseEvent};
use yew::prelude::{Callback, Html};

use super::Cx;
use crate::{
    locale::{Format, Key},
    page::Event,
    parts::{Pen, clock, keyed, pieces},
    sight::ROW,
    state::{ListMsg, Msg, days::Day},
};

/// A row as it was built, and its box. A browser takes a while to make one, and it stays as it is but for
/// the tick.
pub struct Drawn {
    /// Its place in the list, the first row of its day, and how many that has.
    place: [usize; 3],
    item: Option<Rc<RecordingItem>>,
    node: Element,
    tick: Option<HtmlInputElement>,
}

/// The row at this place, or what holds its place until it is there. What was built once is not compared
/// again, and only ticked or unticked.
pub fn row(cx: &Cx, day: &Day, row: usize) -> Html {
    let item = cx.state.list.row(row);
    let place = [row, day.first, day.rows];
    let mut before = cx.before.borrow_mut();
    // What was asked for again is most often as it was: the same row keeps its focus.
    let same = |drawn: &Drawn| drawn.place == place && drawn.item.as_ref() == item;
    let drawn = match before.iter().position(same) {
        Some(at) => before.swap_remove(at),
        None => match build(cx, place, item) {
            Some(drawn) => drawn,
            None => return Html::default(),
        },
    };
    if let (Some(tick), Some(item)) = (&drawn.tick, item) {
        tick.set_checked(cx.state.list.selection.has(item.id));
    }
    let node = drawn.node.clone().into();
    cx.drawn.borrow_mut().push(drawn);
    keyed(row.to_string(), Html::VRef(node))
}

fn build(cx: &Cx, place: [usize; 3], item: Option<&Rc<RecordingItem>>) -> Option<Drawn> {
    let [row, first, rows] = place;
    let above = row - first;
    let mut pen = Pen::new()?;
    pen.open("li", if item.is_some() { "row" } else { "row absent" });
    pen.set("part", "row");
    pen.set("id", &format!("{ROW}{row}"));
    pen.set("aria-setsize", &rows.to_string());
    pen.set("aria-posinset", &(above + 1).to_string());
    let tick = match item {
        Some(item) => fill(cx, &mut pen, item),
        None => {
            pen.leaf("span", "waiting", "\u{2026}");
            None
        }
    };
    let node = pen.close()?;
    // As a property: a strict policy refuses the attribute.
    let style = format!("inset-block-start:calc({above} * var(--row-size) + var(--day-size))");
    let _ = Reflect::set(&node, &"style".into(), &style.into());
    Some(Drawn { place, item: item.cloned(), node, tick })
}

/// What a row shows of its recording. Gives the box.
fn fill(cx: &Cx, pen: &mut Pen, item: &RecordingItem) -> Option<HtmlInputElement> {
    let time = cx.texts.moment(Format::Time, item.captured_at);
    let frame = cx.text(Key::Quoted);
    let none = cx.text(Key::NoTranscript);
    let (before, after) = frame.split_once("{words}").unwrap_or_default();
    let (before, words, after) = match &item.excerpt {
        Some(words) => (before, &**words, after),
        None => ("", &*none, ""),
    };
    pen.open("label", "tick");
    pen.open("input", "");
    pen.set("type", "checkbox");
    let title = [before, words, after].concat();
    pen.set("aria-label", &cx.texts.fill(Key::SelectRow, &[("time", &time), ("words", &title)]));
    let tick = pen.close();
    pen.close();

    pen.open("button", "open");
    pen.set("type", "button");
    pen.set("id", &item.id.to_string());
    pen.leaf("span", "time", &time);
    pen.open("span", "title");
    pen.set("lang", item.language.as_deref().unwrap_or_default());
    pen.set("dir", "auto");
    pen.text(before);
    for (found, piece) in pieces(words, &item.marks) {
        if found {
            pen.leaf("mark", "", piece);
        } else {
            pen.text(piece);
        }
    }
    pen.text(after);
    pen.close();
    pen.open("span", "about");
    // What decides over the rest comes first: on a narrow screen there is one line for all of it.
    if let Some(until) = item.kept_until {
        pen.leaf("span", "badge", &cx.texts.fill(Key::KeptUntil, &[("date", &cx.texts.date(until))]));
    }
    if item.kind == Kind::Video {
        pen.leaf("span", "", &cx.text(Key::KindVideo));
    }
    if item.classes.contains(&Class::Media) {
        pen.leaf("span", "", &clock(item.duration_ms));
    }
    if let Some(device) = &item.device {
        pen.leaf("span", "", &device.name);
    }
    if item.classes.contains(&Class::Location) {
        pen.leaf("span", "", &cx.text(Key::WithPlace));
    }
    pen.close();
    pen.close();
    tick.map(JsCast::unchecked_into)
}

/// Hears for all rows what is pressed in one of them.
pub fn pressed(cx: &Cx) -> Callback<web_sys::Event> {
    let drawn = cx.drawn.clone();
    // Asked of the event at once: later it tells nothing of what is in a shadow root.
    cx.link.callback(move |event| means(&drawn.borrow(), &event).map_or(Event::Nothing, Event::Msg))
}

/// What that means: on a box, with shift or without, or on the way to a recording.
fn means(drawn: &[Drawn], event: &web_sys::Event) -> Option<Msg> {
    let target: Element = event.target()?.unchecked_into();
    let id = drawn.iter().find(|row| row.node.contains(Some(&target)))?.item.as_ref()?.id;
    if target.has_type::<HtmlInputElement>() {
        let shift = event.unchecked_ref::<MouseEvent>().shift_key();
        return Some(Msg::List(ListMsg::Tick(id, shift)));
    }
    target.closest(".open").ok()?.map(|_| Msg::Open(id))
}
