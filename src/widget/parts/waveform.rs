//! The picture of loudness beside a player.

use std::fmt::Write as _;

use yew::prelude::Html;

use super::with;

/// Width of one bar with its gap, in units of the picture.
const STEP: usize = 3;
/// Height of the picture.
const HEIGHT: usize = 48;

/// Loudness over time as bars; those before `position_ms` of `duration_ms` stand out. It says nothing
/// that the slider does not say, so it is hidden from those who listen to the page.
pub fn waveform(peaks: &[u8], position_ms: u64, duration_ms: u64) -> Html {
    let played = usize::try_from(peaks.len() as u64 * position_ms / duration_ms.max(1)).unwrap_or(0);
    let played = played.min(peaks.len());
    let bars = |from: usize, to: usize| {
        let mut path = String::new();
        for (at, peak) in peaks.iter().enumerate().take(to).skip(from) {
            let height = (usize::from(*peak) * HEIGHT / 255).max(2);
            // Writing to a string cannot fail.
            let _ = write!(path, "M{} {}v{height}", at * STEP + 1, (HEIGHT - height) / 2);
        }
        path
    };
    let view_box = format!("0 0 {} {HEIGHT}", peaks.len() * STEP);
    let about = vec!["waveform".into(), "waveform".into(), view_box.into(), "none".into(), "true".into()];
    let path = |class: &'static str, bars: String| {
        with("path", &["class", "d"], vec![class.into(), bars.into()], vec![])
    };
    let bars = vec![path("to-come", bars(played, peaks.len())), path("played", bars(0, played))];
    with("svg", &["class", "part", "viewBox", "preserveAspectRatio", "aria-hidden"], about, bars)
}
