//! The receipts of a finished erasure, one for each of its children, checked one after the other.

use std::rc::Rc;

use proof::verify::{SKEW, What};
use rules::{ChildId, ErasureId, Timestamp, contract::Erasure, problem::ProblemType};

use super::{
    Effect, Failure, Lane, Loaded, Msg, Said, Spot, State, Turn, View, Waits,
    report::{Check, Report},
    with_focus,
};

/// How often a receipt that is not published yet is asked for again, and after how many milliseconds.
const AGAIN: (u32, u32) = (12, 1_000);

/// The erasure that receipts are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Which.
    pub id: ErasureId,
    /// Whose recordings.
    pub children: Vec<ChildId>,
    /// When it was asked for: what a witness saw before that vouches for nothing.
    pub requested_at: Timestamp,
}

/// From when on a witness of what happened then counts: nobody sees what has not happened, but clocks differ.
pub(super) fn since(at: Timestamp) -> Timestamp {
    at.plus_seconds(-SKEW.cast_signed())
}

/// What is to be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Whose.
    pub child: ChildId,
    /// What of the child's.
    pub of: Of,
    /// What a witness saw before this vouches for nothing.
    pub since: Timestamp,
}

impl Job {
    /// The kind of call that it is.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self.of {
            Of::Erasure(_) => Lane::Receipt,
            Of::Entry(_) | Of::Chain(_) => Lane::Entry,
        }
    }
}

/// What a receipt is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// A finished erasure.
    Erasure(ErasureId),
    /// An entry, by its number.
    Entry(u64),
    /// All entries up to this one.
    Chain(u64),
}

impl Of {
    /// What has to be checked of it, if it is to add up.
    #[must_use]
    pub const fn needed(&self) -> &'static [What] {
        use What::{Chain, Child, Inclusion, Inventory, Opening, Published, Signature, Times, Witness};
        match self {
            Self::Erasure(_) => {
                &[Signature, Witness, Inclusion, Opening, Inventory, Published, Times, Child, Chain]
            }
            Self::Entry(_) => &[Signature, Witness, Inclusion, Opening, Child],
            Self::Chain(_) => &[Signature, Witness, Inclusion, Opening, Child, Chain],
        }
    }

    /// What the verifier has found, judged by what was asked for: it may be true, and of another erasure, or
    /// not all of what is needed.
    pub fn judge(&self, report: &mut Report, seen_before: bool) {
        if let (Self::Erasure(id), Some(statement)) = (self, report.statement())
            && statement.erasure != id.to_string()
        {
            report.put(Check::failed(What::Opening, "other-erasure"));
        }
        let consistency = seen_before.then_some(What::Consistency);
        report.require(self.needed().iter().copied().chain(consistency));
    }
}

/// What the browser has found, and on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Each check.
    pub report: Report,
    /// The receipt.
    pub receipt: String,
    /// The receipt of the inventory that it names; empty where it names none.
    pub inventory: String,
    /// Whom to believe.
    pub policy: String,
    /// Whether the site around the page said so, and not the service.
    pub pinned: bool,
    /// How the guardian of this session is named in the child's entries.
    pub you: Option<String>,
    /// Whether this browser remembers how the ledger was.
    pub remembers: bool,
    /// Two states of one ledger that contradict each other: the one that this browser had seen, and the one
    /// it was shown now.
    pub caught: Option<[String; 2]>,
    /// The leaves of the child's entries that were checked, one after the other from the first, until what is shown
    /// was compared with them.
    pub leaves: String,
}

/// How far a check has come: of what the service hands out page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// So many entries of the child are here.
    pub entries: u64,
    /// Of so many.
    pub all: u64,
}

/// What the verifier has to say: first perhaps how far it has come, at last what it has found.
#[derive(Debug, Clone, PartialEq)]
pub enum Checking {
    /// Something of it has come: perhaps so much.
    Came(Option<Reached>),
    /// It is done.
    Done(Verified),
}

impl Verified {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.report.holds()
    }

    /// The first thing that is wrong, by its code: what contradicts an earlier state of the ledger before all.
    #[must_use]
    pub fn first_failure(&self) -> Option<(&str, &str)> {
        let of = |grave: bool| {
            let mut failures = self.report.failures();
            failures
                .find(|(check, ..)| (check.what == What::Consistency) == grave)
                .map(|(_, code, about)| (code, about))
        };
        of(true).or_else(|| of(false))
    }

    /// One of its files, where it has it; the receipt's goes by this name.
    pub(super) fn save(&self, file: File, receipt: &str) -> Option<Effect> {
        let seen = self.caught.as_ref();
        let (name, text) = match file {
            File::Receipt => (format!("{receipt}.tlog-proof"), &self.receipt),
            File::Inventory => ("inventory.tlog-proof".to_owned(), &self.inventory),
            File::Policy => ("policy.txt".to_owned(), &self.policy),
            File::Seen => ("ledger-seen-before.txt".to_owned(), &seen?[0]),
            File::Shown => ("ledger-shown-now.txt".to_owned(), &seen?[1]),
        };
        Some(Effect::Save(format!("forget-me-not-{name}"), text.clone()))
    }
}

/// A file that she can keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// The receipt.
    Receipt,
    /// The list of all places, with its proof.
    Inventory,
    /// Whom to believe.
    Policy,
    /// The state of the ledger that this browser had seen.
    Seen,
    /// The state that it was shown now.
    Shown,
}

/// At a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptMsg {
    /// That of this erasure is opened.
    Open(ErasureId),
    /// That of another of its children.
    Child(usize),
    /// A file is kept.
    Save(File),
    /// It is printed.
    Print,
}

/// The receipts of one erasure.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipts {
    /// Of which.
    pub of: Rc<Subject>,
    /// Which child's is shown.
    pub at: usize,
    /// One for each child.
    pub each: Vec<Loaded<Verified>>,
    /// How far the check of the one that is awaited has come, where that takes a while.
    pub reached: Option<Reached>,
    /// Which one is being checked.
    checking: usize,
    tries: u32,
    /// Whether it is asked for again in a moment.
    waits: bool,
}

impl Receipts {
    fn new(of: Rc<Subject>) -> Self {
        let each = of.children.iter().map(|_| Loaded::default()).collect();
        Self { of, at: 0, each, reached: None, checking: 0, tries: 0, waits: false }
    }

    /// The one that is shown.
    #[must_use]
    pub fn shown(&self) -> Option<&Loaded<Verified>> {
        self.each.get(self.at)
    }

    /// Whether it is this one that is being checked.
    #[must_use]
    pub const fn is_awaited(&self, at: usize) -> bool {
        self.checking == at
    }

    /// The one that is awaited, or that failed.
    pub(super) fn awaited(&mut self) -> Option<&mut Loaded<Verified>> {
        self.each.get_mut(self.checking)
    }

    /// Why one could not be checked.
    #[must_use]
    pub fn failed(&self) -> Option<&Failure> {
        self.each.iter().find_map(|receipt| receipt.failed.as_ref())
    }

    /// Whether all hold: not as soon as one does not, and else nobody knows as long as one is not there, or where
    /// there are none.
    #[must_use]
    pub fn hold(&self) -> Option<bool> {
        let found = || self.each.iter().filter_map(|receipt| receipt.value.as_ref());
        if found().any(|verified| !verified.holds()) {
            return Some(false);
        }
        (!self.each.is_empty() && found().count() == self.each.len()).then_some(true)
    }

    /// Whether any of them was checked.
    #[must_use]
    pub fn are_any(&self) -> bool {
        self.each.iter().any(|receipt| receipt.value.is_some())
    }

    /// Checks the one that is shown, or the next one that is not there.
    fn check(&mut self) -> Vec<Effect> {
        if self.each.iter().any(|receipt| receipt.busy) {
            return Vec::new();
        }
        let missing = |at: &usize| self.each.get(*at).is_some_and(|receipt| receipt.value.is_none());
        let all = 0..self.each.len();
        let Some(next) = Some(self.at).filter(missing).or_else(|| all.into_iter().find(missing)) else {
            return Vec::new();
        };
        if self.checking != next {
            self.tries = 0;
        }
        self.checking = next;
        self.again()
    }

    fn again(&mut self) -> Vec<Effect> {
        (self.waits, self.reached) = (false, None);
        let (Some(child), Some(receipt)) =
            (self.of.children.get(self.checking), self.each.get_mut(self.checking))
        else {
            return Vec::new();
        };
        let (of, since) = (Of::Erasure(self.of.id), since(self.of.requested_at));
        vec![Effect::Verify(receipt.begin(), Job { child: *child, of, since })]
    }

    /// Whether the answer means that it is a moment too early, and is worth another try.
    fn waits_for(&mut self, answer: &Result<Verified, Failure>) -> bool {
        let early = match answer {
            Err(Failure::Refused(problem)) => {
                matches!(problem.kind, ProblemType::Conflict | ProblemType::NotWitnessed)
            }
            _ => false,
        };
        self.tries += u32::from(early);
        early && self.tries <= AGAIN.0
    }

    /// Whether the verifier's answer to this turn is awaited here.
    fn awaits(&self, turn: Turn) -> bool {
        self.each.get(self.checking).is_some_and(|receipt| receipt.awaits(turn))
    }

    fn arrived(&mut self, turn: Turn, answer: Result<Verified, Failure>) -> Option<Vec<Effect>> {
        if !self.awaits(turn) {
            return None;
        }
        if self.waits_for(&answer) {
            // It stays awaited meanwhile.
            self.waits = true;
            return Some(vec![Effect::Wait(AGAIN.1, Msg::Retry(Lane::Receipt))]);
        }
        let goes_on = answer.is_ok();
        self.each.get_mut(self.checking)?.accept(turn, answer);
        // What went wrong with one is nothing to the one that is looked at.
        let untried = |receipt: &Loaded<Verified>| receipt.value.is_none() && receipt.failed.is_none();
        let goes_on = goes_on || self.shown().is_some_and(untried);
        Some(if goes_on { self.check() } else { Vec::new() })
    }
}

impl State {
    /// What follows at a receipt.
    pub(super) fn at_receipt(&mut self, msg: ReceiptMsg) -> Vec<Effect> {
        match msg {
            ReceiptMsg::Open(id) => match self.known(id).map(subject) {
                Some(subject) => self.open_receipt(Rc::new(subject)),
                None => Vec::new(),
            },
            ReceiptMsg::Child(at) => {
                let Some(receipts) = &mut self.receipts else { return Vec::new() };
                receipts.at = at;
                let effects = receipts.check();
                with_focus(effects, Spot::Heading)
            }
            ReceiptMsg::Save(file) => self.save(file).into_iter().collect(),
            ReceiptMsg::Print => vec![Effect::Print],
        }
    }

    /// Shows the receipts of an erasure; what was checked before is not checked again.
    pub(super) fn open_receipt(&mut self, of: Rc<Subject>) -> Vec<Effect> {
        self.said = None;
        let mut effects = self.go_on(View::Receipt);
        effects.extend(self.check_receipts(of));
        with_focus(effects, Spot::Heading)
    }

    /// Checks the receipts of an erasure, whether they are looked at or not.
    pub(super) fn check_receipts(&mut self, of: Rc<Subject>) -> Vec<Effect> {
        let same = self.receipts.take().filter(|receipts| receipts.of == of);
        let receipts = self.receipts.insert(same.unwrap_or_else(|| Receipts::new(of)));
        receipts.check()
    }

    /// Another try. One that was left over of another receipt is none.
    pub(super) fn retry_receipt(&mut self) -> Vec<Effect> {
        match &mut self.receipts {
            Some(receipts) if receipts.waits => receipts.again(),
            // The one that she looks at, whichever was tried last.
            Some(receipts) if receipts.failed().is_some() => receipts.check(),
            _ => Vec::new(),
        }
    }

    fn known(&self, id: ErasureId) -> Option<&Erasure> {
        let watched = self.watched.as_ref().and_then(|watched| watched.erasure.value.as_ref());
        let listed = self.requests.value.iter().flat_map(|list| &list.items);
        watched.into_iter().chain(listed).find(|erasure| erasure.id == id)
    }

    /// What follows from what the verifier has found.
    pub fn verified(&mut self, turn: Turn, answer: Result<Verified, Failure>) -> Vec<Effect> {
        if self.entries.awaits(turn) {
            return self.entry_verified(turn, answer);
        }
        let Some(receipts) = &mut self.receipts else { return Vec::new() };
        let Some(effects) = receipts.arrived(turn, answer) else { return Vec::new() };
        let here = match self.view {
            View::Receipt => true,
            View::Progress => self.watched.as_ref().is_some_and(|watched| watched.id == receipts.of.id),
            _ => false,
        };
        if let Some(hold) = receipts.hold().filter(|_| here) {
            self.said = Some(Said::Verified(hold));
        }
        effects
    }

    /// What follows when something of a check has come: the rest is waited for anew.
    pub fn came(&mut self, turn: Turn, reached: Option<Reached>) -> Vec<Effect> {
        let (lane, place) = if self.entries.awaits(turn) {
            (Lane::Entry, &mut self.entries.reached)
        } else {
            match &mut self.receipts {
                Some(receipts) if receipts.awaits(turn) => (Lane::Receipt, &mut receipts.reached),
                _ => return Vec::new(),
            }
        };
        *place = reached.or(*place);
        vec![Effect::Patience(lane, turn)]
    }

    fn save(&self, file: File) -> Option<Effect> {
        let receipts = self.receipts.as_ref()?;
        let verified = receipts.shown()?.value.as_ref()?;
        let day = receipts.of.requested_at.date();
        verified.save(file, &format!("receipt-{day}"))
    }
}

/// What a receipt needs to know of its erasure.
pub(super) fn subject(erasure: &Erasure) -> Subject {
    Subject { id: erasure.id, children: erasure.children.clone(), requested_at: erasure.requested_at }
}

#[cfg(test)]
mod tests {
    use proof::{receipt::Receipt, statement::Statement};
    use rules::{ErasureState, problem::Problem};

    use super::*;
    use crate::state::samples::{at, erasure, verified};

    fn step(state: &mut State, msg: Msg) -> Vec<Effect> {
        state.update(msg, at(0).date())
    }

    fn turn(effects: &[Effect]) -> Turn {
        let found = effects.iter().find_map(|effect| match effect {
            Effect::Verify(turn, _) => Some(*turn),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("nothing is checked: {effects:?}"))
    }

    /// A page that watches an erasure come to its end.
    fn watching(children: usize) -> (State, Vec<Effect>) {
        let mut state = State::default();
        let mut going = erasure(ErasureState::Erasing);
        going.children = (0..children as u128).map(|n| ChildId::from_parts(1, n)).collect();
        let effects = state.watch(going.id, Some(going.clone()));
        let turn = effects.iter().find_map(|effect| match effect {
            Effect::Watch(turn, _) => Some(*turn),
            _ => None,
        });
        let done = Erasure { children: going.children, ..erasure(ErasureState::Deleted) };
        let effects = state.news(turn.unwrap(), Ok(done));
        (state, effects)
    }

    #[test]
    fn when_an_erasure_completes_while_it_is_watched_its_receipt_is_checked_by_itself() {
        let (mut state, effects) = watching(1);
        let turn = turn(&effects);
        assert_eq!(state.view, View::Progress);
        assert!(state.verified(turn, Ok(verified(true))).is_empty());
        assert_eq!((state.said, state.view), (Some(Said::Verified(true)), View::Progress));
        let effects = step(&mut state, Msg::Receipt(ReceiptMsg::Open(erasure(ErasureState::Deleted).id)));
        assert_eq!(effects, [Effect::Unwatch, Effect::Focus(Spot::Heading)], "it is not checked again");
        assert_eq!(state.receipts.as_ref().unwrap().shown().unwrap().value, Some(verified(true)));
    }

    #[test]
    fn what_does_not_add_up_is_said_as_such() {
        let (mut state, effects) = watching(1);
        state.verified(turn(&effects), Ok(verified(false)));
        assert_eq!(state.said, Some(Said::Verified(false)));
        assert_eq!(state.receipts.as_ref().unwrap().hold(), Some(false));
    }

    #[test]
    fn the_receipt_of_another_erasure_is_not_the_one_that_was_asked_for() {
        let (id, other) = (ErasureId::from_parts(1, 1), ErasureId::from_parts(1, 2));
        let receipt = Receipt::parse(include_str!("../../proof/example/receipt.tlog-proof")).unwrap();
        let mut statement = Statement::parse(&receipt.body).unwrap();
        statement.erasure = other.to_string();
        let (body, lines) = (statement.text().unwrap(), verified(true).report);
        for (asked, holds) in [(other, true), (id, false)] {
            let mut report = Report { body: body.clone(), ..lines.clone() };
            assert!(report.statement().is_some());
            Of::Erasure(asked).judge(&mut report, true);
            assert_eq!(report.holds(), holds);
        }
    }

    #[test]
    fn nothing_that_is_needed_can_be_left_out() {
        let erasure = Of::Erasure(ErasureId::from_parts(1, 1));
        for (of, missing) in [
            (&erasure, What::Child),
            (&erasure, What::Chain),
            (&erasure, What::Published),
            (&erasure, What::Consistency),
            (&Of::Entry(1), What::Child),
            (&Of::Chain(1), What::Chain),
        ] {
            let mut report = verified(true).report;
            report.checks.retain(|check| check.what != missing);
            of.judge(&mut report, true);
            assert!(!report.holds(), "{of:?} without {missing:?}");
        }
        let mut report = verified(true).report;
        report
            .checks
            .retain(|check| !matches!(check.what, What::Chain | What::Consistency | What::Published));
        Of::Entry(1).judge(&mut report, false);
        assert!(report.holds(), "of one entry no more is asked");
    }

    #[test]
    fn what_a_witness_saw_before_it_was_asked_for_vouches_for_nothing() {
        let (_, effects) = watching(1);
        let since = effects.iter().find_map(|effect| match effect {
            Effect::Verify(_, job) => Some(job.since),
            _ => None,
        });
        let asked = erasure(ErasureState::Deleted).requested_at;
        assert_eq!(since, Some(asked.plus_seconds(-300)), "five minutes for clocks that differ");
    }

    #[test]
    fn a_check_that_comes_on_is_waited_for_anew_and_a_late_word_of_it_is_nothing() {
        let (mut state, effects) = watching(1);
        let turn = turn(&effects);
        let reached = Reached { entries: 1_000, all: 12_000 };
        for came in [None, Some(reached), None] {
            assert_eq!(state.came(turn, came), [Effect::Patience(Lane::Receipt, turn)]);
        }
        assert_eq!(state.receipts.as_ref().unwrap().reached, Some(reached));
        state.verified(turn, Err(Failure::NoAnswer));
        assert!(state.came(turn, Some(reached)).is_empty());
        step(&mut state, Msg::Retry(Lane::Receipt));
        assert_eq!(state.receipts.as_ref().unwrap().reached, None, "another try begins anew");
    }

    #[test]
    fn of_no_children_nothing_holds() {
        let (state, _) = watching(0);
        assert_eq!(state.receipts.as_ref().unwrap().hold(), None);
        assert_eq!(state.said, Some(Said::Erasure(rules::erasure::Phrase::Deleted)));
    }

    #[test]
    fn a_receipt_that_is_not_published_yet_is_asked_for_again_by_itself_for_a_while() {
        let (mut state, effects) = watching(1);
        let early = || Err(Failure::Refused(Problem::new(ProblemType::Conflict)));
        let mut effects = state.verified(turn(&effects), early());
        let mut tries = 0;
        while effects == [Effect::Wait(1_000, Msg::Retry(Lane::Receipt))] {
            assert!(state.receipts.as_ref().unwrap().shown().unwrap().busy, "it is still awaited");
            tries += 1;
            let again = step(&mut state, Msg::Retry(Lane::Receipt));
            effects = state.verified(turn(&again), early());
        }
        assert_eq!((tries, effects), (AGAIN.0, vec![]));
        assert!(state.receipts.as_ref().unwrap().shown().unwrap().failed.is_some(), "then she is told");
    }

    #[test]
    fn where_there_never_will_be_a_receipt_nobody_waits_for_it() {
        let (mut state, effects) = watching(1);
        let none = Failure::Refused(Problem::new(ProblemType::NoReceipt));
        assert!(state.verified(turn(&effects), Err(none.clone())).is_empty());
        assert_eq!(state.receipts.as_ref().unwrap().shown().unwrap().failed, Some(none));
    }

    #[test]
    fn each_child_of_an_erasure_has_a_receipt_and_all_are_checked() {
        let (mut state, effects) = watching(3);
        let mut effects = effects;
        for n in 0..3 {
            assert_eq!(state.receipts.as_ref().unwrap().hold(), None, "not before the last one");
            assert_ne!(state.said, Some(Said::Verified(true)));
            effects = state.verified(turn(&effects), Ok(verified(true)));
            assert_eq!(effects.is_empty(), n == 2);
        }
        assert_eq!(state.said, Some(Said::Verified(true)));
        let effects = step(&mut state, Msg::Receipt(ReceiptMsg::Child(2)));
        assert_eq!(effects, [Effect::Focus(Spot::Heading)]);
        assert_eq!(state.receipts.as_ref().unwrap().at, 2);
    }

    #[test]
    fn what_goes_wrong_with_one_receipt_is_nothing_to_the_one_that_is_looked_at() {
        let (mut state, effects) = watching(2);
        step(&mut state, Msg::Receipt(ReceiptMsg::Child(1)));
        let next = state.verified(turn(&effects), Err(Failure::NotLoaded));
        state.verified(turn(&next), Ok(verified(true)));
        let receipts = state.receipts.as_ref().unwrap();
        assert!(receipts.shown().unwrap().value.is_some());
        assert_eq!(receipts.hold(), None);
    }

    #[test]
    fn one_that_does_not_hold_is_told_whatever_becomes_of_the_others() {
        let (mut state, effects) = watching(2);
        let next = state.verified(turn(&effects), Ok(verified(false)));
        assert_eq!(state.receipts.as_ref().unwrap().hold(), Some(false));
        assert_eq!(state.said, Some(Said::Verified(false)), "at once");
        state.verified(turn(&next), Err(Failure::NoAnswer));
        let receipts = state.receipts.as_ref().unwrap();
        assert_eq!((receipts.hold(), receipts.are_any()), (Some(false), true));
        let (mut state, effects) = watching(2);
        let next = state.verified(turn(&effects), Ok(verified(true)));
        state.verified(turn(&next), Err(Failure::NoAnswer));
        let receipts = state.receipts.as_ref().unwrap();
        assert_eq!((receipts.hold(), receipts.are_any()), (None, true));
    }

    #[test]
    fn another_try_is_made_of_the_one_that_is_looked_at() {
        let (mut state, effects) = watching(2);
        state.verified(turn(&effects), Err(Failure::NoAnswer));
        let effects = step(&mut state, Msg::Receipt(ReceiptMsg::Child(1)));
        state.verified(turn(&effects), Err(Failure::NoAnswer));
        state.receipts.as_mut().unwrap().at = 0;
        let effects = step(&mut state, Msg::Retry(Lane::Receipt));
        state.verified(turn(&effects), Ok(verified(true)));
        assert_eq!(state.receipts.as_ref().unwrap().shown().unwrap().value, Some(verified(true)));
    }

    #[test]
    fn another_try_is_only_made_of_what_is_awaited() {
        let (mut state, effects) = watching(1);
        let early = Err(Failure::Refused(Problem::new(ProblemType::Conflict)));
        state.verified(turn(&effects), early);
        let again = turn(&step(&mut state, Msg::Retry(Lane::Receipt)));
        assert!(step(&mut state, Msg::Retry(Lane::Receipt)).is_empty(), "it is on its way");
        state.verified(again, Ok(verified(true)));
        assert!(step(&mut state, Msg::Retry(Lane::Receipt)).is_empty(), "it is there");
    }

    #[test]
    fn of_another_request_than_the_one_that_is_watched_nothing_is_said() {
        let (mut state, effects) = watching(1);
        state.watch(ErasureId::from_parts(9, 9), None);
        state.verified(turn(&effects), Ok(verified(true)));
        assert_ne!(state.said, Some(Said::Verified(true)));
    }

    #[test]
    fn a_late_answer_of_another_erasure_changes_nothing() {
        let (mut state, effects) = watching(1);
        let late = turn(&effects);
        let other = Rc::new(Subject {
            id: ErasureId::from_parts(9, 9),
            children: vec![ChildId::from_parts(1, 1)],
            requested_at: at(0),
        });
        state.open_receipt(other);
        assert!(state.verified(late, Ok(verified(false))).is_empty());
        assert_eq!(state.receipts.as_ref().unwrap().shown().unwrap().value, None);
    }

    #[test]
    fn what_is_kept_has_a_name_that_says_what_it_is_and_nobody() {
        let (mut state, effects) = watching(1);
        assert!(
            step(&mut state, Msg::Receipt(ReceiptMsg::Save(File::Receipt))).is_empty(),
            "nothing is there"
        );
        let mut caught = verified(false);
        caught.caught = Some(["before".into(), "now".into()]);
        state.verified(turn(&effects), Ok(caught));
        let mut saved = |file| match &step(&mut state, Msg::Receipt(ReceiptMsg::Save(file)))[..] {
            [Effect::Save(name, text)] => (name.clone(), text.clone()),
            other => panic!("{other:?}"),
        };
        let name = saved(File::Receipt).0;
        assert!(name.starts_with("forget-me-not-receipt-20") && name.ends_with(".tlog-proof"), "{name}");
        assert_eq!(saved(File::Seen).1, "before");
        assert_eq!(saved(File::Shown).1, "now");
    }
}
