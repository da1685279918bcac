//! One recording: heard, read, where, until when; kept or deleted.

use rules::{
    Class, Scope, StoreId,
    contract::{Recording, Transcript},
    location::Place,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use yew::{
    html::TargetCast,
    prelude::{AttrValue, Html},
};

use super::{Cx, heading, keep, loaded};
use crate::{
    locale::Key,
    page,
    parts::{
        Weight, button_with, clock, el, group, h3, keyed, live, map, marked, maybe, name_of, on, p, player,
        span, tag_of, text, ul, with,
    },
    state::{Lane, Msg, Shortcut},
    words,
};

/// The opened recording.
pub fn view(cx: &Cx) -> Html {
    let opened = &cx.state.opened;
    let title = match &opened.recording.value {
        Some(recording) => name_of(cx.texts, &recording.item),
        None => cx.text(Key::RecordingTitle),
    };
    let inside = vec![
        el(
            "p",
            "steps",
            vec![
                by_key(cx, Weight::Quiet, Key::BackToList, Shortcut::Back, Msg::Close),
                step(cx, -1, Key::Newer, Shortcut::Newer),
                step(cx, 1, Key::Older, Shortcut::Older),
            ],
        ),
        heading(title),
        loaded(cx, &opened.recording, Lane::Recording, |recording| body(cx, recording)),
        p("quiet keys", cx.text(Key::Shortcuts)),
    ];
    with_keys(cx, inside)
}

/// A screen on which keys of one letter count.
pub fn with_keys(cx: &Cx, inside: Vec<Html>) -> Html {
    let section = tag_of("section", &["aria-labelledby"], vec![page::HEADING.into()], inside);
    live(section, on("keydown", cx.link.callback(pressed)))
}

/// A button for which a key stands, too.
pub fn by_key(cx: &Cx, weight: Weight, label: Key, key: Shortcut, msg: Msg) -> Html {
    button_with(cx, "aria-keyshortcuts", key.key(), weight, cx.text(label), msg)
}

fn pressed(event: web_sys::Event) -> page::Event {
    let target: Element = event.target_unchecked_into();
    // A slider, a box or a choice takes no letters.
    let in_field = target.matches("select, input:not([type=range], [type=radio], [type=checkbox])");
    let event: KeyboardEvent = event.unchecked_into();
    let held = event.ctrl_key() || event.alt_key() || event.meta_key() || event.shift_key();
    if held || event.repeat() || event.default_prevented() || in_field.unwrap_or(true) {
        return page::Event::Nothing;
    }
    let (key, code) = (event.key(), event.code());
    // A keyboard of another script has its letters in the same places.
    let key = if key.is_ascii() { &*key } else { code.strip_prefix("Key").unwrap_or_default() };
    match Shortcut::of(key) {
        Some(shortcut) => page::Event::Msg(Msg::Key(shortcut)),
        None => page::Event::Nothing,
    }
}

fn step(cx: &Cx, by: isize, label: Key, key: Shortcut) -> Html {
    let to = cx.state.opened.id.and_then(|id| cx.state.list.neighbour(id, by));
    maybe(to, |id| by_key(cx, Weight::Quiet, label, key, Msg::Open(id)))
}

fn body(cx: &Cx, recording: &Recording) -> Html {
    let item = &recording.item;
    let texts = cx.texts;
    let player = if item.classes.contains(&Class::Media) {
        keyed(item.id.to_string(), player(cx, recording))
    } else {
        p("", cx.text(Key::NoMedia))
    };
    let device =
        item.device.as_ref().map_or_else(|| cx.text(Key::Unknown), |device| device.name.clone().into());
    let end = texts.fill(words::end(recording.end.because), &[("date", &texts.date(recording.end.on))]);
    let facts = vec![
        fact(cx, Key::FactLength, clock(item.duration_ms).into()),
        fact(cx, Key::FactDevice, device),
        maybe(recording.location.is_none().then(|| cx.text(Key::NoPlace)), |none| {
            fact(cx, Key::FactPlace, none)
        }),
        made(cx, recording),
        fact(cx, Key::FactStores, copies(cx, recording)),
        fact(cx, Key::FactEnd, end),
        maybe(item.kept_until, |until| fact(cx, Key::FactKept, texts.date(until).into())),
    ];
    let delete = Msg::Ask(Scope::Items { recordings: vec![item.id] });
    group(vec![
        player,
        transcript(cx, recording.transcript.as_ref()),
        learned(cx, recording),
        maybe(recording.location, |at| group(vec![h3(cx.text(Key::MapTitle)), map(cx, at, place(cx, at))])),
        el("dl", "facts", facts),
        keep::form(cx),
        el(
            "p",
            "decide",
            vec![
                keep::opener(cx, item),
                by_key(cx, Weight::Plain, Key::DeleteThis, Shortcut::Delete, delete),
            ],
        ),
    ])
}

fn transcript(cx: &Cx, transcript: Option<&Transcript>) -> Html {
    let words = match transcript {
        Some(transcript) => {
            let language = transcript.language.clone().unwrap_or_default().into();
            with(
                "blockquote",
                &["lang", "dir"],
                vec![language, "auto".into()],
                marked(&transcript.text, &transcript.marks),
            )
        }
        None => p("", cx.text(Key::NoTranscript)),
    };
    el("div", "transcript", vec![h3(cx.text(Key::TranscriptTitle)), words])
}

/// What was learned from it, in words.
fn learned(cx: &Cx, recording: &Recording) -> Html {
    let facts: Vec<_> = recording.made.iter().filter_map(|made| made.text.clone()).collect();
    if facts.is_empty() {
        return Html::default();
    }
    let facts = facts.into_iter().map(|fact| with("li", &["dir"], vec!["auto".into()], vec![text(fact)]));
    group(vec![h3(cx.text(Key::Learned)), ul("", facts)])
}

fn fact(cx: &Cx, name: Key, value: AttrValue) -> Html {
    el("div", "", vec![el("dt", "", vec![text(cx.text(name))]), el("dd", "", vec![text(value)])])
}

/// What was made from the recording itself, each with what it is.
fn made(cx: &Cx, recording: &Recording) -> Html {
    let made = |store: &&StoreId| **store == StoreId::Transcript || store.class() == Some(Class::Derived);
    let made: Vec<_> = recording.stores.iter().filter(made).collect();
    if made.is_empty() {
        return fact(cx, Key::FactMade, cx.text(Key::MadeNothing));
    }
    let items = made.into_iter().map(|store| {
        let words = vec![
            span("name", cx.text(words::store(*store))),
            text(" "),
            text(cx.text(words::store_about(*store))),
        ];
        el("li", "", words)
    });
    let dt = el("dt", "", vec![text(cx.text(Key::FactMade))]);
    el("div", "", vec![dt, el("dd", "", vec![ul("", items)])])
}

fn copies(cx: &Cx, recording: &Recording) -> AttrValue {
    let names: Vec<_> = recording.stores.iter().map(|store| cx.text(words::store(*store))).collect();
    cx.texts.list(names.iter().map(AttrValue::as_str)).into()
}

fn place(cx: &Cx, place: Place) -> AttrValue {
    let at = [("latitude", &*degrees(place.latitude_udeg)), ("longitude", &*degrees(place.longitude_udeg))];
    match place.accuracy_m {
        Some(metres) => {
            let within = cx.texts.count(Key::Metres, u64::from(metres), &[]);
            cx.texts.fill(Key::PlaceWithin, &[at[0], at[1], ("within", &within)])
        }
        None => cx.texts.fill(Key::Place, &at),
    }
}

/// Millionths of a degree as a decimal of five places, about a metre.
fn degrees(udeg: i32) -> String {
    let rounded = (udeg.unsigned_abs() + 5) / 10;
    let sign = if udeg < 0 && rounded > 0 { "\u{2212}" } else { "" };
    format!("{sign}{}.{:05}", rounded / 100_000, rounded % 100_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_have_five_places() {
        assert_eq!(degrees(47_606_209), "47.60621");
        assert_eq!(degrees(-122_332_069), "\u{2212}122.33207");
        assert_eq!(degrees(-4), "0.00000");
        assert_eq!(degrees(90_000_000), "90.00000");
    }
}
