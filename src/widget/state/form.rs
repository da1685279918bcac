//! What is looked for, as a form has it.

use rules::{Class, Date, DeviceId, Timestamp, scope::Filter, word::Kind};

use super::Zone;

/// A day that was chosen in a form, and the moment it stands for where the reader is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// As the form writes it: `2026-11-21`.
    pub day: String,
    /// The first moment of the day, or for the end of a period the first moment after it.
    pub at: Timestamp,
}

/// One change of what is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Words of the transcript.
    Words(String),
    /// First day.
    From(Option<Edge>),
    /// Last day.
    To(Option<Edge>),
    /// One device only.
    Device(Option<DeviceId>),
    /// Voice or video only.
    Kind(Option<Kind>),
    /// Only what has something of a class.
    Class(Option<Class>),
    /// Everything again.
    Nothing,
}

/// What is looked for, as the form has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Words, as typed.
    pub words: String,
    /// First day.
    pub from: Option<Edge>,
    /// Last day.
    pub to: Option<Edge>,
    /// Device.
    pub device: Option<DeviceId>,
    /// Voice or video.
    pub kind: Option<Kind>,
    /// Class.
    pub class: Option<Class>,
}

impl Form {
    /// The contract's filter. Words without a letter or a digit look for nothing.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let words = self.words.trim();
        let from = self.from.as_ref().map(|edge| edge.at);
        // A period that ends before it begins is not asked for; the form says so instead.
        let to = self.to.as_ref().map(|edge| edge.at).filter(|to| from.is_none_or(|from| from < *to));
        Filter {
            q: words.chars().any(says_something).then(|| words.to_owned()),
            from,
            to,
            device: self.device,
            kind: self.kind,
            class: self.class,
        }
    }

    /// Whether the period ends before it begins.
    #[must_use]
    pub fn is_backwards(&self) -> bool {
        matches!((&self.from, &self.to), (Some(from), Some(to)) if from.at >= to.at)
    }

    /// How many conditions beside the words are set.
    #[must_use]
    pub fn conditions(&self) -> u64 {
        [
            self.from.is_some(),
            self.to.is_some(),
            self.device.is_some(),
            self.kind.is_some(),
            self.class.is_some(),
        ]
        .into_iter()
        .map(u64::from)
        .sum()
    }
}

/// Whether a character may be part of a word. The service knows all of Unicode; here it is enough
/// not to look for punctuation of a keyboard.
fn says_something(c: char) -> bool {
    c.is_ascii_alphanumeric() || !c.is_ascii()
}

impl Edge {
    /// A first day: what was captured from its first moment on.
    #[must_use]
    pub fn first(day: Date, zone: Zone) -> Self {
        Self { day: day.to_string(), at: (zone.start_of)(day) }
    }

    /// A last day: what was captured before the first moment after it.
    #[must_use]
    pub fn last(day: Date, zone: Zone) -> Self {
        Self { day: day.to_string(), at: (zone.start_of)(day.plus_days(1)) }
    }
}
