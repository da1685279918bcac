//! The page as a Yew component: shows the state, carries out its effects.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo_timers::callback::Timeout;
use rules::contract::Erasure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortController, AbortSignal, HtmlElement, ShadowRoot};
use yew::{html::Scope, prelude::*};

use crate::{
    client::{Client, now},
    connection::Connection,
    doors, events, files, history,
    json::scope_name,
    later,
    leave::{self, Press, Thrice},
    locale::Texts,
    parts::{dialog, player},
    sight::{self, Sight},
    state::{
        Call, Checking, Effect, Failure, Lane, List, ListMsg, Msg, Place, Spot, State, Step, Trail, Turn,
    },
    verify,
    views::{self, Cx, Drawn},
    zone,
};

/// How long a call may take before it counts as not answered, in milliseconds.
const PATIENCE_MS: u32 = 30_000;
/// From when on it is said that a call takes longer than usual, in milliseconds.
const SLOW_MS: u32 = 8_000;
/// The id of the heading of every view, where the focus goes with it.
pub(crate) const HEADING: &str = "heading";
/// The id of what keeps a recording.
pub(crate) const KEEP: &str = "keep";
/// The id of the first date that a keep is offered with.
pub(crate) const KEEP_FIRST: &str = "keep-first";
/// The id of what is said about the selection.
pub(crate) const TOOLBAR: &str = "selected";
/// The id of the search field.
pub(crate) const SEARCH: &str = "search";

/// The id of an entry of the history.
pub(crate) fn entry_id(seq: u64) -> String {
    format!("entry-{seq}")
}

/// What a mount gives its page.
#[derive(Clone)]
pub struct Host {
    /// The number of the mount; pages with different numbers share nothing.
    pub mount: u32,
    /// Counts what changed within the mount.
    pub revision: u32,
    /// Counts how often the host wanted what is shown to be asked for again.
    pub refreshes: u32,
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

/// A call on its way. Dropping it calls it off, unless something is to be changed by it.
struct Flight {
    controller: AbortController,
    lane: Lane,
    timers: [Timeout; 2],
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.lane.changes() {
            self.controller.abort();
        }
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
    /// A receipt was checked, or its check comes on.
    Verified(Turn, Result<Box<Checking>, Failure>),
    /// A call takes longer than usual.
    Slow(Lane, Turn),
    /// It was waited for long enough.
    Silence(Lane, Turn),
    /// Nothing that matters.
    Nothing,
    /// What is known is to be shown, if it is not yet.
    Draw,
    /// A key or the pointer was pressed, at this millisecond.
    Press(Press, f64),
    /// The window was scrolled, or another part of the page is in it.
    Moved,
    /// The browser went back or forward, to an entry that holds this.
    Popped(JsValue),
}

/// The page of one mount.
pub struct Page {
    state: State,
    flights: [Option<Flight>; Lane::COUNT],
    focus: Option<Spot>,
    scroll: Option<usize>,
    sight: Option<Sight>,
    trail: Trail<Place>,
    entry: u32,
    frame: NodeRef,
    media: NodeRef,
    dialog: NodeRef,
    /// Whether the focus was on the page before it was drawn again.
    had_focus: bool,
    thrice: Thrice,
    /// Whether something is known that is not drawn.
    owed: Cell<bool>,
    /// Whether nothing was asked for yet.
    is_new: Cell<bool>,
    /// The rows as they were drawn, in these texts.
    drawn: Rc<RefCell<Vec<Drawn>>>,
    _connection: Option<Connection>,
}

/// Sends an event after some milliseconds.
fn after(link: &Scope<Page>, ms: u32, event: Event) -> Timeout {
    let link = link.clone();
    Timeout::new(ms, move || link.send_message(event))
}

/// What says that a call takes long, and then that it was not answered.
fn timers(link: &Scope<Page>, lane: Lane, turn: Turn) -> [Timeout; 2] {
    // The news of an erasure comes for as long as that takes.
    let silence = if lane == Lane::Watch { Event::Slow } else { Event::Silence };
    [after(link, SLOW_MS, Event::Slow(lane, turn)), after(link, PATIENCE_MS, silence(lane, turn))]
}

impl Component for Page {
    type Message = Event;
    type Properties = PageProps;

    fn create(ctx: &Context<Self>) -> Self {
        ctx.link().send_message(Event::Msg(Msg::Start));
        let mut state = State::default();
        state.list.zone = zone::here();
        state.half.here = later::here().filter(|_| ctx.props().host.texts.are_whole());
        Self {
            state,
            flights: Default::default(),
            focus: None,
            scroll: None,
            sight: Sight::new(ctx.link().clone()),
            trail: Trail::default(),
            entry: 0,
            frame: NodeRef::default(),
            media: NodeRef::default(),
            dialog: NodeRef::default(),
            had_focus: false,
            thrice: Thrice::default(),
            owed: Cell::default(),
            is_new: Cell::new(true),
            drawn: Rc::default(),
            _connection: Connection::new(ctx.link()),
        }
    }

    fn update(&mut self, ctx: &Context<Self>, event: Event) -> bool {
        let before = self.state.place();
        let is_answer = matches!(event, Event::Answer(..) | Event::Msg(Msg::Start));
        let is_of_list = matches!(event, Event::Answer(Lane::List | Lane::Timeline, ..));
        self.had_focus = self.root().is_some_and(|root| root.active_element().is_some());
        let effects = match event {
            Event::Nothing => return false,
            Event::Draw => return self.owed.get(),
            Event::Moved => return self.look_again(ctx),
            Event::Popped(entry) => {
                if let Some(place) = self.place_at(&entry) {
                    let effects = self.state.update(Msg::Back(place), now().date());
                    self.carry_out_all(ctx, effects);
                }
                return true;
            }
            Event::Press(press, at) => match self.thrice.press(press, at) {
                3 => self.state.update(Msg::LeavePage, now().date()),
                2 => self.state.update(Msg::LeavesNext, now().date()),
                _ => return false,
            },
            Event::Slow(lane, turn) => {
                self.state.drags(lane, turn);
                Vec::new()
            }
            Event::Silence(lane, turn) => {
                if let Some(flight) = &self.flights[lane as usize] {
                    flight.controller.abort();
                }
                let silence = lane.silence(ctx.props().host.client.awaits_session());
                self.state.answer(lane, turn, Err(silence))
            }
            Event::Msg(msg) => self.state.update(msg, now().date()),
            Event::Answer(Lane::Half, turn, Ok(_)) if !ctx.props().host.texts.are_whole() => {
                // The language was changed meanwhile.
                vec![Effect::Call(turn, Call::Half)]
            }
            Event::Answer(lane, turn, answer) => self.state.answer(lane, turn, answer),
            news @ (Event::News(..) | Event::Quiet(_) | Event::Verified(..)) => {
                later::here().map(|here| doors::news(here, &mut self.state, news)).unwrap_or_default()
            }
        };
        self.follow(ctx, before);
        let asks = is_answer && effects.iter().any(|effect| matches!(effect, Effect::Call(..)));
        self.carry_out_all(ctx, effects);
        if asks {
            // What the answer asks for in turn sets out before the answer is drawn, and may be there then.
            self.owed.set(true);
            after(ctx.link(), 0, Event::Draw).forget();
        }
        // A list is shown when it is whole.
        !(asks || is_of_list && self.state.list.is_coming())
    }

    fn changed(&mut self, ctx: &Context<Self>, before: &PageProps) -> bool {
        self.drawn.take();
        let refreshed = ctx.props().host.refreshes != before.host.refreshes;
        // Otherwise the host may have signed in only now.
        ctx.link().send_message(Event::Msg(if refreshed { Msg::Refresh } else { Msg::Start }));
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        self.owed.set(false);
        if self.is_new.take() {
            // What was asked for early is known in a moment.
            return Html::default();
        }
        let host = &ctx.props().host;
        // A row that is not drawn this time is forgotten.
        let before = RefCell::new(self.drawn.take());
        let cx = Cx {
            state: &self.state,
            texts: &host.texts,
            media: &self.media,
            dialog: &self.dialog,
            link: ctx.link(),
            before: &before,
            drawn: &self.drawn,
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
        } else if self.had_focus && self.focus_was_lost() {
            self.focus_on(self.state.catch());
        }
        // After the focus, which scrolls to where it is.
        if let Some(root) = self.root() {
            sight::half_ticked(&root);
            if let Some(row) = self.scroll.take() {
                sight::scroll_to(&root, row);
            }
        }
        if let Some(sight) = &self.sight {
            sight.look();
        }
        self.had_focus = false;
    }
}

impl Page {
    fn carry_out_all(&mut self, ctx: &Context<Self>, effects: Vec<Effect>) {
        for effect in effects {
            self.carry_out(ctx, effect);
        }
    }

    /// What is drawn follows what is in sight. Most often there is nothing to draw anew.
    fn look_again(&mut self, ctx: &Context<Self>) -> bool {
        let Some(seen) = self.root().and_then(|root| sight::measure(&root)) else { return false };
        let drawn = |list: &List| (list.window.clone(), list.shown(), list.failed().is_some());
        let before = drawn(&self.state.list);
        let effects = self.state.update(Msg::List(ListMsg::Seen(seen)), now().date());
        self.carry_out_all(ctx, effects);
        before != drawn(&self.state.list)
    }

    /// The browser's history follows the page, unless the host has switched that off.
    fn follow(&mut self, ctx: &Context<Self>, before: Place) {
        let step = self.state.step_from(&before);
        let host = ctx.props().host.client.host();
        if step == Step::Stayed || host.get_attribute("history").as_deref() == Some("none") {
            return;
        }
        if step == Step::Went {
            let Some(here) = history::here() else { return };
            self.trail.mark(here, before);
            let Some(number) = history::push() else { return };
            self.entry = number;
        }
        if !self.trail.is_empty() {
            self.trail.mark(self.entry, self.state.place());
        }
    }

    /// The place where this element was at the entry that the browser shows, if it is elsewhere.
    fn place_at(&mut self, entry: &JsValue) -> Option<Rc<Place>> {
        let number = history::popped(entry).filter(|_| !self.trail.is_empty())?;
        let place = self.trail.find(&history::behind())?.clone();
        let stays = self.state.step_from(&place) == Step::Stayed;
        if !stays && self.state.is_sending() {
            // She is not led away, so neither is the browser: its entries go on to mean what they meant.
            history::return_to(self.entry);
            return None;
        }
        self.trail.mark(self.entry, self.state.place());
        self.entry = number;
        (!stays).then(|| Rc::new(place))
    }

    fn carry_out(&mut self, ctx: &Context<Self>, effect: Effect) {
        let link = ctx.link().clone();
        match effect {
            Effect::Call(turn, call) => {
                let lane = call.lane();
                let Some(signal) = self.take_off(&link, lane, turn) else { return };
                let client = ctx.props().host.client.clone();
                let question = self.question(&call);
                let texts = ctx.props().host.texts.clone();
                link.clone().send_future(async move {
                    let answer = match question {
                        // Asked from here, and not while the page is being changed: the host may do anything.
                        Some((scope, n)) if !events::before_erasure(client.host(), scope, n) => {
                            Err(Failure::Stopped)
                        }
                        _ if lane == Lane::Half => later::come(&texts).await,
                        _ => client.call(&call, Some(&signal)).await,
                    };
                    Event::Answer(lane, turn, answer)
                });
            }
            Effect::Unwatch => {
                self.flights[Lane::Watch as usize] = None;
            }
            Effect::Wait(ms, msg) => {
                after(&link, ms, Event::Msg(msg)).forget();
            }
            Effect::Focus(spot) => self.focus = Some(spot),
            Effect::Scroll(row) => self.scroll = Some(row),
            Effect::CloseBox => {
                dialog::close(&self.dialog);
                // Where it came from may be gone: not even until the next drawing is the focus nowhere.
                if self.focus_was_lost() {
                    self.focus_on(self.state.catch());
                }
            }
            Effect::Tell(told) => {
                let host = ctx.props().host.client.host().clone();
                wasm_bindgen_futures::spawn_local(async move { events::tell(&host, told) });
            }
            Effect::LeavePage => {
                self.flights = Default::default();
                leave::go(ctx.props().host.client.host());
            }
            effect => {
                if let Some(here) = later::here() {
                    doors::carry_out(here, self, ctx, effect);
                }
            }
        }
    }

    /// What the first screens do not ask for.
    pub(crate) fn carry_out_later(&mut self, ctx: &Context<Self>, effect: Effect) {
        match effect {
            Effect::Watch(turn, id) => {
                let link = ctx.link().clone();
                let Some(signal) = self.take_off(&link, Lane::Watch, turn) else { return };
                let client = ctx.props().host.client.clone();
                wasm_bindgen_futures::spawn_local(async move {
                    let tell = |news: Result<_, _>| {
                        link.send_message(Event::News(turn, news.map(Box::new)));
                    };
                    client.watch(id, &signal, tell).await;
                    link.send_message(Event::Quiet(turn));
                });
            }
            Effect::Verify(turn, job) => {
                let link = ctx.link().clone();
                let lane = job.lane();
                let Some(signal) = self.take_off(&link, lane, turn) else { return };
                let client = ctx.props().host.client.clone();
                wasm_bindgen_futures::spawn_local(async move {
                    let tell = |checking: Result<Checking, Failure>| {
                        link.send_message(Event::Verified(turn, checking.map(Box::new)));
                    };
                    let came = |reached| tell(Ok(Checking::Came(reached)));
                    tell(verify::verify(&client, &job, &signal, came).await.map(Checking::Done));
                });
            }
            Effect::Patience(lane, turn) => {
                if let Some(flight) = &mut self.flights[lane as usize] {
                    flight.timers = timers(ctx.link(), lane, turn);
                }
            }
            Effect::Save(name, text) => files::save(&name, &text),
            Effect::Print => files::print(ctx.props().host.client.host()),
            Effect::Media(effect) => {
                if let Some(media) = self.media.cast() {
                    let client = &ctx.props().host.client;
                    player::carry_out(&media, effect, |path| client.url(path));
                }
            }
            _ => {}
        }
    }

    /// Makes room for a call: the one before it in its lane is called off.
    fn take_off(&mut self, link: &Scope<Self>, lane: Lane, turn: Turn) -> Option<AbortSignal> {
        let controller = AbortController::new().ok()?;
        let signal = controller.signal();
        self.flights[lane as usize] = Some(Flight { controller, lane, timers: timers(link, lane, turn) });
        Some(signal)
    }

    /// What the host is asked before a deletion is sent: its scope, and how many recordings. Not again
    /// where an earlier try may have been accepted.
    fn question(&self, call: &Call) -> Option<(&'static str, u64)> {
        let Call::Erase(draft, _) = call else { return None };
        let flow = self.state.flow.as_ref().filter(|flow| !flow.maybe_sent)?;
        Some((scope_name(&draft.scope), flow.preview.value.as_ref()?.recordings))
    }

    fn root(&self) -> Option<ShadowRoot> {
        Some(self.frame.get()?.get_root_node().unchecked_into())
    }

    /// Nothing has the focus, neither here nor anywhere else on the host's page.
    fn focus_was_lost(&self) -> bool {
        let document = web_sys::window().and_then(|window| window.document());
        let nowhere = document.is_some_and(|document| {
            document.active_element().is_none_or(|element| Some(element) == document.body().map(Into::into))
        });
        nowhere && self.root().is_some_and(|root| root.active_element().is_none())
    }

    fn focus_on(&self, spot: Spot) {
        let Some(root) = self.root() else { return };
        let found = match spot {
            Spot::Row(id) => root.get_element_by_id(&id.to_string()),
            Spot::Request(id) => root.get_element_by_id(&id.to_string()),
            Spot::KeepFirst => root.get_element_by_id(KEEP_FIRST),
            Spot::Keep => root.get_element_by_id(KEEP),
            Spot::Toolbar => root.get_element_by_id(TOOLBAR),
            Spot::Search => root.get_element_by_id(SEARCH),
            Spot::Entry(seq) => root.get_element_by_id(&entry_id(seq)),
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
