//! The texts, written by this browser's `Intl`.

use rules::{Date, Timestamp};
use wasm_bindgen_test::wasm_bindgen_test;
use widget::locale::{Format, Key, Texts};

use crate::support::ENGLISH;

fn texts(tag: &str) -> Texts {
    // The texts are English; the file says of itself what the test needs.
    let language = tag.split(['-', ' ']).next().unwrap_or_default();
    let file = ENGLISH.replace("\"language\": \"en\"", &format!("\"language\": {language:?}"));
    Texts::read(&file, tag).expect("a locale file")
}

#[wasm_bindgen_test]
fn a_number_takes_its_plural_form() {
    let texts = texts("en-GB");
    assert_eq!(texts.count(Key::Found, 1, &[]), "1 recording");
    assert_eq!(texts.count(Key::Found, 0, &[]), "0 recordings");
    assert_eq!(texts.count(Key::Found, 1_204, &[]), "1,204 recordings");
}

#[wasm_bindgen_test]
fn dates_numbers_and_lists_follow_the_language() {
    let day: Date = "2026-11-21".parse().expect("a day");
    assert_eq!(texts("en-GB").date(day), "21 November 2026");
    assert_eq!(texts("de-DE").date(day), "21. November 2026");
    assert_eq!(texts("de-DE").number(1_204), "1.204");
    assert_eq!(texts("en-GB").list(["a", "b", "c"]), "a, b and c");
}

#[wasm_bindgen_test]
fn the_day_of_a_rule_is_the_same_in_every_time_zone() {
    for day in ["2026-01-01", "2026-12-31", "2024-02-29"] {
        let day: Date = day.parse().expect("a day");
        let written = texts("en-GB").date(day);
        assert!(written.starts_with(&day.civil().2.to_string()), "{written}");
    }
}

#[wasm_bindgen_test]
fn a_language_that_no_browser_knows_still_shows_dates() {
    let texts = texts("!-language");
    assert!(!texts.moment(Format::DayTime, Timestamp::from_ms(0)).is_empty());
    assert_eq!(texts.count(Key::Found, 3, &[]), "3 recordings");
}
