//! The page as a Yew component: shows the state, carries out its effects.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use rules::contract::Erasure;
use wasm_bindgen::JsCast;
use web_sys::{AbortController, AbortSignal, HtmlElement, ShadowRoot};
use yew::prelude::*;

use crate::{
    client::{Client, now},
    locale::Texts,
    parts::{dialog, player},
    state::{Effect, Failure, Lane, Msg, Spot, State, Turn},
    views::{self, Cx},
};

/// How long a call may take before it counts as not answered, in milliseconds.
const PATIENCE_MS: u32 = 30_000;
/// The id of the heading of every view, where the focus goes with it.
pub(crate) const HEADING: &str = "heading";

/// What a mount gives its page.
#[derive(Clone)]
pub struct Host {
    /// The number of the mount; pages with different numbers share nothing.
    pub mount: u32,
    /// Counts what changed within the mount.
    pub revision: u32,
    /// Where the service is.
    pub src: String,
    /// The way to it.
    pub client: Client,
    /// What a parent reads.
    pub texts: Rc<Texts>,
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        (self.mount, self.revision) == (other.mount, other.revision)
    }
}

/// Properties of [`Root`].
#[derive(Clone, PartialEq, Properties)]
pub struct RootProps {
    /// Whose page is shown; none while the node waits in the pool.
    pub host: Option<Host>,
}

/// What a pooled node shows: one page, or nothing.
pub struct Root;

impl Component for Root {
    type Message = ();
    type Properties = RootProps;

    fn create(_: &Context<Self>) -> Self {
        Self
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        // The key makes a new component of every mount.
        ctx.props()
            .host
            .as_ref()
            .map(|host| html! { <Page key={host.mount} host={host.clone()} /> })
            .unwrap_or_default()
    }
}

/// Properties of [`Page`].
#[derive(Clone, PartialEq, Properties)]
pub struct PageProps {
    /// Whose page it is.
    pub host: Host,
}

/// A call on its way. Dropping it calls it off.
struct Flight {
    controller: AbortController,
    _patience: Option<Timeout>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

/// What happens to a page.
pub enum Event {
    /// Somebody did something, or time passed.
    Msg(Msg),
    /// A call was answered.
    Answer(Lane, Turn, Result<String, Failure>),
    /// There is news of an erasure.
    News(Turn, Result<Box<Erasure>, Failure>),
    /// There will be no more of it: the connection ended.
    Quiet(Turn),
}

/// The page of one mount.
pub struct Page {
    state: State,
    flights: [Option<Flight>; Lane::COUNT],
    focus: Option<Spot>,
    frame: NodeRef,
    media: NodeRef,
    dialog: NodeRef,
}

impl Component for Page {
    type Message = Event;
    type Properties = PageProps;

    fn create(ctx: &Context<Self>) -> Self {
        ctx.link().send_message(Event::Msg(Msg::Start));
        Self {
            state: State::default(),
            flights: Default::default(),
            focus: None,
            frame: NodeRef::default(),
            media: NodeRef::default(),
            dialog: NodeRef::default(),
        }
    }

    fn update(&mut self, ctx: &Context<Self>, event: Event) -> bool {
        let effects = match event {
            Event::Msg(msg) => self.state.update(msg, now().date()),
            Event::Answer(lane, turn, answer) => self.state.answer(lane, turn, answer),
            Event::News(turn, news) => self.state.news(turn, news.map(|erasure| *erasure)),
            Event::Quiet(turn) => self.state.quiet(turn),
        };
        for effect in effects {
            self.carry_out(ctx, effect);
        }
        true
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &PageProps) -> bool {
        // The host may have signed in only now.
        ctx.link().send_message(Event::Msg(Msg::Start));
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let host = &ctx.props().host;
        let cx = Cx {
            state: &self.state,
            texts: &host.texts,
            media: &self.media,
            dialog: &self.dialog,
            link: ctx.link(),
            now: now(),
        };
        views::frame(&cx, &self.frame)
    }

    fn destroy(&mut self, _: &Context<Self>) {
        if let Some(media) = self.media.cast() {
            player::unload(&media);
        }
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        dialog::open(&self.dialog);
        if let Some(spot) = self.focus.take() {
            self.focus_on(spot);
        }
    }
}

impl Page {
    fn carry_out(&mut self, ctx: &Context<Self>, effect: Effect) {
        let link = ctx.link().clone();
        match effect {
            Effect::Call(turn, call) => {
                let lane = call.lane();
                let Some(signal) = self.take_off(lane, true) else { return };
                let client = ctx.props().host.client.clone();
                link.clone().send_future(async move {
                    let answer = client.call(&call, Some(&signal)).await;
                    Event::Answer(lane, turn, answer)
                });
            }
            Effect::Watch(turn, id) => {
                let Some(signal) = self.take_off(Lane::Watch, false) else { return };
                let client = ctx.props().host.client.clone();
                wasm_bindgen_futures::spawn_local(async move {
                    let tell = |news: Result<_, _>| {
                        link.send_message(Event::News(turn, news.map(Box::new)));
                    };
                    client.watch(id, &signal, tell).await;
                    link.send_message(Event::Quiet(turn));
                });
            }
            Effect::Unwatch => {
                self.flights[Lane::Watch as usize] = None;
            }
            Effect::Wait(ms, msg) => {
                Timeout::new(ms, move || link.send_message(Event::Msg(msg))).forget();
            }
            Effect::Focus(spot) => self.focus = Some(spot),
            Effect::CloseBox => dialog::close(&self.dialog),
            Effect::Media(effect) => {
                if let Some(media) = self.media.cast() {
                    let client = &ctx.props().host.client;
                    player::carry_out(&media, effect, |path| client.url(path));
                }
            }
        }
    }

    /// Makes room for a call: the one before it in its lane is called off.
    fn take_off(&mut self, lane: Lane, limited: bool) -> Option<AbortSignal> {
        let controller = AbortController::new().ok()?;
        let signal = controller.signal();
        let patience = limited.then(|| {
            let controller = controller.clone();
            Timeout::new(PATIENCE_MS, move || controller.abort())
        });
        self.flights[lane as usize] = Some(Flight { controller, _patience: patience });
        Some(signal)
    }

    fn focus_on(&self, spot: Spot) {
        let Some(root) = self.frame.get().map(|frame| frame.get_root_node().unchecked_into::<ShadowRoot>())
        else {
            return;
        };
        let found = match spot {
            Spot::Row(id) => root.get_element_by_id(&id.to_string()),
            Spot::Heading => None,
        };
        // A row that is gone leaves the focus on the heading, never on the body.
        let found = found.or_else(|| root.get_element_by_id(HEADING));
        if let Some(element) = found.map(JsCast::unchecked_into::<HtmlElement>) {
            // A browser that cannot focus it leaves the focus where it is.
            let _ = element.focus();
        }
    }
}
