//! The reader's time zone, as the browser knows it.

use std::cell::OnceCell;

use js_sys::{Array, Intl, Object, Reflect};
use rules::{Date, Timestamp};
use wasm_bindgen::JsValue;

use crate::state::Zone;

thread_local! {
    /// To ask the browser takes it a while: once is enough.
    static NAME: OnceCell<Option<String>> = const { OnceCell::new() };
}

/// Its IANA name, where the browser says one.
#[must_use]
pub fn name() -> Option<String> {
    NAME.with(|name| name.get_or_init(read).clone())
}

fn read() -> Option<String> {
    let options = Intl::DateTimeFormat::new(&Array::new(), &Object::new()).resolved_options();
    Reflect::get(&options, &"timeZone".into()).ok()?.as_string()
}

/// Its days. Where it has no name the service counts days of UTC, and so does the page.
#[must_use]
pub fn here() -> Zone {
    Zone { day_of, start_of }
}

fn day_of(at: Timestamp) -> Date {
    if name().is_none() {
        return at.date();
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of the years 1 to 9999 fit in 53 bits")]
    let moment = js_sys::Date::new(&JsValue::from_f64(at.ms() as f64));
    let month = u8::try_from(moment.get_month() + 1).unwrap_or_default();
    let of_month = u8::try_from(moment.get_date()).unwrap_or_default();
    Date::new(moment.get_full_year().into(), month, of_month).unwrap_or_else(|| at.date())
}

/// Days begin when the reader's clock says so, summer time and all.
fn start_of(day: Date) -> Timestamp {
    if name().is_none() {
        return day.start();
    }
    let (year, month, of_month) = day.civil();
    // The constructor reads the year 26 as 1926; this does not.
    let midnight = js_sys::Date::new_with_year_month_day(2000, 0, 1);
    let year = u32::try_from(year).unwrap_or_default();
    midnight.set_full_year_with_month_date(year, i32::from(month) - 1, i32::from(of_month));
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds, far below 2^53")]
    Timestamp::from_ms(midnight.get_time() as i64)
}
