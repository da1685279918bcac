//! What an erasure would delete, and what stays and why. The page shows it before, the service
//! acts on the same decisions.

use serde::{Deserialize, Serialize};

use crate::{
    keep,
    scope::Scope,
    store::{StoreId, Stores},
    time::{Date, Timestamp},
};

/// What a decision needs to know of one recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The stores that hold something of it and are not sealed by another erasure.
    pub usable: Stores,
    /// The stores that another erasure is to empty of it, sealed till then.
    pub sealed: Stores,
    /// The end of the asking guardian's own keep.
    pub kept_by_asker: Option<Date>,
    /// The end of another guardian's keep.
    pub kept_by_other: Option<Date>,
}

/// What happens to one recording that a scope finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// These stores erase their copies.
    Erase {
        /// The stores.
        from: Stores,
        /// Another guardian's keep still holds: the erasure is contested.
        contested: bool,
    },
    /// It stays, because the asking guardian said so earlier.
    Kept {
        /// Until the end of this day.
        until: Date,
    },
    /// Nothing of what the scope reaches is there.
    Nothing,
}

/// Decides one recording.
///
/// What another erasure has only sealed goes as well: taking that one back must not bring back what this one
/// says is deleted. The asker's own live keep holds it back, unless `include_kept` says otherwise or the scope means
/// everything. When nothing but its catalogue entry would be left in use, the entry goes too.
#[must_use]
pub fn decide(scope: &Scope, include_kept: bool, today: Date, of: Candidate) -> Decision {
    let mut from = scope.reaches().and(of.usable.or(of.sealed));
    let entry = Stores::NONE.with(StoreId::Catalogue);
    if from.without(entry).is_empty() && !from.has(StoreId::Catalogue) {
        return Decision::Nothing;
    }
    if of.usable.without(from) == entry {
        from = from.with(StoreId::Catalogue);
    }
    let live = |until: Option<Date>| until.filter(|until| keep::is_live(*until, today));
    match live(of.kept_by_asker) {
        Some(until) if !include_kept && !scope.is_total() => Decision::Kept { until },
        _ => Decision::Erase { from, contested: live(of.kept_by_other).is_some() },
    }
}

/// How many copies one store would erase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoreCount {
    /// The store.
    pub store: StoreId,
    /// Copies it would erase, one a recording.
    pub copies: u64,
}

/// Recordings that stay because the asking guardian keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeptCount {
    /// How many.
    pub recordings: u64,
    /// The last day any of them is kept.
    pub until: Date,
}

/// The sum of the decisions over everything a scope finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Recordings that lose something.
    pub recordings: u64,
    /// When the first and the last of them were captured.
    pub period: Option<(Timestamp, Timestamp)>,
    /// Recordings held back by the asker's own keep.
    pub kept: Option<KeptCount>,
    /// Whether another guardian's keep makes it contested.
    pub contested: bool,
    copies: [u64; StoreId::ALL.len()],
}

impl Tally {
    /// Adds one recording, captured at `captured_at`.
    pub fn add(&mut self, captured_at: Timestamp, decision: Decision) {
        match decision {
            Decision::Nothing => {}
            Decision::Kept { until } => {
                let kept = self.kept.get_or_insert(KeptCount { recordings: 0, until });
                kept.recordings += 1;
                kept.until = kept.until.max(until);
            }
            Decision::Erase { from, contested } => {
                self.recordings += 1;
                self.contested |= contested;
                let (first, last) = self.period.unwrap_or((captured_at, captured_at));
                self.period = Some((first.min(captured_at), last.max(captured_at)));
                for store in StoreId::ALL {
                    self.copies[store as usize] += u64::from(!from.and(store.takes_part_in()).is_empty());
                }
            }
        }
    }

    /// Every store that would erase something, in the order of erasure.
    #[must_use]
    pub fn stores(&self) -> Vec<StoreCount> {
        StoreId::ALL
            .into_iter()
            .map(|store| StoreCount { store, copies: self.copies[store as usize] })
            .filter(|count| count.copies > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::word::Class;

    fn today() -> Date {
        "2026-11-21".parse().unwrap()
    }

    fn whole() -> Candidate {
        Candidate { usable: Stores::ALL, sealed: Stores::NONE, kept_by_asker: None, kept_by_other: None }
    }

    fn of(class: Class) -> Scope {
        Scope::Class { class, from: None, to: None }
    }

    #[test]
    fn one_recording_goes_from_every_store() {
        let scope = Scope::Items { recordings: vec![] };
        let gone = Decision::Erase { from: Stores::ALL, contested: false };
        assert_eq!(decide(&scope, false, today(), whole()), gone);
    }

    #[test]
    fn my_own_keep_holds_back_what_does_not_mean_everything() {
        let kept = Candidate { kept_by_asker: Some(today()), ..whole() };
        let search = Scope::Search { filter: crate::scope::Filter::default() };
        assert_eq!(decide(&search, false, today(), kept), Decision::Kept { until: today() });
        let gone = Decision::Erase { from: Stores::ALL, contested: false };
        assert_eq!(decide(&search, true, today(), kept), gone);
        assert_eq!(decide(&Scope::Child {}, false, today(), kept), gone);
        assert_eq!(
            decide(&search, false, today().plus_days(1), kept),
            gone,
            "a keep that is over holds nothing"
        );
    }

    #[test]
    fn another_guardians_keep_contests_and_never_refuses() {
        let kept = Candidate { kept_by_other: Some(today()), ..whole() };
        let contested = Decision::Erase { from: Stores::ALL, contested: true };
        assert_eq!(decide(&Scope::Child {}, false, today(), kept), contested);
    }

    #[test]
    fn an_entry_with_nothing_behind_it_goes_too() {
        let scope = of(Class::Media);
        let Decision::Erase { from, .. } = decide(&scope, false, today(), whole()) else { panic!() };
        let of_places = Stores::reached_by(Class::Location);
        assert_eq!(Stores::ALL.without(from), of_places.with(StoreId::Catalogue));
        let no_place =
            Candidate { usable: Stores::ALL.without(Stores::reached_by(Class::Location)), ..whole() };
        let Decision::Erase { from, .. } = decide(&scope, false, today(), no_place) else { panic!() };
        assert_eq!(from, no_place.usable);
    }

    #[test]
    fn what_a_class_scope_does_not_find_is_not_counted() {
        let silent =
            Candidate { usable: Stores::NONE.with(StoreId::Media).with(StoreId::Catalogue), ..whole() };
        assert_eq!(decide(&of(Class::Location), false, today(), silent), Decision::Nothing);
    }

    #[test]
    fn a_tally_names_number_period_and_places() {
        let mut tally = Tally::default();
        for ms in [5_000, 1_000, 9_000] {
            tally.add(
                Timestamp::from_ms(ms),
                Decision::Erase { from: Stores::reached_by(Class::Transcript), contested: false },
            );
        }
        tally.add(Timestamp::from_ms(99_000), Decision::Kept { until: today() });
        tally.add(Timestamp::from_ms(99_000), Decision::Nothing);
        assert_eq!(tally.recordings, 3);
        assert_eq!(tally.period, Some((Timestamp::from_ms(1_000), Timestamp::from_ms(9_000))));
        assert_eq!(tally.kept, Some(KeptCount { recordings: 1, until: today() }));
        // The keys of what lies under keys go with it.
        let stores =
            [StoreId::Keys, StoreId::Transcript, StoreId::SearchIndex, StoreId::Fact, StoreId::Dataset];
        let stores = stores.map(|store| StoreCount { store, copies: 3 });
        assert_eq!(tally.stores(), stores);
    }

    #[test]
    fn what_another_erasure_has_sealed_goes_too() {
        let made = Stores::reached_by(Class::Derived);
        let sealed = Candidate { usable: Stores::ALL.without(made), sealed: made, ..whole() };
        for scope in [Class::Media, Class::Transcript, Class::Location].map(of) {
            let Decision::Erase { from, .. } = decide(&scope, false, today(), sealed) else { panic!() };
            assert_eq!(from, scope.reaches());
        }
        // Together they leave nothing in use: the entry goes with the second.
        let (place, sound) = (Stores::reached_by(Class::Location), Stores::reached_by(Class::Media));
        let sealed = Candidate { usable: Stores::ALL.without(sound), sealed: sound, ..whole() };
        let Decision::Erase { from, .. } = decide(&of(Class::Location), false, today(), sealed) else {
            panic!()
        };
        assert_eq!(from, place.with(StoreId::Catalogue));
    }

    proptest! {
        /// Whatever the scope, nothing is erased that is not there, nothing of the scope is left,
        /// and no entry is left with nothing behind it.
        #[test]
        fn a_decision_reaches_exactly_what_is_there(bits in any::<u32>(), class in 0..5_usize) {
            let usable = Stores::from_bits(bits).with(StoreId::Catalogue);
            let scope = Class::ALL.get(class).map_or(Scope::Child {}, |class| of(*class));
            let candidate = Candidate { usable, ..whole() };
            match decide(&scope, false, today(), candidate) {
                Decision::Erase { from, .. } => {
                    prop_assert_eq!(from.without(usable), Stores::NONE);
                    let left = usable.without(from);
                    prop_assert!(scope.reaches().without(Stores::NONE.with(StoreId::Catalogue)).and(left).is_empty());
                    prop_assert_ne!(left, Stores::NONE.with(StoreId::Catalogue));
                }
                Decision::Nothing => prop_assert!(scope.reaches().and(usable).is_empty()),
                Decision::Kept { .. } => prop_assert!(false, "nothing is kept here"),
            }
        }
    }
}
