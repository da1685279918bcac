//! The life of an erasure: which state follows which, and what each may be called to a parent.
//!
//! The one rule everything here serves (R7): nobody is told "deleted" before every store was read
//! again and answered "absent". [`ErasureState::Deleted`] can only be reached with a
//! [`Verified`], and only [`verified`] makes one.

use serde::{Deserialize, Serialize};

use crate::{
    processor::ProcessorState,
    retention::{ALARM_AFTER_DAYS, CONTESTED_DAYS, ERASED_WITHIN_HOURS, UNDO_WINDOW_HOURS, due_on},
    time::Timestamp,
};

/// Where an erasure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    /// Accepted: nobody can read or use it any more; the guardian can still take it back.
    Sealed,
    /// Being erased, store by store; there is no way back.
    Erasing,
    /// Every store was read again and answered "absent".
    Deleted,
    /// The guardian took it back while it was sealed.
    Cancelled,
}

/// Where one store of an erasure stands. There is no "skipped": a store that does not answer is
/// tried again until it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Copies are being erased.
    Erasing,
    /// The store is being read again.
    Probing,
    /// The last try failed; the next one has a time.
    Retrying,
    /// Read again on another path, and absent.
    VerifiedAbsent,
}

impl StepState {
    /// Whether `next` may follow. Forward only, but for a try that failed, a probe that still found
    /// something, and the last store, which goes back to wait when one before it failed.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        use StepState::{Erasing, Probing, Retrying, VerifiedAbsent, Waiting};
        matches!(
            (self, next),
            (Waiting | Retrying, Erasing)
                | (Erasing, Probing | Waiting)
                | (Probing, VerifiedAbsent)
                | (Erasing | Probing, Retrying)
        )
    }
}

/// The proof, as a value, that every step of an erasure ended as verified absent.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified(());

/// A [`Verified`], if there is at least one step and each of them was verified.
#[must_use]
pub fn verified(steps: impl IntoIterator<Item = StepState>) -> Option<Verified> {
    let mut steps = steps.into_iter().peekable();
    (steps.peek().is_some() && steps.all(|step| step == StepState::VerifiedAbsent)).then_some(Verified(()))
}

/// What can happen to an erasure.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// The guardian takes it back.
    Undo,
    /// The undo window is over, or was waived.
    WindowClosed,
    /// Every step was verified.
    Complete(Verified),
}

/// The event does not fit the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this cannot happen to an erasure that is {from:?}")]
pub struct Refused {
    /// The state it was in, and stays in.
    pub from: ErasureState,
}

impl ErasureState {
    /// The state that follows.
    pub fn next(self, event: Event) -> Result<Self, Refused> {
        match (self, event) {
            (Self::Sealed, Event::Undo) => Ok(Self::Cancelled),
            (Self::Sealed, Event::WindowClosed) => Ok(Self::Erasing),
            (Self::Erasing, Event::Complete(Verified(()))) => Ok(Self::Deleted),
            (from, _) => Err(Refused { from }),
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Deleted | Self::Cancelled)
    }
}

/// How long an erasure stays sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The whole undo window, of this many seconds.
    Open {
        /// Length; [`UNDO_WINDOW_SECONDS`] unless the operator of a demo shortens it.
        seconds: i64,
    },
    /// The guardian gave up the undo window.
    Waived,
}

/// The undo window in seconds.
pub const UNDO_WINDOW_SECONDS: i64 = UNDO_WINDOW_HOURS * 3600;

/// The dates of an erasure, fixed when it is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Until then it can be taken back.
    pub sealed_until: Timestamp,
    /// When it will be done if nothing goes wrong.
    pub expected_by: Timestamp,
    /// When it must be done.
    pub due_by: Timestamp,
}

/// The dates of an erasure accepted at `now`.
///
/// Against another guardian's live keep it is contested: sealed for at least seven days, whatever
/// was waived. Use has stopped at once in every case.
#[must_use]
pub fn clock(now: Timestamp, window: Window, contested: bool) -> Clock {
    let undo = match window {
        Window::Open { seconds } => seconds.max(0),
        Window::Waived => 0,
    };
    let sealed = if contested { undo.max(CONTESTED_DAYS * 86_400) } else { undo };
    let sealed_until = now.plus_seconds(sealed);
    Clock {
        sealed_until,
        expected_by: sealed_until.plus_seconds(ERASED_WITHIN_HOURS * 3600),
        due_by: due_on(now).start(),
    }
}

/// How an unfinished erasure stands against its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Lateness {
    /// Done, or before the expected time.
    OnTime,
    /// Past the expected time.
    Late,
    /// A week after the request and not done: somebody must look.
    Alarm,
    /// Past the legal limit.
    Overdue,
}

/// How an erasure requested at `requested_at` stands at `now`.
#[must_use]
pub fn lateness(state: ErasureState, requested_at: Timestamp, clock: Clock, now: Timestamp) -> Lateness {
    let alarm_at = requested_at.plus_seconds(ALARM_AFTER_DAYS * 86_400).max(clock.expected_by);
    if state.is_final() || now <= clock.expected_by {
        Lateness::OnTime
    } else if now >= clock.due_by {
        Lateness::Overdue
    } else if now >= alarm_at {
        Lateness::Alarm
    } else {
        Lateness::Late
    }
}

/// What an erasure may be called to a parent. The page has one sentence for each and no other words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phrase {
    /// "Hidden from everyone. You can undo until …"
    Sealed,
    /// "Hidden from everyone. Another guardian asked to keep some of it, so this waits until …"
    Contested,
    /// "Being erased now."
    Erasing,
    /// "Some places did not answer and are being asked again."
    Retrying,
    /// "This takes longer than we said."
    Late,
    /// "Deleted."
    Deleted,
    /// "Deleted from all our places; not confirmed yet by everybody who was given it."
    NotConfirmed,
    /// "Taken back: nothing was erased."
    Cancelled,
}

impl Phrase {
    /// Whether every place of ours was read again and is empty: then there is a receipt.
    #[must_use]
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Deleted | Self::NotConfirmed)
    }
}

/// What an erasure in this state, with these steps, may be called. The word "deleted" needs both
/// the state and every step behind it, whatever a back end says; alone it also needs that each processor
/// has confirmed.
#[must_use]
pub fn phrase(
    state: ErasureState,
    contested: bool,
    lateness: Lateness,
    steps: &[StepState],
    processors: &[ProcessorState],
) -> Phrase {
    match state {
        ErasureState::Cancelled => Phrase::Cancelled,
        ErasureState::Sealed if contested => Phrase::Contested,
        ErasureState::Sealed => Phrase::Sealed,
        ErasureState::Deleted if verified(steps.iter().copied()).is_some() => {
            let confirmed = processors.iter().all(|processor| processor.is_confirmed());
            if confirmed { Phrase::Deleted } else { Phrase::NotConfirmed }
        }
        _ if lateness > Lateness::OnTime => Phrase::Late,
        _ if steps.contains(&StepState::Retrying) => Phrase::Retrying,
        _ => Phrase::Erasing,
    }
}

/// The longest that anything waits for its next try, in seconds: so that a store that is back is found
/// well within the day's target.
pub const RETRY_AT_MOST_SECONDS: i64 = 3600;

/// How long after a failed try the next one starts, in seconds: 2, 4, 8 … at most an hour.
#[must_use]
pub const fn retry_after_seconds(attempts: u32) -> i64 {
    let doubled = if attempts > 12 { 4096 } else { 1 << attempts };
    if doubled > RETRY_AT_MOST_SECONDS { RETRY_AT_MOST_SECONDS } else { doubled }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEPS: [StepState; 5] = [
        StepState::Waiting,
        StepState::Erasing,
        StepState::Probing,
        StepState::Retrying,
        StepState::VerifiedAbsent,
    ];
    const STATES: [ErasureState; 4] =
        [ErasureState::Sealed, ErasureState::Erasing, ErasureState::Deleted, ErasureState::Cancelled];

    #[test]
    fn undo_exists_while_sealed_and_only_then() {
        for state in STATES {
            assert_eq!(state.next(Event::Undo).is_ok(), state == ErasureState::Sealed, "{state:?}");
        }
    }

    #[test]
    fn nothing_follows_a_final_state() {
        for state in [ErasureState::Deleted, ErasureState::Cancelled] {
            assert!(state.is_final());
            assert!(state.next(Event::WindowClosed).is_err());
            assert!(state.next(Event::Complete(Verified(()))).is_err());
        }
    }

    #[test]
    fn a_step_is_verified_only_after_a_probe() {
        for from in STEPS {
            assert_eq!(from.may_become(StepState::VerifiedAbsent), from == StepState::Probing);
            assert!(!StepState::VerifiedAbsent.may_become(from), "verified is the end");
        }
    }

    #[test]
    fn no_steps_at_all_prove_nothing() {
        assert_eq!(verified([]), None);
    }

    #[test]
    fn a_contested_erasure_waits_a_week_even_when_waived() {
        let now: Timestamp = "2026-11-21T14:03:00Z".parse().unwrap();
        assert_eq!(clock(now, Window::Waived, true).sealed_until, "2026-11-28T14:03:00Z".parse().unwrap());
        assert_eq!(clock(now, Window::Waived, false).sealed_until, now);
        let open = clock(now, Window::Open { seconds: UNDO_WINDOW_SECONDS }, false);
        assert_eq!(open.sealed_until, "2026-11-24T14:03:00Z".parse().unwrap());
        assert_eq!(open.expected_by, "2026-11-25T14:03:00Z".parse().unwrap());
        assert_eq!(open.due_by, "2026-12-21T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn lateness_grows_and_ends_with_the_erasure() {
        let asked: Timestamp = "2026-11-21T14:00:00Z".parse().unwrap();
        let clock = clock(asked, Window::Open { seconds: UNDO_WINDOW_SECONDS }, false);
        let at = |now: &str| lateness(ErasureState::Erasing, asked, clock, now.parse().unwrap());
        assert_eq!(at("2026-11-25T14:00:00Z"), Lateness::OnTime);
        assert_eq!(at("2026-11-25T14:00:01Z"), Lateness::Late);
        assert_eq!(at("2026-11-28T14:00:00Z"), Lateness::Alarm);
        assert_eq!(at("2026-12-21T00:00:00Z"), Lateness::Overdue);
        let done = lateness(ErasureState::Deleted, asked, clock, "2027-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(done, Lateness::OnTime);
    }

    proptest! {
        /// R7: no path to the word without the verification pass.
        #[test]
        fn the_word_deleted_needs_every_step_verified(
            state in prop::sample::select(STATES.to_vec()),
            contested in any::<bool>(),
            late in prop::sample::select(vec![Lateness::OnTime, Lateness::Late, Lateness::Alarm, Lateness::Overdue]),
            steps in prop::collection::vec(prop::sample::select(STEPS.to_vec()), 0..8),
            processors in prop::collection::vec(prop::sample::select(ProcessorState::ALL.to_vec()), 0..4),
        ) {
            let phrase = phrase(state, contested, late, &steps, &processors);
            let confirmed = processors.iter().all(|state| *state == ProcessorState::Completed);
            prop_assert!(phrase != Phrase::Deleted || confirmed, "never bare while somebody has not confirmed");
            prop_assert!(phrase != Phrase::NotConfirmed || !confirmed);
            if matches!(phrase, Phrase::Deleted | Phrase::NotConfirmed) {
                prop_assert_eq!(state, ErasureState::Deleted);
                prop_assert!(!steps.is_empty());
                prop_assert!(steps.iter().all(|step| *step == StepState::VerifiedAbsent));
            }
        }

        /// Whatever happens in whatever order, a deleted erasure was verified and never cancelled.
        #[test]
        fn any_history_ends_honestly(events in prop::collection::vec(0..4_u8, 0..20)) {
            let mut state = ErasureState::Sealed;
            let mut was_verified = false;
            let mut undone = false;
            for event in events {
                let event = match event {
                    0 => Event::Undo,
                    1 => Event::WindowClosed,
                    _ => match verified(if event == 2 { vec![StepState::VerifiedAbsent] } else { vec![StepState::Probing] }) {
                        Some(proof) => Event::Complete(proof),
                        None => continue,
                    },
                };
                let (undo, complete) = (event == Event::Undo, matches!(event, Event::Complete(_)));
                if let Ok(next) = state.next(event) {
                    undone |= undo;
                    was_verified |= complete;
                    state = next;
                }
            }
            prop_assert_eq!(state == ErasureState::Deleted, was_verified);
            prop_assert_eq!(state == ErasureState::Cancelled, undone);
        }

        #[test]
        fn a_retry_is_never_immediate_and_never_forgotten(attempts in any::<u32>()) {
            prop_assert!((1..=RETRY_AT_MOST_SECONDS).contains(&retry_after_seconds(attempts)));
        }
    }
}
