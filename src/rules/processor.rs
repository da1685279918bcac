//! A processor's part of an erasure: somebody else, who was given recordings and is asked to delete them.
//!
//! What a stranger does can only be told by what they sign and by what they still answer. So there is no
//! way to [`ProcessorState::Completed`] but a signed completion, silence has a date, and who says "done"
//! and still has something is said to have ([`ProcessorState::Contradicted`]).

use serde::{Deserialize, Serialize};

use crate::{
    retention::{PROCESSOR_ACKNOWLEDGES_WITHIN_DAYS, PROCESSOR_COMPLETES_WITHIN_DAYS},
    store::{StoreId, Stores},
    time::Timestamp,
    word::Class,
};

/// Where a processor of an erasure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProcessorState {
    /// Not asked yet: the erasure can still be taken back, or its turn within the hour after that has not come.
    NotSent,
    /// Asked, and it has not answered.
    Sent,
    /// It has signed that it will.
    Acknowledged,
    /// It has signed that it has.
    Completed,
    /// It has let a deadline pass without an answer. It is asked on.
    Silent,
    /// It has signed that it has, and was found to hold something. It is asked on.
    Contradicted,
}

/// What can happen to a processor's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The erasure cannot be taken back any more: the first request goes out.
    Ask,
    /// A signed acknowledgement.
    Acknowledge,
    /// A signed completion.
    Complete,
    /// A deadline is over.
    Deadline,
    /// Asked what it holds, it has signed that there is something.
    FoundSome,
    /// Asked what it holds, it has signed that there is nothing.
    FoundNone,
}

impl ProcessorState {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::NotSent, Self::Sent, Self::Acknowledged, Self::Completed, Self::Silent, Self::Contradicted];

    /// The state that follows; none where the event changes nothing, as an answer does that comes twice or
    /// after a later one.
    #[must_use]
    pub const fn next(self, event: Event) -> Option<Self> {
        match (self, event) {
            (Self::NotSent, Event::Ask) => Some(Self::Sent),
            (Self::Sent | Self::Silent, Event::Acknowledge) => Some(Self::Acknowledged),
            (Self::Sent | Self::Acknowledged | Self::Silent, Event::Complete)
            | (Self::Contradicted, Event::FoundNone) => Some(Self::Completed),
            (Self::Sent | Self::Acknowledged, Event::Deadline) => Some(Self::Silent),
            (Self::Completed, Event::FoundSome) => Some(Self::Contradicted),
            _ => None,
        }
    }

    /// Whether it has signed that nothing is left and nobody has found otherwise.
    #[must_use]
    pub const fn is_confirmed(self) -> bool {
        matches!(self, Self::Completed)
    }

    /// Whether somebody must look: it does not answer, or not truly.
    #[must_use]
    pub const fn is_escalated(self) -> bool {
        matches!(self, Self::Silent | Self::Contradicted)
    }
}

/// By when a processor asked at `asked_at` is to give its next answer; none where none is due.
#[must_use]
pub const fn due_by(state: ProcessorState, asked_at: Timestamp) -> Option<Timestamp> {
    let days = match state {
        ProcessorState::Sent => PROCESSOR_ACKNOWLEDGES_WITHIN_DAYS,
        ProcessorState::Acknowledged => PROCESSOR_COMPLETES_WITHIN_DAYS,
        _ => return None,
    };
    Some(asked_at.plus_seconds(days * 86_400))
}

/// Seconds within which processors are first asked, each at a moment of its own: what goes out at once would tell
/// them who was given the same, and one of them who are siblings (ours).
pub const FIRST_ASKED_WITHIN_SECONDS: i64 = 3600;

/// When a processor is first asked: not before `from`, and some time after it that `random` decides.
#[must_use]
pub const fn first_ask(from: Timestamp, random: u64) -> Timestamp {
    // The remainder is less than the hour, and the numbers of hours in 64 bits are many: none is favoured to speak of.
    Timestamp::from_ms(from.ms() + (random % (FIRST_ASKED_WITHIN_SECONDS as u64 * 1000)) as i64)
}

/// The longest wait before a processor is asked again, in seconds: a quarter of a day.
const LONGEST_WAIT: i64 = 6 * 3600;
/// How often one is asked that is silent or contradicted, in seconds: once a day, for as long as it takes. Nobody
/// waits longer.
pub const ESCALATED_WAIT: i64 = 86_400;

/// How long after a try the next one starts, in seconds: 1, 2, 4 … minutes, at most a quarter of a day. Slower
/// than with our own stores: a stranger's machine is not ours to press.
#[must_use]
pub const fn ask_again_after_seconds(state: ProcessorState, tries: u32) -> i64 {
    if state.is_escalated() {
        return ESCALATED_WAIT;
    }
    let doubled = 60 << if tries > 10 { 10 } else { tries };
    if doubled > LONGEST_WAIT { LONGEST_WAIT } else { doubled }
}

/// A set of classes: those that were given to a processor, or those that it is asked to delete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassSet(u8);

impl ClassSet {
    /// Every class.
    pub const ALL: Self = Self(0b1111);

    /// The set with these bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The set as a number: a bit for each class, in the order of [`Class::ALL`].
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub const fn has_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Its classes, in the order a parent reads them.
    pub fn iter(self) -> impl Iterator<Item = Class> {
        Class::ALL.into_iter().filter(move |class| self.0 & bit(*class) != 0)
    }
}

const fn bit(class: Class) -> u8 {
    match class {
        Class::Media => 1,
        Class::Transcript => 2,
        Class::Location => 4,
        Class::Derived => 8,
    }
}

impl FromIterator<Class> for ClassSet {
    fn from_iter<T: IntoIterator<Item = Class>>(classes: T) -> Self {
        Self(classes.into_iter().fold(0, |bits, class| bits | bit(class)))
    }
}

/// What a processor is asked to delete of a recording of which these stores forget their copies: the same
/// classes, those too that it may have made itself of what it was given, and everything when the recording
/// itself goes.
#[must_use]
pub fn asked_for(given: ClassSet, erased_from: Stores) -> ClassSet {
    if erased_from.has(StoreId::Catalogue) {
        return given;
    }
    given.iter().flat_map(|class| Stores::reached_by(class).and(erased_from).classes()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVENTS: [Event; 6] = [
        Event::Ask,
        Event::Acknowledge,
        Event::Complete,
        Event::Deadline,
        Event::FoundSome,
        Event::FoundNone,
    ];

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(1_790_000_000_000).plus_seconds(seconds)
    }

    #[test]
    fn deadlines_are_counted_from_the_request() {
        let days = |state| due_by(state, at(0)).map(|due| (due.ms() - at(0).ms()) / 86_400_000);
        assert_eq!(days(ProcessorState::Sent), Some(10));
        assert_eq!(days(ProcessorState::Acknowledged), Some(30));
        for state in [ProcessorState::NotSent, ProcessorState::Completed, ProcessorState::Silent] {
            assert_eq!(days(state), None);
        }
    }

    #[test]
    fn first_requests_are_spread_over_an_hour_and_never_early() {
        let within = |random| first_ask(at(0), random).ms() - at(0).ms();
        assert_eq!([0, 1, 3_599_999, 3_600_000].map(within), [0, 1, 3_599_999, 0]);
        assert!((0..3_600_000).contains(&within(u64::MAX)));
    }

    #[test]
    fn an_answer_that_comes_twice_is_the_same_as_once() {
        for state in ProcessorState::ALL {
            for event in EVENTS {
                let after = state.next(event).unwrap_or(state);
                assert_eq!(after.next(event), None, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn the_entry_takes_everything_along_and_a_class_takes_itself() {
        let given: ClassSet = [Class::Media, Class::Transcript].into_iter().collect();
        assert_eq!(asked_for(given, Stores::ALL), given);
        let location = Stores::NONE.with(StoreId::Location);
        assert!(asked_for(given, location).is_empty(), "it never got the place");
        let words = Stores::NONE.with(StoreId::Transcript).with(StoreId::SearchIndex);
        let asked = asked_for(given, words);
        assert_eq!(asked.iter().collect::<Vec<_>>(), [Class::Transcript, Class::Derived]);
    }

    #[test]
    fn what_it_made_itself_is_asked_back() {
        let sound: ClassSet = [Class::Media].into_iter().collect();
        let words = asked_for(sound, Stores::reached_by(Class::Transcript));
        assert_eq!(words.iter().collect::<Vec<_>>(), [Class::Transcript, Class::Derived]);
        let learned = asked_for(sound, Stores::reached_by(Class::Derived));
        assert_eq!(learned.iter().collect::<Vec<_>>(), [Class::Derived]);
        assert!(
            asked_for(sound, Stores::reached_by(Class::Location)).is_empty(),
            "no place is made of sound"
        );
    }

    proptest! {
        /// Whatever comes in whatever order: nobody counts as confirmed who has not signed a completion, nor
        /// whose last answer was that there is something.
        #[test]
        fn only_a_signed_completion_confirms(events in prop::collection::vec(prop::sample::select(EVENTS.to_vec()), 0..30)) {
            let mut state = ProcessorState::NotSent;
            let (mut completed, mut found) = (false, false);
            for event in events {
                let before = state;
                if let Some(next) = state.next(event) {
                    state = next;
                }
                completed |= event == Event::Complete && before != ProcessorState::NotSent;
                match event {
                    Event::FoundSome if before.is_confirmed() => found = true,
                    Event::FoundNone => found = false,
                    _ => {}
                }
                prop_assert_eq!(state.is_confirmed(), completed && !found);
                prop_assert_eq!(state == ProcessorState::NotSent, before == ProcessorState::NotSent && event != Event::Ask);
            }
        }

        #[test]
        fn a_try_is_never_immediate_and_never_forgotten(
            state in prop::sample::select(ProcessorState::ALL.to_vec()), tries in any::<u32>(),
        ) {
            prop_assert!((60..=86_400).contains(&ask_again_after_seconds(state, tries)));
        }

        #[test]
        fn nobody_is_asked_for_what_they_neither_got_nor_could_make(given in any::<u8>(), erased in any::<u32>()) {
            let given = ClassSet::from_bits(given);
            let asked = asked_for(given, Stores::from_bits(erased));
            let made: ClassSet = given.iter().flat_map(|class| Stores::reached_by(class).classes()).collect();
            prop_assert!(made.has_all(asked) || given.has_all(asked));
            prop_assert_eq!(asked.iter().collect::<ClassSet>(), asked);
        }
    }
}
