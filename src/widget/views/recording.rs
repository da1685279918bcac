//! One recording: heard, read, where, until when; kept or deleted.

use std::rc::Rc;

use rules::{
    Class, Scope,
    contract::{Recording, Transcript},
    location::Place,
};
use yew::prelude::*;

use super::{Cx, heading, keep, loaded};
use crate::{
    locale::Key,
    parts::{Player, Weight, button, clock, name_of},
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
    html! {
        <section aria-labelledby="heading">
            <p class="steps">
                { button(cx, Weight::Quiet, cx.text(Key::BackToList), Msg::Close) }
                { step(cx, -1, Key::Newer) }
                { step(cx, 1, Key::Older) }
            </p>
            { heading(title) }
            { loaded(cx, &opened.recording, Lane::Recording, |recording| body(cx, recording)) }
        </section>
    }
}

fn step(cx: &Cx, by: isize, label: Key) -> Html {
    let to = cx.state.opened.id.and_then(|id| cx.state.list.neighbour(id, by));
    to.map(|id| button(cx, Weight::Quiet, cx.text(label), Msg::Open(id))).unwrap_or_default()
}

fn body(cx: &Cx, recording: &Rc<Recording>) -> Html {
    let item = &recording.item;
    let delete = Scope::Items { recordings: vec![item.id] };
    html! {<>
        if item.classes.contains(&Class::Media) {
            <Player key={item.id.to_string()} recording={recording.clone()} texts={cx.texts.clone()}
                client={cx.client.clone()} silent={cx.state.flow.is_some()} />
        } else {
            <p>{ cx.text(Key::NoMedia) }</p>
        }
        { transcript(cx, recording.transcript.as_ref()) }
        <dl class="facts">
            { fact(cx, Key::FactLength, clock(item.duration_ms).into()) }
            { fact(cx, Key::FactDevice, item.device.as_ref().map_or_else(|| cx.text(Key::Unknown), |device| device.name.clone().into())) }
            { fact(cx, Key::FactPlace, recording.location.map_or_else(|| cx.text(Key::NoPlace), |at| place(cx, at))) }
            { fact(cx, Key::FactStores, copies(cx, recording)) }
            { fact(cx, Key::FactEnd, cx.texts.fill(words::end(recording.end.because), &[("date", &cx.texts.date(recording.end.on))])) }
            if let Some(until) = item.kept_until {
                { fact(cx, Key::FactKept, cx.texts.date(until).into()) }
            }
        </dl>
        { keep::view(cx, item) }
        <p class="decide">
            if !cx.state.opened.choosing {
                { keep::opener(cx, item) }
            }
            { button(cx, Weight::Plain, cx.text(Key::DeleteThis), Msg::Ask(delete)) }
        </p>
    </>}
}

fn transcript(cx: &Cx, transcript: Option<&Transcript>) -> Html {
    html! {
        <div class="transcript" part="transcript">
            <h3>{ cx.text(Key::TranscriptTitle) }</h3>
            if let Some(transcript) = transcript {
                <blockquote lang={transcript.language.clone()} dir="auto">{ &transcript.text }</blockquote>
            } else {
                <p>{ cx.text(Key::NoTranscript) }</p>
            }
        </div>
    }
}

fn fact(cx: &Cx, name: Key, value: AttrValue) -> Html {
    html! { <div><dt>{ cx.text(name) }</dt><dd>{ value }</dd></div> }
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
