//! What follows from the service's answers, and from news of an erasure.

use rules::contract::{Erasure, Erasures};

use super::{Effect, Failure, Lane, Msg, Said, State, Turn, View, Watched, player};
use crate::json::{self, Decode};

/// How long to wait before an erasure is watched again whose news broke off, in milliseconds.
pub(super) const WATCH_AGAIN_MS: u32 = 2_000;

impl State {
    /// What follows from the answer to a call: the text of it, or why there is none.
    pub fn answer(&mut self, lane: Lane, turn: Turn, answer: Result<String, Failure>) -> Vec<Effect> {
        let opened = self.opened.id;
        let effects = self.take_in(lane, turn, answer);
        self.hush(opened, effects)
    }

    fn take_in(&mut self, lane: Lane, turn: Turn, answer: Result<String, Failure>) -> Vec<Effect> {
        match lane {
            Lane::Children => {
                if self.children.accept(turn, read(answer)) {
                    return self.with_children();
                }
            }
            Lane::Holdings => {
                self.holdings.accept(turn, read(answer));
            }
            Lane::List => {
                self.list.arrived(turn, read(answer));
            }
            Lane::Count => {
                if self.list.count.accept(turn, read(answer))
                    && let Some(count) = &self.list.count.value
                {
                    self.said = Some(Said::Found(count.total));
                }
            }
            Lane::Recording => {
                self.opened.recording.accept(turn, read(answer));
            }
            Lane::Playback => return self.play(player::Msg::Ticket(turn, read(answer))),
            Lane::Preview => {
                if let Some(flow) = &mut self.flow {
                    flow.preview.accept(turn, read(answer));
                }
            }
            Lane::Erasures => self.past(turn, read(answer)),
            Lane::Erase => return self.accepted(turn, read(answer)),
            Lane::Watch => return self.news(turn, read(answer)),
            Lane::Keep => return self.kept(turn, answer.map(drop)),
            Lane::Undo => return self.undone(turn, answer.map(drop)),
        }
        Vec::new()
    }

    fn past(&mut self, turn: Turn, page: Result<Erasures, Failure>) {
        if !self.requests.arrived(turn) {
            return;
        }
        match (page, &mut self.requests.value) {
            (Ok(page), Some(list)) => {
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
        if !self.opened.kept(turn, answer) {
            return Vec::new();
        }
        self.said = Some(match self.opened.holds_until() {
            Some(until) => Said::Kept(until),
            None => Said::KeepEnded,
        });
        if let Some(id) = self.opened.id {
            self.list.set_kept(id, self.opened.holds_until());
        }
        // The reason and the day of its end come from the service.
        self.opened.load()
    }

    fn accepted(&mut self, turn: Turn, answer: Result<Erasure, Failure>) -> Vec<Effect> {
        let Some(flow) = &mut self.flow else { return Vec::new() };
        if !flow.answered(turn, answer) {
            return Vec::new();
        }
        let Some(erasure) = flow.sending.value.take() else { return Vec::new() };
        self.flow = None;
        self.stale();
        let mut effects = self.watch(erasure.id, Some(erasure));
        effects.extend(self.load_children());
        effects
    }

    /// What was read before an erasure, or its undo, is no longer true.
    pub(super) fn stale(&mut self) {
        self.list.forget_found();
        self.holdings.clear();
        self.opened.forget();
        self.requests.clear();
    }

    /// What follows from news of the erasure that is watched.
    pub fn news(&mut self, turn: Turn, news: Result<Erasure, Failure>) -> Vec<Effect> {
        let Some(watched) = &mut self.watched else { return Vec::new() };
        let phrase = |watched: &Watched| watched.erasure.value.as_ref().map(Erasure::phrase);
        let before = phrase(watched);
        watched.news(turn, news);
        let after = phrase(watched);
        let mut effects = Vec::new();
        if after != before {
            self.said = after.map(Said::Erasure);
            if before.is_some() && after == Some(rules::erasure::Phrase::Deleted) {
                effects = self.load_children();
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
        let Some(watched) = &mut self.watched else {
            // She has gone on meanwhile; what she sees there may be of before.
            self.stale();
            let mut effects = self.load_children();
            if let (View::Recordings, Some(child)) = (self.view, self.child) {
                effects.extend(self.list.load(child));
            }
            return effects;
        };
        if !watched.undoing.accept(turn, answer) {
            return Vec::new();
        }
        // Too late, or done: either way the service knows better than what is on screen.
        let mut effects = watched.watch();
        self.stale();
        effects.extend(self.load_children());
        effects
    }
}

fn read<T: Decode>(answer: Result<String, Failure>) -> Result<T, Failure> {
    answer.and_then(|text| json::read(&text).ok_or(Failure::Unreadable))
}
