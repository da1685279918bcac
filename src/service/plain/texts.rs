//! The words of the plain pages: the same locale files as the element's, and CLDR's ways to write
//! dates, numbers, plurals and lists, compiled in.

use std::{collections::HashMap, sync::LazyLock};

use icu_calendar::Gregorian;
use icu_datetime::{
    FixedCalendarDateTimeFormatter, NoCalendarFormatter,
    fieldsets::{T, YMD, YMDE, YMDT},
    input::{Date as CivilDate, DateTime, Time},
    options::TimePrecision,
};
use icu_decimal::{DecimalFormatter, input::Decimal};
use icu_list::ListFormatter;
use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules};
use jiff::{Timestamp as Moment, tz::TimeZone};
use rules::{Date, Timestamp};

use crate::listing;

/// The files, as they were when this was built.
static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let files: &[[&str; 3]] = &include!(concat!(env!("OUT_DIR"), "/locales.rs"));
    files.iter().filter_map(File::read).collect()
});

/// A locale file.
struct File {
    language: &'static str,
    texts: HashMap<String, &'static str>,
}

impl File {
    /// Those of the element's first view, its others, and those of these pages alone.
    fn read(parts: &[&str; 3]) -> Option<Self> {
        let mut texts = HashMap::new();
        for part in parts {
            texts.extend(serde_json::from_str::<HashMap<String, String>>(part).ok()?);
        }
        let texts: HashMap<String, &'static str> =
            texts.into_iter().map(|(name, text)| (name, &*Box::leak(text.into_boxed_str()))).collect();
        Some(Self { language: texts.get("language").copied()?, texts })
    }
}

fn english() -> &'static File {
    FILES.iter().find(|file| file.language == "en").unwrap_or(&FILES[0])
}

/// The languages there are, as BCP 47 tags.
pub fn languages() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|file| file.language)
}

/// One reader's language and time zone.
#[derive(Clone)]
pub struct Texts {
    file: &'static File,
    locale: Locale,
    zone: TimeZone,
}

impl Texts {
    /// In the first of these languages that there is a file for; in English without one.
    pub fn new<'a>(wanted: impl IntoIterator<Item = &'a str>, zone: Option<TimeZone>) -> Self {
        let chosen = wanted.into_iter().find_map(|tag| {
            let locale: Locale = tag.trim().parse().ok()?;
            let language = locale.id.language.to_string();
            FILES.iter().find(|file| file.language == language).map(|file| (file, locale))
        });
        let (file, locale) = chosen.unwrap_or_else(|| {
            let english = english();
            (english, english.language.parse().unwrap_or(Locale::UNKNOWN))
        });
        Self { file, locale, zone: zone.unwrap_or(TimeZone::UTC) }
    }

    /// The language, as the page says it.
    pub fn language(&self) -> &'static str {
        self.file.language
    }

    /// The IANA name of the zone.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// A text as it stands.
    pub fn text(&self, key: &'static str) -> &'static str {
        // A file older than the code: better in English than not at all.
        let known = |file: &'static File| file.texts.get(key).copied();
        known(self.file).or_else(|| known(english())).unwrap_or(key)
    }

    /// A text with its placeholders filled in.
    pub fn fill(&self, key: &'static str, values: &[(&str, &str)]) -> String {
        fill(self.text(key), values)
    }

    /// The form of a text that goes with `n`.
    pub fn count(&self, key: &'static str, n: u64, values: &[(&str, &str)]) -> String {
        let category = PluralRules::try_new_cardinal((&self.locale).into())
            .map_or(PluralCategory::Other, |rules| rules.category_for(n));
        let name = match category {
            PluralCategory::Zero => "zero",
            PluralCategory::One => "one",
            PluralCategory::Two => "two",
            PluralCategory::Few => "few",
            PluralCategory::Many => "many",
            PluralCategory::Other => "other",
        };
        let form = |name: &str| self.file.texts.get(&format!("{key}_{name}")).copied();
        let text = form(name).or_else(|| form("other")).unwrap_or(key);
        let n = self.number(n);
        let mut values = values.to_vec();
        values.push(("n", &n));
        fill(text, &values)
    }

    /// A whole number.
    pub fn number(&self, n: u64) -> String {
        match DecimalFormatter::try_new((&self.locale).into(), Default::default()) {
            Ok(format) => format.format(&Decimal::from(n)).to_string(),
            Err(_) => n.to_string(),
        }
    }

    /// "a, b and c".
    pub fn list<'a>(&self, items: impl IntoIterator<Item = &'a str>) -> String {
        let items: Vec<&str> = items.into_iter().collect();
        match ListFormatter::try_new_and((&self.locale).into(), Default::default()) {
            Ok(format) => format.format(items.iter()).to_string(),
            Err(_) => items.join(", "),
        }
    }

    /// A day of a rule, the same in every zone: "21 November 2026".
    pub fn date(&self, date: Date) -> String {
        let format = FixedCalendarDateTimeFormatter::try_new((&self.locale).into(), YMD::long());
        match (format, civil(date)) {
            (Ok(format), Some(date)) => format.format(&date).to_string(),
            _ => date.to_string(),
        }
    }

    /// The day of a moment where the reader is.
    pub fn day_of(&self, at: Timestamp) -> Date {
        self.here(at).and_then(|(date, _)| date).unwrap_or_else(|| at.date())
    }

    /// A day with its weekday.
    pub fn day(&self, date: Date) -> String {
        let format = FixedCalendarDateTimeFormatter::try_new((&self.locale).into(), YMDE::long());
        match (format, civil(date)) {
            (Ok(format), Some(date)) => format.format(&date).to_string(),
            _ => date.to_string(),
        }
    }

    /// The time of a moment: "14:03".
    pub fn time(&self, at: Timestamp) -> String {
        match (NoCalendarFormatter::try_new((&self.locale).into(), T::hm()), self.here(at)) {
            (Ok(format), Some((_, time))) => format.format(&time).to_string(),
            _ => at.to_string(),
        }
    }

    /// Day and time of a moment.
    pub fn moment(&self, at: Timestamp) -> String {
        let format = FixedCalendarDateTimeFormatter::try_new(
            (&self.locale).into(),
            YMDT::long().with_time_precision(TimePrecision::Minute),
        );
        match (format, self.here(at)) {
            (Ok(format), Some((Some(date), time))) => match civil(date) {
                Some(date) => format.format(&DateTime { date, time }).to_string(),
                None => at.to_string(),
            },
            _ => at.to_string(),
        }
    }

    /// The first moment of a day where the reader is.
    pub fn start_of(&self, date: Date) -> Timestamp {
        let (year, month, day) = date.civil();
        let midnight = i16::try_from(year)
            .ok()
            .and_then(|year| jiff::civil::Date::new(year, month.cast_signed(), day.cast_signed()).ok())
            .and_then(|date| date.to_zoned(self.zone.clone()).ok());
        midnight.map_or(date.start(), |zoned| Timestamp::from_ms(zoned.timestamp().as_millisecond()))
    }

    fn here(&self, at: Timestamp) -> Option<(Option<Date>, Time)> {
        let here = Moment::from_millisecond(at.ms()).ok()?.to_zoned(self.zone.clone());
        let small = |n: i8| n.cast_unsigned();
        let date = Date::new(i64::from(here.year()), small(here.month()), small(here.day()));
        let time = Time::try_new(small(here.hour()), small(here.minute()), small(here.second()), 0).ok()?;
        Some((date, time))
    }
}

/// The zone of this name, if it is one.
pub fn zone(name: &str) -> Option<TimeZone> {
    listing::zone(name)
}

fn civil(date: Date) -> Option<CivilDate<Gregorian>> {
    let (year, month, day) = date.civil();
    CivilDate::try_new_gregorian(i32::try_from(year).ok()?, month, day).ok()
}

/// Replaces `{name}` by its value, once: a value is no template.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(value),
            None => filled.extend(["{", name, "}"]),
        }
        rest = tail;
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// Every key that the code of these pages names: `("…"` after one of the three calls, and every
    /// text in `words.rs`.
    fn named() -> (BTreeSet<String>, BTreeSet<String>) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plain");
        let (mut plain, mut counted) = (BTreeSet::new(), BTreeSet::new());
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_none_or(|end| end != "rs") || file.ends_with("texts.rs") {
                continue;
            }
            let code = fs::read_to_string(&file).unwrap();
            for (at, _) in code.match_indices('"') {
                let (before, rest) = code.split_at(at);
                let Some((text, _)) = rest[1..].split_once('"') else { continue };
                let is_key = !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
                let before = before.trim_end();
                if is_key && before.ends_with("count(") {
                    counted.insert(text.to_owned());
                } else if is_key
                    && (before.ends_with(".text(")
                        || before.ends_with("fill(")
                        || text.contains('-') && (file.ends_with("words.rs") || text.starts_with("plain-")))
                {
                    plain.insert(text.to_owned());
                }
            }
        }
        plain.retain(|key| !counted.contains(key));
        (plain, counted)
    }

    #[test]
    fn every_text_that_a_page_names_is_there_and_none_is_left_over() {
        let (plain, counted) = named();
        assert!(
            plain.len() > 100 && counted.len() > 15,
            "{} {}: this test looks past the code",
            plain.len(),
            counted.len()
        );
        let texts = &english().texts;
        for key in &plain {
            assert!(texts.contains_key(key) || key == "plain-", "{key} is missing");
        }
        for key in &counted {
            for form in ["one", "other"] {
                assert!(texts.contains_key(&format!("{key}_{form}")), "{key}_{form} is missing");
            }
        }
        for key in texts.keys().filter(|key| key.starts_with("plain-")) {
            let stem = key.split('_').next().unwrap();
            assert!(plain.contains(stem) || counted.contains(stem), "{key} is not used");
        }
    }

    #[test]
    fn every_language_has_the_texts_of_these_pages() {
        let own = |file: &File| -> BTreeSet<String> {
            let keys = file.texts.keys().filter(|key| key.starts_with("plain-"));
            keys.map(|key| key.split('_').next().unwrap().to_owned()).collect()
        };
        for file in FILES.iter() {
            assert_eq!(own(file), own(english()), "plain/locales/{}.json", file.language);
        }
    }

    #[test]
    fn dates_numbers_and_plurals_are_of_the_language() {
        let texts = |tag: &str, zone_name: &str| Texts {
            file: english(),
            locale: tag.parse().unwrap(),
            zone: zone(zone_name).unwrap(),
        };
        let at: Timestamp = "2026-11-21T23:30:00Z".parse().unwrap();
        let english = texts("en", "Europe/Berlin");
        assert_eq!(english.date(at.date()), "November 21, 2026");
        assert_eq!(english.day(english.day_of(at)), "Sunday, November 22, 2026");
        assert_eq!(english.time(at).replace('\u{202f}', " "), "12:30 AM");
        assert!(english.moment(at).starts_with("November 22, 2026"), "{}", english.moment(at));
        assert_eq!(english.start_of("2026-11-22".parse().unwrap()), "2026-11-21T23:00:00Z".parse().unwrap());
        assert_eq!(texts("de", "Europe/Berlin").date(at.date()), "21. November 2026");
        assert_eq!(texts("fr", "UTC").time(at), "23:30");
        assert_eq!(texts("de", "UTC").number(1_234_567), "1.234.567");
        assert_eq!(texts("es", "UTC").list(["a", "b", "c"]), "a, b y c");
        assert!(
            texts("ar", "UTC").date(at.date()).contains("نوفمبر"),
            "{}",
            texts("ar", "UTC").date(at.date())
        );
        assert_eq!(english.count("found", 1, &[]), "1 recording");
        assert_eq!(english.count("found", 1200, &[]), "1,200 recordings");
    }

    #[test]
    fn a_value_is_no_template() {
        assert_eq!(fill("{a} and {b}, {c", &[("a", "{b}"), ("b", "2")]), "{b} and 2, {c");
    }
}
