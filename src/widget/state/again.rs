//! What is waited for, and what is asked for again: by the host, by a parent, or because there is a connection again.

use super::{Call, Effect, Failure, Flow, Lane, State, Trouble, Turn, View, Waits, Watched};
use crate::doors;

impl State {
    /// Asks again for what is shown. A decision that is being made is left alone.
    pub(super) fn refresh(&mut self) -> Vec<Effect> {
        let mut effects = if self.children.busy { Vec::new() } else { self.load_children() };
        effects.extend(match (self.view, self.child) {
            (View::Recordings, Some(child)) => {
                // Behind a filter the picture shows what is beside it.
                self.list.whole.clear();
                self.list.load(child)
            }
            (view, _) => self.ask_for(view, false),
        });
        effects
    }

    /// What could not be fetched while there was no connection is fetched as soon as there is one.
    pub(super) fn online(&mut self, online: bool) -> Vec<Effect> {
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
    pub(super) fn waits(&mut self, lane: Lane) -> Option<&mut dyn Waits> {
        Some(match lane {
            Lane::Children => &mut self.children,
            Lane::List => &mut self.list.page,
            Lane::Timeline => &mut self.list.timeline,
            Lane::Whole => &mut self.list.whole,
            Lane::Half => &mut self.half.coming,
            _ => return self.half.here.and_then(|here| doors::waits(here, self, lane)),
        })
    }

    /// The same on the lanes of the other screens.
    pub(crate) fn waits_later(&mut self, lane: Lane) -> Option<&mut dyn Waits> {
        Some(match lane {
            Lane::Holdings => &mut self.holdings,
            Lane::Ids => &mut self.list.gather.as_mut()?.page,
            Lane::Recording => &mut self.opened.recording,
            Lane::Playback => &mut self.player.ticket,
            Lane::Keep => &mut self.opened.keeping,
            Lane::Preview => &mut self.flow.as_mut()?.preview,
            Lane::Erase => &mut self.flow.as_mut()?.sending,
            Lane::Watch => &mut self.watched.as_mut()?.erasure,
            Lane::Undo => &mut self.watched.as_mut()?.undoing,
            Lane::Erasures => &mut self.requests,
            Lane::Entries => &mut self.entries.page,
            Lane::Entry => &mut self.entries.checking,
            Lane::Receipt => self.receipts.as_mut()?.awaited()?,
            Lane::Children | Lane::List | Lane::Timeline | Lane::Whole | Lane::Half => return None,
        })
    }

    /// A call takes longer than usual.
    pub fn drags(&mut self, lane: Lane, turn: Turn) {
        if let Some(waits) = self.waits(lane).filter(|waits| waits.awaits(turn)) {
            waits.drag();
        }
    }

    pub(super) fn retry(&mut self, lane: Lane) -> Vec<Effect> {
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
