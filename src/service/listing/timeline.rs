//! How recordings lie in time: a number for each day that has any.
//!
//! One pass over the index, newest first. A day is the family's, not the server's: a recording of
//! half past eleven at night in Berlin is one of that day. What begins and ends a day is known from
//! the zone once a day, not once a recording.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use jiff::{
    Timestamp as Moment,
    tz::{TimeZone, TimeZoneDatabase},
};
use rules::{
    ChildId, Date, Timestamp,
    contract::{DayCount, Timeline},
    scope::Filter,
};
use sqlx::Row;

use super::{ListError, check};
use crate::{core::Core, db::select, erasure::Asker};

/// The zone of this IANA name, from the data that is compiled in: every machine answers alike.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// How many recordings a filter finds on each day of a zone.
pub async fn timeline(
    core: &Core,
    asker: &Asker,
    child: ChildId,
    filter: &Filter,
    zone: &TimeZone,
) -> Result<Timeline, ListError> {
    let number = check(core, asker, child, filter).await?;
    let mut sql = select::keys(number, filter);
    let mut days = Days::new(zone);
    let mut rows = sql.build().fetch(core.db.read());
    while let Some(row) = rows.try_next().await? {
        days.add(select::captured_at(row.try_get(0)?));
    }
    Ok(days.count())
}

/// Counts moments by day. They come newest first: as long as they are within the day of the one
/// before, nothing is computed.
struct Days<'a> {
    zone: &'a TimeZone,
    days: BTreeMap<Date, u64>,
    day: Date,
    /// The earliest moment that is certainly of `day` like those before it.
    since: Timestamp,
    here: u64,
}

impl<'a> Days<'a> {
    fn new(zone: &'a TimeZone) -> Self {
        Self { zone, days: BTreeMap::new(), day: Date::from_days(0), since: Timestamp::MAX, here: 0 }
    }

    fn add(&mut self, at: Timestamp) {
        if at < self.since {
            self.close();
            (self.day, self.since) = day_of(self.zone, at);
        }
        self.here += 1;
    }

    fn close(&mut self) {
        if self.here > 0 {
            *self.days.entry(self.day).or_default() += self.here;
            self.here = 0;
        }
    }

    fn count(mut self) -> Timeline {
        self.close();
        let days: Vec<DayCount> =
            self.days.into_iter().rev().map(|(day, recordings)| DayCount { day, recordings }).collect();
        Timeline { total: days.iter().map(|day| day.recordings).sum(), days }
    }
}

/// The day of a moment, and since when it has been that day without the clock being changed.
fn day_of(zone: &TimeZone, at: Timestamp) -> (Date, Timestamp) {
    let moment = Moment::from_millisecond(at.ms()).unwrap_or(Moment::MAX);
    let offset_ms = i64::from(zone.to_offset(moment).seconds()) * 1000;
    let day = Timestamp::from_ms(at.ms() + offset_ms).date();
    let midnight = Timestamp::from_ms(day.start().ms() - offset_ms);
    // "Preceding" leaves out a change at this very moment: then the next call finds it.
    let changed =
        zone.preceding(moment).next().map_or(i64::MIN, |change| change.timestamp().as_millisecond());
    (day, midnight.max(Timestamp::from_ms(changed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(zone_name: &str, moments: &[&str]) -> Vec<(String, u64)> {
        let zone = zone(zone_name).unwrap();
        let mut days = Days::new(&zone);
        let mut moments: Vec<Timestamp> = moments.iter().map(|at| at.parse().unwrap()).collect();
        moments.sort();
        moments.into_iter().rev().for_each(|at| days.add(at));
        days.count().days.into_iter().map(|day| (day.day.to_string(), day.recordings)).collect()
    }

    #[test]
    fn every_minute_around_every_change_of_the_clock_is_of_the_day_that_jiff_says() {
        for name in [
            "UTC",
            "Europe/Berlin",
            "America/St_Johns",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "Pacific/Apia",
        ] {
            let zone = zone(name).unwrap();
            for (from, hours) in
                [("2007-11-03T00:00:00Z", 60), ("2011-12-29T00:00:00Z", 60), ("2026-03-28T00:00:00Z", 60)]
            {
                let start: Timestamp = from.parse().unwrap();
                let mut days = Days::new(&zone);
                let mut expected = BTreeMap::new();
                for minute in (0..hours * 60).rev() {
                    let at = start.plus_seconds(minute * 60);
                    days.add(at);
                    let moment = Moment::from_millisecond(at.ms()).unwrap().to_zoned(zone.clone());
                    *expected.entry(moment.date().to_string()).or_insert(0) += 1;
                }
                let counted: BTreeMap<String, u64> =
                    days.count().days.into_iter().map(|day| (day.day.to_string(), day.recordings)).collect();
                assert_eq!(counted, expected, "{name} {from}");
            }
        }
    }

    #[test]
    fn a_day_is_the_familys() {
        let night =
            ["2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"];
        let days =
            |days: &[(&str, u64)]| days.iter().map(|(day, n)| ((*day).to_owned(), *n)).collect::<Vec<_>>();
        // The clocks go forward that night: the day has 23 hours.
        assert_eq!(
            count("Europe/Berlin", &night),
            days(&[("2026-03-30", 1), ("2026-03-29", 2), ("2026-03-28", 1)])
        );
        assert_eq!(count("UTC", &night), days(&[("2026-03-29", 2), ("2026-03-28", 2)]));
    }

    #[test]
    fn what_is_no_zone_is_none() {
        for name in ["", "Europe/Atlantis", "../../etc/passwd", "Local"] {
            assert!(zone(name).is_none(), "{name}");
        }
    }
}
