//! Where something was captured, drawn here: a point, the circle it lies in, a grid, a scale, north.
//!
//! There are no streets in it: those would come from a map service, which would learn the place.

use std::fmt::Write as _;

use rules::location::Place;
use yew::prelude::{AttrValue, Html};

use super::{el, maybe, p, text, with};
use crate::{locale::Key, views::Cx};

/// Width of the picture, in units.
const WIDE: u64 = 320;
/// Height of the picture.
const HIGH: u64 = 200;
/// How large the circle is drawn, whatever it stands for.
const RADIUS: u64 = 70;
/// The longest that the scale may be.
const LONGEST: u64 = 100;
/// What is shown around a place of which nobody said how exact it is, in metres.
const UNKNOWN_M: u64 = 100;

/// The picture and what it says in words.
pub fn map(cx: &Cx, place: Place, words: AttrValue) -> Html {
    let metres = place.accuracy_m.map_or(UNKNOWN_M, |metres| u64::from(metres).max(1));
    let (step, bar) = scale(metres);
    let (x, y) = (WIDE / 2, HIGH / 2);
    let label = if step < 1_000 {
        cx.texts.fill(Key::MapMetres, &[("n", &cx.texts.number(step))])
    } else {
        cx.texts.fill(Key::MapKilometres, &[("n", &cx.texts.number(step / 1_000))])
    };
    let circle = |class: &'static str, radius: u64| {
        let about = [x, y, radius].map(|n| n.to_string().into());
        let values = [AttrValue::from(class)].into_iter().chain(about).collect();
        with("circle", &["class", "cx", "cy", "r"], values, vec![])
    };
    let path =
        |class: &'static str, d: String| with("path", &["class", "d"], vec![class.into(), d.into()], vec![]);
    let words_at = |x: u64, y: u64, words: AttrValue| {
        let about = vec![x.to_string().into(), y.to_string().into()];
        with("text", &["x", "y"], about, vec![text(words)])
    };
    let drawn = vec![
        path("grid", grid(bar)),
        maybe(place.accuracy_m, |_| circle("within", RADIUS)),
        circle("spot", 4),
        path("scale", format!("M12 {}v6h{bar}v-6", HIGH - 18)),
        words_at(16, HIGH - 18, label),
        path("north", format!("M{} 30l6 -18l6 18l-6 -4z", WIDE - 24)),
        words_at(WIDE - 22, 44, cx.text(Key::MapNorth)),
    ];
    // The words under it say the same.
    let about = vec![format!("0 0 {WIDE} {HIGH}").into(), "true".into()];
    el(
        "div",
        "map",
        vec![
            with("svg", &["viewBox", "aria-hidden"], about, drawn),
            p("", words),
            p("quiet", cx.text(Key::MapDrawnHere)),
        ],
    )
}

/// The round number of metres that the scale stands for, and its length in units, where a circle of
/// so many metres is drawn.
fn scale(radius_m: u64) -> (u64, u64) {
    let units = |metres: u64| metres * RADIUS / radius_m;
    let mut round = 1;
    // 1, 2, 5, 10, 20, 50 and so on; whole kilometres from one on.
    for next in (0..8).flat_map(|zeros| [1, 2, 5].map(|digit| digit * 10_u64.pow(zeros))) {
        if units(next) <= LONGEST {
            round = next;
        }
    }
    (round, units(round))
}

/// Lines as far apart as the scale is long, one of each through the point.
fn grid(bar: u64) -> String {
    let mut lines = String::new();
    let bar = usize::try_from(bar.max(8)).unwrap_or(usize::MAX);
    // Writing to a string cannot fail.
    for x in (WIDE / 2 % bar as u64..=WIDE).step_by(bar) {
        let _ = write!(lines, "M{x} 0v{HIGH}");
    }
    for y in (HIGH / 2 % bar as u64..=HIGH).step_by(bar) {
        let _ = write!(lines, "M0 {y}h{WIDE}");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_a_round_number_that_fits_and_can_be_read() {
        assert_eq!(scale(70), (100, 100));
        assert_eq!(scale(25), (20, 56));
        for metres in [1, 2, 3, 7, 25, 70, 99, 100, 4_999, 1_000_000, 20_000_000] {
            let (round, bar) = scale(metres);
            assert!((10..=LONGEST).contains(&bar), "{metres} m: {round} m is {bar} units");
            assert_eq!(round * RADIUS / metres, bar);
            let mut digits = round;
            while digits % 10 == 0 {
                digits /= 10;
            }
            assert!([1, 2, 5].contains(&digits), "{round}");
        }
    }

    #[test]
    fn a_line_of_the_grid_goes_through_the_point() {
        for bar in [20, 33, 56, 100] {
            let grid = grid(bar);
            assert!(
                grid.contains(&format!("M{} 0v", WIDE / 2)) && grid.contains(&format!("M0 {}h", HIGH / 2))
            );
        }
    }
}
