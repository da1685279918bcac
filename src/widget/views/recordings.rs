//! The recordings of a child, newest first, a day at a time; some or all of them ticked.
//!
//! Only what is in sight is drawn, at the place where it would be if all were: so many rows and so
//! many headings below the beginning. How high those are is the style sheet's matter.

use rules::scope::MAX_ITEMS;
use yew::prelude::{AttrValue, Html};

use super::{Cx, children, filters, row, timeline};
use crate::{
    doors,
    locale::{Format, Key},
    page::TOOLBAR,
    parts::{
        Weight, awaited, button, el, group, keyed, live, maybe, on, p, placed, screen, span, text, tick,
        trouble, with,
    },
    state::{Form, Lane, ListMsg, Msg, Selection, Ticked, days::Day},
};

/// The list with what finds and what deletes.
pub fn view(cx: &Cx) -> Html {
    let list = &cx.state.list;
    let nothing = match (&list.days, list.failed()) {
        (None, None) => awaited(cx, list.timeline.slow || list.page.slow, Lane::List),
        (Some(days), _) if days.total == 0 => {
            let unasked = list.form.filter().is_empty();
            p("nothing", cx.text(if unasked { Key::ListEmpty } else { Key::ListNoMatch }))
        }
        _ => Html::default(),
    };
    // What stands above the list comes with it, so that nothing is pushed down; where there is nothing, nothing
    // is looked for.
    let bare = list.form == Form::default()
        && match &list.days {
            None => list.is_coming(),
            Some(days) => days.total == 0 && !list.is_coming() && list.failed().is_none(),
        };
    let shown = list.shown();
    let more = list.total().is_some_and(|total| total > shown);
    screen(vec![
        children::chosen(cx),
        timeline::picture(cx),
        maybe((!bare).then_some(()), |()| group(vec![filters::form(cx), toolbar(cx)])),
        days(cx, shown),
        nothing,
        maybe(more.then_some(()), |()| {
            let shown = cx.texts.number(shown as u64);
            p("nothing", cx.texts.fill(Key::ListEnds, &[("n", &shown)]))
        }),
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
    let total = list.total().map(|total| total as u64);
    let selected = list.selection.count();
    let all = matches!(&*list.selection, Selection::All { except, .. } if except.is_empty());
    let found = match (selected, total) {
        (0, None) => AttrValue::default(),
        (0, Some(total)) => cx.texts.count(Key::Found, total, &[]),
        _ => cx.texts.count(Key::Selected, selected, &[]),
    };
    let tools = vec![
        with(
            "p",
            &["class", "id", "tabindex"],
            vec!["found".into(), TOOLBAR.into(), "-1".into()],
            vec![text(found)],
        ),
        maybe(list.can_be_all().filter(|_| !all), |total| {
            let matching = !list.form.filter().is_empty();
            let label = if matching {
                cx.texts.count(Key::SelectMatching, total, &[])
            } else {
                cx.texts.count(Key::SelectAll, total, &[])
            };
            button(cx, Weight::Quiet, label, Msg::List(ListMsg::All))
        }),
        // Nothing is ticked without the second half.
        maybe(cx.state.half.here, |here| doors::ticked(here, cx)),
        maybe(list.failed(), |failure| trouble(cx, failure, Lane::List)),
    ];
    let values = vec!["toolbar".into(), "toolbar".into(), "group".into(), cx.text(Key::Toolbar)];
    with("div", &["class", "part", "role", "aria-label"], values, tools)
}

/// What can be done with those that are ticked.
pub fn ticked(cx: &Cx) -> Html {
    let list = &cx.state.list;
    let selected = list.selection.count();
    let most = cx.texts.number(MAX_ITEMS as u64);
    group(vec![
        maybe((selected > 0).then_some(()), |()| {
            button(cx, Weight::Quiet, cx.text(Key::SelectNone), Msg::List(ListMsg::None))
        }),
        match (list.scope(), list.unnamed()) {
            _ if list.gather.is_some() => span("quiet", cx.text(Key::Waiting)),
            (None, Some(false)) => p("hint", cx.texts.fill(Key::TooManyToLeaveOut, &[("n", &most)])),
            (None, None) => Html::default(),
            (scope, _) => {
                let msg = scope.map_or(Msg::List(ListMsg::Name), Msg::Ask);
                button(cx, Weight::Plain, cx.texts.count(Key::DeleteSelected, selected, &[]), msg)
            }
        },
        maybe(list.too_many.then_some(()), |()| {
            p("hint", cx.texts.fill(Key::TooManyOneByOne, &[("n", &most)]))
        }),
    ])
}

/// So many rows and headings, as a length.
fn length(rows: usize, headings: usize) -> String {
    format!("calc({rows} * var(--row-size) + {headings} * var(--day-size))")
}

/// The days in sight with the rows that are drawn.
fn days(cx: &Cx, shown: usize) -> Html {
    let list = &cx.state.list;
    let Some(days) = list.days.as_ref().filter(|_| shown > 0) else { return Html::default() };
    let mut sections = Vec::new();
    let mut rows = list.window.each().filter(|row| *row < shown).peekable();
    while let Some(first) = rows.next() {
        let at = days.of_row(first);
        let Some(known) = days.days.get(at) else { break };
        let end = (known.first + known.rows).min(shown);
        let mut drawn = vec![row::row(cx, known, first)];
        while let Some(next) = rows.next_if(|row| *row < end) {
            drawn.push(row::row(cx, known, next));
        }
        let style = format!(
            "inset-block-start:{};block-size:{}",
            length(known.first, at),
            length(end - known.first, 1)
        );
        let inside = vec![
            heading(cx, known),
            with("ul", &["class", "role"], vec!["rows".into(), "list".into()], drawn),
        ];
        let section =
            placed("section", &["class", "part", "style"], vec!["day".into(), "day".into()], style, inside);
        sections.push(keyed(known.date.to_string(), section.into()));
    }
    let about = vec!["days".into(), list.is_dimmed().to_string().into()];
    let style = format!("block-size:{}", length(shown, days.of_row(shown - 1) + 1));
    let list = placed("div", &["class", "aria-busy", "style"], about, style, sections);
    live(list, on("click", row::pressed(cx)))
}

/// A day, and the box that stands for all of it.
fn heading(cx: &Cx, day: &Day) -> Html {
    let date = day.date;
    let words = cx.texts.moment(Format::Day, date.start());
    let found = cx.texts.count(Key::Found, day.rows as u64, &[]);
    let label = cx.texts.fill(Key::SelectDay, &[("day", &words), ("found", &found)]);
    let ticked = cx.state.list.selection.of_day(date, day.rows);
    let class = if ticked == Ticked::Some { "some" } else { "" };
    let then = cx.press(Msg::List(ListMsg::Day(date)));
    let about = vec!["checkbox".into(), class.into(), label];
    let tick = tick(&["type", "class", "aria-label"], about, ticked == Ticked::All, on("click", then));
    el("h3", "", vec![el("label", "tick", vec![tick]), span("", words), span("count", found)])
}
