//! The recordings of one child: found, paged, ticked.

use std::rc::Rc;

use rules::{
    ChildId, Class, Date, DeviceId, RecordingId, Scope, Timestamp,
    contract::{RecordingCount, RecordingItem, RecordingPage},
    scope::Filter,
    word::Kind,
};

use super::{Call, Effect, Failure, Loaded, Msg, Selection, Turn};

/// How long typing must rest before a search sets out, in milliseconds.
pub const TYPING_RESTS_MS: u32 = 250;

/// A day that was chosen in a form, and the moment it stands for where the reader is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// As the form writes it: `2026-11-21`.
    pub day: String,
    /// The first moment of the day, or for the end of a period the first moment after it.
    pub at: Timestamp,
}

/// One change of what is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Words of the transcript.
    Words(String),
    /// First day.
    From(Option<Edge>),
    /// Last day.
    To(Option<Edge>),
    /// One device only.
    Device(Option<DeviceId>),
    /// Voice or video only.
    Kind(Option<Kind>),
    /// Only what has something of a class.
    Class(Option<Class>),
    /// Everything again.
    Nothing,
}

/// What is looked for, as the form has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Words, as typed.
    pub words: String,
    /// First day.
    pub from: Option<Edge>,
    /// Last day.
    pub to: Option<Edge>,
    /// Device.
    pub device: Option<DeviceId>,
    /// Voice or video.
    pub kind: Option<Kind>,
    /// Class.
    pub class: Option<Class>,
}

impl Form {
    /// The contract's filter. Words without a letter or a digit look for nothing.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let words = self.words.trim();
        let from = self.from.as_ref().map(|edge| edge.at);
        // A period that ends before it begins is not asked for; the form says so instead.
        let to = self.to.as_ref().map(|edge| edge.at).filter(|to| from.is_none_or(|from| from < *to));
        Filter {
            q: words.chars().any(says_something).then(|| words.to_owned()),
            from,
            to,
            device: self.device,
            kind: self.kind,
            class: self.class,
        }
    }

    /// Whether the period ends before it begins.
    #[must_use]
    pub fn is_backwards(&self) -> bool {
        matches!((&self.from, &self.to), (Some(from), Some(to)) if from.at >= to.at)
    }

    /// How many conditions beside the words are set.
    #[must_use]
    pub fn conditions(&self) -> u64 {
        [
            self.from.is_some(),
            self.to.is_some(),
            self.device.is_some(),
            self.kind.is_some(),
            self.class.is_some(),
        ]
        .into_iter()
        .map(u64::from)
        .sum()
    }
}

/// Whether a character may be part of a word. The service knows all of Unicode; here it is enough
/// not to look for punctuation of a keyboard.
fn says_something(c: char) -> bool {
    c.is_ascii_alphanumeric() || !c.is_ascii()
}

/// What happens to a list.
#[derive(Debug, Clone, PartialEq)]
pub enum ListMsg {
    /// Something else is looked for.
    Look(Change),
    /// Typing may have come to rest.
    Rested(u32),
    /// The next page is wanted.
    More,
    /// A box was ticked or unticked; with shift, the range since the last one.
    Tick(RecordingId, bool),
    /// All that match are wanted.
    All,
    /// No box stays ticked.
    None,
    /// The conditions were folded out, or in.
    Unfold(bool),
}

/// The list of one child.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct List {
    /// What is looked for.
    pub form: Form,
    /// Whether the conditions are folded out; that stays while she looks at a recording.
    pub unfolded: bool,
    /// What was found so far, newest first.
    pub items: Vec<Rc<RecordingItem>>,
    /// Where the next page begins; none when everything is there.
    pub next: Option<String>,
    /// The page on its way.
    pub page: Loaded<()>,
    /// How many there are in all.
    pub count: Loaded<RecordingCount>,
    /// What is ticked.
    pub selection: Selection,
    anchor: Option<RecordingId>,
    typed: u32,
    /// Whether the page on its way is the first one.
    fresh: bool,
}

impl List {
    /// Forgets everything: another child was chosen. Answers on their way will be late.
    pub fn forget(&mut self) {
        self.form = Form::default();
        self.forget_found();
    }

    /// Forgets what was found, and looks for the same when it is shown again.
    pub fn forget_found(&mut self) {
        self.items.clear();
        self.next = None;
        self.page.clear();
        self.count.clear();
        self.selection = Selection::default();
        self.anchor = None;
        self.fresh = true;
    }

    /// A keep was given, or ended.
    pub fn set_kept(&mut self, id: RecordingId, until: Option<Date>) {
        if let Some(item) = self.items.iter_mut().find(|item| item.id == id) {
            Rc::make_mut(item).kept_until = until;
        }
    }

    /// Asks for the first page and the count.
    pub fn load(&mut self, child: ChildId) -> Vec<Effect> {
        self.fresh = true;
        let filter = self.form.filter();
        let page = Call::Recordings { child, filter: filter.clone(), cursor: None };
        vec![
            Effect::Call(self.page.begin(), page),
            Effect::Call(self.count.begin(), Call::Count { child, filter }),
        ]
    }

    /// Asks again for what failed: the page that was on its way.
    pub fn retry(&mut self, child: ChildId) -> Vec<Effect> {
        if self.fresh || self.next.is_none() { self.load(child) } else { self.more(child) }
    }

    fn more(&mut self, child: ChildId) -> Vec<Effect> {
        if self.page.busy || self.next.is_none() {
            return Vec::new();
        }
        self.fresh = false;
        let call = Call::Recordings { child, filter: self.form.filter(), cursor: self.next.clone() };
        vec![Effect::Call(self.page.begin(), call)]
    }

    /// What a reader did.
    pub fn update(&mut self, child: ChildId, msg: ListMsg) -> Vec<Effect> {
        match msg {
            ListMsg::Look(change) => self.look(child, change),
            // Typing went on meanwhile: a later rest will set out.
            ListMsg::Rested(typed) if typed != self.typed => Vec::new(),
            ListMsg::Rested(_) => self.load(child),
            ListMsg::More => self.more(child),
            ListMsg::Tick(id, shift) => {
                let shown: Vec<_> = self.items.iter().map(|item| item.id).collect();
                self.selection.toggle(id, self.anchor.filter(|_| shift), &shown);
                self.anchor = Some(id);
                Vec::new()
            }
            ListMsg::All => {
                if let Some(count) = &self.count.value {
                    self.selection = Selection::All { count: count.total };
                }
                Vec::new()
            }
            ListMsg::Unfold(unfolded) => {
                self.unfolded = unfolded;
                Vec::new()
            }
            ListMsg::None => {
                self.selection = Selection::default();
                Vec::new()
            }
        }
    }

    fn look(&mut self, child: ChildId, change: Change) -> Vec<Effect> {
        let before = self.form.filter();
        let typing = matches!(change, Change::Words(_));
        match change {
            Change::Words(words) => self.form.words = words,
            Change::From(edge) => self.form.from = edge,
            Change::To(edge) => self.form.to = edge,
            Change::Device(device) => self.form.device = device,
            Change::Kind(kind) => self.form.kind = kind,
            Change::Class(class) => self.form.class = class,
            Change::Nothing => self.form = Form::default(),
        }
        if self.form.filter() == before {
            return Vec::new();
        }
        // Only now: a space behind the words must not call off the search that waits.
        self.typed += 1;
        // What is ticked was ticked among other things: it is not carried over unseen.
        self.selection = Selection::default();
        self.anchor = None;
        // "All that match" must never say the number of an earlier question.
        self.count.clear();
        // A cursor belongs to its question.
        self.next = None;
        self.page.clear();
        self.fresh = true;
        if typing {
            vec![Effect::Wait(TYPING_RESTS_MS, Msg::List(ListMsg::Rested(self.typed)))]
        } else {
            self.load(child)
        }
    }

    /// A page arrived, or failed to. Answers whether it was still wanted.
    pub fn arrived(&mut self, turn: Turn, answer: Result<RecordingPage, Failure>) -> bool {
        match answer {
            Ok(page) if self.page.accept(turn, Ok(())) => {
                if self.fresh {
                    self.items.clear();
                }
                for item in page.items {
                    // A recording that moved between two pages is shown once.
                    if !self.items.iter().any(|shown| shown.id == item.id) {
                        self.items.push(Rc::new(item));
                    }
                }
                self.next = page.next;
                if self.fresh {
                    let shown: Vec<_> = self.items.iter().map(|item| item.id).collect();
                    self.selection.retain(&shown);
                }
                self.fresh = false;
                true
            }
            Ok(_) => false,
            Err(failure) => self.page.accept(turn, Err(failure)),
        }
    }

    /// What a deletion of the selection would be. "All" without any condition is a period, all of
    /// time: what she keeps stays, as with any selection. Everything of a child is asked for elsewhere,
    /// in words that say so.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        match &self.selection {
            Selection::These(ids) if ids.is_empty() => None,
            Selection::These(ids) => Some(Scope::Items { recordings: ids.clone() }),
            Selection::All { .. } => Some(match self.form.filter() {
                filter if filter.is_empty() => Scope::Range { from: Timestamp::MIN, to: Timestamp::MAX },
                Filter { q: None, from: Some(from), to: Some(to), device: None, kind: None, class: None } => {
                    Scope::Range { from, to }
                }
                filter => Scope::Search { filter },
            }),
        }
    }

    /// The recording before or after `id` in the list.
    #[must_use]
    pub fn neighbour(&self, id: RecordingId, step: isize) -> Option<RecordingId> {
        let at = self.items.iter().position(|item| item.id == id)?;
        Some(self.items.get(at.checked_add_signed(step)?)?.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::samples::{child, page, recording};

    fn loaded(n: u64, next: Option<&str>) -> List {
        let mut list = List::default();
        let turn = first_turn(&list.load(child()));
        assert!(list.arrived(turn, Ok(page(0..n, next))));
        list
    }

    fn first_turn(effects: &[Effect]) -> Turn {
        match effects.first() {
            Some(Effect::Call(turn, _)) => *turn,
            other => panic!("a call was expected, not {other:?}"),
        }
    }

    fn words(list: &mut List, words: &str) -> Vec<Effect> {
        list.update(child(), ListMsg::Look(Change::Words(words.into())))
    }

    fn edge(ms: i64) -> Option<Edge> {
        Some(Edge { day: String::new(), at: Timestamp::from_ms(ms) })
    }

    #[test]
    fn a_search_sets_out_when_typing_rests_and_only_then() {
        let mut list = loaded(3, None);
        let Effect::Wait(_, Msg::List(early)) = words(&mut list, "nut").remove(0) else { panic!() };
        let Effect::Wait(_, Msg::List(rested)) = words(&mut list, "nuts").remove(0) else { panic!() };
        assert!(list.update(child(), early).is_empty());
        let effects = list.update(child(), rested);
        let asked = Filter { q: Some("nuts".into()), ..Filter::default() };
        assert!(
            matches!(&effects[0], Effect::Call(_, Call::Recordings { filter, cursor: None, .. }) if *filter == asked)
        );
        assert!(matches!(&effects[1], Effect::Call(_, Call::Count { filter, .. }) if *filter == asked));
    }

    #[test]
    fn the_answer_to_an_earlier_question_is_dropped() {
        let mut list = List::default();
        let early = first_turn(&list.load(child()));
        let late = first_turn(&list.update(child(), ListMsg::Look(Change::Kind(Some(Kind::Video)))));
        assert!(!list.arrived(early, Ok(page(0..3, None))));
        assert!(list.items.is_empty());
        assert!(list.arrived(late, Ok(page(7..8, None))));
        assert_eq!(list.items.len(), 1);
    }

    #[test]
    fn a_cursor_is_never_used_for_another_question() {
        let mut list = loaded(3, Some("cursor"));
        words(&mut list, "nuts");
        assert!(list.update(child(), ListMsg::More).is_empty());
    }

    #[test]
    fn pages_follow_each_other_and_show_nothing_twice() {
        let mut list = loaded(3, Some("after-3"));
        let effects = list.update(child(), ListMsg::More);
        assert!(
            matches!(&effects[0], Effect::Call(_, Call::Recordings { cursor: Some(c), .. }) if c == "after-3")
        );
        assert!(list.update(child(), ListMsg::More).is_empty(), "one page at a time");
        list.arrived(first_turn(&effects), Ok(page(2..5, None)));
        let shown: Vec<_> = list.items.iter().map(|item| item.id).collect();
        assert_eq!(shown, (0..5).map(|n| recording(n).id).collect::<Vec<_>>());
        assert!(list.update(child(), ListMsg::More).is_empty(), "there are no more");
    }

    #[test]
    fn a_page_that_failed_is_asked_for_again_and_what_is_there_stays() {
        let mut list = loaded(3, Some("after-3"));
        let turn = first_turn(&list.update(child(), ListMsg::More));
        list.arrived(turn, Err(Failure::NoAnswer));
        assert_eq!(list.items.len(), 3);
        let effects = list.retry(child());
        assert!(
            matches!(&effects[..], [Effect::Call(_, Call::Recordings { cursor: Some(c), .. })] if c == "after-3")
        );
    }

    #[test]
    fn looking_for_something_else_unticks_everything() {
        let mut list = loaded(3, None);
        let id = list.items[0].id;
        list.update(child(), ListMsg::Tick(id, false));
        assert_eq!(list.selection.count(), 1);
        words(&mut list, "nuts");
        assert_eq!(list.selection.count(), 0);
    }

    #[test]
    fn all_waits_for_the_number_and_then_says_it() {
        let mut list = loaded(3, Some("more"));
        list.update(child(), ListMsg::All);
        assert_eq!(list.selection.count(), 0);
        let turn = list.count.begin();
        list.count.accept(turn, Ok(RecordingCount { total: 412 }));
        list.update(child(), ListMsg::All);
        assert_eq!(list.selection.count(), 412);
    }

    #[test]
    fn what_is_ticked_becomes_the_narrowest_scope() {
        let mut list = loaded(2, None);
        assert_eq!(list.scope(), None);
        let id = list.items[1].id;
        list.update(child(), ListMsg::Tick(id, false));
        assert_eq!(list.scope(), Some(Scope::Items { recordings: vec![id] }));

        list.selection = Selection::All { count: 2 };
        assert_eq!(list.scope(), Some(Scope::Range { from: Timestamp::MIN, to: Timestamp::MAX }));
        list.form.from = edge(1_000);
        list.form.to = edge(2_000);
        let (from, to) = (Timestamp::from_ms(1_000), Timestamp::from_ms(2_000));
        assert_eq!(list.scope(), Some(Scope::Range { from, to }));
        list.form.words = "nuts".into();
        assert!(matches!(list.scope(), Some(Scope::Search { filter }) if filter.from == Some(from)));
    }

    #[test]
    fn words_without_a_letter_look_for_nothing() {
        let form = Form { words: " ...! ".into(), ..Form::default() };
        assert!(form.filter().is_empty());
    }

    #[test]
    fn a_period_that_ends_before_it_begins_is_never_asked_for() {
        let form = Form { from: edge(2_000), to: edge(1_000), ..Form::default() };
        assert!(form.is_backwards());
        assert!(form.filter().check().is_ok());
    }

    #[test]
    fn the_neighbours_of_a_recording_are_those_of_the_list() {
        let list = loaded(3, None);
        let ids: Vec<_> = list.items.iter().map(|item| item.id).collect();
        assert_eq!(list.neighbour(ids[1], 1), Some(ids[2]));
        assert_eq!(list.neighbour(ids[0], -1), None);
        assert_eq!(list.neighbour(ids[2], 1), None);
    }
}
