//! What was asked for arrives: days and rows, shown as soon as they are whole.

use std::rc::Rc;

use rules::{
    ChildId,
    contract::{RecordingPage, Timeline},
};

use super::{BLOCKS, Coming, List};
use crate::state::{
    Effect, Failure, Selection, Spot, Turn,
    bars::bars,
    days::{BLOCK, Block, Days, Window},
};

impl List {
    /// The days arrived, or failed to. Says whether an answer is whole now, and shown.
    pub fn counted(&mut self, child: ChildId, turn: Turn, answer: Result<Timeline, Failure>) -> Vec<Effect> {
        match answer {
            Ok(timeline) if self.timeline.accept(turn, Ok(())) => {
                if let Some(coming) = &mut self.coming {
                    coming.days = Some(Rc::new(Days::new(&timeline)));
                }
                self.install(child)
            }
            Ok(_) => Vec::new(),
            Err(failure) => {
                self.timeline.accept(turn, Err(failure));
                Vec::new()
            }
        }
    }

    /// All days of the child arrived.
    pub fn counted_whole(&mut self, turn: Turn, answer: Result<Timeline, Failure>) {
        self.whole.accept(turn, answer.map(|timeline| Rc::new(Days::new(&timeline))));
        self.draw();
    }

    /// A block arrived, or failed to.
    pub fn arrived(
        &mut self,
        child: ChildId,
        turn: Turn,
        answer: Result<RecordingPage, Failure>,
    ) -> Vec<Effect> {
        let items = match answer {
            Ok(page) if self.page.accept(turn, Ok(())) => page.items,
            Ok(_) => return Vec::new(),
            Err(failure) => {
                self.page.accept(turn, Err(failure));
                return Vec::new();
            }
        };
        let block = Block { first: self.asked, items: items.into_iter().map(Rc::new).collect() };
        if let Some(coming) = &mut self.coming {
            coming.block = Some(block);
            return self.install(child);
        }
        if self.misfits(&block) {
            return self.load(child);
        }
        self.store(block);
        let mut effects = self.fetch(child);
        effects.extend(self.refocus());
        effects
    }

    /// Whether something came or went since the days were counted. They are asked for once more;
    /// when they still do not fit, the service and the browser have two minds about where days end.
    fn misfits(&mut self, block: &Block) -> bool {
        let fits = self.days.as_ref().is_none_or(|days| days.fit(block, self.zone));
        let doubt = !fits && !self.doubted;
        self.doubted |= doubt;
        doubt
    }

    fn store(&mut self, block: Block) {
        self.blocks.retain(|known| known.first != block.first);
        // Those that are drawn stay, with the one that has the focus; the oldest of the others goes.
        let drawn: Vec<_> = self.window.each().map(|row| row / BLOCK * BLOCK).collect();
        while self.blocks.len() >= BLOCKS {
            let Some(at) = self.blocks.iter().position(|block| !drawn.contains(&block.first)) else { break };
            self.blocks.remove(at);
        }
        self.blocks.push(block);
    }

    /// Shows an answer as soon as it is whole.
    fn install(&mut self, child: ChildId) -> Vec<Effect> {
        let Some(Coming { anew, days: Some(days), block: Some(block) }) = self.coming.clone() else {
            return Vec::new();
        };
        self.coming = None;
        let held = self.window.held.map(|row| (row, self.row(row).cloned()));
        let same = self.days.as_ref() == Some(&days);
        self.doubted &= same;
        self.days = Some(days.clone());
        self.anchor = None;
        self.blocks.clear();
        if anew {
            self.top = 0;
        }
        // "All" was said of another number.
        let said = match &*self.selection {
            Selection::All { count, .. } => *count == days.total as u64,
            Selection::These(_) => true,
        };
        if anew || !said {
            self.selection = Rc::default();
            self.give_up_ticking();
        }
        self.top = self.top.min(self.shown().saturating_sub(1));
        if self.form.filter().is_empty() {
            self.whole.value = Some(days);
        }
        self.draw();
        let mut effects = Vec::new();
        if anew || !same {
            self.window = Window::from(self.top, self.shown());
            if !anew && self.top > 0 {
                effects.push(Effect::Scroll(self.top));
            }
        }
        self.window.held = None;
        if self.misfits(&block) {
            effects.extend(self.load(child));
            return effects;
        }
        // One that begins behind the end is of no use.
        if block.first < self.shown() || block.first == 0 {
            self.store(block);
        }
        // A row that stays as it is keeps the focus, and where in it that is; else the same recording has it, or
        // what is in its place.
        if !anew && let Some((row, item)) = held {
            let now = item.as_ref().and_then(|item| self.place_of(item.id));
            if same && self.row(row) == item.as_ref() {
                self.window.held = Some(row);
            } else {
                self.refocus = self.refocus.or(now.or(Some(row)));
            }
        }
        effects.extend(self.fetch(child));
        effects.extend(self.refocus());
        effects
    }

    /// The picture over time, as soon as both its parts are there.
    fn draw(&mut self) {
        if let (Some(whole), Some(days)) = (&self.whole.value, &self.days) {
            self.bars = Some(Rc::new(bars(whole, days)));
        }
    }

    /// The focus goes to the row it is meant for, as soon as that is there; to the last one, if
    /// there are fewer now.
    fn refocus(&mut self) -> Option<Effect> {
        let row = self.refocus?.min(self.shown().checked_sub(1)?);
        let id = self.row(row)?.id;
        self.refocus = None;
        self.window.held = Some(row);
        Some(Effect::Focus(Spot::Row(id)))
    }
}
