//! Recordings over time as a picture, from which a period can be chosen; the same as a table.

use std::fmt::Write as _;

use yew::prelude::{AttrValue, Html};

use super::{Cx, field, filters::fold};
use crate::{
    doors,
    locale::{Format, Key},
    page::Event,
    parts::{el, field as input, label, maybe, on, p, span, text, with},
    state::{
        End, ListMsg, Msg,
        bars::{Bar, Unit},
    },
};

/// Width of a bar with its gap, in units of the picture.
const STEP: usize = 8;
/// Height of the picture.
const HEIGHT: u64 = 100;

/// The picture, where there is more than one moment to choose from.
pub fn picture(cx: &Cx) -> Html {
    let list = &cx.state.list;
    let Some(picture) = list.bars.as_ref().filter(|picture| picture.1.len() > 1) else {
        return Html::default();
    };
    let (unit, bars) = (picture.0, &picture.1);
    let [first, last] = list.period();
    let rows = maybe(cx.state.half.here.filter(|_| list.tabled), |here| doors::table(here, cx));
    let summary = el("summary", "", vec![span("", cx.text(Key::PictureTable))]);
    let inside = vec![
        drawing(bars, [first, last]),
        end(cx, unit, bars, End::First, first),
        end(cx, unit, bars, End::Last, last),
        p("period", says(cx)),
        fold(cx, list.tabled, ListMsg::Table, vec![summary, rows]),
    ];
    let about = vec!["picture".into(), "group".into(), cx.text(Key::Picture)];
    with("div", &["class", "role", "aria-label"], about, inside)
}

/// The bars. They say nothing that the sliders and the table do not say.
fn drawing(bars: &[Bar], period: [usize; 2]) -> Html {
    let most = bars.iter().map(|bar| bar.all).max().unwrap_or(0).max(1);
    let path = |class: &'static str, number: fn(&Bar) -> u64, chosen: bool| {
        let mut path = String::new();
        for (at, bar) in bars.iter().enumerate() {
            let number = number(bar);
            if number > 0 && (period[0]..=period[1]).contains(&at) == chosen {
                // What is there is seen, however little it is beside the most.
                let height = (number * HEIGHT / most).max(3);
                let _ = write!(path, "M{} {HEIGHT}v-{height}", at * STEP + STEP / 2);
            }
        }
        with("path", &["class", "d"], vec![class.into(), path.into()], vec![])
    };
    let view_box = format!("0 0 {} {HEIGHT}", bars.len() * STEP);
    let about = vec!["bars".into(), view_box.into(), "none".into(), "true".into()];
    let paths = vec![
        path("beside", |bar| bar.all, false),
        path("all", |bar| bar.all, true),
        path("matching", |bar| bar.matching, true),
    ];
    with("svg", &["class", "viewBox", "preserveAspectRatio", "aria-hidden"], about, paths)
}

/// One end of the period, to be moved along the bars.
fn end(cx: &Cx, unit: Unit, bars: &[Bar], end: End, at: usize) -> Html {
    let name = if end == End::First { Key::PeriodBegins } else { Key::PeriodEnds };
    let value = bars.get(at).map(|bar| named(cx, unit, bar)).unwrap_or_default();
    let moved = cx.link.callback(move |event: web_sys::Event| {
        let at = field(&event).value().parse().unwrap_or(0);
        Event::Msg(Msg::List(ListMsg::Slide(end, at)))
    });
    let names = &["type", "class", "min", "max", "aria-valuetext"];
    let last = (bars.len() - 1).to_string();
    let about = vec!["range".into(), "seek".into(), "0".into(), last.into(), value];
    label("end", cx.text(name), input(names, about, at.to_string(), on("input", moved)))
}

/// What a bar stands for.
fn named(cx: &Cx, unit: Unit, bar: &Bar) -> AttrValue {
    let format = match unit {
        Unit::Day => Format::Date,
        Unit::Month => Format::Month,
        Unit::Year => Format::Year,
    };
    cx.texts.moment(format, bar.first.start()).into()
}

/// The period in words, with what was found in it.
fn says(cx: &Cx) -> AttrValue {
    let list = &cx.state.list;
    let days = list.days.as_ref().map(|days| &days.days[..]).unwrap_or_default();
    let day = |edge: &Option<crate::state::Edge>| edge.as_ref().and_then(|edge| edge.day.parse().ok());
    let from = day(&list.form.from).or(days.last().map(|day| day.date));
    let to = day(&list.form.to).or(days.first().map(|day| day.date));
    let (Some(from), Some(to), Some(total)) = (from, to, list.total()) else { return cx.text(Key::Waiting) };
    let found = cx.texts.count(Key::Found, total as u64, &[]);
    let (from, to) = (cx.texts.date(from), cx.texts.date(to));
    cx.texts.fill(Key::PictureSays, &[("from", &from), ("to", &to), ("found", &found)])
}

/// The same as a table: the periods in which there is anything, newest first.
pub fn table(cx: &Cx) -> Html {
    let Some(picture) = &cx.state.list.bars else { return Html::default() };
    let cell = |words: String| el("td", "", vec![text(words)]);
    let head =
        |scope: &'static str, words: AttrValue| with("th", &["scope"], vec![scope.into()], vec![text(words)]);
    let rows = picture.1.iter().rev().filter(|bar| bar.all > 0).map(|bar| {
        let (all, matching) = (cx.texts.number(bar.all), cx.texts.number(bar.matching));
        el("tr", "", vec![head("row", named(cx, picture.0, bar)), cell(all), cell(matching)])
    });
    let heads = [Key::TablePeriod, Key::TableAll, Key::TableMatching].map(|key| head("col", cx.text(key)));
    let inside = vec![el("thead", "", vec![el("tr", "", heads.into())]), el("tbody", "", rows.collect())];
    el("table", "", inside)
}
