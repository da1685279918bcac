//! How transcripts become words that can be searched for, in any language and script.
//!
//! The same function splits what is indexed and what is asked, so the two cannot disagree. Words
//! are folded (compatibility forms, case, marks) and prefixed with the child's number: a query can
//! only ever meet this child's words, and costs what this child's words cost, however many other
//! children there are. Scripts written without spaces are split into characters, which a query
//! then finds side by side.

mod marks;
pub mod mend;
mod words;

pub use marks::{EXCERPT_CHARS, excerpt, marks, utf16};
use words::phrases;

/// How many words of a query count; the rest would only narrow further.
const MAX_QUERY_WORDS: usize = 8;

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
        indexed.push_str(&term(child, &word.text));
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
    for phrase in asked(q) {
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

/// What a query asks for: each phrase must be found, its last word by its beginning.
fn asked(q: &str) -> Vec<Vec<String>> {
    let words = |phrase: Vec<words::Word>| phrase.into_iter().map(|word| word.text).collect();
    let mut asked: Vec<Vec<String>> = phrases(q).into_iter().map(words).collect();
    asked.sort();
    asked.dedup();
    asked.truncate(MAX_QUERY_WORDS);
    asked
}

fn term(child: i64, word: &str) -> String {
    // The "x" ends the number: child 1 asking for words that begin with "2…" must not meet child 12's.
    format!("{child}x{word}")
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
