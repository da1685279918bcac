//! Everything the page knows, and how it changes: pure functions from a state and a message to a
//! state and effects. No browser here, so it is tested natively.

mod answers;
pub mod bars;
mod call;
pub mod days;
pub mod entries;
mod erase;
mod failure;
mod form;
pub mod gather;
mod half;
mod list;
mod loaded;
mod opened;
mod place;
pub mod player;
pub mod receipt;
pub mod report;
#[cfg(test)]
pub(crate) mod samples;
mod selection;
mod shortcut;
#[cfg(test)]
mod tests;
mod tick;
mod trail;
mod zone;

use std::rc::Rc;

use rules::{
    ChildId, Date, ErasureId, ErasureState, RecordingId, Scope,
    contract::{ChildSummary, Children, Erasure, Erasures, Holdings},
};

use crate::doors;

pub use call::{Call, Lane};
pub use entries::{ChildLog, EntriesMsg};
pub use erase::{Flow, FlowMsg, Watched};
pub use failure::{Failure, Trouble};
pub use form::{Change, Edge, Form};
pub use half::Half;
pub use list::{End, List, ListMsg};
pub use loaded::{Loaded, Turn, Waits};
pub use opened::{BadDate, OFFERED_MONTHS, Opened, OpenedMsg, Settled};
pub use place::{Place, Step};
pub use receipt::{Job, ReceiptMsg, Receipts, Verified};
pub use selection::{Pick, Selection, Ticked};
pub use shortcut::Shortcut;
pub use trail::{Entries, Trail};
pub use zone::Zone;

/// What the page has to do beside showing the state.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Make a call; its answer carries the turn.
    Call(Turn, Call),
    /// Follow an erasure to its end.
    Watch(Turn, ErasureId),
    /// Stop following.
    Unwatch,
    /// Check a receipt; the answer carries the turn.
    Verify(Turn, Job),
    /// Hand over a file of this name, with this text in it.
    Save(String, String),
    /// Print what is shown.
    Print,
    /// Send a message after some milliseconds.
    Wait(u32, Msg),
    /// Put the focus somewhere, once the new state is shown.
    Focus(Spot),
    /// Bring a row of the list to the upper edge, once it is shown.
    Scroll(usize),
    /// Close the box, so that the focus goes back to where it was.
    CloseBox,
    /// Something for the media element, as it is shown now.
    Media(player::Effect),
    /// Tell the host page.
    Tell(Told),
    /// Go to another site, at once.
    LeavePage,
}

/// What the host page is told. No word of a child is in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// The service said yes to a keep until then, or to the end of one.
    Keep(RecordingId, Option<Date>),
    /// A watched erasure is in another state.
    Erasure(ErasureId, ErasureState),
    /// A call failed, for this reason.
    Error(&'static str),
}

/// Where the focus goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// The heading of the view.
    Heading,
    /// The row of a recording.
    Row(RecordingId),
    /// What keeps a recording: the form's button, or what opens the form.
    Keep,
    /// The first date a keep is offered with.
    KeepFirst,
    /// A past request.
    Request(ErasureId),
    /// What is said over the list about the selection.
    Toolbar,
    /// The search field.
    Search,
    /// An entry of the history.
    Entry(u64),
}

/// Something she asked for and did not wait for, that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// A keep of this recording, or its end.
    Keep(RecordingId),
    /// The undo of this erasure.
    Undo(ErasureId),
}

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// The children.
    #[default]
    Children,
    /// The recordings of the chosen child.
    Recordings,
    /// What is held of the chosen child.
    Holdings,
    /// One recording.
    Recording,
    /// A deletion that is too large for a box.
    Erase,
    /// An erasure and its progress.
    Progress,
    /// Past requests.
    Requests,
    /// The receipt of a finished erasure.
    Receipt,
    /// What happened to the chosen child's data: its entries in the ledger.
    Entries,
}

/// What the status line says. It is said once, politely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// So many recordings match.
    Found(u64),
    /// So many are selected.
    Selected(u64),
    /// So many cannot be selected one by one.
    TooMany,
    /// A keep holds until then.
    Kept(Date),
    /// A keep was ended.
    KeepEnded,
    /// An erasure has news: what it may be called.
    Erasure(rules::erasure::Phrase),
    /// One more press of Shift leaves the page.
    LeavesNext,
    /// The receipts of an erasure were checked: whether all is as it should be.
    Verified(bool),
    /// An entry was; or all were, and not all is as it should be.
    Checked(bool),
    /// No entry is missing.
    Whole,
}

/// Somebody did something, or time passed. (Answers come by [`State::answer`]: what is cloned for
/// every button must be small.)
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// The page was mounted, or may have been signed in meanwhile.
    Start,
    /// Another screen.
    Go(View),
    /// A child was chosen.
    Child(ChildId),
    /// The browser went back or forward.
    Back(Rc<Place>),
    /// In the list.
    List(ListMsg),
    /// A recording is opened.
    Open(RecordingId),
    /// Back from a recording to the list.
    Close,
    /// In the opened recording.
    Opened(OpenedMsg),
    /// At its player.
    Player(player::Msg),
    /// A deletion begins.
    Ask(Scope),
    /// While it is decided.
    Flow(FlowMsg),
    /// It is not wanted after all.
    Leave,
    /// An erasure is looked at.
    Watch(ErasureId),
    /// It is taken back.
    Undo,
    /// At a receipt.
    Receipt(ReceiptMsg),
    /// At a child's entries.
    Entries(EntriesMsg),
    /// More past requests.
    MoreRequests,
    /// What failed is tried again.
    Retry(Lane),
    /// A second has passed, for the time left.
    Tick,
    /// A key that stands for something.
    Key(Shortcut),
    /// The host wants what is shown to be asked for again.
    Refresh,
    /// The browser is online again, or not any more.
    Online(bool),
    /// Two of three presses that leave the page were made.
    LeavesNext,
    /// Away from here.
    LeavePage,
}

/// Everything the page knows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// The screen.
    pub view: View,
    /// The children.
    pub children: Loaded<Children>,
    /// The chosen child.
    pub child: Option<ChildId>,
    /// What is held of the chosen child.
    pub holdings: Loaded<Holdings>,
    /// The recordings of the chosen child.
    pub list: List,
    /// The opened recording.
    pub opened: Opened,
    /// Its player.
    pub player: player::Player,
    /// The deletion that is being decided.
    pub flow: Option<Flow>,
    /// The erasure that is being watched.
    pub watched: Option<Watched>,
    /// Past requests.
    pub requests: Loaded<Erasures>,
    /// The receipts that are looked at, or are checked.
    pub receipts: Option<Receipts>,
    /// The chosen child's entries in the ledger.
    pub entries: ChildLog,
    /// The second half of the module.
    pub half: Half,
    /// What the status line says.
    pub said: Option<Said>,
    /// What failed after she had gone on.
    pub lost: Option<(Lost, Failure)>,
    /// Whether the browser is offline.
    pub offline: bool,
    /// Whether she left the page: nothing is shown any more.
    pub gone: bool,
    /// After a deletion in a review: the recording to go on with.
    pub next_up: Option<RecordingId>,
    /// Where a deletion was begun.
    came_from: View,
    ticking: bool,
    /// The undo on its way; leaving does not call it off.
    undo_sent: Option<(Turn, ErasureId)>,
    /// The first of the past requests that came last.
    first_of_more: Option<ErasureId>,
}

impl State {
    /// What follows from a message. `today` is the day it is, for what may be kept until when.
    pub fn update(&mut self, msg: Msg, today: Date) -> Vec<Effect> {
        let opened = self.opened.id;
        let effects = self.does(msg, today);
        self.hush(opened, effects)
    }

    fn does(&mut self, msg: Msg, today: Date) -> Vec<Effect> {
        match (self.step(msg), self.half.here) {
            (Ok(effects), _) => effects,
            (Err(msg), Some(here)) => doors::update(here, self, msg, today),
            (Err(msg), None) => self.half.wait(msg, today),
        }
    }

    /// Nothing is heard that is not shown any more, or is about to be deleted.
    fn hush(&mut self, opened: Option<RecordingId>, mut effects: Vec<Effect>) -> Vec<Effect> {
        let shown = self.view == View::Recording && self.flow.is_none();
        if (!shown || self.opened.id != opened)
            && let Some(silence) = self.player.update(player::Msg::Silence)
        {
            effects.insert(0, Effect::Media(silence));
        }
        if self.opened.id != opened {
            self.player.rewind();
        }
        effects
    }

    /// The messages of the first screens. Gives back one that is not among them.
    fn step(&mut self, msg: Msg) -> Result<Vec<Effect>, Msg> {
        let sending = self.is_sending();
        if self.gone {
            return Ok(Vec::new());
        }
        Ok(match msg {
            // Nobody is led away from a request whose answer she has to see.
            Msg::Go(_)
            | Msg::Child(_)
            | Msg::Open(_)
            | Msg::Close
            | Msg::Ask(_)
            | Msg::Leave
            | Msg::Watch(_)
            | Msg::Receipt(_)
            | Msg::Back(_)
                if sending =>
            {
                Vec::new()
            }
            // Nothing is sent twice, and what may be hidden by now is not shown as held: she goes on where
            // she sees whether it was accepted.
            Msg::Back(_) if self.may_be_sent() => return Err(Msg::Leave),
            Msg::Start => self.start(),
            Msg::Go(view @ (View::Children | View::Recordings)) => {
                self.half.forget();
                self.go(view)
            }
            Msg::Child(child) => {
                self.half.forget();
                self.choose(child)
            }
            Msg::List(msg) if msg.is_of_first_screens() => {
                if matches!(msg, ListMsg::Look(_)) {
                    self.half.untick();
                }
                self.child.map(|child| self.list.update(child, msg)).unwrap_or_default()
            }
            Msg::Retry(
                lane @ (Lane::Children | Lane::List | Lane::Timeline | Lane::Whole | Lane::Ids | Lane::Half),
            ) => self.retry(lane),
            Msg::Back(place) if place.is_of_first_screens() => {
                self.half.forget();
                self.come_to(&place)
            }
            Msg::Refresh => self.refresh(),
            Msg::Online(online) => self.online(online),
            Msg::LeavesNext => {
                self.said = Some(Said::LeavesNext);
                Vec::new()
            }
            Msg::LeavePage => {
                *self = Self { gone: true, ..Self::default() };
                vec![Effect::Media(player::Effect::Unload), Effect::LeavePage]
            }
            // They are of the other screens.
            Msg::Key(_) if self.half.here.is_none() => Vec::new(),
            msg => return Err(msg),
        })
    }

    /// Whether a deletion is on its way to the service: nobody is led away from it.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        self.flow.as_ref().is_some_and(|flow| flow.sending.busy)
    }

    /// Whether a deletion that is still decided may have been accepted already.
    fn may_be_sent(&self) -> bool {
        self.flow.as_ref().is_some_and(|flow| flow.maybe_sent)
    }

    /// All the others.
    pub(crate) fn later(&mut self, msg: Msg, today: Date) -> Vec<Effect> {
        match msg {
            Msg::Go(view) => self.go(view),
            Msg::Back(place) => self.come_to_later(&place),
            Msg::List(msg) => self.in_list(msg),
            Msg::Open(id) => self.open(id),
            Msg::Close => self.close(),
            Msg::Opened(msg) => self.opened.update(msg, today),
            Msg::Player(msg) => self.play(msg),
            Msg::Ask(scope) => self.ask(scope),
            Msg::Flow(msg) => self.flow.as_mut().map(|flow| flow.update(msg)).unwrap_or_default(),
            Msg::Leave => self.leave(),
            Msg::Watch(id) => {
                let known =
                    self.requests.value.iter().flat_map(|list| &list.items).find(|erasure| erasure.id == id);
                let known = known.cloned();
                self.watch(id, known)
            }
            Msg::Undo => self.undo(),
            Msg::Receipt(msg) => self.at_receipt(msg),
            Msg::Entries(msg) => match self.child {
                Some(child) => self.entries.update(child, msg),
                None => Vec::new(),
            },
            Msg::MoreRequests => {
                let cursor = self.requests.value.as_ref().and_then(|list| list.next.clone());
                if cursor.is_none() || self.requests.busy {
                    return Vec::new();
                }
                vec![Effect::Call(self.requests.begin(), Call::Erasures { cursor })]
            }
            Msg::Retry(lane) => self.retry(lane),
            Msg::Tick => {
                self.ticking = false;
                self.tick()
            }
            Msg::Key(key) => self.means(key).map(|msg| self.does(msg, today)).unwrap_or_default(),
            Msg::Start | Msg::Child(_) | Msg::Refresh | Msg::Online(_) | Msg::LeavesNext | Msg::LeavePage => {
                Vec::new()
            }
        }
    }

    /// Where the focus goes when what had it is no longer there.
    #[must_use]
    pub fn catch(&self) -> Spot {
        match self.view {
            View::Recording => Spot::Keep,
            View::Requests => self.first_of_more.map_or(Spot::Heading, Spot::Request),
            View::Entries => self.entries.checked.last().map_or(Spot::Heading, |(seq, _)| Spot::Entry(*seq)),
            _ => Spot::Heading,
        }
    }

    fn open(&mut self, id: RecordingId) -> Vec<Effect> {
        self.lost.take_if(|(lost, _)| *lost == Lost::Keep(id));
        let mut effects = self.go_on(View::Recording);
        effects.extend(self.opened.open(id, self.list.form.filter().q));
        // Without the list nobody knows which one is next.
        effects.extend(self.child.map(|child| self.list.opened(child, id)).unwrap_or_default());
        with_focus(effects, Spot::Heading)
    }

    fn close(&mut self) -> Vec<Effect> {
        self.view = View::Recordings;
        if let Some(id) = self.opened.id {
            self.list.hold(id);
        }
        let spot = self.opened.id.map_or(Spot::Heading, Spot::Row);
        let mut effects = match self.child {
            Some(child) if self.list.days.is_none() && !self.list.page.busy => self.list.load(child),
            _ => Vec::new(),
        };
        self.where_she_was(&mut effects);
        with_focus(effects, spot)
    }

    fn undo(&mut self) -> Vec<Effect> {
        let Some(watched) = &mut self.watched else { return Vec::new() };
        let effects = watched.undo();
        if let Some(Effect::Call(turn, _)) = effects.first() {
            self.undo_sent = Some((*turn, watched.id));
        }
        effects
    }

    /// The chosen child, as far as it is known.
    #[must_use]
    pub fn chosen(&self) -> Option<&ChildSummary> {
        let children = self.children.value.as_ref()?;
        children.items.iter().find(|child| Some(child.id) == self.child)
    }

    /// What a child is called.
    #[must_use]
    pub fn name_of(&self, id: ChildId) -> &str {
        let children = self.children.value.iter().flat_map(|children| &children.items);
        children.into_iter().find(|child| child.id == id).map_or("", |child| &child.name)
    }

    fn play(&mut self, msg: player::Msg) -> Vec<Effect> {
        let effect = self.player.update(msg).and_then(|effect| match effect {
            player::Effect::Ask(turn) => self.opened.id.map(|id| Effect::Call(turn, Call::Playback(id))),
            effect => Some(Effect::Media(effect)),
        });
        effect.into_iter().collect()
    }

    fn start(&mut self) -> Vec<Effect> {
        if self.children.busy || self.children.value.is_some() {
            return Vec::new();
        }
        self.load_children()
    }

    fn load_children(&mut self) -> Vec<Effect> {
        vec![Effect::Call(self.children.begin(), Call::Children)]
    }

    fn go(&mut self, view: View) -> Vec<Effect> {
        if self.may_be_sent() {
            self.stale();
        }
        self.flow = None;
        self.said = None;
        let mut effects = self.go_on(view);
        effects.extend(match (view, self.child) {
            (View::Children, _) => self.load_children(),
            (View::Recordings, Some(child)) if self.list.days.is_none() => self.list.load(child),
            (View::Holdings, Some(child)) => vec![Effect::Call(self.holdings.begin(), Call::Holdings(child))],
            (View::Requests, _) => self.load_requests(),
            (View::Entries, Some(child)) => {
                self.entries = ChildLog::default();
                self.entries.load(child)
            }
            _ => Vec::new(),
        });
        with_focus(effects, Spot::Heading)
    }

    /// Shows another screen. What was watched on the last one is not watched any more.
    fn go_on(&mut self, view: View) -> Vec<Effect> {
        self.list.give_up_asking();
        let unwatch = self.view == View::Progress && view != View::Progress;
        if unwatch {
            self.watched = None;
            self.next_up = None;
        }
        self.view = view;
        unwatch.then_some(Effect::Unwatch).into_iter().collect()
    }

    /// What is there is shown at the row where she left it.
    fn where_she_was(&self, effects: &mut Vec<Effect>) {
        if self.list.days.is_some() && self.list.top > 0 {
            effects.push(Effect::Scroll(self.list.top));
        }
    }

    fn load_requests(&mut self) -> Vec<Effect> {
        self.requests.clear();
        self.first_of_more = None;
        vec![Effect::Call(self.requests.begin(), Call::Erasures { cursor: None })]
    }

    /// Asks again for what is shown. A decision that is being made is left alone.
    fn refresh(&mut self) -> Vec<Effect> {
        let mut effects = if self.children.busy { Vec::new() } else { self.load_children() };
        effects.extend(match (self.view, self.child) {
            (View::Recordings, Some(child)) => {
                // Behind a filter the picture shows what is beside it.
                self.list.whole.clear();
                self.list.load(child)
            }
            (View::Holdings, _) => self.retry(Lane::Holdings),
            (View::Recording, _) => self.opened.load(),
            (View::Progress, _) => self.retry(Lane::Watch),
            (View::Requests, _) => self.load_requests(),
            (View::Entries, Some(child)) => self.entries.load(child),
            _ => Vec::new(),
        });
        effects
    }

    /// What could not be fetched while there was no connection is fetched as soon as there is one.
    fn online(&mut self, online: bool) -> Vec<Effect> {
        self.offline = !online;
        let mut effects = Vec::new();
        for lane in Lane::READING.into_iter().filter(|_| online) {
            let failure = self.waits(lane).and_then(|waits| waits.failure().map(Failure::trouble));
            if failure == Some(Trouble::Unreachable) {
                effects.extend(self.retry(lane));
            }
        }
        effects
    }

    /// What is awaited on a lane, if anything can be.
    fn waits(&mut self, lane: Lane) -> Option<&mut dyn Waits> {
        Some(match lane {
            Lane::Children => &mut self.children,
            Lane::Holdings => &mut self.holdings,
            Lane::List => &mut self.list.page,
            Lane::Ids => &mut self.list.gather.as_mut()?.page,
            Lane::Timeline => &mut self.list.timeline,
            Lane::Whole => &mut self.list.whole,
            Lane::Recording => &mut self.opened.recording,
            Lane::Playback => &mut self.player.ticket,
            Lane::Keep => &mut self.opened.keeping,
            Lane::Preview => &mut self.flow.as_mut()?.preview,
            Lane::Erase => &mut self.flow.as_mut()?.sending,
            Lane::Watch => &mut self.watched.as_mut()?.erasure,
            Lane::Undo => &mut self.watched.as_mut()?.undoing,
            Lane::Erasures => &mut self.requests,
            Lane::Half => &mut self.half.coming,
            Lane::Entries => &mut self.entries.page,
            Lane::Entry => &mut self.entries.checking,
            Lane::Receipt => self.receipts.as_mut()?.awaited()?,
        })
    }

    /// A call takes longer than usual.
    pub fn drags(&mut self, lane: Lane, turn: Turn) {
        if let Some(waits) = self.waits(lane).filter(|waits| waits.awaits(turn)) {
            waits.drag();
        }
    }

    /// Nothing of one child is shown under the name of another.
    fn choose(&mut self, child: ChildId) -> Vec<Effect> {
        if self.child != Some(child) {
            self.child = Some(child);
            self.list.forget();
            self.holdings.clear();
            self.opened.forget();
            self.entries = ChildLog::default();
        }
        self.go(View::Recordings)
    }

    fn in_list(&mut self, msg: ListMsg) -> Vec<Effect> {
        let Some(child) = self.child else { return Vec::new() };
        let ticks = matches!(msg, ListMsg::Tick(..) | ListMsg::Day(_) | ListMsg::All | ListMsg::None);
        let effects = self.list.update_later(child, msg);
        if ticks && self.list.gather.is_none() {
            self.say_ticked();
        }
        effects
    }

    fn say_ticked(&mut self) {
        self.said = Some(if self.list.too_many {
            Said::TooMany
        } else {
            Said::Selected(self.list.selection.count())
        });
    }

    fn ask(&mut self, scope: Scope) -> Vec<Effect> {
        self.list.give_up_asking();
        let (flow, effects) = Flow::begin(self.child, scope);
        let small = flow.is_small();
        self.flow = Some(flow);
        if small {
            return effects;
        }
        self.came_from = self.view;
        self.view = View::Erase;
        with_focus(effects, Spot::Heading)
    }

    fn leave(&mut self) -> Vec<Effect> {
        if self.flow.take().is_some_and(|flow| flow.maybe_sent) {
            // It may have been accepted: she goes on where she sees whether it was.
            self.stale();
            let mut effects = if self.view == View::Erase { Vec::new() } else { vec![Effect::CloseBox] };
            effects.extend(self.go(View::Requests));
            return effects;
        }
        if self.view != View::Erase {
            let mut effects = vec![Effect::CloseBox];
            // What was to be deleted was gone already: the list is asked for anew.
            if let (View::Recordings, Some(child), None) = (self.view, self.child, &self.list.days) {
                effects.extend(self.list.load(child));
            }
            return effects;
        }
        self.view = self.came_from;
        vec![Effect::Focus(Spot::Heading)]
    }

    fn watch(&mut self, id: ErasureId, known: Option<Erasure>) -> Vec<Effect> {
        self.lost.take_if(|(lost, _)| *lost == Lost::Undo(id));
        self.said = known.as_ref().map(|erasure| Said::Erasure(erasure.phrase()));
        let (watched, effects) = Watched::begin(id, known);
        self.watched = Some(watched);
        self.go_on(View::Progress);
        let mut effects = with_focus(effects, Spot::Heading);
        effects.extend(self.tick());
        effects
    }

    /// The time left is shown to the second while there is any.
    fn tick(&mut self) -> Vec<Effect> {
        let counting = self.view == View::Progress && self.watched.as_ref().is_some_and(Watched::can_undo);
        if self.ticking || !counting {
            return Vec::new();
        }
        self.ticking = true;
        vec![Effect::Wait(1_000, Msg::Tick)]
    }

    fn retry(&mut self, lane: Lane) -> Vec<Effect> {
        match (lane, self.child) {
            (Lane::Children, _) => self.load_children(),
            (Lane::List | Lane::Timeline | Lane::Whole | Lane::Ids, Some(child)) => self.list.retry(child),
            (Lane::List | Lane::Timeline | Lane::Whole | Lane::Ids, None) => Vec::new(),
            (Lane::Half, _) => self.half.fetch(),
            _ => self.half.here.map(|here| doors::retry(here, self, lane)).unwrap_or_default(),
        }
    }

    /// What the first screens have no part in.
    pub(crate) fn retry_later(&mut self, lane: Lane) -> Vec<Effect> {
        match (lane, self.child) {
            (Lane::Holdings, Some(child)) => vec![Effect::Call(self.holdings.begin(), Call::Holdings(child))],
            (Lane::Recording, _) => self.opened.load(),
            (Lane::Keep, _) => self.opened.retry_keep(),
            (Lane::Preview, _) => self.flow.as_mut().map(Flow::load).unwrap_or_default(),
            (Lane::Watch, _) => self.watched.as_mut().map(Watched::watch).unwrap_or_default(),
            (Lane::Undo, _) => self.undo(),
            (Lane::Erasures, _) => {
                let cursor = self.requests.value.as_ref().and_then(|list| list.next.clone());
                vec![Effect::Call(self.requests.begin(), Call::Erasures { cursor })]
            }
            (Lane::Entries, Some(child)) => self.entries.load(child),
            (Lane::Entry, Some(child)) => self.entries.again(child),
            (Lane::Receipt, _) => self.retry_receipt(),
            // A deletion is only sent by its own button, with its own key; so is the wish to hear.
            (Lane::Erase | Lane::Playback | Lane::Holdings | Lane::Entries | Lane::Entry, _) => Vec::new(),
            (Lane::Children | Lane::List | Lane::Timeline | Lane::Whole | Lane::Ids | Lane::Half, _) => {
                Vec::new()
            }
        }
    }
}

fn with_focus(mut effects: Vec<Effect>, spot: Spot) -> Vec<Effect> {
    effects.push(Effect::Focus(spot));
    effects
}
