//! What follows from the service's answers, and from news of an erasure.

use std::rc::Rc;

use rules::{
    ChildId, Scope,
    contract::{Erasure, Erasures, RecordingPage},
    erasure::Phrase,
};

use super::{
    Effect, Failure, Lane, List, Lost, Msg, Said, State, Told, Trouble, Turn, View, Waits, Watched, player,
    receipt::subject,
};
use crate::{
    doors,
    json::{self, Decode},
};

/// How long to wait before an erasure is watched again whose news broke off, in milliseconds.
pub(super) const WATCH_AGAIN_MS: u32 = 2_000;

impl State {
    /// What follows from the answer to a call: the text of it, or why there is none.
    pub fn answer(&mut self, lane: Lane, turn: Turn, answer: Result<String, Failure>) -> Vec<Effect> {
        let opened = self.opened.id;
        let awaited = self.waits(lane).is_some_and(|waits| waits.awaits(turn));
        let mut effects = self.take_in(lane, turn, answer);
        // What cannot be read is a failure as well, so it is asked afterwards.
        let failure = self.waits(lane).filter(|_| awaited).and_then(|waits| waits.failure());
        if let Some(reason) = failure.and_then(Failure::reason) {
            effects.push(Effect::Tell(Told::Error(reason)));
        }
        self.hush(opened, effects)
    }

    fn take_in(&mut self, lane: Lane, turn: Turn, answer: Result<String, Failure>) -> Vec<Effect> {
        match lane {
            Lane::Children => {
                if self.children.accept(turn, read(answer)) {
                    return self.with_children();
                }
            }
            Lane::List => return self.listed(|list, child| list.arrived(child, turn, read(answer))),
            Lane::Timeline => return self.listed(|list, child| list.counted(child, turn, read(answer))),
            Lane::Whole => self.list.counted_whole(turn, read(answer)),
            Lane::Half => {
                let mut effects = Vec::new();
                for (msg, today) in self.half.came(turn, answer.map(drop)) {
                    effects.extend(self.update(msg, today));
                }
                return effects;
            }
            lane => {
                let here = self.half.here;
                return here.map(|here| doors::answer(here, self, lane, turn, answer)).unwrap_or_default();
            }
        }
        Vec::new()
    }

    /// The answers that the first screens do not wait for.
    pub(crate) fn take_in_later(
        &mut self,
        lane: Lane,
        turn: Turn,
        answer: Result<String, Failure>,
    ) -> Vec<Effect> {
        match lane {
            Lane::Children | Lane::List | Lane::Timeline | Lane::Whole | Lane::Half => {}
            Lane::Ids => return self.gathered(turn, read(answer)),
            Lane::Holdings => {
                self.holdings.accept(turn, read(answer));
            }
            Lane::Recording => {
                self.opened.recording.accept(turn, read(answer));
                let failure = self.opened.recording.failure().map(Failure::trouble);
                if failure == Some(Trouble::Gone) {
                    // The list that led here is out of date.
                    self.list.forget_found();
                }
            }
            Lane::Playback => return self.play(player::Msg::Ticket(turn, read(answer))),
            Lane::Preview => {
                if let Some(flow) = &mut self.flow {
                    flow.preview.accept(turn, read(answer));
                    let gone = flow.preview.failure().map(Failure::trouble) == Some(Trouble::Gone);
                    if let (Scope::Items { recordings }, true) = (&flow.draft.scope, gone) {
                        // Somebody else deleted some of them; which of several, nobody says.
                        self.list.lost((recordings.len() == 1).then_some(recordings));
                    }
                }
            }
            Lane::Erasures => self.past(turn, read(answer)),
            Lane::Entries => self.entries.arrived(turn, read(answer)),
            // Nobody answers these but the verifier: the call for one was waited for long enough.
            Lane::Entry | Lane::Receipt => {
                return self.verified(turn, Err(answer.err().unwrap_or(Failure::Unreadable)));
            }
            Lane::Erase => return self.accepted(turn, read(answer)),
            Lane::Watch => return self.news(turn, read(answer)),
            Lane::Keep => return self.kept(turn, answer.map(drop)),
            Lane::Undo => return self.undone(turn, answer.map(drop)),
        }
        Vec::new()
    }

    fn listed(&mut self, step: impl FnOnce(&mut List, ChildId) -> Vec<Effect>) -> Vec<Effect> {
        let Some(child) = self.child else { return Vec::new() };
        let before = self.list.total();
        let effects = step(&mut self.list, child);
        if let Some(total) = self.list.total().filter(|total| before != Some(*total)) {
            self.said = Some(Said::Found(total as u64));
        }
        effects
    }

    fn gathered(&mut self, turn: Turn, answer: Result<RecordingPage, Failure>) -> Vec<Effect> {
        let awaited = self.waits(Lane::Ids).is_some_and(|waits| waits.awaits(turn));
        let Some(child) = self.child.filter(|_| awaited) else { return Vec::new() };
        let (mut effects, ask) = self.list.gathered(child, turn, answer);
        self.say_ticked();
        // Never over another decision, nor where the selection is not seen.
        let free = self.flow.is_none() && self.view == View::Recordings;
        if ask
            && free
            && let Some(scope) = self.list.scope()
        {
            effects.extend(self.ask(scope));
        }
        effects
    }

    fn past(&mut self, turn: Turn, page: Result<Erasures, Failure>) {
        if !self.requests.arrived(turn) {
            return;
        }
        match (page, &mut self.requests.value) {
            (Ok(page), Some(list)) => {
                self.first_of_more = page.items.first().map(|erasure| erasure.id);
                list.items.extend(page.items);
                list.next = page.next;
            }
            (Ok(page), empty) => *empty = Some(page),
            (Err(failure), _) => self.requests.failed = Some(failure),
        }
    }

    /// With one child there is nothing to choose.
    fn with_children(&mut self) -> Vec<Effect> {
        let Some(children) = &self.children.value else { return Vec::new() };
        match &children.items[..] {
            [only] if self.view == View::Children && self.child.is_none() => {
                let only = only.id;
                let mut effects = self.choose(only);
                // Nobody pressed anything: the focus stays where the host page has it.
                effects.retain(|effect| !matches!(effect, Effect::Focus(_)));
                effects
            }
            _ => Vec::new(),
        }
    }

    fn kept(&mut self, turn: Turn, answer: Result<(), Failure>) -> Vec<Effect> {
        let Some(settled) = self.opened.kept(turn, answer) else { return Vec::new() };
        if let Some(failure) = settled.failed {
            let seen = settled.shown && self.view == View::Recording;
            return if seen { Vec::new() } else { self.lose(Lost::Keep(settled.id), failure) };
        }
        self.said = Some(settled.until.map_or(Said::KeepEnded, Said::Kept));
        self.list.set_kept(settled.id, settled.until);
        let mut effects = vec![Effect::Tell(Told::Keep(settled.id, settled.until))];
        if settled.shown {
            // The reason and the day of its end come from the service.
            effects.extend(self.opened.load());
        }
        effects
    }

    /// Something failed that she did not wait for: she is told wherever she is.
    fn lose(&mut self, lost: Lost, failure: Failure) -> Vec<Effect> {
        let told = failure.reason().map(|reason| Effect::Tell(Told::Error(reason)));
        self.lost = Some((lost, failure));
        told.into_iter().collect()
    }

    fn accepted(&mut self, turn: Turn, answer: Result<Erasure, Failure>) -> Vec<Effect> {
        let Some(flow) = &mut self.flow else { return Vec::new() };
        if !flow.answered(turn, answer) {
            return Vec::new();
        }
        let Some(erasure) = flow.sending.value.take() else { return Vec::new() };
        let next_up = match &flow.draft.scope {
            Scope::Items { recordings } if self.view == View::Recording => recordings.first().copied(),
            _ => None,
        };
        let next_up =
            next_up.and_then(|id| self.list.neighbour(id, 1).or_else(|| self.list.neighbour(id, -1)));
        self.list.lost(match &flow.draft.scope {
            Scope::Items { recordings } => Some(recordings),
            _ => None,
        });
        self.flow = None;
        self.stale();
        let told = Effect::Tell(Told::Erasure(erasure.id, erasure.state));
        let mut effects = self.watch(erasure.id, Some(erasure));
        self.next_up = next_up;
        effects.push(told);
        effects.extend(self.load_children());
        effects
    }

    /// What was read before an erasure, or its undo, is no longer true.
    pub(super) fn stale(&mut self) {
        self.list.stale();
        self.holdings.clear();
        self.opened.forget();
        self.requests.clear();
    }

    /// What follows from news of the erasure that is watched.
    pub fn news(&mut self, turn: Turn, news: Result<Erasure, Failure>) -> Vec<Effect> {
        let Some(watched) = &mut self.watched else { return Vec::new() };
        let phrase = |watched: &Watched| watched.erasure.value.as_ref().map(Erasure::phrase);
        let before = phrase(watched);
        let (state, trouble) = told_of(watched);
        watched.news(turn, news);
        let after = phrase(watched);
        let mut effects = Vec::new();
        let (now, reason) = told_of(watched);
        if let Some(now) = now.filter(|_| state.is_some() && now != state) {
            effects.push(Effect::Tell(Told::Erasure(watched.id, now)));
        }
        if let Some(reason) = reason.filter(|_| reason != trouble) {
            effects.push(Effect::Tell(Told::Error(reason)));
        }
        if after != before {
            self.said = after.map(Said::Erasure);
            if before.is_some() && after.is_some_and(Phrase::is_done) {
                let done = self.watched.as_ref().and_then(|watched| watched.erasure.value.as_ref());
                let of = done.map(|done| Rc::new(subject(done)));
                effects.extend(self.load_children());
                effects.extend(of.map(|of| self.check_receipts(of)).unwrap_or_default());
            }
        }
        effects.extend(self.tick());
        effects
    }

    /// What follows when the watch ends before the erasure does: it is watched again after a while.
    pub fn quiet(&mut self, turn: Turn) -> Vec<Effect> {
        let goes_on = self.watched.as_ref().is_some_and(|watched| watched.goes_on(turn));
        goes_on.then_some(Effect::Wait(WATCH_AGAIN_MS, Msg::Retry(Lane::Watch))).into_iter().collect()
    }

    fn undone(&mut self, turn: Turn, answer: Result<(), Failure>) -> Vec<Effect> {
        let Some((_, id)) = self.undo_sent.take_if(|(sent, _)| *sent == turn) else { return Vec::new() };
        let failure = answer.as_ref().err().cloned();
        let watched = self.watched.as_mut().filter(|watched| watched.id == id);
        let Some(watched) = watched.filter(|watched| watched.undoing.awaits(turn)) else {
            // She has gone on meanwhile; what she sees there may be of before.
            let opened = self.opened.id.filter(|_| self.view == View::Recording);
            self.stale();
            let mut effects = failure.map(|failure| self.lose(Lost::Undo(id), failure)).unwrap_or_default();
            self.opened.id = opened;
            effects.extend(self.refresh());
            return effects;
        };
        watched.undoing.accept(turn, answer);
        // Too late, or done: either way the service knows better than what is on screen.
        let mut effects = watched.watch();
        self.stale();
        effects.extend(self.load_children());
        effects
    }
}

fn told_of(watched: &Watched) -> (Option<rules::ErasureState>, Option<&'static str>) {
    let erasure = &watched.erasure;
    (erasure.value.as_ref().map(|erasure| erasure.state), erasure.failed.as_ref().and_then(Failure::reason))
}

fn read<T: Decode>(answer: Result<String, Failure>) -> Result<T, Failure> {
    answer.and_then(|text| json::read(&text).ok_or(Failure::Unreadable))
}
