//! Where in a text a search has found its words.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::{asked, words};

/// How much of a text a list shows, in characters.
pub const EXCERPT_CHARS: usize = 160;
/// How much of that comes before the first match at most: a list cuts its lines at the end.
const BEFORE_CHARS: usize = 40;

/// The parts of `text` that `q` finds, in order, as bytes: of each word all of it, also where only
/// its beginning was asked for. They neither overlap nor touch.
#[must_use]
pub fn marks(text: &str, q: &str) -> Vec<Range<usize>> {
    let asked = asked(q);
    let words: Vec<words::Word> = words::phrases(text).into_iter().flatten().collect();
    let mut found = Vec::new();
    for at in 0..words.len() {
        for phrase in &asked {
            let Some((last, before)) = phrase.split_last() else { continue };
            let Some(there) = words.get(at..=at + before.len()) else { continue };
            // As the index compares: words in a row, the last of them by its beginning.
            let same = before.iter().zip(there).all(|(asked, word)| *asked == word.text);
            if same && there[before.len()].text.starts_with(&**last) {
                found.push(there[0].from..there[before.len()].to);
            }
        }
    }
    found.sort_by_key(|range| range.start);
    let mut marks: Vec<Range<usize>> = Vec::new();
    for range in found {
        match marks.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => marks.push(range),
        }
    }
    marks
}

/// The same in UTF-16 units, as a browser counts.
#[must_use]
pub fn utf16(text: &str, marks: &[Range<usize>]) -> Vec<(u32, u32)> {
    let mut units = 0;
    let mut read = 0;
    let mut to_units = |to: usize| {
        units += text.get(read..to).map_or(0, |part| part.encode_utf16().count());
        read = to;
        u32::try_from(units).unwrap_or(u32::MAX)
    };
    marks.iter().map(|range| (to_units(range.start), to_units(range.end))).collect()
}

/// A piece of `text` around the first match, with "…" where something is left out, and where in the
/// piece the matches are.
#[must_use]
pub fn excerpt(text: &str, q: &str) -> (String, Vec<(u32, u32)>) {
    let marks = marks(text, q);
    let from = begin(text, marks.first().map_or(0, |first| first.start));
    let to = text[from..].char_indices().nth(EXCERPT_CHARS).map_or(text.len(), |(at, _)| from + at);
    let mut piece = String::new();
    if from > 0 {
        piece.push('…');
    }
    let shift = piece.len();
    piece.push_str(&text[from..to]);
    let within: Vec<Range<usize>> = marks
        .into_iter()
        .filter(|mark| mark.start < to)
        .map(|mark| mark.start - from + shift..mark.end.min(to) - from + shift)
        .collect();
    if to < text.len() {
        piece.push('…');
    }
    let marks = utf16(&piece, &within);
    (piece, marks)
}

/// Where to begin so that what stands at `first` is soon read: at a word, where there are spaces.
fn begin(text: &str, first: usize) -> usize {
    let mut before = text[..first].char_indices().rev();
    let Some((earliest, _)) = before.nth(BEFORE_CHARS) else { return 0 };
    let lead = &text[earliest..first];
    let word = lead.char_indices().find(|(_, c)| c.is_whitespace());
    match word {
        Some((at, c)) => earliest + at + c.len_utf8(),
        // The marks of a letter that is left out would hang on nothing.
        None => lead
            .char_indices()
            .skip(1)
            .find(|(_, c)| !is_combining_mark(*c))
            .map_or(first, |(at, _)| earliest + at),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found<'a>(text: &'a str, q: &str) -> Vec<&'a str> {
        marks(text, q).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn marks_point_at_what_was_said_however_it_was_asked_for() {
        assert_eq!(found("Walnuts, and a WALNUT.", "waln"), ["Walnuts", "WALNUT"]);
        assert_eq!(found("Où est l’Écureuil ?", "ECUR ou"), ["Où"], "l’Écureuil is one word");
        assert_eq!(found("Où est l’Écureuil ?", "lecu"), ["l’Écureuil"]);
        assert_eq!(found("E\u{301}cu e\u{301}", "é"), ["E\u{301}cu", "e\u{301}"]);
        assert_eq!(found("the ﬁn is ½", "fi 1"), ["ﬁn", "½"]);
        assert_eq!(found("كِتَاب", "كتاب"), ["كِتَاب"]);
        assert_eq!(found("what a squirrel", "quirrel"), [""; 0]);
    }

    #[test]
    fn characters_in_a_row_are_one_mark_and_others_are_none() {
        assert_eq!(found("京都と東京と東、", "東京"), ["東京"]);
        assert_eq!(found("東京と東京と東北", "東"), ["東", "東", "東"]);
        assert_eq!(found("東東東", "東東"), ["東東東"]);
        assert_eq!(found("ที่นี่", "ที"), ["ที่"], "its tone comes after, as letters do");
        assert_eq!(found("ที่นี่", "ที่ก"), [""; 0]);
    }

    #[test]
    fn a_browser_counts_in_units_of_sixteen_bits() {
        let text = "🐻 mag Nüsse 🌰 nüsse";
        assert_eq!(utf16(text, &marks(text, "nusse")), [(7, 12), (16, 21)]);
    }

    #[test]
    fn a_piece_begins_at_a_word_shortly_before_the_match_and_says_what_it_leaves_out() {
        assert_eq!(excerpt("a walnut", "walnut"), ("a walnut".into(), vec![(2, 8)]));
        let long = format!("{}the walnut, {}walnut", "once upon a time ".repeat(20), "and then ".repeat(40));
        let (piece, marks) = excerpt(&long, "walnut");
        assert!(piece.starts_with("…once upon a time once upon a time the walnut, and then"), "{piece}");
        assert!(piece.ends_with('…') && piece.chars().count() == EXCERPT_CHARS + 2, "{piece}");
        assert_eq!(marks, [(39, 45)]);
        let long = format!("{}東京{}", "あ".repeat(100), "あ".repeat(300));
        let (piece, marks) = excerpt(&long, "京");
        assert!(piece.starts_with("…あ") && piece.ends_with("あ…"), "{piece}");
        let [(from, to)] = marks[..] else { panic!("{marks:?}") };
        assert_eq!(piece.chars().skip(from as usize).take((to - from) as usize).collect::<String>(), "京");
    }

    proptest! {
        #[test]
        fn marks_lie_in_the_piece_in_order(text in "\\PC{0,300}", q in "\\PC{1,3}") {
            let (piece, marks) = excerpt(&text, &q);
            let units = u32::try_from(piece.encode_utf16().count()).unwrap();
            let mut last = 0;
            for (n, (from, to)) in marks.into_iter().enumerate() {
                prop_assert!((n == 0 || from > last) && from < to && to <= units);
                last = to;
            }
        }
    }
}
