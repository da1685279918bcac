//! The places where copies live, and which of them each class means.

use serde::{Deserialize, Serialize};

use crate::word::Class;

/// A named place where copies of a child's data live.
///
/// Their order is the order of erasure: the keys go first, for without them no copy of a file can be
/// read anywhere; then what can be heard or read; the entry that ties it all to a moment and a device
/// goes last. Their numbers are bits in databases and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StoreId {
    /// The keys without which nothing of a recording, nor what was made from it, can be read.
    Keys = 6,
    /// The sound or video files.
    Media = 0,
    /// The recognised words.
    Transcript = 1,
    /// Where recordings were captured.
    Location = 2,
    /// The words again, arranged for searching.
    SearchIndex = 3,
    /// The picture of loudness shown beside a player.
    Waveform = 4,
    /// What was learned from what was said or seen: "allergic to walnuts".
    Fact = 7,
    /// What a voice is recognised by.
    Voiceprint = 8,
    /// A still picture of a video.
    Thumbnail = 9,
    /// Rows of datasets, such as a model is trained with.
    Dataset = 10,
    /// Whatever was made from places.
    FromLocation = 11,
    /// The entry of each recording: when, how long, by which device, until when it is kept.
    Catalogue = 5,
}

impl StoreId {
    /// The inventory: every store there is, in the order of erasure.
    pub const ALL: [Self; 12] = [
        Self::Keys,
        Self::Media,
        Self::Transcript,
        Self::Location,
        Self::SearchIndex,
        Self::Waveform,
        Self::Fact,
        Self::Voiceprint,
        Self::Thumbnail,
        Self::Dataset,
        Self::FromLocation,
        Self::Catalogue,
    ];

    /// The class of what it holds; none for the catalogue, which is the entry itself, and for the keys, which are
    /// those of every class.
    #[must_use]
    pub const fn class(self) -> Option<Class> {
        match self {
            Self::Media => Some(Class::Media),
            Self::Transcript => Some(Class::Transcript),
            Self::Location => Some(Class::Location),
            Self::SearchIndex
            | Self::Waveform
            | Self::Fact
            | Self::Voiceprint
            | Self::Thumbnail
            | Self::Dataset
            | Self::FromLocation => Some(Class::Derived),
            Self::Keys | Self::Catalogue => None,
        }
    }

    /// Its name in the API, the database and the logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Media => "media",
            Self::Transcript => "transcript",
            Self::Location => "location",
            Self::SearchIndex => "search_index",
            Self::Waveform => "waveform",
            Self::Fact => "fact",
            Self::Voiceprint => "voiceprint",
            Self::Thumbnail => "thumbnail",
            Self::Dataset => "dataset",
            Self::FromLocation => "from_location",
            Self::Catalogue => "catalogue",
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// An erasure that reaches any of these is this store's work. The keys' is all that lies under keys: each part
    /// of a recording and each thing made from it has one of its own, so that it can be destroyed alone.
    #[must_use]
    pub const fn takes_part_in(self) -> Stores {
        match self {
            Self::Keys => Stores::UNDER_KEYS.with(Self::Keys),
            _ => Stores::NONE.with(self),
        }
    }
}

/// A set of stores: those that hold something of one recording, or those an erasure reaches.
/// Kept in the database as the integer [`Stores::bits`]: bit `n` stands for the store of the
/// number `n`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Stores(u32);

impl Stores {
    /// No store.
    pub const NONE: Self = Self(0);
    /// Every store of the inventory.
    pub const ALL: Self = Self((1 << StoreId::ALL.len()) - 1);
    /// The stores whose copies are encrypted, each with a key of its own. What is searched for cannot be, and the
    /// entry is what names the keys.
    pub const UNDER_KEYS: Self =
        Self(Self::ALL.0 & !(StoreId::Keys.bit() | StoreId::SearchIndex.bit() | StoreId::Catalogue.bit()));

    /// The set with these bits; bits that stand for no store are dropped.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The set as an integer.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// This set and `store`.
    #[must_use]
    pub const fn with(self, store: StoreId) -> Self {
        Self(self.0 | store.bit())
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether `store` is in it.
    #[must_use]
    pub const fn has(self, store: StoreId) -> bool {
        self.0 & store.bit() != 0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it holds anything of `class`.
    #[must_use]
    pub fn has_class(self, class: Class) -> bool {
        self.iter().any(|store| store.class() == Some(class))
    }

    /// The classes it holds, in the order a parent reads them.
    #[must_use]
    pub fn classes(self) -> Vec<Class> {
        Class::ALL.into_iter().filter(|class| self.has_class(*class)).collect()
    }

    /// Its stores in the order of erasure.
    pub fn iter(self) -> impl Iterator<Item = StoreId> {
        StoreId::ALL.into_iter().filter(move |store| self.has(*store))
    }

    /// The stores that deleting `class` on its own reaches, with its cascade.
    ///
    /// Sound or video never goes alone: what was made from it goes too (R4, "never audio only"). A
    /// transcript takes along what may have been learned from its words. A place is independent of voice
    /// both ways (R5): it takes along what was made from places, and nothing else does but "all that was made".
    #[must_use]
    pub const fn reached_by(class: Class) -> Self {
        match class {
            Class::Media => Self::reached_by(Class::Transcript)
                .with(StoreId::Keys)
                .with(StoreId::Media)
                .with(StoreId::Waveform)
                .with(StoreId::Voiceprint)
                .with(StoreId::Thumbnail),
            Class::Transcript => Self::NONE
                .with(StoreId::Transcript)
                .with(StoreId::SearchIndex)
                .with(StoreId::Fact)
                .with(StoreId::Dataset),
            Class::Location => Self::NONE.with(StoreId::Location).with(StoreId::FromLocation),
            Class::Derived => Self::NONE
                .with(StoreId::SearchIndex)
                .with(StoreId::Waveform)
                .with(StoreId::Fact)
                .with(StoreId::Voiceprint)
                .with(StoreId::Thumbnail)
                .with(StoreId::Dataset)
                .with(StoreId::FromLocation),
        }
    }
}

impl FromIterator<StoreId> for Stores {
    fn from_iter<I: IntoIterator<Item = StoreId>>(stores: I) -> Self {
        stores.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_stand_for_the_stores_that_databases_know_by_them() {
        // A new store gets the next number, wherever it stands in the order.
        let names = [
            "media",
            "transcript",
            "location",
            "search_index",
            "waveform",
            "catalogue",
            "keys",
            "fact",
            "voiceprint",
            "thumbnail",
            "dataset",
            "from_location",
        ];
        for (n, name) in names.iter().enumerate() {
            let store: StoreId = serde_json::from_value((*name).into()).unwrap();
            assert_eq!((store.name(), Stores::NONE.with(store).bits()), (*name, 1 << n));
        }
        assert_eq!(Stores::ALL.iter().collect::<Vec<_>>(), StoreId::ALL);
        assert_eq!(Stores::from_bits(u32::MAX), Stores::ALL);
    }

    #[test]
    fn deleting_media_leaves_nothing_made_from_it() {
        let left = Stores::ALL.without(Stores::reached_by(Class::Media));
        let place_and_entry = Stores::reached_by(Class::Location).with(StoreId::Catalogue);
        assert_eq!(left, place_and_entry);
    }

    #[test]
    fn a_file_and_its_key_go_together_and_the_key_first() {
        assert_eq!(StoreId::ALL[0], StoreId::Keys);
        assert_eq!(StoreId::ALL.last(), Some(&StoreId::Catalogue));
        for class in Class::ALL {
            let reached = Stores::reached_by(class);
            assert_eq!(reached.has(StoreId::Media), reached.has(StoreId::Keys), "{class:?}");
        }
    }

    #[test]
    fn whatever_class_is_deleted_its_keys_are_destroyed() {
        let keys = StoreId::Keys.takes_part_in();
        for class in Class::ALL {
            assert!(!Stores::reached_by(class).and(keys).is_empty(), "{class:?}");
        }
        for store in [StoreId::SearchIndex, StoreId::Catalogue] {
            assert!(!keys.has(store), "{store:?} has no key that could be destroyed");
            assert_eq!(store.takes_part_in(), Stores::NONE.with(store));
        }
    }

    #[test]
    fn place_and_voice_are_independent_both_ways() {
        let place = Stores::reached_by(Class::Location);
        assert_eq!(place.iter().collect::<Vec<_>>(), [StoreId::Location, StoreId::FromLocation]);
        for class in [Class::Media, Class::Transcript] {
            assert!(Stores::reached_by(class).and(place).is_empty(), "{class:?}");
        }
    }

    #[test]
    fn deleting_a_class_leaves_nothing_of_that_class() {
        for class in Class::ALL {
            assert!(!Stores::ALL.without(Stores::reached_by(class)).has_class(class), "{class:?}");
        }
    }
}
