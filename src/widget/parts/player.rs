//! Hears or watches one recording. Never by itself.

use rules::{Kind, contract::Recording};
use web_sys::{HtmlInputElement, HtmlMediaElement};
use yew::{html::TargetCast, prelude::Html};

use super::{clock, el, field, live, maybe, name_of, on, press, tag_of, text, waveform::waveform, with};
use crate::{
    locale::Key,
    page::Event,
    state::{
        Msg, Shortcut,
        player::{self, Effect},
    },
    views::Cx,
    words,
};

/// The player of a recording.
pub fn player(cx: &Cx, recording: &Recording) -> Html {
    let (texts, state) = (cx.texts, &cx.state.player);
    let length = recording.item.duration_ms;
    let at = state.position_ms.min(length);
    let verb = if state.playing { Key::PauseOf } else { Key::PlayOf };
    let label = texts.fill(verb, &[("recording", &name_of(texts, &recording.item))]);
    let told = texts.fill(Key::PositionOf, &[("at", &clock(at)), ("length", &clock(length))]);
    let failed = state.ticket.failed.as_ref().map(|failure| words::trouble(failure.trouble()).0);
    let failed = failed.or(state.broken.then_some(Key::CannotPlay));

    let about_play = vec!["button".into(), "play".into(), "play".into(), label, Shortcut::Play.key().into()];
    let toggle = cx.press(Msg::Player(player::Msg::Toggle));
    let seek_names = &["type", "class", "min", "max", "step", "aria-label", "aria-valuetext"];
    let about_seek = vec![
        "range".into(),
        "seek".into(),
        "0".into(),
        length.to_string().into(),
        "100".into(),
        texts.get(Key::Position),
        told.clone(),
    ];
    let controls = vec![
        press(
            &["type", "class", "part", "aria-label", "aria-keyshortcuts"],
            about_play,
            toggle,
            vec![sign(state.playing)],
        ),
        field(seek_names, about_seek, at.to_string(), on("input", cx.link.callback(seek))),
        with("span", &["class", "aria-hidden"], vec!["times".into(), "true".into()], vec![text(told)]),
    ];
    let inside = vec![
        media(cx, recording.item.kind),
        maybe(recording.waveform.as_ref(), |peaks| waveform(peaks, at, length)),
        el("div", "controls", controls),
        maybe(failed, |key| {
            with("p", &["class", "role"], vec!["trouble".into(), "alert".into()], vec![text(texts.get(key))])
        }),
    ];
    with("div", &["class", "part"], vec!["player".into(), "player".into()], inside)
}

fn media(cx: &Cx, kind: Kind) -> Html {
    let tag = match kind {
        Kind::Voice => "audio",
        Kind::Video => "video",
    };
    let mut media = tag_of(tag, &["preload", "playsinline"], vec!["none".into(), "".into()], vec![]);
    media.node_ref = cx.media.clone();
    for (name, msg) in [
        ("playing", player::Msg::Started),
        ("pause", player::Msg::Paused),
        ("ended", player::Msg::Ended),
        ("error", player::Msg::Broken),
    ] {
        media.add_listener(on(name, cx.press(Msg::Player(msg))));
    }
    let media = live(media, on("timeupdate", cx.link.callback(at)));
    match kind {
        // Nothing of it is seen. Hidden, a browser does not read its own style sheet for players.
        Kind::Voice => with("div", &["hidden"], vec!["".into()], vec![media]),
        Kind::Video => media,
    }
}

fn at(event: web_sys::Event) -> Event {
    let media: HtmlMediaElement = event.target_unchecked_into();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time, never negative")]
    Event::Msg(Msg::Player(player::Msg::At((media.current_time() * 1_000.0) as u64)))
}

fn seek(event: web_sys::Event) -> Event {
    let field: HtmlInputElement = event.target_unchecked_into();
    Event::Msg(Msg::Player(player::Msg::Seek(field.value().parse().unwrap_or(0))))
}

/// Has the media element do something; `url` makes a URL of a ticket's path.
pub fn carry_out(media: &HtmlMediaElement, effect: Effect, url: impl FnOnce(&str) -> String) {
    match effect {
        Effect::Load(path, ms) => {
            media.set_src(&url(&path));
            go_to(media, ms);
            play(media);
        }
        Effect::Play => play(media),
        Effect::Pause => {
            // Refused only where there is nothing to pause.
            let _ = media.pause();
        }
        Effect::Seek(ms) => go_to(media, ms),
        Effect::Unload => unload(media),
        // The page has made a call of it.
        Effect::Ask(_) => {}
    }
}

fn play(media: &HtmlMediaElement) {
    if let Ok(started) = media.play() {
        // A refusal shows as the element's own error or pause; the promise says nothing more.
        wasm_bindgen_futures::spawn_local(async {
            let _ = wasm_bindgen_futures::JsFuture::from(started).await;
        });
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a recording fit in 53 bits")]
fn go_to(media: &HtmlMediaElement, ms: u64) {
    media.set_current_time(ms as f64 / 1_000.0);
}

/// Stops, and lets go of the address of the bytes.
pub fn unload(media: &HtmlMediaElement) {
    let _ = media.pause();
    if media.remove_attribute("src").is_ok() {
        media.load();
    }
}

/// A triangle, or two bars: drawn, so that no font is needed.
fn sign(playing: bool) -> Html {
    let path = if playing { "M7 5h3v14H7zM14 5h3v14h-3z" } else { "M8 5v14l11-7z" };
    let path = with("path", &["d"], vec![path.into()], vec![]);
    with("svg", &["viewBox", "aria-hidden"], vec!["0 0 24 24".into(), "true".into()], vec![path])
}
