//! Something that is fetched: what is there, what is on its way, what went wrong.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Failure;

static NEXT: AtomicU32 = AtomicU32::new(1);

/// Which request of a kind an answer belongs to.
pub type Turn = u32;

/// A fetched value. The last one stays while a new one is on its way, and after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded<T> {
    /// What is there.
    pub value: Option<T>,
    /// Why the last request failed.
    pub failed: Option<Failure>,
    /// Whether a request is on its way.
    pub busy: bool,
    /// Whether it has been for longer than usual.
    pub slow: bool,
    turn: Turn,
}

/// What is awaited, whatever it is.
pub trait Waits {
    /// Whether the answer to this turn is awaited.
    fn awaits(&self, turn: Turn) -> bool;
    /// It takes longer than usual.
    fn drag(&mut self);
    /// Why the last request failed.
    fn failure(&self) -> Option<&Failure>;
}

impl<T> Waits for Loaded<T> {
    fn awaits(&self, turn: Turn) -> bool {
        self.busy && turn == self.turn
    }

    fn drag(&mut self) {
        self.slow = true;
    }

    fn failure(&self) -> Option<&Failure> {
        self.failed.as_ref()
    }
}

// By hand: the derive would ask for `T: Default`.
impl<T> Default for Loaded<T> {
    fn default() -> Self {
        Self { value: None, failed: None, busy: false, slow: false, turn: 0 }
    }
}

impl<T> Loaded<T> {
    /// A request sets out. Answers to any earlier one are late from now on, also to one of another
    /// dialog that stood in this place before: no two requests of a page have the same turn.
    pub fn begin(&mut self) -> Turn {
        self.turn = NEXT.fetch_add(1, Ordering::Relaxed);
        self.busy = true;
        self.slow = false;
        self.failed = None;
        self.turn
    }

    /// Whether an answer to this turn is still wanted; if so, nothing is on its way any more.
    pub fn arrived(&mut self, turn: Turn) -> bool {
        let wanted = self.awaits(turn);
        if wanted {
            self.busy = false;
            self.slow = false;
        }
        wanted
    }

    /// Takes an answer in. A late one changes nothing.
    pub fn accept(&mut self, turn: Turn, answer: Result<T, Failure>) -> bool {
        let wanted = self.arrived(turn);
        if wanted {
            match answer {
                Ok(value) => self.value = Some(value),
                Err(failure) => self.failed = Some(failure),
            }
        }
        wanted
    }

    /// Forgets everything; an answer that is on its way will be late.
    pub fn clear(&mut self) {
        *self = Self { turn: self.turn, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_changes_nothing() {
        let mut loaded = Loaded::default();
        let first = loaded.begin();
        let second = loaded.begin();
        assert!(!loaded.accept(first, Ok("first")));
        assert!(loaded.busy);
        assert!(loaded.accept(second, Ok("second")));
        assert!(!loaded.accept(first, Err(Failure::NoAnswer)));
        assert_eq!((loaded.value, loaded.failed), (Some("second"), None));
    }

    #[test]
    fn what_was_cleared_does_not_come_back() {
        let mut loaded = Loaded::default();
        let turn = loaded.begin();
        loaded.clear();
        assert!(!loaded.accept(turn, Ok(1)));
        assert_eq!(loaded.value, None);
        assert_ne!(loaded.begin(), turn);
    }

    #[test]
    fn a_failure_keeps_what_was_there() {
        let mut loaded = Loaded::default();
        let turn = loaded.begin();
        loaded.accept(turn, Ok(1));
        let turn = loaded.begin();
        loaded.accept(turn, Err(Failure::NoAnswer));
        assert_eq!((loaded.value, loaded.failed.clone()), (Some(1), Some(Failure::NoAnswer)));
        loaded.begin();
        assert_eq!(loaded.failed, None);
    }
}
