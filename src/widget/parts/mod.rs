//! Pieces that views share.

pub mod dialog;
mod el;
mod map;
mod mark;
mod pen;
pub mod player;
mod waveform;

use rules::{Timestamp, contract::RecordingItem};
use yew::prelude::*;

use crate::{
    locale::{Format, Key, Texts},
    state::{Failure, Lane, Msg, Trouble},
    views::Cx,
    words,
};

pub use el::{
    choice, el, field, group, h3, keyed, label, live, maybe, on, p, placed, press, screen, span, tag_of,
    text, tick, ul, with,
};
pub use map::map;
pub use mark::{marked, pieces};
pub use pen::Pen;
pub use player::player;

/// How much weight a button has. Deleting and keeping have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// What this screen is for.
    Main,
    /// Everything else.
    Plain,
    /// A way, set like a link.
    Quiet,
}

impl Weight {
    const fn class(self) -> &'static str {
        match self {
            Self::Main => "button main",
            Self::Plain => "button",
            Self::Quiet => "button quiet",
        }
    }

    const fn part(self) -> &'static str {
        match self {
            Self::Main => "button main-button",
            Self::Plain | Self::Quiet => "button",
        }
    }
}

/// A button.
pub fn button(cx: &Cx, weight: Weight, label: AttrValue, msg: Msg) -> Html {
    let about = vec!["button".into(), weight.class().into(), weight.part().into()];
    press(&["type", "class", "part"], about, cx.press(msg), vec![text(label)])
}

/// A button that a key stands for, or that the focus is led to.
pub fn button_with(
    cx: &Cx,
    name: &'static str,
    value: &'static str,
    weight: Weight,
    label: AttrValue,
    msg: Msg,
) -> Html {
    let names: &'static [&'static str] = match name {
        "id" => &["type", "class", "part", "id"],
        _ => &["type", "class", "part", "aria-keyshortcuts"],
    };
    let about = vec!["button".into(), weight.class().into(), weight.part().into(), value.into()];
    press(names, about, cx.press(msg), vec![text(label)])
}

/// Something is on its way.
pub fn waiting(cx: &Cx) -> Html {
    p("waiting", cx.text(Key::Waiting))
}

/// Something is on its way; once that takes longer than usual, this says so and offers another try.
pub fn awaited(cx: &Cx, slow: bool, lane: Lane) -> Html {
    group(vec![
        waiting(cx),
        maybe(slow.then_some(()), |()| {
            let about = vec!["trouble".into(), "trouble".into(), "status".into()];
            let inside = vec![
                p("", cx.text(Key::Slow)),
                button(cx, Weight::Plain, cx.text(Key::Retry), Msg::Retry(lane)),
            ];
            with("div", &["class", "part", "role"], about, inside)
        }),
    ])
}

/// What went wrong, what is safe, what to do, and another try.
pub fn trouble(cx: &Cx, failure: &Failure, lane: Lane) -> Html {
    let (happened, advice) = words::trouble(failure.trouble());
    let safe = match lane {
        _ if failure.trouble() == Trouble::Stopped => None,
        Lane::Erase if cx.state.flow.as_ref().is_some_and(|flow| flow.maybe_sent) => Some(Key::SafeAgain),
        Lane::Erase | Lane::Keep | Lane::Undo if failure.may_have_arrived() => Some(Key::SafeAgain),
        Lane::Erase | Lane::Keep | Lane::Undo | Lane::Half => Some(Key::SafeNothingChanged),
        _ => None,
    };
    let again = match (lane, failure.trouble()) {
        // A deletion is sent again by its own button.
        (Lane::Erase, _) => None,
        // Asking again for what is gone leads nowhere.
        (Lane::Recording, Trouble::Gone) => Some((Key::BackToList, Msg::Close)),
        _ => Some((Key::Retry, Msg::Retry(lane))),
    };
    let again = again.map(|(label, msg)| button(cx, Weight::Plain, cx.text(label), msg));
    with(
        "div",
        &["class", "part", "role"],
        vec!["trouble".into(), "trouble".into(), "alert".into()],
        vec![
            p("lead", cx.text(happened)),
            maybe(safe, |safe| p("", cx.text(safe))),
            p("", cx.text(advice)),
            again.unwrap_or_default(),
        ],
    )
}

/// A length of time as a clock shows it: 0:07, 1:02:03.
pub fn clock(ms: u64) -> String {
    let seconds = ms.div_ceil(1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A length of time in words, in its largest unit that says enough.
pub fn left(texts: &Texts, ms: i64) -> AttrValue {
    let seconds = u64::try_from(ms / 1_000).unwrap_or(0);
    match seconds {
        0..120 => texts.count(Key::Seconds, seconds, &[]),
        120..7_200 => texts.count(Key::Minutes, seconds / 60, &[]),
        7_200..172_800 => texts.count(Key::Hours, seconds / 3_600, &[]),
        _ => texts.count(Key::Days, seconds / 86_400, &[]),
    }
}

/// "from 3 March 2025 to 21 November 2026", or one day.
pub fn period(texts: &Texts, oldest: Option<Timestamp>, newest: Option<Timestamp>) -> Option<AttrValue> {
    let (from, to) = (texts.moment(Format::LocalDate, oldest?), texts.moment(Format::LocalDate, newest?));
    Some(if from == to {
        texts.fill(Key::OnDay, &[("day", &from)])
    } else {
        texts.fill(Key::FromTo, &[("from", &from), ("to", &to)])
    })
}

/// By what a recording is called in a label: "voice recording of 21 November 2026, 14:03".
pub fn name_of(texts: &Texts, item: &RecordingItem) -> AttrValue {
    let at = texts.moment(Format::DayTime, item.captured_at);
    texts.fill(Key::RecordingOf, &[("kind", &texts.get(words::kind(item.kind))), ("at", &at)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_never_shows_less_than_there_is() {
        assert_eq!(clock(0), "0:00");
        assert_eq!(clock(400), "0:01");
        assert_eq!(clock(61_000), "1:01");
        assert_eq!(clock(3_723_000), "1:02:03");
    }
}
