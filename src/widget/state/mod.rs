//! Everything the page knows, and how it changes: pure functions from a state and a message to a
//! state and effects. No browser here, so it is tested natively.

mod again;
mod answers;
pub mod bars;
mod call;
pub mod days;
pub mod entries;
mod erase;
mod failure;
mod form;
pub mod gather;
mod going;
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
mod update;
mod zone;

use std::rc::Rc;

use rules::{
    ChildId, Date, ErasureId, ErasureState, RecordingId, Scope,
    contract::{ChildSummary, Children, Erasures, Holdings},
};

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
pub use receipt::{Checking, Job, Reached, ReceiptMsg, Receipts, Verified};
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
    /// Wait for it anew: it comes on.
    Patience(Lane, Turn),
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
}

fn with_focus(mut effects: Vec<Effect>, spot: Spot) -> Vec<Effect> {
    effects.push(Effect::Focus(spot));
    effects
}
