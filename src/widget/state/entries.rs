//! A child's entries in the ledger, newest first, a page at a time; and what the browser has checked of them.

use proof::{receipt::Receipt, verify::What};
use rules::{
    ChildId, Timestamp,
    contract::{ChildLedger, LedgerEntry},
};

use super::{
    Call, Effect, Failure, Loaded, Said, Spot, State, Turn, View, Waits,
    receipt::{self, File, Job, Of, Reached, Verified},
    report::{Check, Outcome},
    with_focus,
};

/// Entries on one page: what is in the document is as much for thousands as for fifty.
pub const PAGE: u64 = 50;

/// At the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntriesMsg {
    /// Those before.
    Older,
    /// Those after.
    Newer,
    /// One of them is checked.
    Check(u64),
    /// Whether any is missing is checked.
    CheckAll,
    /// What was found of one of them, or of all, is kept as a file.
    Save(Option<u64>, File),
}

/// The entries of the chosen child.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChildLog {
    /// One page of them.
    pub page: Loaded<ChildLedger>,
    /// Those that were checked of this page.
    pub checked: Vec<(u64, Verified)>,
    /// Whether any is missing, once it was checked.
    pub whole: Option<Verified>,
    /// The check under way, or that could not be made.
    pub checking: Loaded<Verified>,
    /// What it is of.
    pub of: Option<Of>,
    /// How far it has come, where that takes a while.
    pub reached: Option<Reached>,
    after: Option<u64>,
}

/// The first line of an entry's leaf.
const LEAF: &str = "forget-me-not/leaf/v1\n";

/// The rest of the first line of a body that begins with this word.
#[must_use]
pub fn field<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
}

/// The moment that a body of this kind speaks of. When the service says that it was entered is nothing that is
/// checked.
#[must_use]
pub fn moment_of(kind: &str, body: &str) -> Option<Timestamp> {
    field(body, if kind == "complete" { "finished" } else { "at" })?.parse().ok()
}

/// From when on a witness of this entry counts.
fn since(entry: &LedgerEntry) -> Timestamp {
    moment_of(&entry.kind, &entry.body).map_or(Timestamp::from_ms(0), receipt::since)
}

impl ChildLog {
    /// Whether the verifier's answer to this turn is awaited here.
    pub(super) fn awaits(&self, turn: Turn) -> bool {
        self.checking.awaits(turn)
    }

    /// Takes a page in. The numbers on it follow each other, and the last page ends with the first entry: a page
    /// that leaves one out is not what was asked for.
    pub(super) fn arrived(&mut self, turn: Turn, answer: Result<ChildLedger, Failure>) {
        let follow = |page: &ChildLedger| {
            let seqs: Vec<u64> = page.items.iter().map(|entry| entry.seq).collect();
            let ends = seqs.last().is_none_or(|last| *last == page.next.unwrap_or(0));
            ends && seqs.windows(2).all(|pair| pair[1].checked_add(1) == Some(pair[0]))
        };
        let answer = answer.and_then(|page| if follow(&page) { Ok(page) } else { Err(Failure::Unreadable) });
        self.page.accept(turn, answer);
    }

    /// Asks for the page. What was checked, or is being checked, was of what is shown now.
    pub(super) fn load(&mut self, child: ChildId) -> Vec<Effect> {
        self.checked.clear();
        self.checking.clear();
        (self.whole, self.of, self.reached) = (None, None, None);
        vec![Effect::Call(self.page.begin(), Call::Entries { child, after: self.after })]
    }

    fn turn(&mut self, child: ChildId, after: Option<u64>) -> Vec<Effect> {
        self.after = after;
        with_focus(self.load(child), Spot::Heading)
    }

    fn check(&mut self, child: ChildId, of: Of) -> Vec<Effect> {
        let (Of::Entry(seq) | Of::Chain(seq)) = of else { return Vec::new() };
        let Some(entry) = self.shown(seq).filter(|_| !self.is_busy()) else { return Vec::new() };
        let since = since(entry);
        if matches!(of, Of::Chain(_)) {
            // What was found before is not what is found now.
            self.whole = None;
        }
        (self.of, self.reached) = (Some(of.clone()), None);
        vec![Effect::Verify(self.checking.begin(), Job { child, of, since })]
    }

    /// What follows from a message.
    pub(super) fn update(&mut self, child: ChildId, msg: EntriesMsg) -> Vec<Effect> {
        let Some(page) = &self.page.value else { return Vec::new() };
        let first = page.items.first().map(|entry| entry.seq);
        match msg {
            EntriesMsg::Older => match page.next {
                Some(next) => self.turn(child, Some(next)),
                None => Vec::new(),
            },
            EntriesMsg::Newer => self.turn(child, first.map(|first| first + 1 + PAGE)),
            EntriesMsg::Check(seq) => self.check(child, Of::Entry(seq)),
            EntriesMsg::CheckAll => {
                let published = page.items.iter().find(|entry| entry.index.is_some());
                let newest = published.map(|entry| entry.seq);
                newest.map(|newest| self.check(child, Of::Chain(newest))).unwrap_or_default()
            }
            EntriesMsg::Save(of, file) => {
                let found = of.map_or(self.whole.as_ref(), |seq| self.found(seq));
                found.and_then(|verified| verified.save(file, "entry")).into_iter().collect()
            }
        }
    }

    /// Another try of the check.
    pub(super) fn again(&mut self, child: ChildId) -> Vec<Effect> {
        self.of.clone().map(|of| self.check(child, of)).unwrap_or_default()
    }

    /// Whether nothing can be checked just now: something is, or what is shown is about to be another page.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.checking.busy || self.page.busy
    }

    /// Whether there are newer ones than those of this page.
    #[must_use]
    pub fn are_newer(&self) -> bool {
        self.after.is_some()
    }

    /// What was found of an entry of this page.
    #[must_use]
    pub fn found(&self, seq: u64) -> Option<&Verified> {
        self.checked.iter().find(|(checked, _)| *checked == seq).map(|(_, verified)| verified)
    }

    fn shown(&self, seq: u64) -> Option<&LedgerEntry> {
        self.page.value.iter().flat_map(|page| &page.items).find(|entry| entry.seq == seq)
    }

    /// What is shown must be what was entered: the very leaf, and the words it commits to.
    fn is_shown(&self, seq: u64, verified: &Verified) -> bool {
        let kind = verified.report.check(What::Opening).map(|opening| opening.detail.as_str());
        let receipt = Receipt::parse(&verified.receipt);
        self.shown(seq).zip(receipt.ok()).is_some_and(|(entry, receipt)| {
            (&entry.leaf, entry.index) == (&receipt.leaf, Some(receipt.index))
                && entry.body == verified.report.body
                && kind == Some(&entry.kind)
        })
    }

    /// Those that are shown, up to this one, must be among those of which none is missing.
    fn are_shown(&self, newest: u64, leaves: &str) -> bool {
        let shown = self.page.value.iter().flat_map(|page| page.items.iter().rev());
        let mut shown = shown.filter(|entry| entry.seq <= newest).peekable();
        let first = shown.peek().and_then(|entry| usize::try_from(entry.seq).ok()).unwrap_or(0);
        let mut leaves = leaves.split(LEAF).skip(1).skip(first);
        shown.all(|entry| {
            let leaf = leaves.next();
            leaf.is_some()
                && leaf == entry.leaf.strip_prefix(LEAF)
                && leaf.and_then(|leaf| leaf.lines().next()) == Some(&entry.kind)
        })
    }

    /// What was found says nothing of what is shown unless that is what was checked.
    fn compare(&self, verified: &mut Verified) {
        let leaves = std::mem::take(&mut verified.leaves);
        let same = match self.of {
            Some(Of::Chain(newest)) => self.is_shown(newest, verified) && self.are_shown(newest, &leaves),
            Some(Of::Entry(seq)) => self.is_shown(seq, verified),
            _ => false,
        };
        let proved = verified.report.check(What::Opening);
        if !same && proved.is_some_and(|opening| opening.outcome == Outcome::Proved) {
            verified.report.put(Check::failed(What::Opening, "not-opened"));
        }
    }
}

impl State {
    /// What follows from what the verifier has found of an entry, or of all of them.
    pub(super) fn entry_verified(&mut self, turn: Turn, answer: Result<Verified, Failure>) -> Vec<Effect> {
        let entries = &mut self.entries;
        if entries.checking.accept(turn, answer)
            && let Some(mut verified) = entries.checking.value.take()
        {
            let said;
            entries.compare(&mut verified);
            match entries.of {
                Some(Of::Entry(seq)) => {
                    said = Said::Checked(verified.holds());
                    entries.checked.push((seq, verified));
                }
                _ => {
                    said = if verified.holds() { Said::Whole } else { Said::Checked(false) };
                    entries.whole = Some(verified);
                }
            }
            if self.view == View::Entries {
                self.said = Some(said);
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{
        Lane, Msg,
        samples::{at, child, verified},
    };

    fn entry(seq: u64) -> LedgerEntry {
        let body = verified(true).report.body;
        let leaf = format!("{LEAF}birth\ntag {seq}\nprev {seq}\nbody {seq}\n");
        LedgerEntry { seq, kind: "birth".into(), index: Some(seq), entered_at: at(0), body, leaf }
    }

    /// What the verifier finds of an entry that is in the ledger.
    fn good(entry: &LedgerEntry) -> Verified {
        let mut good = verified(true);
        let receipt = Receipt::parse(&good.receipt).unwrap();
        let receipt = Receipt {
            leaf: entry.leaf.clone(),
            index: entry.index.unwrap(),
            body: entry.body.clone(),
            ..receipt
        };
        good.receipt = receipt.text().unwrap();
        good.report.put(Check { what: What::Opening, outcome: Outcome::Proved, detail: entry.kind.clone() });
        good
    }

    /// The same of all up to the newest one.
    fn good_up_to(newest: u64) -> Verified {
        let leaves = (0..=newest).map(|seq| entry(seq).leaf).collect();
        Verified { leaves, ..good(&entry(newest)) }
    }

    /// A page with so many entries, of which the newest are shown.
    fn shown(count: u64) -> State {
        let mut state = State { child: Some(child()), ..State::default() };
        let effects = state.update(Msg::Go(View::Entries), at(0).date());
        give(&mut state, &effects, count);
        state
    }

    /// The service answers: the entries before the one that was asked for.
    fn give(state: &mut State, effects: &[Effect], count: u64) {
        let asked = effects.iter().find_map(|effect| match effect {
            Effect::Call(turn, Call::Entries { after, .. }) => Some((*turn, *after)),
            _ => None,
        });
        let (turn, after) = asked.unwrap();
        let top = after.unwrap_or(count).min(count);
        let low = top.saturating_sub(PAGE);
        let items: Vec<_> = (low..top).rev().map(entry).collect();
        let next = (low > 0).then_some(low);
        let page = ChildLedger { key: Some("k".into()), you: None, items, next };
        state.answer(Lane::Entries, turn, Ok(serde_json::to_string(&page).unwrap()));
    }

    fn seqs(state: &State) -> (u64, u64) {
        let items = &state.entries.page.value.as_ref().unwrap().items;
        (items.first().unwrap().seq, items.last().unwrap().seq)
    }

    fn step(state: &mut State, msg: EntriesMsg) -> Vec<Effect> {
        state.update(Msg::Entries(msg), at(0).date())
    }

    fn turn(effects: &[Effect]) -> (Turn, Job) {
        let [Effect::Verify(turn, job)] = effects else { panic!("{effects:?}") };
        (*turn, job.clone())
    }

    #[test]
    fn a_field_is_the_rest_of_its_line() {
        let body = "forget-me-not/decision/v1\nat 2026-11-22T04:01:00Z\nby you=\nkeep abc= 2027-11-22\n";
        assert_eq!(field(body, "by"), Some("you="));
        assert_eq!(field(body, "keep"), Some("abc= 2027-11-22"));
        assert_eq!(field(body, "k"), None, "a name is whole");
    }

    #[test]
    fn thousands_of_entries_are_turned_over_a_page_at_a_time() {
        let mut state = shown(2_120);
        assert_eq!((seqs(&state), state.entries.are_newer()), ((2_119, 2_070), false));
        for (msg, expected) in [
            (EntriesMsg::Older, (2_069, 2_020)),
            (EntriesMsg::Older, (2_019, 1_970)),
            (EntriesMsg::Newer, (2_069, 2_020)),
            (EntriesMsg::Newer, (2_119, 2_070)),
        ] {
            let effects = step(&mut state, msg);
            assert!(effects.contains(&Effect::Focus(Spot::Heading)));
            give(&mut state, &effects, 2_120);
            assert_eq!(seqs(&state), expected);
        }
    }

    #[test]
    fn one_entry_is_checked_at_a_time_and_what_was_found_stands_beside_it() {
        let mut state = shown(3);
        let (asked, job) = turn(&step(&mut state, EntriesMsg::Check(1)));
        assert_eq!((job.child, job.of), (child(), Of::Entry(1)));
        assert!(step(&mut state, EntriesMsg::Check(2)).is_empty());
        state.verified(asked, Ok(good(&entry(1))));
        assert!(state.entries.found(1).unwrap().holds());
        assert_eq!((state.entries.found(2), state.said), (None, Some(Said::Checked(true))));
    }

    #[test]
    fn a_proof_of_something_else_than_what_is_shown_is_a_failure() {
        let another = LedgerEntry { body: "another body\n".into(), ..entry(1) };
        let mut others = vec![good(&entry(2)), good(&LedgerEntry { kind: "access".into(), ..entry(1) })];
        others.push(good(&LedgerEntry { index: Some(7), ..entry(1) }));
        let mut told = good(&another);
        told.report.body = another.body;
        others.push(told);
        others.push(Verified { receipt: "no receipt".into(), ..good(&entry(1)) });
        for other in others {
            let mut state = shown(3);
            let (asked, _) = turn(&step(&mut state, EntriesMsg::Check(1)));
            state.verified(asked, Ok(other));
            assert!(!state.entries.found(1).unwrap().holds());
            assert_eq!(state.said, Some(Said::Checked(false)));
        }
    }

    #[test]
    fn that_none_is_missing_is_said_of_the_very_entries_that_are_shown() {
        let of_60 = || {
            let mut state = shown(60);
            let (asked, _) = turn(&step(&mut state, EntriesMsg::CheckAll));
            (state, asked)
        };
        let (mut state, asked) = of_60();
        state.verified(asked, Ok(good_up_to(59)));
        let whole = state.entries.whole.as_ref().unwrap();
        assert!(whole.holds() && whole.leaves.is_empty(), "what was compared is not kept");
        let leaf = |seq| entry(seq).leaf;
        let of_other_kind = leaf(30).replace("birth", "access");
        for leaves in [
            good_up_to(59).leaves.replace(&leaf(10), &leaf(11)),
            good_up_to(59).leaves.replace(&leaf(30), &of_other_kind),
            good_up_to(58).leaves,
            String::new(),
        ] {
            let (mut state, asked) = of_60();
            state.verified(asked, Ok(Verified { leaves, ..good_up_to(59) }));
            assert!(!state.entries.whole.as_ref().unwrap().holds());
            assert_eq!(state.said, Some(Said::Checked(false)));
        }
        let (mut state, asked) = of_60();
        let before_those_shown = good_up_to(59).leaves.replace(&leaf(3), &leaf(4));
        state.verified(asked, Ok(Verified { leaves: before_those_shown, ..good_up_to(59) }));
        assert!(state.entries.whole.as_ref().unwrap().holds(), "whether they are a chain the verifier says");
    }

    #[test]
    fn a_witness_that_saw_the_ledger_before_an_entry_happened_vouches_for_nothing() {
        let mut state = shown(3);
        for msg in [EntriesMsg::Check(2), EntriesMsg::CheckAll] {
            let (asked, job) = turn(&step(&mut state, msg));
            assert_eq!(job.since.to_string(), "2026-11-22T03:56:00Z", "five minutes for clocks that differ");
            state.verified(asked, Err(Failure::NoAnswer));
        }
        let lost = LedgerEntry { body: String::new(), ..entry(1) };
        assert_eq!(since(&lost), Timestamp::from_ms(0));
        let ended =
            LedgerEntry { kind: "complete".into(), body: "finished 2026-11-22T04:06:00Z\n".into(), ..lost };
        assert_eq!(since(&ended).to_string(), "2026-11-22T04:01:00Z");
    }

    #[test]
    fn that_none_is_missing_is_one_check_of_the_newest() {
        let mut state = shown(60);
        let (asked, job) = turn(&step(&mut state, EntriesMsg::CheckAll));
        assert_eq!(job.of, Of::Chain(59));
        state.verified(asked, Err(Failure::NotLoaded));
        assert_eq!(state.entries.checking.failed, Some(Failure::NotLoaded));
        let (asked, job) = turn(&state.update(Msg::Retry(Lane::Entry), at(0).date()));
        assert_eq!(job.of, Of::Chain(59));
        state.verified(asked, Ok(good_up_to(59)));
        assert!(state.entries.whole.as_ref().unwrap().holds());
        assert_eq!(state.said, Some(Said::Whole));
    }

    #[test]
    fn a_check_that_is_under_way_when_the_page_is_turned_says_nothing_of_the_next_page() {
        let mut state = shown(120);
        let (asked, _) = turn(&step(&mut state, EntriesMsg::Check(119)));
        let effects = step(&mut state, EntriesMsg::Older);
        give(&mut state, &effects, 120);
        assert!(state.verified(asked, Ok(verified(true))).is_empty());
        let entries = &state.entries;
        assert_eq!((state.said, &entries.of, &entries.whole), (None, &None, &None));
        assert!(entries.checked.is_empty() && !entries.checking.busy);
        turn(&step(&mut state, EntriesMsg::Check(60)));
    }

    #[test]
    fn nothing_is_checked_while_another_page_is_on_its_way() {
        for msg in [EntriesMsg::Check(119), EntriesMsg::CheckAll] {
            let mut state = shown(120);
            let effects = step(&mut state, EntriesMsg::Older);
            assert!(state.entries.is_busy() && step(&mut state, msg).is_empty());
            give(&mut state, &effects, 120);
            assert_eq!((state.said, &state.entries.of), (None, &None));
            turn(&step(&mut state, EntriesMsg::Check(60)));
        }
        let mut state = shown(120);
        let effects = state.update(Msg::Refresh, at(0).date());
        assert!(step(&mut state, EntriesMsg::CheckAll).is_empty(), "what was shown is asked for anew");
        give(&mut state, &effects, 120);
        turn(&step(&mut state, EntriesMsg::CheckAll));
    }

    #[test]
    fn of_all_entries_nothing_older_stands_beside_what_comes_of_another_check() {
        let mut state = shown(3);
        let (asked, _) = turn(&step(&mut state, EntriesMsg::CheckAll));
        state.verified(asked, Ok(good_up_to(2)));
        let (asked, _) = turn(&step(&mut state, EntriesMsg::Check(1)));
        assert!(state.entries.whole.is_some(), "one entry is nothing to it");
        state.verified(asked, Ok(good(&entry(1))));
        let (asked, _) = turn(&step(&mut state, EntriesMsg::CheckAll));
        assert_eq!(state.entries.whole, None);
        state.verified(asked, Err(Failure::NoAnswer));
        assert_eq!(state.entries.whole, None);
        assert!(state.entries.found(1).is_some());
    }

    #[test]
    fn the_focus_is_caught_at_the_entry_that_is_checked_again() {
        let mut state = shown(3);
        assert_eq!(state.catch(), Spot::Heading);
        let (asked, _) = turn(&step(&mut state, EntriesMsg::Check(2)));
        state.verified(asked, Ok(good(&entry(2))));
        let (asked, _) = turn(&step(&mut state, EntriesMsg::Check(0)));
        state.verified(asked, Err(Failure::NoAnswer));
        let (asked, _) = turn(&state.update(Msg::Retry(Lane::Entry), at(0).date()));
        assert_eq!(state.catch(), Spot::Entry(0), "what had it is gone already");
        state.verified(asked, Ok(good(&entry(0))));
        assert_eq!(state.catch(), Spot::Entry(0));
        step(&mut state, EntriesMsg::CheckAll);
        assert_eq!(state.catch(), Spot::Heading);
    }

    #[test]
    fn the_evidence_of_a_history_can_be_kept() {
        let mut state = shown(3);
        let (asked, _) = turn(&step(&mut state, EntriesMsg::Check(1)));
        let caught = Some(["before".into(), "now".into()]);
        state.verified(asked, Ok(Verified { caught, ..good(&entry(1)) }));
        let (asked, _) = turn(&step(&mut state, EntriesMsg::CheckAll));
        state.verified(asked, Ok(good_up_to(2)));
        let saved = |state: &mut State, of, file| match &step(state, EntriesMsg::Save(of, file))[..] {
            [Effect::Save(name, text)] => Some((name.clone(), text.clone())),
            _ => None,
        };
        let text = |saved: Option<(String, String)>| saved.map(|(_, text)| text);
        assert_eq!(text(saved(&mut state, Some(1), File::Seen)).as_deref(), Some("before"));
        assert_eq!(text(saved(&mut state, Some(1), File::Shown)).as_deref(), Some("now"));
        let (name, receipt) = saved(&mut state, None, File::Receipt).unwrap();
        assert_eq!((&*name, receipt), ("forget-me-not-entry.tlog-proof", good(&entry(2)).receipt));
        assert_eq!(saved(&mut state, None, File::Seen), None, "nothing contradicts it");
        assert_eq!(saved(&mut state, Some(0), File::Receipt), None, "it was not checked");
    }

    #[test]
    fn what_is_found_after_she_has_left_is_not_said_elsewhere() {
        let mut state = shown(3);
        let (asked, _) = turn(&step(&mut state, EntriesMsg::CheckAll));
        state.update(Msg::Go(View::Children), at(0).date());
        state.verified(asked, Ok(verified(true)));
        assert_eq!(state.said, None);
    }

    #[test]
    fn a_page_that_leaves_one_out_is_not_shown() {
        for left_out in [0, 1, 2] {
            let mut state = State { child: Some(child()), ..State::default() };
            let effects = state.update(Msg::Go(View::Entries), at(0).date());
            let asked = effects.iter().find_map(|effect| match effect {
                Effect::Call(turn, Call::Entries { .. }) => Some(*turn),
                _ => None,
            });
            let items: Vec<_> = (0..3).rev().filter(|seq| *seq != left_out).map(entry).collect();
            let page = ChildLedger { key: None, you: None, items, next: None };
            state.answer(Lane::Entries, asked.unwrap(), Ok(serde_json::to_string(&page).unwrap()));
            // That the newest is left out nobody can see.
            assert_eq!(state.entries.page.value.is_some(), left_out == 2, "{left_out}");
        }
    }

    #[test]
    fn nothing_of_one_child_is_shown_under_another() {
        let mut state = shown(3);
        state.update(Msg::Child(ChildId::from_parts(7, 7)), at(0).date());
        assert_eq!(state.entries, ChildLog::default());
    }
}
