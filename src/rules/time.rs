//! Moments and days, in UTC.
//!
//! A few functions of calendar arithmetic instead of a crate: this code is part of what a parent's
//! phone downloads, and chrono alone would add 13 KB. The tests hold it against jiff.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

const DAY_MS: i64 = 86_400_000;

/// Why a text is not a moment or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTime {
    /// Not RFC 3339, or a day that does not exist.
    #[error("not a time like 2026-11-21T14:03:00Z")]
    Timestamp,
    /// Not ISO 8601, or a day that does not exist.
    #[error("not a date like 2026-11-21")]
    Date,
}

/// A moment: milliseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first moment that can be written: 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// The last moment that can be written: 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The moment `ms` milliseconds after 1970, held within the years 1 to 9999.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        if ms < Self::MIN.0 {
            Self::MIN
        } else if ms > Self::MAX.0 {
            Self::MAX
        } else {
            Self(ms)
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The UTC day it falls on.
    #[must_use]
    pub const fn date(self) -> Date {
        Date(self.0.div_euclid(DAY_MS))
    }

    /// The moment `seconds` later (earlier when negative).
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_ms(self.0.saturating_add(seconds.saturating_mul(1000)))
    }
}

/// A day of the Gregorian calendar, in UTC: days since 1970-01-01. Written as ISO 8601.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i64);

impl Date {
    /// The day with this year (1 to 9999), month and day of the month, if there is one.
    #[must_use]
    pub fn new(year: i64, month: u8, day: u8) -> Option<Self> {
        let valid = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        valid.then(|| Self(days_from_civil(year, month, day)))
    }

    /// The day `days` days after 1970-01-01, held within the years 1 to 9999.
    #[must_use]
    pub const fn from_days(days: i64) -> Self {
        Timestamp::from_ms(days.saturating_mul(DAY_MS)).date()
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i64 {
        self.0
    }

    /// Its first moment.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_ms(self.0 * DAY_MS)
    }

    /// The day `days` later (earlier when negative).
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Timestamp::from_ms((self.0 + days) * DAY_MS).date()
    }

    /// The same day of the month `months` later, clamped to that month's end:
    /// 31 January plus one month is 28 (or 29) February.
    #[must_use]
    pub fn plus_months(self, months: i64) -> Self {
        let (year, month, day) = self.civil();
        let month_index = year * 12 + i64::from(month) - 1 + months;
        let year = month_index.div_euclid(12).clamp(1, 9999);
        let month = u8::try_from(month_index.rem_euclid(12) + 1).unwrap_or(12);
        Self(days_from_civil(year, month, day.min(days_in_month(year, month))))
    }

    /// Days from `earlier` to this day.
    #[must_use]
    pub const fn days_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Year, month (1 to 12) and day of the month (1 to 31).
    #[must_use]
    pub fn civil(self) -> (i64, u8, u8) {
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let shifted = self.0 + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1))
    }
}

/// The inverse of [`Date::civil`] (Hinnant's days_from_civil).
fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

const fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_day = self.0.rem_euclid(DAY_MS);
        let (seconds, ms) = (in_day / 1000, in_day % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}", self.date())?;
        if ms > 0 {
            write!(f, ".{ms:03}")?;
        }
        f.write_str("Z")
    }
}

/// Exactly `len` digits at `at`.
fn digits(text: &[u8], at: usize, len: usize) -> Option<i64> {
    let field = text.get(at..at + len)?;
    field.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}

fn small(text: &[u8], at: usize) -> Option<u8> {
    digits(text, at, 2).and_then(|n| u8::try_from(n).ok())
}

fn parse_date(text: &[u8]) -> Option<Date> {
    let dashes = text.get(4) == Some(&b'-') && text.get(7) == Some(&b'-');
    dashes.then_some(())?;
    Date::new(digits(text, 0, 4)?, small(text, 5)?, small(text, 8)?)
}

/// RFC 3339 with any offset. A leap second is read as the second before it.
fn parse_timestamp(text: &[u8]) -> Option<Timestamp> {
    let date = parse_date(text)?;
    matches!(text.get(10)?, b'T' | b't' | b' ').then_some(())?;
    (text.get(13) == Some(&b':') && text.get(16) == Some(&b':')).then_some(())?;
    let (hour, minute, second) = (digits(text, 11, 2)?, digits(text, 14, 2)?, digits(text, 17, 2)?);
    (hour < 24 && minute < 60 && second <= 60).then_some(())?;
    let mut rest = text.get(19..)?;
    let mut ms = 0;
    if let Some(fraction) = rest.strip_prefix(b".") {
        let len = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        (len > 0).then_some(())?;
        for place in 0..3 {
            ms = ms * 10 + fraction[..len].get(place).map_or(0, |b| i64::from(b - b'0'));
        }
        rest = &fraction[len..];
    }
    let offset_minutes = match rest {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (digits(rest, 1, 2)?, digits(rest, 4, 2)?);
            (hours < 24 && minutes < 60).then_some(())?;
            (hours * 60 + minutes) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let seconds = hour * 3600 + (minute - offset_minutes) * 60 + second.min(59);
    let total = date.start().ms() + seconds * 1000 + ms;
    (Timestamp::MIN.0..=Timestamp::MAX.0).contains(&total).then_some(Timestamp(total))
}

impl FromStr for Timestamp {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        parse_timestamp(text.as_bytes()).ok_or(BadTime::Timestamp)
    }
}

impl FromStr for Date {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        if text.len() == 10 { parse_date(text.as_bytes()).ok_or(BadTime::Date) } else { Err(BadTime::Date) }
    }
}

macro_rules! as_text {
    ($name:ident, $format:ident, $example:literal) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<'de, str>::deserialize(d)?.parse().map_err(D::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(Type::String)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::$format)))
                    .examples([$example])
                    .build()
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}

as_text!(Timestamp, DateTime, "2026-11-21T14:03:00Z");
as_text!(Date, Date, "2026-11-21");

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil};
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect(text)
    }

    #[test]
    fn one_month_clock() {
        assert_eq!(date("2025-12-31").plus_months(2), date("2026-02-28"));
        assert_eq!(date("2026-01-31").plus_months(1), date("2026-02-28"));
        assert_eq!(date("2028-01-31").plus_months(1), date("2028-02-29"));
    }

    #[test]
    fn reads_rfc_3339_and_writes_utc() {
        for (given, written) in [
            ("2026-11-21T14:03:00Z", "2026-11-21T14:03:00Z"),
            ("2026-11-21T14:03:00.5+02:00", "2026-11-21T12:03:00.500Z"),
            ("2026-11-21 23:59:60-00:30", "2026-11-22T00:29:59Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(given.parse::<Timestamp>().expect(given).to_string(), written);
        }
        for bad in [
            "",
            "2026-11-21",
            "2026-02-30T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T10:00:00",
            "2026-11-21T10:00:00.Z",
            "2026-11-21T10:00:00+2:00",
            "0001-01-01T00:00:00+10:00",
        ] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(days in -700_000_i64..2_900_000, months in -240_i64..240) {
            let ours = Date(days);
            let (y, m, d) = ours.civil();
            let theirs = civil::date(1970, 1, 1).checked_add(days.days()).unwrap();
            prop_assert_eq!((y, m, d), (i64::from(theirs.year()), theirs.month() as u8, theirs.day() as u8));
            prop_assert_eq!(ours.to_string(), theirs.to_string());
            prop_assert_eq!(ours.to_string().parse::<Date>(), Ok(ours));
            if let Ok(later) = theirs.checked_add(months.months()) && later.year() >= 1 {
                prop_assert_eq!(ours.plus_months(months).to_string(), later.to_string());
            }
        }

        #[test]
        fn a_moment_reads_back_and_jiff_reads_it(ms in Timestamp::MIN.0..=Timestamp::MAX.0) {
            let ours = Timestamp::from_ms(ms);
            prop_assert_eq!(ours.to_string().parse::<Timestamp>(), Ok(ours));
            if ms < 253_370_000_000_000 {
                prop_assert_eq!(ours.to_string().parse::<jiff::Timestamp>().unwrap().as_millisecond(), ms);
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = (text.parse::<Timestamp>(), text.parse::<Date>());
        }
    }
}
