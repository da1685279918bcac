//! The screens: pure functions from what is known to what is shown.

mod children;
mod erase;
mod filters;
mod holdings;
mod keep;
mod progress;
mod recording;
mod recordings;
mod requests;

use std::rc::Rc;

use rules::Timestamp;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::{html::Scope, prelude::*};

use crate::{
    client::Client,
    locale::{Key, Texts},
    page::{HEADING, Page},
    parts,
    state::{Msg, Said, State, View},
    words,
};

/// What a view is drawn from.
pub struct Cx<'a> {
    /// What is known.
    pub state: &'a State,
    /// What a parent reads.
    pub texts: &'a Rc<Texts>,
    /// The way to the service, for the player.
    pub client: &'a Client,
    /// Where messages go.
    pub link: &'a Scope<Page>,
    /// The moment that is shown.
    pub now: Timestamp,
}

// One closure type for each kind of event, not one for each button: it is code that a parent loads.
impl Cx<'_> {
    /// A press that means `msg`.
    pub fn press(&self, msg: Msg) -> Callback<MouseEvent> {
        self.link.callback(move |_| msg.clone())
    }

    /// What was typed into a field.
    pub fn typed(&self, msg: fn(String) -> Msg) -> Callback<InputEvent> {
        self.link.callback(move |event: InputEvent| {
            msg(event.target_dyn_into::<HtmlInputElement>().map(|field| field.value()).unwrap_or_default())
        })
    }

    /// What was entered into a field and left there.
    pub fn entered(&self, msg: fn(String) -> Msg) -> Callback<Event> {
        self.link.callback(move |event: Event| {
            msg(event.target_dyn_into::<HtmlInputElement>().map(|field| field.value()).unwrap_or_default())
        })
    }

    /// Whether a box was ticked.
    pub fn ticked(&self, msg: fn(bool) -> Msg) -> Callback<Event> {
        self.link.callback(move |event: Event| {
            msg(event.target_dyn_into::<HtmlInputElement>().is_some_and(|field| field.checked()))
        })
    }

    /// What was chosen from a list of options, by its place; none for the first, which means all.
    pub fn chosen(&self, msg: fn(Option<usize>) -> Msg) -> Callback<Event> {
        self.link.callback(move |event: Event| msg(choice_of(&event)))
    }

    /// A text as it stands.
    pub fn text(&self, key: Key) -> AttrValue {
        self.texts.get(key)
    }
}

fn choice_of(event: &Event) -> Option<usize> {
    event.target_dyn_into::<HtmlSelectElement>()?.value().parse().ok()
}

/// The page: the status line, the ways about, the screen.
pub fn frame(cx: &Cx, node: &NodeRef) -> Html {
    let state = cx.state;
    html! {
        <div ref={node} class="page" part="page" lang={cx.texts.tag().to_owned()} dir={cx.texts.direction()}>
            <p class="unseen" role="status">{ said(cx) }</p>
            { ways(cx) }
            { match state.view {
                View::Children => children::view(cx),
                View::Recordings => recordings::view(cx),
                View::Holdings => holdings::view(cx),
                View::Recording => recording::view(cx),
                View::Erase => erase::page(cx),
                View::Progress => progress::view(cx),
                View::Requests => requests::view(cx),
            } }
            { erase::dialog(cx) }
        </div>
    }
}

/// The heading of a screen, which takes the focus with it.
fn heading(text: AttrValue) -> Html {
    html! { <h2 id={HEADING} tabindex="-1">{ text }</h2> }
}

/// The ways about. Nothing leads away from a deletion but its own two buttons.
fn ways(cx: &Cx) -> Html {
    let state = cx.state;
    let several = state.children.value.as_ref().is_some_and(|children| children.items.len() > 1);
    let way = |view: View, key: Key| {
        let here = state.view == view || (view == View::Recordings && state.view == View::Recording);
        html! {
            <li><button class="way" aria-current={here.then_some("page")} onclick={cx.press(Msg::Go(view))}>
                { cx.text(key) }
            </button></li>
        }
    };
    if state.children.value.is_none() || state.view == View::Erase {
        return Html::default();
    }
    html! {
        <nav class="ways" aria-label={cx.text(Key::Ways)}><ul>
            if several { { way(View::Children, Key::WayChildren) } }
            if state.child.is_some() {
                { way(View::Recordings, Key::WayRecordings) }
                { way(View::Holdings, Key::WayHoldings) }
            }
            { way(View::Requests, Key::WayRequests) }
        </ul></nav>
    }
}

fn said(cx: &Cx) -> AttrValue {
    match cx.state.said {
        None => AttrValue::default(),
        Some(Said::Found(n)) => cx.texts.count(Key::Found, n, &[]),
        Some(Said::Selected(n)) => cx.texts.count(Key::Selected, n, &[]),
        Some(Said::Kept(until)) => cx.texts.fill(Key::SaidKept, &[("date", &cx.texts.date(until))]),
        Some(Said::KeepEnded) => cx.text(Key::SaidKeepEnded),
        Some(Said::Erasure(phrase)) => cx.text(words::phrase(phrase)),
    }
}

/// What is fetched: the failure if there is one, what is there, or that it is on its way.
fn loaded<T>(cx: &Cx, loaded: &crate::state::Loaded<T>, lane: crate::state::Lane, show: impl FnOnce(&T) -> Html) -> Html {
    html! {<>
        if let Some(failure) = &loaded.failed { { parts::trouble(cx, failure, lane) } }
        if let Some(value) = &loaded.value {
            { show(value) }
        } else if loaded.busy {
            { parts::waiting(cx) }
        }
    </>}
}
