//! Recordings over time as a picture, from which a period can be chosen; the same as a table.

use std::fmt::Write as _;

use web_sys::HtmlDetailsElement;
use yew::{
    html::TargetCast,
    prelude::{AttrValue, Html},
};

use super::{Cx, field};
use crate::{
    doors,
    locale::{Format, Key},
    page::Event,
    parts::{el, field as input, group, label, live, maybe, on, p, span, tag_of, text, with},
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
    let period = maybe(cx.state.half.here, |here| doors::period(here, cx));
    let inside = vec![drawing(&picture.1, list.period()), period];
    let about = vec!["picture".into(), "group".into(), cx.text(Key::Picture)];
    with("div", &["class", "role", "aria-label"], about, inside)
}

/// What a period is chosen with, and the table.
pub fn period(cx: &Cx) -> Html {
    let list = &cx.state.list;
    let Some(picture) = &list.bars else { return Html::default() };
    let (unit, bars) = (picture.0, &picture.1);
    let [first, last] = list.period();
    group(vec![
        end(cx, unit, bars, End::First, first),
        end(cx, unit, bars, End::Last, last),
        p("period", says(cx)),
        table(cx, unit, bars),
    ])
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

fn table(cx: &Cx, unit: Unit, bars: &[Bar]) -> Html {
    let unfolded = cx.state.list.tabled;
    let toggled = cx.link.callback(|event: web_sys::Event| {
        let unfolded = event.target_unchecked_into::<HtmlDetailsElement>().open();
        Event::Msg(Msg::List(ListMsg::Table(unfolded)))
    });
    let cell = |words: AttrValue| el("td", "", vec![text(words)]);
    let head =
        |scope: &'static str, words: AttrValue| with("th", &["scope"], vec![scope.into()], vec![text(words)]);
    let rows = || {
        let rows = bars.iter().rev().filter(|bar| bar.all > 0).map(|bar| {
            let (all, matching) = (cx.texts.number(bar.all), cx.texts.number(bar.matching));
            el("tr", "", vec![head("row", named(cx, unit, bar)), cell(all.into()), cell(matching.into())])
        });
        let heads = [Key::TablePeriod, Key::TableAll, Key::TableMatching];
        let heads = heads.map(|key| head("col", cx.text(key)));
        el(
            "table",
            "",
            vec![el("thead", "", vec![el("tr", "", heads.into())]), el("tbody", "", rows.collect())],
        )
    };
    let (names, values): (&[_], _) = if unfolded {
        (&["class", "open"], vec!["conditions".into(), "".into()])
    } else {
        (&["class"], vec!["conditions".into()])
    };
    let inside = vec![
        el("summary", "", vec![span("", cx.text(Key::PictureTable))]),
        maybe(unfolded.then_some(()), |()| rows()),
    ];
    live(tag_of("details", names, values, inside), on("toggle", toggled))
}
