//! Hears or watches one recording. Never by itself.

use std::rc::Rc;

use rules::{Kind, contract::Recording};
use web_sys::{HtmlInputElement, HtmlMediaElement};
use yew::prelude::*;

use super::{clock, name_of, waveform::waveform};
use crate::{
    client::Client,
    locale::{Key, Texts},
    state::player::{self, Effect, Msg},
    words,
};

/// Properties of [`Player`].
#[derive(Clone, Properties)]
pub struct PlayerProps {
    /// What is played.
    pub recording: Rc<Recording>,
    /// What a parent reads.
    pub texts: Rc<Texts>,
    /// The way to the service.
    pub client: Client,
    /// It must be quiet: what it plays is about to be deleted.
    pub silent: bool,
}

impl PartialEq for PlayerProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.recording, &other.recording)
            && Rc::ptr_eq(&self.texts, &other.texts)
            && self.silent == other.silent
    }
}

/// A player of one recording.
pub struct Player {
    state: player::Player,
    media: NodeRef,
}

impl Component for Player {
    type Message = Msg;
    type Properties = PlayerProps;

    fn create(_: &Context<Self>) -> Self {
        Self { state: player::Player::default(), media: NodeRef::default() }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        if let Some(effect) = self.state.update(msg) {
            self.carry_out(ctx, effect);
        }
        true
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &PlayerProps) -> bool {
        if ctx.props().silent {
            ctx.link().send_message(Msg::Silence);
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let (texts, recording) = (&props.texts, &props.recording);
        let length = recording.item.duration_ms;
        let at = self.state.position_ms.min(length);
        let verb = if self.state.playing { Key::PauseOf } else { Key::PlayOf };
        let label = texts.fill(verb, &[("recording", &name_of(texts, &recording.item))]);
        let told = texts.fill(Key::PositionOf, &[("at", &clock(at)), ("length", &clock(length))]);
        let failed = self.state.ticket.failed.as_ref().map(|failure| words::trouble(failure.trouble()).0);
        let failed = failed.or(self.state.broken.then_some(Key::CannotPlay));
        html! {
            <div class="player" part="player">
                { self.media(ctx) }
                if let Some(peaks) = &recording.waveform { { waveform(peaks, at, length) } }
                <div class="controls">
                    <button type="button" class="play" part="play" aria-label={label} onclick={ctx.link().callback(|_| Msg::Toggle)}>
                        { sign(self.state.playing) }
                    </button>
                    <input type="range" class="seek" min="0" max={length.to_string()} step="100"
                        value={at.to_string()} aria-label={texts.get(Key::Position)} aria-valuetext={told.clone()}
                        oninput={ctx.link().callback(seek)} />
                    <span class="times" aria-hidden="true">{ told }</span>
                </div>
                if let Some(key) = failed { <p class="trouble" role="alert">{ texts.get(key) }</p> }
            </div>
        }
    }

    fn destroy(&mut self, _: &Context<Self>) {
        if let Some(media) = self.media.cast::<HtmlMediaElement>() {
            unload(&media);
        }
    }
}

impl Player {
    fn media(&self, ctx: &Context<Self>) -> Html {
        let on = |msg: Msg| ctx.link().callback(move |_: Event| msg.clone());
        let at = ctx.link().callback(|event: Event| {
            let media: HtmlMediaElement = event.target_unchecked_into();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a time, never negative"
            )]
            Msg::At((media.current_time() * 1_000.0) as u64)
        });
        let (started, paused, ended, broken) =
            (on(Msg::Started), on(Msg::Paused), on(Msg::Ended), on(Msg::Broken));
        match ctx.props().recording.item.kind {
            Kind::Voice => html! {
                <audio ref={&self.media} preload="none" ontimeupdate={at} onplaying={started} onpause={paused}
                    onended={ended} onerror={broken} />
            },
            Kind::Video => html! {
                <video ref={&self.media} preload="none" playsinline=true ontimeupdate={at} onplaying={started}
                    onpause={paused} onended={ended} onerror={broken} />
            },
        }
    }

    fn carry_out(&self, ctx: &Context<Self>, effect: Effect) {
        let Some(media) = self.media.cast::<HtmlMediaElement>() else { return };
        match effect {
            Effect::Ask(turn) => {
                let (client, id) = (ctx.props().client.clone(), ctx.props().recording.item.id);
                ctx.link().send_future(async move { Msg::Ticket(turn, client.playback(id).await) });
            }
            Effect::Load(url, ms) => {
                media.set_src(&url);
                go_to(&media, ms);
                play(&media);
            }
            Effect::Play => play(&media),
            Effect::Pause => {
                // Refused only where there is nothing to pause.
                let _ = media.pause();
            }
            Effect::Seek(ms) => go_to(&media, ms),
            Effect::Unload => unload(&media),
        }
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
fn unload(media: &HtmlMediaElement) {
    let _ = media.pause();
    if media.remove_attribute("src").is_ok() {
        media.load();
    }
}

fn seek(event: InputEvent) -> Msg {
    let field: HtmlInputElement = event.target_unchecked_into();
    Msg::Seek(field.value().parse().unwrap_or(0))
}

/// A triangle, or two bars: drawn, so that no font is needed.
fn sign(playing: bool) -> Html {
    let path = if playing { "M7 5h3v14H7zM14 5h3v14h-3z" } else { "M8 5v14l11-7z" };
    html! { <svg viewBox="0 0 24 24" aria-hidden="true"><path d={path} /></svg> }
}
