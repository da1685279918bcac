//! How transcripts become words that can be searched for, in any language and script.
//!
//! The same function splits what is indexed and what is asked, so the two cannot disagree. Words
//! are folded (compatibility forms, case, marks) and prefixed with the child's number: a query can
//! only ever meet this child's words, and costs what this child's words cost, however many other
//! children there are. Scripts written without spaces are split into characters, which a query
//! then finds side by side.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// How many words of a query count; the rest would only narrow further.
const MAX_QUERY_WORDS: usize = 8;
/// The longest word that is indexed, in characters; a longer one is cut, on both sides alike.
const MAX_WORD_CHARS: usize = 40;

/// What to insert into the index for this text of child number `child`.
#[must_use]
pub fn index_words(child: i64, text: &str) -> String {
    let phrases = phrases(text);
    if phrases.is_empty() {
        return String::new();
    }
    // First a term that every text of the child has: the index can list what it holds by itself.
    let mut indexed = term(child, "");
    for word in phrases.into_iter().flatten() {
        indexed.push(' ');
        indexed.push_str(&term(child, &word));
    }
    indexed
}

/// The FTS5 expression that finds every text of a child.
#[must_use]
pub fn match_all(child: i64) -> String {
    format!("\"{}\"", term(child, ""))
}

/// The FTS5 expression that finds texts with every word of `q`, each whole or as a beginning.
#[must_use]
pub fn match_expression(child: i64, q: &str) -> String {
    let mut expression = String::new();
    let mut phrases = phrases(q);
    phrases.sort();
    phrases.dedup();
    phrases.truncate(MAX_QUERY_WORDS);
    for phrase in phrases {
        if !expression.is_empty() {
            expression.push_str(" AND ");
        }
        // Terms have no quotation marks: they are letters, digits and marks only.
        let terms: Vec<String> = phrase.iter().map(|word| format!("\"{}\"", term(child, word))).collect();
        expression.push_str(&terms.join(" + "));
        expression.push_str(" *");
    }
    if expression.is_empty() {
        // Nothing that could be a word: find nothing, not everything.
        return format!("\"{child}z\"");
    }
    expression
}

fn term(child: i64, word: &str) -> String {
    // The "x" ends the number: child 1 asking for words that begin with "2…" must not meet child 12's.
    format!("{child}x{word}")
}

/// The words of a text, those of a run without spaces together in one phrase.
fn phrases(text: &str) -> Vec<Vec<String>> {
    let mut phrases: Vec<Vec<String>> = Vec::new();
    let mut word = String::new();
    let mut in_run = false;
    for c in text.nfkd().flat_map(char::to_lowercase) {
        if is_combining_mark(c) {
            // Marks that change a letter's look are folded away; those that are vowels stay.
            if is_vowel_sign(c) {
                match phrases.last_mut().filter(|_| in_run).and_then(|run| run.last_mut()) {
                    Some(character) => character.push(c),
                    None => word.push(c),
                }
            }
        } else if is_written_without_spaces(c) {
            end_word(&mut word, &mut phrases);
            match phrases.last_mut().filter(|_| in_run) {
                Some(run) => run.push(c.to_string()),
                None => phrases.push(vec![c.to_string()]),
            }
            in_run = true;
            continue;
        } else if c.is_alphanumeric() {
            word.push(c);
            in_run = false;
        } else if c == '\'' || c == '’' || c == '\u{200c}' || c == '\u{200d}' {
            // don't, l’eau and joined letters stay one word.
        } else {
            end_word(&mut word, &mut phrases);
            in_run = false;
        }
    }
    end_word(&mut word, &mut phrases);
    phrases
}

/// Ends the word that was being read, if there is one.
fn end_word(word: &mut String, phrases: &mut Vec<Vec<String>>) {
    if !word.is_empty() {
        phrases.push(vec![word.chars().take(MAX_WORD_CHARS).collect()]);
        word.clear();
    }
}

/// Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan.
fn is_written_without_spaces(c: char) -> bool {
    c.is_alphanumeric()
        && matches!(u32::from(c),
            0x0E00..=0x0EFF | 0x0F00..=0x0FFF | 0x1000..=0x109F | 0x1780..=0x17FF
            | 0x3005..=0x3007 | 0x3040..=0x30FF | 0x31F0..=0x31FF | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Marks of the Indic and South-East Asian scripts: they are the vowels, not decoration.
fn is_vowel_sign(c: char) -> bool {
    matches!(u32::from(c), 0x0900..=0x0DFF | 0x0E00..=0x109F | 0x1780..=0x17FF)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_folded_and_carry_the_childs_number() {
        assert_eq!(
            index_words(7, "Où est l’Écureuil? STRASSE ﬁn"),
            "7x 7xou 7xest 7xlecureuil 7xstrasse 7xfin"
        );
        assert_eq!(match_expression(7, "Écur"), "\"7xecur\" *");
        assert_eq!(match_expression(7, "two words"), "\"7xtwo\" * AND \"7xwords\" *");
    }

    #[test]
    fn scripts_without_spaces_become_phrases_of_characters() {
        assert_eq!(index_words(1, "おやすみ、東京"), "1x 1xお 1xや 1xす 1xみ 1x東 1x京");
        assert_eq!(match_expression(1, "東京"), "\"1x東\" + \"1x京\" *");
        assert_eq!(match_expression(1, "mp3を再生"), "\"1xmp3\" * AND \"1xを\" + \"1x再\" + \"1x生\" *");
    }

    #[test]
    fn vowel_signs_stay_and_points_go() {
        assert_eq!(index_words(1, "किताब"), "1x 1xकिताब");
        assert_eq!(index_words(1, "كِتَاب"), "1x 1xكتاب");
        assert_eq!(index_words(1, "ที่"), index_words(1, "ที่"));
    }

    #[test]
    fn nothing_to_search_for_finds_nothing() {
        assert_eq!(match_expression(3, "…"), "\"3z\"");
    }

    proptest! {
        /// Every term of an expression is quoted letters, digits and marks behind the number: nothing a
        /// parent types is read as FTS5 syntax, or as another child's words.
        #[test]
        fn no_text_escapes_its_quotes(q in "\\PC{0,60}") {
            let expression = match_expression(42, &q);
            for (n, part) in expression.split('"').enumerate() {
                if n % 2 == 1 {
                    prop_assert!(part.starts_with("42x") || expression == "\"42z\"", "{expression}");
                } else {
                    prop_assert!(["", " *", " + ", " * AND "].contains(&part), "{expression}");
                }
            }
        }
    }
}
