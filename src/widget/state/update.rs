//! What follows from a message: first what the first screens know, then everything else.

use rules::{Date, RecordingId};

use super::{Call, Effect, Lane, ListMsg, Msg, Said, State, View, player};
use crate::doors;

impl State {
    /// What follows from a message. `today` is the day it is, for what may be kept until when.
    pub fn update(&mut self, msg: Msg, today: Date) -> Vec<Effect> {
        let opened = self.opened.id;
        let effects = self.does(msg, today);
        self.hush(opened, effects)
    }

    pub(super) fn does(&mut self, msg: Msg, today: Date) -> Vec<Effect> {
        match (self.step(msg), self.half.here) {
            (Ok(effects), _) => effects,
            (Err(msg), Some(here)) => doors::update(here, self, msg, today),
            (Err(msg), None) => self.half.wait(msg, today),
        }
    }

    /// Nothing is heard that is not shown any more, or is about to be deleted.
    pub(super) fn hush(&mut self, opened: Option<RecordingId>, mut effects: Vec<Effect>) -> Vec<Effect> {
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
    pub(super) fn step(&mut self, msg: Msg) -> Result<Vec<Effect>, Msg> {
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
    pub(super) fn may_be_sent(&self) -> bool {
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
            Msg::Entries(msg) => {
                // What is found of the next one may be said in the same words, and is news.
                self.said = None;
                self.child.map(|child| self.entries.update(child, msg)).unwrap_or_default()
            }
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
}
