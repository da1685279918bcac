//! What every locale file is held to. English is the measure: the same texts, with the same
//! placeholders, in the plural forms that the language has.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

type File = BTreeMap<String, String>;

/// A language: the plural forms that `Intl.PluralRules` asks for (CLDR), the direction of its script,
/// and the beginnings of its words for "deleted".
struct Language {
    tag: &'static str,
    forms: &'static [&'static str],
    direction: &'static str,
    deleted: &'static [&'static str],
}

const LANGUAGES: [Language; 5] = [
    Language {
        tag: "ar",
        forms: &["zero", "one", "two", "few", "many", "other"],
        direction: "rtl",
        deleted: &["محذوف", "حُذف", "حُذِف", "حذفت", "تم الحذف", "تم حذف", "مُحي", "مُحِي", "تم المحو", "تم محو"],
    },
    Language { tag: "de", forms: &["one", "other"], direction: "ltr", deleted: &["gelöscht"] },
    Language { tag: "en", forms: &["one", "other"], direction: "ltr", deleted: &["deleted"] },
    Language {
        tag: "es",
        forms: &["one", "many", "other"],
        direction: "ltr",
        deleted: &["eliminad", "borrad", "suprimid"],
    },
    Language {
        tag: "fr",
        forms: &["one", "many", "other"],
        direction: "ltr",
        deleted: &["supprimé", "effacé"],
    },
];

/// The texts of the element's first view, all its others, and those that only the service's plain pages have.
const FOLDERS: [&str; 3] = ["../../static/locales", "../../static/locales/later", "../service/plain/locales"];

fn part(folder: &str, tag: &str) -> File {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(format!("{tag}.json"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

fn file(tag: &str) -> File {
    FOLDERS.into_iter().flat_map(|folder| part(folder, tag)).collect()
}

/// The name that code asks for, and the plural form.
fn split(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('_') {
        Some((stem, form)) => (stem, Some(form)),
        None => (name, None),
    }
}

fn stems(file: &File) -> BTreeSet<(&str, bool)> {
    file.keys().map(|name| split(name)).map(|(stem, form)| (stem, form.is_some())).collect()
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

#[test]
fn every_locale_file_is_of_a_language_that_is_held_here() {
    let held: BTreeSet<_> = LANGUAGES.iter().map(|language| format!("{}.json", language.tag)).collect();
    for folder in FOLDERS {
        let there: BTreeSet<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        assert_eq!(there, held, "{folder}");
    }
}

#[test]
fn every_language_has_every_text_and_no_other() {
    let english = file("en");
    for language in &LANGUAGES {
        let file = file(language.tag);
        let (there, wanted) = (stems(&file), stems(&english));
        let missing: Vec<_> = wanted.difference(&there).collect();
        let unknown: Vec<_> = there.difference(&wanted).collect();
        assert!(missing.is_empty() && unknown.is_empty(), "{}: {missing:?}, {unknown:?}", language.tag);
        assert!(file.values().all(|text| !text.trim().is_empty()), "{}", language.tag);
        assert_eq!(file["language"], language.tag);
        assert_eq!(file["direction"], language.direction);
    }
}

/// Of a text in two files, one would never be seen.
#[test]
fn every_text_is_in_the_file_where_the_english_one_is() {
    for language in &LANGUAGES {
        for folder in FOLDERS {
            let (there, english) = (part(folder, language.tag), part(folder, "en"));
            assert_eq!(stems(&there), stems(&english), "{folder}/{}.json", language.tag);
        }
        let parts: usize = FOLDERS.iter().map(|folder| part(folder, language.tag).len()).sum();
        assert_eq!(parts, file(language.tag).len(), "{}: a text is there twice", language.tag);
    }
}

#[test]
fn every_language_has_its_own_plural_forms() {
    for language in &LANGUAGES {
        let file = file(language.tag);
        for (stem, counted) in stems(&file) {
            if counted {
                let forms: BTreeSet<_> = file
                    .keys()
                    .map(|name| split(name))
                    .filter(|name| name.0 == stem)
                    .filter_map(|name| name.1)
                    .collect();
                assert_eq!(forms, language.forms.iter().copied().collect(), "{}: {stem}", language.tag);
            }
        }
    }
}

/// "one" and its like may say the number as a word.
#[test]
fn every_text_has_the_placeholders_of_the_english_one() {
    let english = file("en");
    for language in &LANGUAGES {
        for (name, text) in &file(language.tag) {
            let (stem, form) = split(name);
            let model = english.get(stem).or_else(|| english.get(&format!("{stem}_other"))).unwrap();
            let (mut wanted, has) = (placeholders(model), placeholders(text));
            if matches!(form, Some("zero" | "one" | "two")) && !has.contains("n") {
                wanted.remove("n");
            }
            assert_eq!(has, wanted, "{}: {name}: {text}", language.tag);
            assert_eq!(text.matches('{').count(), text.matches('}').count(), "{}: {name}", language.tag);
        }
    }
}

/// R7, in every language: the word needs the machine state behind it.
#[test]
fn nothing_but_what_is_deleted_is_called_deleted() {
    for language in &LANGUAGES {
        for (name, text) in file(language.tag) {
            let text = text.to_lowercase();
            let said = language.deleted.iter().any(|word| text.contains(word));
            assert_eq!(said, name.starts_with("phrase-deleted"), "{}: {name}: {text}", language.tag);
        }
    }
}

/// What is the same as in English is a number with a unit, a sign, or was forgotten.
#[test]
fn every_text_is_translated() {
    let english = file("en");
    for language in LANGUAGES.iter().filter(|language| language.tag != "en") {
        let same: Vec<_> = file(language.tag)
            .into_iter()
            .filter(|(name, text)| english.get(name) == Some(text) && text.chars().any(char::is_alphabetic))
            .map(|(name, _)| name)
            .collect();
        assert!(same.len() <= 14, "{}: {same:?}", language.tag);
    }
}

/// The sentences of a text as a reader meets them; a placeholder counts as one short word.
fn sentences(text: &str) -> Vec<Vec<String>> {
    let mut plain = String::new();
    for piece in text.split('{') {
        plain.push_str(piece.split_once('}').map_or(piece, |(_, rest)| rest));
        plain.push_str(" it ");
    }
    let plain = plain.trim_end().trim_end_matches("it");
    plain
        .split(['.', '?', '!', ':', '…'])
        .map(|sentence| {
            let words = sentence.split(|c: char| !c.is_alphabetic() && c != '’');
            words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
        })
        .filter(|words: &Vec<_>| !words.is_empty())
        .collect()
}

/// Groups of vowels, without a silent e: what readability formulas count.
fn syllables(word: &str) -> u32 {
    let mut count = 0;
    let mut before = false;
    for c in word.chars() {
        let vowel = "aeiouy".contains(c);
        count += u32::from(vowel && !before);
        before = vowel;
    }
    let silent = word.ends_with('e') && !word.ends_with("le") && count > 1;
    (count - u32::from(silent)).max(1)
}

/// Flesch-Kincaid over all English texts: a reader of eleven or twelve can follow. And no sentence
/// has more words than plain-language guides allow.
#[test]
fn english_stays_plain() {
    let (mut words, mut parts, mut count) = (0_u32, 0_u32, 0_u32);
    for (name, text) in file("en") {
        for sentence in sentences(&text) {
            assert!(sentence.len() <= 22, "{name}: {} words: {text}", sentence.len());
            // A label is no sentence.
            if sentence.len() >= 4 {
                count += 1;
                words += u32::try_from(sentence.len()).unwrap();
                parts += sentence.iter().map(|word| syllables(word)).sum::<u32>();
            }
        }
    }
    let (words, parts, count) = (f64::from(words), f64::from(parts), f64::from(count));
    let grade = 0.39 * words / count + 11.8 * parts / words - 15.59;
    assert!(count > 60.0 && grade <= 5.0, "{count} sentences of grade {grade:.1}");
}

#[test]
fn syllables_are_counted_as_readability_formulas_do() {
    for (word, count) in [("the", 1), ("recording", 3), ("delete", 2), ("place", 1), ("table", 2)] {
        assert_eq!(syllables(word), count, "{word}");
    }
    assert_eq!(sentences("Kept until {date}. One moment…").len(), 2);
}
