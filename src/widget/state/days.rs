//! The days of a list and how many rows each has: its skeleton, known before any row is.
//!
//! Every heading has one height and every row another, so that the place of each is known too. A
//! browser draws the part that is in sight; any place can be jumped to.

use std::{ops::Range, rc::Rc};

use rules::{
    Date,
    contract::{RecordingItem, Timeline},
};

use super::Zone;

/// Rows that are drawn at most, whatever the size of the window: a place more is for the row that
/// has the focus.
const MOST_ROWS: usize = 149;
/// Rows that are drawn beyond what is in sight, on either side.
const SPARE: usize = 6;
/// Rows of those that may come into sight before the next ones are drawn: few at a time, so that a browser is
/// never long at it.
const STEP: usize = 2;
/// Rows that are drawn before anything was measured; one frame later there are as many as are needed.
const FIRST_ROWS: usize = 10;
/// No browser draws an element that is much higher, in pixels: Firefox ends at 17.8 million.
const HIGHEST: f64 = 16_000_000.0;

/// Rows that are fetched together.
pub const BLOCK: usize = 100;

/// Rows that were fetched together.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The place of the first in the list.
    pub first: usize,
    /// They.
    pub items: Vec<Rc<RecordingItem>>,
}

/// A day with its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// The place of its first row in the list.
    pub first: usize,
    /// How many it has.
    pub rows: usize,
}

/// The days of a list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Days {
    /// Those that have any rows.
    pub days: Vec<Day>,
    /// All rows.
    pub total: usize,
}

/// Where the list lies in the window, as measured, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// How much of the list is above the window; negative where it begins below the upper edge.
    pub above: f64,
    /// The height of the whole list.
    pub height: f64,
    /// The height of the window.
    pub window: f64,
    /// The height of a row.
    pub row: f64,
    /// The height of a heading.
    pub heading: f64,
    /// The row that has the focus.
    pub held: Option<usize>,
}

/// The rows that are drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// Those in sight, and some around them.
    pub rows: Range<usize>,
    /// One more, wherever it is, because the focus is on it.
    pub held: Option<usize>,
}

impl Days {
    /// The skeleton of what the service counted.
    #[must_use]
    pub fn new(timeline: &Timeline) -> Self {
        let mut total = 0_usize;
        let days = timeline.days.iter().map(|day| {
            let rows = usize::try_from(day.recordings).unwrap_or(usize::MAX);
            let first = total;
            total = first.saturating_add(rows);
            Day { date: day.day, first, rows }
        });
        let days = days.collect();
        Self { days, total }
    }

    /// The day of a row, by its place among the days.
    #[must_use]
    pub fn of_row(&self, row: usize) -> usize {
        self.days.partition_point(|day| day.first <= row).saturating_sub(1)
    }

    /// Whether these items can be the rows from `first` on.
    #[must_use]
    pub fn fit(&self, block: &Block, zone: Zone) -> bool {
        let expected = self.total.saturating_sub(block.first).min(BLOCK);
        let in_place = |(n, item): (usize, &Rc<RecordingItem>)| {
            let day = self.days.get(self.of_row(block.first + n));
            day.is_some_and(|day| day.date == (zone.day_of)(item.captured_at))
        };
        block.items.len() == expected && block.items.iter().enumerate().all(in_place)
    }

    /// The height of a row. That of the whole is nearer to it than that of a single one, which a
    /// browser rounds; unless it drew less than was asked for.
    fn row_height(&self, seen: &Seen, shown: usize) -> f64 {
        let headings = self.of_row(shown.saturating_sub(1)) + 1;
        let derived = (seen.height - seen.heading * count(headings)) / count(shown.max(1));
        if (derived - seen.row).abs() < seen.row * 0.02 { derived } else { seen.row }
    }

    /// How many rows fit into the highest element that a browser draws.
    #[must_use]
    pub fn limit(&self, seen: &Seen) -> usize {
        // As if every row had a heading: a list of so many days is not that long.
        let most = HIGHEST - seen.heading * count(self.days.len());
        whole(most / seen.row.max(1.0)).max(1_000)
    }

    /// How far below the beginning of the list a row begins, when these are the heights.
    #[cfg(all(test, not(target_arch = "wasm32")))]
    fn top_of(&self, row: usize, row_height: f64, heading: f64) -> f64 {
        count(row) * row_height + count(self.of_row(row) + 1) * heading
    }

    fn row_at(&self, y: f64, row_height: f64, heading: f64) -> usize {
        let begun = |(n, day): (usize, &Day)| count(n) * heading + count(day.first) * row_height <= y;
        let mut low = 0;
        let mut high = self.days.len();
        while low < high {
            let middle = low.midpoint(high);
            if self.days.get(middle).is_some_and(|day| begun((middle, day))) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let at = low.saturating_sub(1);
        let Some(day) = self.days.get(at) else { return 0 };
        let inside = y - count(at + 1) * heading - count(day.first) * row_height;
        day.first + whole(inside / row_height).min(day.rows.saturating_sub(1))
    }

    /// The rows of the first `shown` that are in sight.
    #[must_use]
    pub fn in_sight(&self, seen: &Seen, shown: usize) -> Range<usize> {
        if shown == 0 || seen.row <= 0.0 {
            return 0..shown.min(FIRST_ROWS);
        }
        let row_height = self.row_height(seen, shown);
        let first = self.row_at(seen.above, row_height, seen.heading).min(shown - 1);
        let last = self.row_at(seen.above + seen.window, row_height, seen.heading).min(shown - 1);
        first..last + 1
    }
}

impl Window {
    /// Before anything is measured: from a row on.
    #[must_use]
    pub fn from(row: usize, shown: usize) -> Self {
        let start = row.min(shown).saturating_sub(SPARE);
        Self { rows: start..(start + SPARE + FIRST_ROWS).min(shown), held: None }
    }

    /// Whether all that is in sight is drawn, and a little more.
    #[must_use]
    pub fn serves(&self, sight: &Range<usize>, shown: usize) -> bool {
        let spare = SPARE - STEP;
        let (start, end) = (sight.start.saturating_sub(spare), (sight.end + spare).min(shown));
        let whole = self.rows.start <= start && end <= self.rows.end;
        // So many rows do not fit: those of the middle are drawn.
        whole || *self == Self { held: self.held, ..Self::around(sight, shown) }
    }

    /// What is drawn for what is in sight.
    #[must_use]
    pub fn around(sight: &Range<usize>, shown: usize) -> Self {
        let end = sight.end.min(shown);
        let start = sight.start.min(end);
        let spare = SPARE.min(MOST_ROWS.saturating_sub(end - start) / 2);
        let middle = start.midpoint(end);
        let first = start.saturating_sub(spare).max(middle.saturating_sub(MOST_ROWS / 2));
        let last = (end + spare).min(shown).min(first + MOST_ROWS);
        Self { rows: first..last, held: None }
    }

    /// The rows that are drawn, in order.
    pub fn each(&self) -> impl Iterator<Item = usize> {
        let held = self.held.filter(|row| !self.rows.contains(row));
        let before = held.filter(|row| *row < self.rows.start);
        let after = held.filter(|row| *row >= self.rows.end);
        before.into_iter().chain(self.rows.clone()).chain(after)
    }
}

#[expect(clippy::cast_precision_loss, reason = "rows of a list fit in 53 bits")]
fn count(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, at 0 too")]
fn whole(n: f64) -> usize {
    n as usize
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;
    use rules::contract::DayCount;

    use super::*;

    fn days(rows: &[u64]) -> Days {
        let day = |(n, rows): (usize, &u64)| DayCount {
            day: Date::from_days(20_000 - i64::try_from(n).expect("few days")),
            recordings: *rows,
        };
        let counted = rows.iter().enumerate().map(day).collect();
        Days::new(&Timeline { total: rows.iter().sum(), days: counted })
    }

    fn seen(days: &Days, above: f64, window: f64, row: f64, heading: f64) -> Seen {
        let height = count(days.total) * row + count(days.days.len()) * heading;
        // A browser rounds what is small, not what is large.
        Seen { above, height, window, row: (row * 64.0).round() / 64.0, heading, held: None }
    }

    proptest! {
        #[test]
        fn every_row_can_be_reached_and_few_are_drawn(
            rows in prop::collection::vec(1_u64..3_000, 1..60),
            at in 0.0..1.0_f64,
            row_height in 20.0..240.0_f64,
            heading in 20.0..120.0_f64,
            window in 200.0..8_000.0_f64,
            held in prop::option::of(0_usize..1_000_000),
        ) {
            let days = days(&rows);
            let row = whole(at * count(days.total - 1));
            let seen = seen(&days, days.top_of(row, row_height, heading) + 1.0, window, row_height, heading);
            let sight = days.in_sight(&seen, days.total);
            prop_assert_eq!(sight.start, row, "the row at the upper edge is the first in sight");
            let drawn = Window { held: held.filter(|row| *row < days.total), ..Window::around(&sight, days.total) };
            prop_assert!(drawn.each().count() <= 150);
            prop_assert!(drawn.each().is_sorted() && drawn.each().all(|row| row < days.total));
            prop_assert!(drawn.serves(&sight, days.total), "{:?} {:?}", drawn, sight);
            if sight.len() <= MOST_ROWS {
                prop_assert!(drawn.rows.start <= sight.start && sight.end <= drawn.rows.end);
            }
        }

        #[test]
        fn rows_and_headings_fill_the_whole_height(rows in prop::collection::vec(1_u64..3_000, 1..60)) {
            let days = days(&rows);
            let (row, heading) = (56.0, 40.0);
            let mut end = 0.0;
            for day in &days.days {
                // A heading before the first row of a day, and no gap elsewhere.
                prop_assert_eq!(days.top_of(day.first, row, heading), end + heading);
                end = days.top_of(day.first + day.rows - 1, row, heading) + row;
            }
            prop_assert_eq!(end, seen(&days, 0.0, 0.0, row, heading).height);
        }

        #[test]
        fn scrolling_a_little_draws_nothing_anew(top in 40_usize..900) {
            let days = days(&[1_000]);
            let sight = |row: usize| days.in_sight(&seen(&days, days.top_of(row, 56.0, 40.0), 800.0, 56.0, 40.0), 1_000);
            let drawn = Window::around(&sight(top), 1_000);
            prop_assert!(drawn.serves(&sight(top + STEP), 1_000) && drawn.serves(&sight(top - STEP), 1_000));
        }
    }

    #[test]
    fn a_list_is_never_higher_than_a_browser_draws() {
        let days = days(&[200_000, 100_000]);
        let limit = days.limit(&seen(&days, 0.0, 800.0, 100.0, 40.0));
        assert!((150_000..160_000).contains(&limit), "{limit}");
        // Drawn by a browser that cut it off: what a row measures counts.
        let cut = Seen { height: 17_800_000.0, ..seen(&days, 8_900_000.0, 800.0, 100.0, 40.0) };
        assert_eq!(days.in_sight(&cut, 300_000).start, 88_999);
    }
}
