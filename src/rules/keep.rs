//! Keeping: a dated grant, never for ever.

use crate::time::Date;

/// How long a keep lasts when the guardian names no other date, in calendar months (ours, within
/// 16 CFR 312.10: children's data "may not be retained indefinitely").
pub const DEFAULT_MONTHS: i64 = 12;
/// How long a keep may last at most, in calendar months (same source).
pub const MAX_MONTHS: i64 = 18;

/// Why a keep was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeepRefused {
    /// It would already be over.
    #[error("the date must be after today")]
    NotInFuture,
    /// It would last longer than a keep may.
    #[error("the date must be {latest} or earlier: nothing is kept for ever")]
    TooLong {
        /// The last date that can be chosen today.
        latest: Date,
    },
}

/// The last date that can be chosen today.
#[must_use]
pub fn latest(today: Date) -> Date {
    today.plus_months(MAX_MONTHS)
}

/// The date offered first.
#[must_use]
pub fn default_until(today: Date) -> Date {
    today.plus_months(DEFAULT_MONTHS)
}

/// Whether a recording may be kept until the end of `until`; R12: a keep without an end does not
/// exist, so the date is not optional.
pub fn may_keep(until: Date, today: Date) -> Result<Date, KeepRefused> {
    if until <= today {
        Err(KeepRefused::NotInFuture)
    } else if until > latest(today) {
        Err(KeepRefused::TooLong { latest: latest(today) })
    } else {
        Ok(until)
    }
}

/// Whether a keep until the end of `until` still holds today.
#[must_use]
pub fn is_live(until: Date, today: Date) -> bool {
    today <= until
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;

    fn date(text: &str) -> Date {
        text.parse().expect(text)
    }

    #[test]
    fn a_keep_ends_between_tomorrow_and_eighteen_months() {
        let today = date("2026-11-21");
        assert_eq!(may_keep(today, today), Err(KeepRefused::NotInFuture));
        assert_eq!(may_keep(date("2026-11-22"), today), Ok(date("2026-11-22")));
        assert_eq!(may_keep(date("2028-05-21"), today), Ok(date("2028-05-21")));
        assert_eq!(
            may_keep(date("2028-05-22"), today),
            Err(KeepRefused::TooLong { latest: date("2028-05-21") })
        );
    }

    proptest! {
        #[test]
        fn no_keep_outlives_eighteen_months(today in 0_i64..4_000_000_000_000, days in -1000_i64..1000) {
            let today = Timestamp::from_ms(today).date();
            if let Ok(until) = may_keep(today.plus_days(days), today) {
                prop_assert!(until > today && until <= today.plus_months(18));
                prop_assert!(is_live(until, today) && !is_live(until, until.plus_days(1)));
            }
            prop_assert!(may_keep(default_until(today), today).is_ok());
        }
    }
}
