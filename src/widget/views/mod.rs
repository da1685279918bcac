//! The screens: pure functions from what is known to what is shown.

mod children;
pub mod entries;
pub mod erase;
mod filters;
mod holdings;
mod keep;
pub mod leave;
mod progress;
mod receipt;
mod recording;
pub mod recordings;
mod requests;
mod row;
pub mod timeline;

use std::{cell::RefCell, rc::Rc};

use rules::Timestamp;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::{
    html::{Scope, TargetCast},
    prelude::{AttrValue, Callback, Html, NodeRef},
};

pub use row::Drawn;

use crate::{
    doors,
    locale::{Key, Texts},
    page::{Event, HEADING, Page},
    parts,
    state::{Lane, Loaded, Msg, Said, State, View},
    words,
};

/// What a view is drawn from.
pub struct Cx<'a> {
    /// What is known.
    pub state: &'a State,
    /// What a parent reads.
    pub texts: &'a Rc<Texts>,
    /// The media element, where one is shown.
    pub media: &'a NodeRef,
    /// The dialog, where one is shown.
    pub dialog: &'a NodeRef,
    /// Where messages go.
    pub link: &'a Scope<Page>,
    /// The rows as they were drawn before.
    pub before: &'a RefCell<Vec<Drawn>>,
    /// As they are drawn now.
    pub drawn: &'a Rc<RefCell<Vec<Drawn>>>,
    /// The moment that is shown.
    pub now: Timestamp,
}

// One closure type for each kind of event, not one for each button: it is code that a parent loads.
impl Cx<'_> {
    /// A press that means `msg`.
    pub fn press(&self, msg: Msg) -> Callback<web_sys::Event> {
        self.link.callback(move |_| Event::Msg(msg.clone()))
    }

    /// What stands in a field.
    pub fn typed(&self, msg: fn(String) -> Msg) -> Callback<web_sys::Event> {
        self.link.callback(move |event: web_sys::Event| Event::Msg(msg(field(&event).value())))
    }

    /// Whether a box was ticked.
    pub fn ticked(&self, msg: fn(bool) -> Msg) -> Callback<web_sys::Event> {
        self.link.callback(move |event: web_sys::Event| Event::Msg(msg(field(&event).checked())))
    }

    /// What was chosen from a list of options, by its place; none for the first, which means all.
    pub fn chosen(&self, msg: fn(Option<usize>) -> Msg) -> Callback<web_sys::Event> {
        self.link.callback(move |event: web_sys::Event| Event::Msg(msg(choice_of(&event))))
    }

    /// A text as it stands.
    pub fn text(&self, key: Key) -> AttrValue {
        self.texts.get(key)
    }
}

// Listeners stand on the fields themselves, so that their events come from nothing else.
fn field(event: &web_sys::Event) -> HtmlInputElement {
    event.target_unchecked_into()
}

fn choice_of(event: &web_sys::Event) -> Option<usize> {
    event.target_unchecked_into::<HtmlSelectElement>().value().parse().ok()
}

/// The page: the status line, the ways about, the screen.
pub fn frame(cx: &Cx, node: &NodeRef) -> Html {
    let state = cx.state;
    if state.gone {
        return parts::with("div", &["class", "part"], vec!["page gone".into(), "page".into()], vec![]);
    }
    let screen = match state.view {
        View::Children => children::view(cx),
        View::Recordings => recordings::view(cx),
        _ => parts::maybe(state.half.here, |here| doors::screen(here, cx)),
    };
    let dialog = state.flow.as_ref().and(state.half.here);
    let status = vec!["unseen".into(), "status".into(), "status".into()];
    let status = parts::with("p", &["class", "part", "role"], status, vec![parts::text(said(cx))]);
    let slot = |name: &'static str| parts::with("slot", &["name"], vec![name.into()], vec![]);
    let about = vec!["page".into(), "page".into(), cx.texts.tag().to_owned().into(), cx.texts.direction()];
    let top = parts::el("div", "top", vec![ways(cx), leave::button(cx)]);
    let inside = vec![
        status,
        slot("intro"),
        top,
        leave::offline(cx),
        parts::maybe(state.lost.as_ref().and(state.half.here), |here| doors::lost(here, cx)),
        half(cx),
        screen,
        parts::maybe(dialog, |here| doors::dialog(here, cx)),
        slot("help"),
        leave::about(cx),
    ];
    let mut frame = parts::tag_of("div", &["class", "part", "lang", "dir"], about, inside);
    frame.node_ref = node.clone();
    leave::listen(cx, frame)
}

/// The screens that the first view does not need.
pub fn later(cx: &Cx) -> Html {
    match cx.state.view {
        View::Children | View::Recordings => Html::default(),
        View::Holdings => holdings::view(cx),
        View::Recording => recording::view(cx),
        View::Erase => erase::page(cx),
        View::Progress => progress::view(cx),
        View::Requests => requests::view(cx),
        View::Receipt => receipt::view(cx),
        View::Entries => entries::view(cx),
    }
}

/// The second half of the module, while it is on its way or could not be had.
fn half(cx: &Cx) -> Html {
    let coming = &cx.state.half.coming;
    parts::group(vec![
        parts::maybe(coming.failed.as_ref(), |failure| parts::trouble(cx, failure, Lane::Half)),
        parts::maybe(coming.busy.then_some(()), |()| parts::waiting(cx)),
    ])
}

/// The heading of a screen, which takes the focus with it.
fn heading(words: AttrValue) -> Html {
    parts::with("h2", &["id", "tabindex"], vec![HEADING.into(), "-1".into()], vec![parts::text(words)])
}

/// The ways about. Nothing leads away from a deletion but its own two buttons.
fn ways(cx: &Cx) -> Html {
    let state = cx.state;
    let Some(children) = &state.children.value else { return Html::default() };
    if state.view == View::Erase {
        return Html::default();
    }
    let way = |shown: bool, view: View, key: Key| {
        let here = state.view == view || (view == View::Recordings && state.view == View::Recording);
        parts::maybe(shown.then_some(()), |()| {
            let here = if here { "page" } else { "false" };
            let about = vec!["button".into(), "way".into(), "way".into(), here.into()];
            let go = cx.press(Msg::Go(view));
            let words = vec![parts::text(cx.text(key))];
            parts::el(
                "li",
                "",
                vec![parts::press(&["type", "class", "part", "aria-current"], about, go, words)],
            )
        })
    };
    let chosen = state.child.is_some();
    let ways = vec![
        way(children.items.len() > 1, View::Children, Key::WayChildren),
        way(chosen, View::Recordings, Key::WayRecordings),
        way(chosen, View::Holdings, Key::WayHoldings),
        way(chosen, View::Entries, Key::WayEntries),
        way(true, View::Requests, Key::WayRequests),
    ];
    let ways = parts::ul("", ways.into_iter());
    let about = vec!["ways".into(), "ways".into(), cx.text(Key::Ways)];
    parts::with("nav", &["class", "part", "aria-label"], about, vec![ways])
}

fn said(cx: &Cx) -> AttrValue {
    match cx.state.said {
        None => AttrValue::default(),
        Some(Said::Found(n)) => cx.texts.count(Key::Found, n, &[]),
        Some(Said::LeavesNext) => cx.text(Key::LeavesNext),
        Some(said) => cx.state.half.here.map(|here| doors::said(here, cx, said)).unwrap_or_default(),
    }
}

/// What the first screens do not say.
pub fn said_later(cx: &Cx, said: Said) -> AttrValue {
    match said {
        Said::Found(_) | Said::LeavesNext => AttrValue::default(),
        Said::Selected(n) => cx.texts.count(Key::Selected, n, &[]),
        Said::TooMany => {
            let most = cx.texts.number(rules::scope::MAX_ITEMS as u64);
            cx.texts.fill(Key::TooManyOneByOne, &[("n", &most)])
        }
        Said::Kept(until) => cx.texts.fill(Key::SaidKept, &[("date", &cx.texts.date(until))]),
        Said::KeepEnded => cx.text(Key::SaidKeepEnded),
        Said::Erasure(phrase) => cx.text(words::phrase(phrase)),
        Said::Verified(true) => cx.text(Key::ReceiptGood),
        Said::Checked(true) => cx.text(Key::EntryProved),
        Said::Whole => {
            let whole = cx.state.entries.whole.as_ref();
            whole.map(|whole| entries::none_missing(cx, whole)).unwrap_or_default()
        }
        Said::Verified(false) | Said::Checked(false) => cx.text(Key::ReceiptBad),
    }
}

/// What is fetched: the failure if there is one, what is there, or that it is on its way.
fn loaded<T>(cx: &Cx, loaded: &Loaded<T>, lane: Lane, show: impl FnOnce(&T) -> Html) -> Html {
    let waits = loaded.busy && loaded.value.is_none();
    parts::group(vec![
        parts::maybe(loaded.failed.as_ref(), |failure| parts::trouble(cx, failure, lane)),
        parts::maybe(loaded.value.as_ref(), show),
        parts::maybe(waits.then_some(()), |()| parts::awaited(cx, loaded.slow, lane)),
    ])
}
