//! What is made from recordings, what it goes with, and what becomes of models that learned from it.

use serde::{Deserialize, Serialize};

use crate::{
    retention::MODEL_ENDS_WITHIN_DAYS,
    store::{StoreId, Stores},
    time::{Date, Timestamp},
    word::Class,
};

/// The most recordings and other things that one thing is made from.
pub const MAX_SOURCES: usize = 100;
/// The most recordings that one thing goes with, those of the things it was made from among them.
pub const MAX_LINEAGE: usize = 1000;
/// The most rows that are handed in with one call.
pub const MAX_ROWS: usize = 1000;
/// The most bytes of a thing's content.
pub const MAX_CONTENT_BYTES: usize = 256 << 10;
/// The longest name of a dataset or a model, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// What kind of thing was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// Something that was learned, in words.
    Fact,
    /// What a voice is recognised by.
    Voiceprint,
    /// A still picture.
    Thumbnail,
    /// A row of a dataset.
    Row,
}

impl Made {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Fact, Self::Voiceprint, Self::Thumbnail, Self::Row];

    /// Its name in the API, the database and the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fact => "fact",
            Self::Voiceprint => "voiceprint",
            Self::Thumbnail => "thumbnail",
            Self::Row => "row",
        }
    }

    /// The store it lives in.
    #[must_use]
    pub const fn store(self) -> StoreId {
        match self {
            Self::Fact => StoreId::Fact,
            Self::Voiceprint => StoreId::Voiceprint,
            Self::Thumbnail => StoreId::Thumbnail,
            Self::Row => StoreId::Dataset,
        }
    }

    /// Whether a thing of this kind can be made from this part of a recording. Words make no voiceprint and no
    /// picture: with the words it would not go.
    #[must_use]
    pub const fn may_be_from(self, class: Class) -> bool {
        match self {
            Self::Fact | Self::Row => !matches!(class, Class::Derived),
            Self::Voiceprint | Self::Thumbnail => matches!(class, Class::Media | Class::Location),
        }
    }

    /// What it was made from, where nobody said: what can be heard, seen or read, as far as there is any.
    #[must_use]
    pub fn usually_from(self, usable: Stores) -> Vec<Class> {
        let from: &[Class] = match self {
            Self::Fact | Self::Row => &[Class::Media, Class::Transcript],
            Self::Voiceprint | Self::Thumbnail => &[Class::Media],
        };
        from.iter().copied().filter(|class| usable.has_class(*class)).collect()
    }

    /// The stores by which a thing of this kind goes that was made `from` these parts of a recording: as
    /// soon as one of them forgets the recording, the thing is erased.
    #[must_use]
    pub fn goes_with(self, from: &[Class]) -> Stores {
        let mut stores = Stores::NONE;
        if from.iter().any(|class| *class != Class::Location) {
            stores = stores.with(self.store());
        }
        if from.contains(&Class::Location) {
            stores = stores.with(StoreId::FromLocation);
        }
        stores
    }
}

/// Whether the guardians of those in a dataset had agreed to training with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// They had.
    Given,
    /// They had not, or nobody knows.
    None,
}

impl Consent {
    /// Its name in the API and the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::None => "none",
        }
    }
}

/// What becomes of a model that learned from what is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ModelState {
    /// It was made before, with consent. The datasets it is built from next do not have it any more.
    LeftOutOfNextBuild,
    /// Consent was never valid: it is retired or trained anew by a day.
    RetireOrRetrainBy,
    /// It is not used any more.
    Retired,
    /// It was trained anew, without it.
    Retrained,
    /// It stays, and the operator has said why.
    KeptBecause,
}

impl ModelState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::LeftOutOfNextBuild,
        Self::RetireOrRetrainBy,
        Self::Retired,
        Self::Retrained,
        Self::KeptBecause,
    ];

    /// Its word in the API, the database and the statement.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::LeftOutOfNextBuild => "left-out-of-next-build",
            Self::RetireOrRetrainBy => "retire-or-retrain-by",
            Self::Retired => "retired",
            Self::Retrained => "retrained",
            Self::KeptBecause => "kept-because",
        }
    }
}

/// What is to become of a model when some of what it was trained with is asked to be erased at `asked_at`,
/// and by which day.
#[must_use]
pub fn model_state(consent: Consent, asked_at: Timestamp) -> (ModelState, Option<Date>) {
    match consent {
        Consent::Given => (ModelState::LeftOutOfNextBuild, None),
        Consent::None => {
            (ModelState::RetireOrRetrainBy, Some(asked_at.date().plus_days(MODEL_ENDS_WITHIN_DAYS)))
        }
    }
}

/// Whether a model is past the day by which it was to be retired or trained anew.
#[must_use]
pub fn is_overdue(state: ModelState, day: Option<Date>, today: Date) -> bool {
    state == ModelState::RetireOrRetrainBy && day.is_some_and(|day| day < today)
}

/// Whether `name` can name a dataset or a model: one word of visible ASCII, for it stands in statements.
#[must_use]
pub fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_CHARS).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// How many things of one store an erasure takes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MadeCount {
    /// The store.
    pub store: StoreId,
    /// Things, however many recordings each was made from.
    pub things: u64,
    /// Of these, how many were made from recordings that stay as well. They go: what was learned from what
    /// is deleted would still be known.
    pub shared: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_goes_with_whatever_it_was_made_from() {
        for made in Made::ALL {
            let of_sound = made.goes_with(&[Class::Media]);
            assert!(!Stores::reached_by(Class::Media).and(of_sound).is_empty(), "{made:?}");
            assert!(Stores::reached_by(Class::Location).and(of_sound).is_empty(), "{made:?}");
            let of_place = made.goes_with(&[Class::Location]);
            assert!(!Stores::reached_by(Class::Location).and(of_place).is_empty(), "{made:?}");
            assert!(Stores::reached_by(Class::Media).and(of_place).is_empty(), "{made:?}");
            let of_both = made.goes_with(&[Class::Location, Class::Transcript]);
            for class in [Class::Media, Class::Location, Class::Derived] {
                assert!(!Stores::reached_by(class).and(of_both).is_empty(), "{made:?} {class:?}");
            }
            for class in Class::ALL.into_iter().filter(|class| made.may_be_from(*class)) {
                let goes_with = made.goes_with(&[class]);
                assert!(!Stores::reached_by(class).and(goes_with).is_empty(), "{made:?} from {class:?}");
            }
        }
    }

    #[test]
    fn nobody_said_a_place_so_it_is_not_made_from_one() {
        for made in Made::ALL {
            assert!(made.goes_with(&made.usually_from(Stores::ALL)).has(made.store()));
            assert!(!made.goes_with(&made.usually_from(Stores::ALL)).has(StoreId::FromLocation));
            assert_eq!(made.usually_from(Stores::reached_by(Class::Location)), []);
        }
    }

    #[test]
    fn a_model_that_was_never_agreed_to_ends_by_a_day() {
        let asked: Timestamp = "2026-11-21T14:00:00Z".parse().unwrap();
        assert_eq!(model_state(Consent::Given, asked), (ModelState::LeftOutOfNextBuild, None));
        let by: Date = "2027-02-19".parse().unwrap();
        assert_eq!(model_state(Consent::None, asked), (ModelState::RetireOrRetrainBy, Some(by)));
        assert!(!is_overdue(ModelState::RetireOrRetrainBy, Some(by), by));
        assert!(is_overdue(ModelState::RetireOrRetrainBy, Some(by), by.plus_days(1)));
        for ended in [ModelState::Retired, ModelState::Retrained, ModelState::KeptBecause] {
            assert!(!is_overdue(ended, Some(by), by.plus_days(1)), "{ended:?}");
        }
    }

    #[test]
    fn words_are_those_of_the_api() {
        for state in ModelState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.word());
        }
        for made in Made::ALL {
            assert_eq!(serde_json::to_value(made).unwrap(), made.name());
        }
        for consent in [Consent::Given, Consent::None] {
            assert_eq!(serde_json::to_value(consent).unwrap(), consent.name());
        }
    }

    #[test]
    fn a_name_is_one_word() {
        assert!(is_name("voice-3"));
        for bad in ["", "voice 3", "stimme-für-mia", "two\nlines", &"x".repeat(101)] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
