//! One recording, opened, and the keep that is being chosen for it.

use rules::{
    Date, RecordingId,
    contract::Recording,
    keep::{self, KeepRefused},
};

use super::{Call, Effect, Failure, Loaded, Spot, Turn};

/// Dates a keep is offered with, in calendar months. The first is the default of the rules; none
/// is chosen beforehand.
pub const OFFERED_MONTHS: [u32; 3] = [12, 6, 3];

/// What happens to an opened recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenedMsg {
    /// The form for a keep is opened or closed.
    KeepForm(bool),
    /// A date was chosen: offered, or typed as `2026-11-21`.
    Until(String),
    /// Keep it until the chosen date.
    Keep,
    /// The keep ends now.
    EndKeep,
}

/// What is opened.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opened {
    /// Which recording.
    pub id: Option<RecordingId>,
    /// What she searched for when she opened it.
    words: Option<String>,
    /// What is known of it.
    pub recording: Loaded<Recording>,
    /// Whether a date is being chosen.
    pub choosing: bool,
    /// The date, as the form has it.
    pub until: String,
    /// Why that date cannot be kept until.
    pub refused: Option<BadDate>,
    /// The keep on its way.
    pub keeping: Loaded<()>,
    /// What was asked for last: the date, or the end of the keep.
    asked: Option<Option<Date>>,
    /// Keeps on their way, of recordings that may not be shown any more. Leaving calls none of them off.
    sent: Vec<(Turn, RecordingId, Option<Date>)>,
}

/// A keep that was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// Of which recording.
    pub id: RecordingId,
    /// Until when; none for the end of a keep.
    pub until: Option<Date>,
    /// Why it failed.
    pub failed: Option<Failure>,
    /// Whether she still looks at it.
    pub shown: bool,
}

/// Why a keep cannot have the date in the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadDate {
    /// No date, or one that does not exist.
    Missing,
    /// The rules refuse it.
    Refused(KeepRefused),
}

impl Opened {
    /// Opens `id` and forgets what was open before. What `words` find in it is marked.
    pub fn open(&mut self, id: RecordingId, words: Option<String>) -> Vec<Effect> {
        if self.id != Some(id) {
            self.forget();
        }
        self.id = Some(id);
        self.words = words;
        self.load()
    }

    /// Fetches it again.
    pub fn load(&mut self) -> Vec<Effect> {
        let words = self.words.clone();
        self.id
            .map(|id| Effect::Call(self.recording.begin(), Call::Recording(id, words)))
            .into_iter()
            .collect()
    }

    /// What a reader did.
    pub fn update(&mut self, msg: OpenedMsg, today: Date) -> Vec<Effect> {
        match msg {
            OpenedMsg::KeepForm(choosing) => {
                self.choosing = choosing;
                self.refused = None;
                self.keeping.failed = None;
                return vec![Effect::Focus(if choosing { Spot::KeepFirst } else { Spot::Keep })];
            }
            OpenedMsg::Until(until) => {
                self.until = until;
                self.refused = None;
            }
            OpenedMsg::Keep => match self
                .until
                .parse()
                .map_err(|_| BadDate::Missing)
                .and_then(|until| keep::may_keep(until, today).map_err(BadDate::Refused))
            {
                Ok(until) => return self.ask(Some(until)),
                Err(why) => self.refused = Some(why),
            },
            OpenedMsg::EndKeep => return self.ask(None),
        }
        Vec::new()
    }

    /// Asks again for the keep, or its end, that failed.
    pub fn retry_keep(&mut self) -> Vec<Effect> {
        self.asked.map(|until| self.ask(until)).unwrap_or_default()
    }

    fn ask(&mut self, until: Option<Date>) -> Vec<Effect> {
        let Some(id) = self.id.filter(|_| !self.keeping.busy) else { return Vec::new() };
        self.asked = Some(until);
        let turn = self.keeping.begin();
        self.sent.push((turn, id, until));
        vec![Effect::Call(turn, Call::Keep(id, until))]
    }

    /// A keep was answered.
    pub fn kept(&mut self, turn: Turn, answer: Result<(), Failure>) -> Option<Settled> {
        let at = self.sent.iter().position(|(sent, ..)| *sent == turn)?;
        let (_, id, until) = self.sent.swap_remove(at);
        let failed = answer.as_ref().err().cloned();
        let shown = self.keeping.accept(turn, answer);
        if shown && failed.is_none() {
            self.choosing = false;
            if let Some(recording) = &mut self.recording.value {
                recording.item.kept_until = until;
            }
        }
        Some(Settled { id, until, failed, shown })
    }

    /// Forgets everything that is shown. Answers on their way will be late.
    pub fn forget(&mut self) {
        self.id = None;
        self.recording.clear();
        self.keeping.clear();
        self.asked = None;
        self.choosing = false;
        self.until.clear();
        self.refused = None;
    }

    /// The date that many months from today.
    #[must_use]
    pub fn offer(months: u32, today: Date) -> Date {
        today.plus_months(i64::from(months))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::samples::recording;

    fn today() -> Date {
        "2026-11-21".parse().unwrap()
    }

    fn opened() -> Opened {
        let mut opened = Opened::default();
        opened.open(recording(1).id, None);
        opened
    }

    #[test]
    fn nothing_is_kept_for_ever_or_until_yesterday() {
        for (until, why) in [
            ("", BadDate::Missing),
            ("2027-02-30", BadDate::Missing),
            ("2026-11-21", BadDate::Refused(KeepRefused::NotInFuture)),
            ("2028-05-22", BadDate::Refused(KeepRefused::TooLong { latest: "2028-05-21".parse().unwrap() })),
        ] {
            let mut opened = opened();
            opened.update(OpenedMsg::Until(until.into()), today());
            assert!(opened.update(OpenedMsg::Keep, today()).is_empty(), "{until}");
            assert_eq!(opened.refused, Some(why));
        }
    }

    #[test]
    fn every_offered_date_can_be_kept_until() {
        for months in OFFERED_MONTHS {
            assert!(keep::may_keep(Opened::offer(months, today()), today()).is_ok());
        }
    }

    #[test]
    fn a_keep_that_failed_is_asked_for_again_as_it_was() {
        let mut opened = opened();
        opened.update(OpenedMsg::Until("2027-11-21".into()), today());
        let first = opened.update(OpenedMsg::Keep, today());
        let [Effect::Call(turn, call)] = &first[..] else { panic!() };
        assert!(opened.update(OpenedMsg::Keep, today()).is_empty(), "one at a time");
        opened.kept(*turn, Err(Failure::NoAnswer));
        opened.update(OpenedMsg::Until("2027-01-01".into()), today());
        assert!(matches!(&opened.retry_keep()[..], [Effect::Call(_, again)] if again == call));
    }

    #[test]
    fn a_keep_is_answered_though_she_has_gone_on() {
        let mut opened = opened();
        opened.update(OpenedMsg::Until("2027-11-21".into()), today());
        let [Effect::Call(turn, _)] = opened.update(OpenedMsg::Keep, today())[..] else { panic!() };
        opened.open(recording(2).id, None);
        let until = Some("2027-11-21".parse().unwrap());
        let settled = Settled { id: recording(1).id, until, failed: None, shown: false };
        assert_eq!(opened.kept(turn, Ok(())), Some(settled));
        assert_eq!(opened.kept(turn, Ok(())), None, "once");
    }

    #[test]
    fn another_recording_shows_nothing_of_the_last_one() {
        let mut opened = opened();
        let turn = opened.recording.begin();
        opened.recording.accept(turn, Err(Failure::NoAnswer));
        opened.until = "2027-01-01".into();
        opened.open(recording(2).id, None);
        assert_eq!((opened.recording.value.as_ref(), opened.until.as_str()), (None, ""));
    }
}
