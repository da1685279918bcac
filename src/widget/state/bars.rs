//! Recordings over time: one bar a day, a month or a year.

use rules::Date;

use super::days::{Day, Days};

/// Bars at most; so many are still apart on a phone.
const MOST: i64 = 62;

/// What a bar stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// A bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// The first day it stands for.
    pub first: Date,
    /// The last one.
    pub last: Date,
    /// Recordings of the child.
    pub all: u64,
    /// Those of them that are looked for.
    pub matching: u64,
}

impl Unit {
    /// The unit that shows so long a time.
    #[must_use]
    pub fn of(oldest: Date, newest: Date) -> Self {
        let days = newest.days_since(oldest);
        match days {
            ..MOST => Self::Day,
            _ if days < MOST * 30 => Self::Month,
            _ => Self::Year,
        }
    }

    fn begin(self, day: Date) -> Date {
        let (_, month, of_month) = day.civil();
        match self {
            Self::Day => day,
            Self::Month => day.plus_days(1 - i64::from(of_month)),
            Self::Year => day.plus_months(1 - i64::from(month)).plus_days(1 - i64::from(of_month)),
        }
    }

    fn next(self, begin: Date) -> Date {
        match self {
            Self::Day => begin.plus_days(1),
            Self::Month => begin.plus_months(1),
            Self::Year => begin.plus_months(12),
        }
    }
}

/// The bars from the oldest to the newest, those of times without any recording too.
#[must_use]
pub fn bars(whole: &Days, matching: &Days) -> (Unit, Vec<Bar>) {
    let (Some(newest), Some(oldest)) = (whole.days.first(), whole.days.last()) else {
        return (Unit::Day, Vec::new());
    };
    let unit = Unit::of(oldest.date, newest.date);
    let mut bars: Vec<Bar> = Vec::new();
    let mut first = unit.begin(oldest.date);
    while first <= newest.date && bars.len() < 10_000 {
        let next = unit.next(first);
        let sum = |days: &Days| {
            let inside = |day: &&Day| first <= day.date && day.date < next;
            days.days.iter().filter(inside).map(|day| day.rows as u64).sum()
        };
        bars.push(Bar { first, last: next.plus_days(-1), all: sum(whole), matching: sum(matching) });
        first = next;
    }
    (unit, bars)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;
    use rules::contract::{DayCount, Timeline};

    use super::*;

    fn days(dates: &[(&str, u64)]) -> Days {
        let days = dates
            .iter()
            .map(|(day, recordings)| DayCount { day: day.parse().expect("a day"), recordings: *recordings });
        Days::new(&Timeline { total: 0, days: days.collect() })
    }

    #[test]
    fn a_short_time_has_a_bar_a_day_and_a_long_one_a_bar_a_month_or_year() {
        let unit = |oldest: &str| bars(&days(&[("2026-11-21", 1), (oldest, 2)]), &days(&[])).0;
        assert_eq!(unit("2026-11-21"), Unit::Day);
        assert_eq!(unit("2026-10-01"), Unit::Day);
        assert_eq!(unit("2026-09-01"), Unit::Month);
        assert_eq!(unit("2023-01-31"), Unit::Month);
        assert_eq!(unit("2001-01-31"), Unit::Year);
    }

    #[test]
    fn months_without_any_have_a_bar_too() {
        let (_, bars) = bars(
            &days(&[("2026-11-21", 1), ("2026-08-31", 4), ("2026-08-02", 2)]),
            &days(&[("2026-08-31", 3)]),
        );
        let shown: Vec<_> = bars.iter().map(|bar| (bar.first.to_string(), bar.all, bar.matching)).collect();
        let shown: Vec<_> = shown.iter().map(|(day, all, some)| (day.as_str(), *all, *some)).collect();
        assert_eq!(
            shown,
            [("2026-08-01", 6, 3), ("2026-09-01", 0, 0), ("2026-10-01", 0, 0), ("2026-11-01", 1, 0)]
        );
        assert_eq!(bars[0].last.to_string(), "2026-08-31");
    }

    proptest! {
        #[test]
        fn no_recording_is_left_out_and_the_bars_are_few(mut dates in prop::collection::btree_set(0_i64..20_000, 1..40)) {
            let mut counted = Vec::new();
            while let Some(day) = dates.pop_last() {
                counted.push(DayCount { day: Date::from_days(day), recordings: 3 });
            }
            let total = 3 * counted.len() as u64;
            let whole = Days::new(&Timeline { total, days: counted });
            let (_, bars) = bars(&whole, &whole);
            prop_assert!(bars.len() <= 64, "{}", bars.len());
            prop_assert_eq!(bars.iter().map(|bar| bar.all).sum::<u64>(), total);
            prop_assert!(bars.windows(2).all(|two| two[0].last.plus_days(1) == two[1].first));
        }
    }
}
