//! Words with those marked that were looked for.

use yew::prelude::Html;

use super::{el, text};

/// The text with these pieces of it marked: where they begin and end, in UTF-16 units, in order.
pub fn marked(words: &str, marks: &[(u32, u32)]) -> Vec<Html> {
    let show = |(found, piece): (bool, &str)| {
        let piece = text(piece.to_owned());
        if found { el("mark", "", vec![piece]) } else { piece }
    };
    pieces(words, marks).into_iter().map(show).collect()
}

/// Those pieces, and what is between them.
pub fn pieces<'a>(words: &'a str, marks: &[(u32, u32)]) -> Vec<(bool, &'a str)> {
    let mut pieces = Vec::new();
    let (mut rest, mut passed) = (words, 0);
    for edge in marks.iter().flat_map(|(from, to)| [(false, *from), (true, *to)]) {
        let (found, unit) = edge;
        let mut at = 0;
        for c in rest.chars() {
            if passed >= unit {
                break;
            }
            passed += if c > '\u{ffff}' { 2 } else { 1 };
            at += c.len_utf8();
        }
        let (piece, after) = rest.split_at(at);
        if !piece.is_empty() {
            pieces.push((found, piece));
        }
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push((false, rest));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_for_is_marked() {
        assert_eq!(pieces("can I have nuts", &[(11, 15)]), [(false, "can I have "), (true, "nuts")]);
        assert_eq!(
            pieces("nuts, nuts!", &[(0, 4), (6, 10)]),
            [(true, "nuts"), (false, ", "), (true, "nuts"), (false, "!")]
        );
    }

    #[test]
    fn places_are_counted_as_a_browser_counts_them() {
        assert_eq!(pieces("\u{1f43b} Bär", &[(3, 6)]), [(false, "\u{1f43b} "), (true, "Bär")]);
        assert_eq!(pieces("ナッツ", &[(0, 3)]), [(true, "ナッツ")]);
    }

    #[test]
    fn nothing_is_lost_where_the_marks_are_wrong() {
        for marks in [&[(9, 99)][..], &[(4, 2)], &[(1, 1), (0, 2)], &[]] {
            let whole: String = pieces("\u{1f43b}nuts", marks).into_iter().map(|(_, piece)| piece).collect();
            assert_eq!(whole, "\u{1f43b}nuts", "{marks:?}");
        }
    }
}
