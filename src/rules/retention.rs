//! When things end by themselves: inactivity, and the clocks of a request.

use serde::{Deserialize, Serialize};

use crate::{
    keep,
    time::{Date, Timestamp},
};

/// Calendar months after the last use by the child at which a profile is inactive (Alexa order).
/// 18 calendar months are 546 to 550 days, never 540.
pub const INACTIVE_AFTER_MONTHS: i64 = 18;
/// Days after a profile became inactive by which it is deleted (Alexa order).
pub const INACTIVE_DELETED_WITHIN_DAYS: i64 = 90;
/// Day after a profile became inactive on which its deletion starts, so that it ends in time (margin ours).
pub const INACTIVE_DELETION_STARTS_ON_DAY: i64 = 83;
/// How long a deletion is sealed: unreadable to everyone, restorable by the guardian, who may waive it (ours).
pub const UNDO_WINDOW_HOURS: i64 = 72;
/// How long a deletion against another guardian's live keep is contested (ours).
pub const CONTESTED_DAYS: i64 = 7;
/// Target for the live stores, after the seal (ours).
pub const ERASED_WITHIN_HOURS: i64 = 24;
/// Days after a keep's last day by which the rule has deleted what it alone held: the undo window
/// and the target of the live stores, begun on the day after.
pub const KEEP_DELETED_WITHIN_DAYS: i64 = 1 + (UNDO_WINDOW_HOURS + ERASED_WITHIN_HOURS) / 24;
/// Days after a deletion from which on no backup of it can be read (ours; the ledger's statement promises it).
pub const BACKUPS_END_AFTER_DAYS: i64 = 35;
/// Days after a request by which a model that was trained without consent is retired or trained anew, or it is
/// said why not: the orders against Everalbum (2021) and WW (2022) gave 90 for all "affected work product".
pub const MODEL_ENDS_WITHIN_DAYS: i64 = 90;
/// Days within which a processor has to acknowledge a request (CCPA regulations 7021(a): 10 business days to confirm
/// receipt; calendar days are ours).
pub const PROCESSOR_ACKNOWLEDGES_WITHIN_DAYS: i64 = 10;
/// Days after the request within which a processor has to complete it (ours; the controller's month of GDPR 12(3)).
pub const PROCESSOR_COMPLETES_WITHIN_DAYS: i64 = 30;
/// Seconds within which what was told of is handed over (ours); until then a processor is not asked to delete it.
pub const HANDED_OVER_WITHIN_SECONDS: i64 = 900;
/// When a deletion that is not done raises an alarm, in days after the request (ours).
pub const ALARM_AFTER_DAYS: i64 = 7;
/// When a deletion must be done at the latest: one calendar month after the request (GDPR 12(3)).
pub const DUE_WITHIN_MONTHS: i64 = 1;

/// Whether the last backup that may not know of what was done on a day has ended.
#[must_use]
pub fn backups_have_ended(done: Date, today: Date) -> bool {
    today > done.plus_days(BACKUPS_END_AFTER_DAYS)
}

/// The day on which a profile last used on `last_use` is inactive, if it is not used again.
#[must_use]
pub fn inactive_on(last_use: Date) -> Date {
    last_use.plus_months(INACTIVE_AFTER_MONTHS)
}

/// The day on which the deletion of an inactive profile starts.
#[must_use]
pub fn inactivity_deletion_starts_on(last_use: Date) -> Date {
    inactive_on(last_use).plus_days(INACTIVE_DELETION_STARTS_ON_DAY)
}

/// The last day on which an inactive profile may still exist.
#[must_use]
pub fn inactivity_deletion_due_on(last_use: Date) -> Date {
    inactive_on(last_use).plus_days(INACTIVE_DELETED_WITHIN_DAYS)
}

/// When a request made at `requested_at` must be done: the same day of the next month, clamped.
#[must_use]
pub fn due_on(requested_at: Timestamp) -> Date {
    requested_at.date().plus_months(DUE_WITHIN_MONTHS)
}

/// Why something ends when it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The child has not used a device for 18 months by then.
    Inactivity,
    /// A guardian's keep outlasts the inactivity rule and ends then.
    KeepEnds,
}

/// The day something is deleted at the latest if nobody does anything, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct End {
    /// The last day it may still exist.
    pub on: Date,
    /// The rule behind the day.
    pub because: EndReason,
}

/// When a recording ends, given the child's last use and the end of a guardian's keep.
///
/// A keep only ever lengthens: it is a grant that no rule deletes before its end.
#[must_use]
pub fn end_of(last_use: Date, kept_until: Option<Date>) -> End {
    let by_inactivity = inactivity_deletion_due_on(last_use);
    match kept_until {
        Some(until) if until >= inactivity_deletion_starts_on(last_use) => {
            let after_keep = until.plus_days(KEEP_DELETED_WITHIN_DAYS);
            End { on: after_keep.max(by_inactivity), because: EndReason::KeepEnds }
        }
        _ => End { on: by_inactivity, because: EndReason::Inactivity },
    }
}

/// Whether the inactivity rule deletes a recording today.
#[must_use]
pub fn rule_deletes(last_use: Date, kept_until: Option<Date>, today: Date) -> bool {
    today >= inactivity_deletion_starts_on(last_use)
        && !kept_until.is_some_and(|until| keep::is_live(until, today))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect(text)
    }

    /// The vectors of the Alexa order's clock: last use, inactive on, delete by.
    #[test]
    fn inactivity_vectors() {
        for (last_use, inactive, delete_by) in [
            ("2022-08-31", "2024-02-29", "2024-05-29"),
            ("2024-08-31", "2026-02-28", "2026-05-29"),
            ("2024-02-29", "2025-08-29", "2025-11-27"),
            ("2025-05-21", "2026-11-21", "2027-02-19"),
            ("2025-05-31", "2026-11-30", "2027-02-28"),
        ] {
            assert_eq!(inactive_on(date(last_use)), date(inactive));
            assert_eq!(inactivity_deletion_due_on(date(last_use)), date(delete_by));
        }
    }

    #[test]
    fn one_month_clock_vectors() {
        for (asked, due) in [("2026-01-31T09:00:00Z", "2026-02-28"), ("2028-01-31T23:59:59Z", "2028-02-29")] {
            assert_eq!(due_on(asked.parse().unwrap()), date(due));
        }
    }

    #[test]
    fn a_keep_outlasts_the_rule_and_then_ends() {
        let last_use = date("2025-05-21");
        let kept = Some(date("2027-06-01"));
        assert!(rule_deletes(last_use, None, date("2027-02-12")));
        assert!(!rule_deletes(last_use, None, date("2027-02-11")));
        assert!(!rule_deletes(last_use, kept, date("2027-06-01")));
        assert!(rule_deletes(last_use, kept, date("2027-06-02")));
        assert_eq!(end_of(last_use, kept), End { on: date("2027-06-06"), because: EndReason::KeepEnds });
        assert_eq!(end_of(last_use, None).on, date("2027-02-19"));
    }

    #[test]
    fn backups_end_the_day_after_the_last_one_that_was_promised() {
        let (done, last) = (date("2026-11-26"), date("2026-12-31"));
        assert!(!backups_have_ended(done, last));
        assert!(backups_have_ended(done, last.plus_days(1)));
    }

    proptest! {
        #[test]
        fn eighteen_months_are_546_to_550_days(ms in 0_i64..4_000_000_000_000) {
            let last_use = Timestamp::from_ms(ms).date();
            prop_assert!((546..=550).contains(&inactive_on(last_use).days_since(last_use)));
        }

        /// Whenever the rule begins, it is done by the day the parent was told.
        #[test]
        fn the_end_leaves_the_rule_its_time(ms in 0_i64..4_000_000_000_000, kept in prop::option::of(0_i64..2000)) {
            let last_use = Timestamp::from_ms(ms).date();
            let until = kept.map(|days| last_use.plus_days(days));
            let starts = inactivity_deletion_starts_on(last_use);
            let begins = until.map_or(starts, |until| starts.max(until.plus_days(1)));
            prop_assert!(rule_deletes(last_use, until, begins));
            prop_assert!(!rule_deletes(last_use, until, begins.plus_days(-1)));
            let done = begins.plus_days((UNDO_WINDOW_HOURS + ERASED_WITHIN_HOURS) / 24);
            prop_assert!(done <= end_of(last_use, until).on);
        }

        #[test]
        fn a_keep_never_shortens(ms in 0_i64..4_000_000_000_000, days in 0_i64..2000) {
            let last_use = Timestamp::from_ms(ms).date();
            let kept = end_of(last_use, Some(last_use.plus_days(days)));
            prop_assert!(kept.on >= end_of(last_use, None).on);
        }
    }
}
