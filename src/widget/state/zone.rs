//! Where the reader is: whose midnight ends a day.

use rules::{Date, Timestamp};

/// A time zone. The browser knows the reader's; without one a day is a day of UTC.
#[derive(Debug, Clone, Copy)]
pub struct Zone {
    /// The day of a moment.
    pub day_of: fn(Timestamp) -> Date,
    /// The first moment of a day.
    pub start_of: fn(Date) -> Timestamp,
}

impl Default for Zone {
    fn default() -> Self {
        Self { day_of: Timestamp::date, start_of: Date::start }
    }
}

/// A page has one.
impl PartialEq for Zone {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
