//! The words of a text, and where in it they stand.

use unicode_normalization::char::{canonical_combining_class, decompose_compatible, is_combining_mark};

/// The longest word that is indexed, in characters; a longer one is cut, on both sides alike.
const MAX_WORD_CHARS: usize = 40;

/// A word, folded, and the bytes of the text that it was read from.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub from: usize,
    pub to: usize,
}

impl Word {
    fn push(&mut self, c: Folded) {
        if self.text.is_empty() {
            self.from = c.from;
        }
        self.text.push(c.c);
        self.reach(c.to);
    }

    fn reach(&mut self, to: usize) {
        self.to = self.to.max(to);
    }
}

/// A character after folding, and the bytes of the one that it came from.
#[derive(Clone, Copy)]
struct Folded {
    c: char,
    from: usize,
    to: usize,
}

/// The words of a text, those of a run without spaces together in one phrase.
pub fn phrases(text: &str) -> Vec<Vec<Word>> {
    let mut phrases: Vec<Vec<Word>> = Vec::new();
    let mut word = Word::default();
    let mut in_run = false;
    for folded in folded(text) {
        let c = folded.c;
        if is_combining_mark(c) {
            // Marks that change a letter's look are folded away; those that are vowels stay.
            let over = match phrases.last_mut().filter(|_| in_run).and_then(|run| run.last_mut()) {
                Some(character) => character,
                None => &mut word,
            };
            if is_vowel_sign(c) {
                over.push(folded);
            } else if !over.text.is_empty() {
                over.reach(folded.to);
            }
        } else if is_written_without_spaces(c) {
            end_word(&mut word, &mut phrases);
            let mut character = Word::default();
            character.push(folded);
            match phrases.last_mut().filter(|_| in_run) {
                Some(run) => run.push(character),
                None => phrases.push(vec![character]),
            }
            in_run = true;
        } else if c.is_alphanumeric() {
            word.push(folded);
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

/// NFKD, and then lower case: compatibility forms, case and the order of marks make no difference.
fn folded(text: &str) -> impl Iterator<Item = Folded> {
    let mut all = Vec::with_capacity(text.len());
    for (from, c) in text.char_indices() {
        decompose_compatible(c, |part| all.push(Folded { c: part, from, to: from + c.len_utf8() }));
    }
    // The normal order of marks; a letter ends each run of them.
    for marks in all.split_mut(|folded| canonical_combining_class(folded.c) == 0) {
        marks.sort_by_key(|folded| canonical_combining_class(folded.c));
    }
    all.into_iter().flat_map(|folded| folded.c.to_lowercase().map(move |c| Folded { c, ..folded }))
}

/// Ends the word that was being read, if there is one.
fn end_word(word: &mut Word, phrases: &mut Vec<Vec<Word>>) {
    if !word.text.is_empty() {
        let mut word = std::mem::take(word);
        if let Some((cut, _)) = word.text.char_indices().nth(MAX_WORD_CHARS) {
            word.text.truncate(cut);
        }
        phrases.push(vec![word]);
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
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    proptest! {
        /// What is indexed already was folded by the library's own NFKD.
        #[test]
        fn folding_is_nfkd_in_lower_case(text in "[a-zÀ-ɏ\\u{300}-\\u{345}\\u{e00}-\\u{e5b}ﬁ½가-힣 ]{0,12}|\\PC{0,40}") {
            let ours: String = folded(&text).map(|folded| folded.c).collect();
            let theirs: String = text.nfkd().flat_map(char::to_lowercase).collect();
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn words_stand_in_the_text_one_after_the_other(text in "\\PC{0,60}") {
            let mut last = 0;
            for word in phrases(&text).into_iter().flatten() {
                prop_assert!(word.from < word.to && text.get(word.from..word.to).is_some(), "{word:?}");
                prop_assert!(word.from >= last, "{word:?}");
                last = word.from;
            }
        }
    }
}
