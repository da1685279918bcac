//! The words a parent reads, and how her language writes dates, numbers, plurals and lists.
//!
//! No text lives in the code: a locale is two files beside the element's script, one with the texts of the
//! first view, one with all others, fetched with the second half of the module ([`crate::later`]). What
//! depends on the language beyond words is the browser's own `Intl`.

mod intl;
mod key;
#[cfg(test)]
mod languages;

use std::cell::OnceCell;

use rules::{Date, Timestamp};
use wasm_bindgen::JsValue;
use yew::AttrValue;

pub use intl::Format;
pub use key::Key;

use crate::json::{Decode, Json};
use intl::{call, construct};

/// A locale file: names and texts, as they stand in it.
struct File(Vec<(String, AttrValue)>);

impl File {
    fn read(json: &str) -> Option<Self> {
        let Json::Map(pairs) = Json::parse(json)? else { return None };
        let mut texts = Vec::with_capacity(pairs.len());
        for (name, text) in pairs {
            texts.push((name, String::decode(text)?.into()));
        }
        Some(Self(texts))
    }

    fn get(&self, name: &str) -> Option<&AttrValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text)
    }
}

/// The texts of one language, and its ways to write dates and numbers.
pub struct Texts {
    tag: String,
    file: File,
    /// What is not needed for the first view, once it has come.
    rest: OnceCell<File>,
    formats: [OnceCell<JsValue>; Format::COUNT],
}

impl Texts {
    /// Reads a locale file. `tag` is the BCP 47 tag that was asked for; dates and numbers follow it
    /// where it is of the file's language, so that nobody reads an English sentence with a German date.
    ///
    /// # Errors
    /// Where the text is not JSON of names and texts.
    pub fn read(json: &str, tag: &str) -> Result<Self, &'static str> {
        let file = File::read(json).ok_or("not a locale file")?;
        let language = file.get(Key::Language.name()).map_or("en", AttrValue::as_str);
        let asked = tag.split('-').next().unwrap_or_default();
        let tag = if asked.eq_ignore_ascii_case(language) { tag } else { language }.to_owned();
        Ok(Self { tag, file, rest: OnceCell::new(), formats: Default::default() })
    }

    /// Takes in the texts that are not needed for the first view.
    ///
    /// # Errors
    /// Where the text is not JSON of names and texts.
    pub fn add(&self, json: &str) -> Result<(), &'static str> {
        let rest = File::read(json).ok_or("not a locale file")?;
        // Those that were there before are the same.
        let _ = self.rest.set(rest);
        Ok(())
    }

    /// Whether they are there: a file of one's own may have all texts in one.
    #[must_use]
    pub fn are_whole(&self) -> bool {
        self.find(Key::Undo.name()).is_some()
    }

    /// The language of the files, as they say.
    #[must_use]
    pub fn language(&self) -> &str {
        self.file.get(Key::Language.name()).map_or("en", AttrValue::as_str)
    }

    fn find(&self, name: &str) -> Option<&AttrValue> {
        self.file.get(name).or_else(|| self.rest.get()?.get(name))
    }

    /// The language these texts are in, as a BCP 47 tag.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether the language is written from right to left (a text of the locale file says so).
    #[must_use]
    pub fn direction(&self) -> AttrValue {
        self.get(Key::Direction)
    }

    /// A text as it stands.
    #[must_use]
    pub fn get(&self, key: Key) -> AttrValue {
        // A file older than the code has no such text: its name is ugly, and true.
        self.find(key.name()).cloned().unwrap_or(AttrValue::Static(key.name()))
    }

    /// A text with its placeholders filled in.
    #[must_use]
    pub fn fill(&self, key: Key, values: &[(&str, &str)]) -> AttrValue {
        fill(&self.get(key), values).into()
    }

    /// The form of a text that goes with `n`; `{n}` in it is the number as the language writes it.
    #[must_use]
    pub fn count(&self, key: Key, n: u64, values: &[(&str, &str)]) -> AttrValue {
        let mut name = String::from(key.name());
        name.push('_');
        let stem = name.len();
        let category = call(self.format(Format::Plural), "select", &as_number(n));
        name.push_str(category.as_deref().unwrap_or("other"));
        let text = self.find(&name).or_else(|| {
            name.truncate(stem);
            name.push_str("other");
            self.find(&name)
        });
        let text = text.map_or(key.name(), AttrValue::as_str);
        // The number first: a child may be called "{n}", a number never has braces.
        fill(&fill(text, &[("n", &self.number(n))]), values).into()
    }

    /// A whole number.
    #[must_use]
    pub fn number(&self, n: u64) -> String {
        call(self.format(Format::Number), "format", &as_number(n)).unwrap_or_else(|| n.to_string())
    }

    /// A moment, in the time zone of whoever reads it.
    #[must_use]
    pub fn moment(&self, format: Format, at: Timestamp) -> String {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of the years 1 to 9999 fit in 53 bits")]
        let ms = JsValue::from_f64(at.ms() as f64);
        call(self.format(format), "format", &ms).unwrap_or_else(|| at.to_string())
    }

    /// A calendar day of a rule, which is the same day everywhere.
    #[must_use]
    pub fn date(&self, date: Date) -> String {
        self.moment(Format::Date, date.start())
    }

    /// "a, b and c".
    #[must_use]
    pub fn list<'a>(&self, items: impl IntoIterator<Item = &'a str>) -> String {
        let items: js_sys::Array = items.into_iter().map(JsValue::from_str).collect();
        call(self.format(Format::List), "format", &items).unwrap_or_default()
    }

    fn format(&self, format: Format) -> &JsValue {
        self.formats[format as usize].get_or_init(|| construct(format, &self.tag))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of recordings fit in 53 bits")]
fn as_number(n: u64) -> JsValue {
    JsValue::from_f64(n as f64)
}

/// Replaces `{name}` by its value; an unknown name stays as it is, which a test of the locale files finds.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) => {
                match values.iter().find(|(n, _)| *n == name) {
                    Some((_, value)) => filled.push_str(value),
                    None => filled.extend(["{", name, "}"]),
                }
                rest = tail;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_filled_once_and_values_are_not_templates() {
        assert_eq!(fill("Delete {n} of {child}", &[("n", "3"), ("child", "{n}")]), "Delete 3 of {n}");
        assert_eq!(fill("no {such} name, an {open", &[]), "no {such} name, an {open");
    }

    #[test]
    fn a_text_that_a_file_lacks_shows_its_name() {
        let texts = Texts::read(r#"{"retry": "Try again"}"#, "en").unwrap();
        assert_eq!(texts.get(Key::Retry), "Try again");
        assert_eq!(texts.get(Key::Undo), Key::Undo.name());
    }

    #[test]
    fn the_texts_of_a_language_are_two_files_or_one() {
        let texts = Texts::read(r#"{"language": "de", "retry": "Nochmal"}"#, "de").unwrap();
        assert_eq!((texts.language(), texts.are_whole()), ("de", false));
        assert!(texts.add("<!doctype html>").is_err());
        texts.add(r#"{"undo": "Doch nicht"}"#).unwrap();
        assert!(texts.are_whole());
        assert_eq!((texts.get(Key::Retry), texts.get(Key::Undo)), ("Nochmal".into(), "Doch nicht".into()));
        assert!(Texts::read(r#"{"undo": "Undo"}"#, "en").unwrap().are_whole());
    }

    #[test]
    fn dates_and_numbers_are_of_the_language_of_the_texts() {
        let tag = |asked| Texts::read(r#"{"language": "en"}"#, asked).unwrap().tag().to_owned();
        assert_eq!(tag("en-GB"), "en-GB");
        assert_eq!(tag("EN"), "EN");
        assert_eq!(tag("de-DE"), "en");
        assert_eq!(tag(""), "en");
    }

    #[test]
    fn what_is_not_a_locale_file_is_refused() {
        assert!(Texts::read("<!doctype html>", "en").is_err());
        assert!(Texts::read(r#"{"retry": 1}"#, "en").is_err());
    }
}
