//! One recording: heard, read, where, until when; kept or deleted.

use rules::{
    Class, Scope,
    contract::{Recording, Transcript},
    location::Place,
};
use yew::prelude::{AttrValue, Html};

use super::{Cx, heading, keep, loaded};
use crate::{
    locale::Key,
    parts::{Weight, button, clock, el, group, h3, keyed, maybe, name_of, p, player, screen, text, with},
    state::{Lane, Msg},
    words,
};

/// The opened recording.
pub fn view(cx: &Cx) -> Html {
    let opened = &cx.state.opened;
    let title = match &opened.recording.value {
        Some(recording) => name_of(cx.texts, &recording.item),
        None => cx.text(Key::RecordingTitle),
    };
    screen(vec![
        el(
            "p",
            "steps",
            vec![
                button(cx, Weight::Quiet, cx.text(Key::BackToList), Msg::Close),
                step(cx, -1, Key::Newer),
                step(cx, 1, Key::Older),
            ],
        ),
        heading(title),
        loaded(cx, &opened.recording, Lane::Recording, |recording| body(cx, recording)),
    ])
}

fn step(cx: &Cx, by: isize, label: Key) -> Html {
    let to = cx.state.opened.id.and_then(|id| cx.state.list.neighbour(id, by));
    maybe(to, |id| button(cx, Weight::Quiet, cx.text(label), Msg::Open(id)))
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
    let place = recording.location.map_or_else(|| cx.text(Key::NoPlace), |at| place(cx, at));
    let end = texts.fill(words::end(recording.end.because), &[("date", &texts.date(recording.end.on))]);
    let facts = vec![
        fact(cx, Key::FactLength, clock(item.duration_ms).into()),
        fact(cx, Key::FactDevice, device),
        fact(cx, Key::FactPlace, place),
        fact(cx, Key::FactStores, copies(cx, recording)),
        fact(cx, Key::FactEnd, end),
        maybe(item.kept_until, |until| fact(cx, Key::FactKept, texts.date(until).into())),
    ];
    let delete = Msg::Ask(Scope::Items { recordings: vec![item.id] });
    group(vec![
        player,
        transcript(cx, recording.transcript.as_ref()),
        el("dl", "facts", facts),
        keep::form(cx),
        el(
            "p",
            "decide",
            vec![keep::opener(cx, item), button(cx, Weight::Plain, cx.text(Key::DeleteThis), delete)],
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
                vec![text(transcript.text.clone())],
            )
        }
        None => p("", cx.text(Key::NoTranscript)),
    };
    el("div", "transcript", vec![h3(cx.text(Key::TranscriptTitle)), words])
}

fn fact(cx: &Cx, name: Key, value: AttrValue) -> Html {
    el("div", "", vec![el("dt", "", vec![text(cx.text(name))]), el("dd", "", vec![text(value)])])
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
