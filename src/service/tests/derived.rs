//! What was made from recordings goes with them: from whichever of them, at first or second hand.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;

use std::sync::atomic::{AtomicBool, Ordering};

use household::{Household, canary};
use rules::{
    Class, DerivationId, ErasureState, RecordingId, Scope, StoreId, Stores,
    contract::{Derivations, NewDerivation, NewErasure, NewMade, Source},
    derived::{Consent, MAX_LINEAGE},
};
use service::{
    clock::Clock,
    derived::{self, DeriveError, dataset::Export},
    erasure::{ErasureError, accept, engine},
    listing::View,
    store::{Holds, Item, Store, StoreError, Subject},
};
use sqlx::{Row, query_scalar};

fn erase(home: &Household, scope: Scope) -> NewErasure {
    NewErasure { child: Some(home.child), scope, include_kept: false, waive_undo: true, as_of: None }
}

fn class(class: Class) -> Scope {
    Scope::Class { class, from: None, to: None }
}

fn items(recordings: &[RecordingId]) -> Scope {
    Scope::Items { recordings: recordings.to_vec() }
}

async fn list(home: &Household) -> Derivations {
    let view = View { asker: &home.asker, words: true };
    derived::view::list(&home.core, view, home.child, None, 100).await.unwrap()
}

/// What a parent can read of what was learned.
async fn facts(home: &Household) -> Vec<String> {
    let mut facts: Vec<String> = list(home).await.items.into_iter().filter_map(|made| made.text).collect();
    facts.sort();
    facts
}

#[tokio::test]
async fn nothing_that_was_made_from_it_is_left_in_any_file() {
    let home = Household::new().await;
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(home.record(n, "walnut", true).await);
        // Other words in each, so that what is left over could be told apart.
        for (kind, new) in
            [NewDerivation::Fact, NewDerivation::Voiceprint, NewDerivation::Thumbnail].into_iter().enumerate()
        {
            home.derive(new(home.made(&canary(n * 10 + kind as i64), &ids[n as usize..]))).await;
        }
        home.dataset("speech-1", Consent::Given, &[(ids[n as usize], &canary(n * 10 + 3))]).await;
    }
    let written = home.all_bytes();
    let sealed: Vec<Vec<u8>> = query_scalar("SELECT sealed FROM derivation ORDER BY number")
        .fetch_all(home.core.db.read())
        .await
        .unwrap();
    home.delete(&erase(&home, items(&ids[..15]))).await;
    let bytes = home.all_bytes();
    for n in 0..20 {
        for kind in 0..4 {
            let said = canary(n * 10 + kind);
            assert!(!household::holds(&written, said.as_bytes()), "nothing of it is written in the clear");
            let found = household::holds(&bytes, &sealed[(n * 4 + kind) as usize]);
            assert_eq!(found, n >= 15, "recording {n}, kind {kind}");
        }
    }
    home.delete(&erase(&home, Scope::Child {})).await;
    for store in service::store::DERIVED {
        assert_eq!(home.holds(store).await, 0, "{store:?}");
    }
}

#[tokio::test]
async fn a_fact_made_from_two_goes_with_either_and_the_preview_says_so() {
    let home = Household::new().await;
    let (one, two) = (home.record(0, "walnut", true).await, home.record(1, "walnuts again", true).await);
    home.derive(NewDerivation::Fact(home.made("allergic to walnuts", &[one, two]))).await;
    home.derive(NewDerivation::Fact(home.made("talks in the morning", &[two]))).await;
    let preview = accept::preview(&home.core, &home.asker, &erase(&home, items(&[one]))).await.unwrap();
    assert_eq!(preview.made.len(), 1);
    assert_eq!(
        (preview.made[0].store, preview.made[0].things, preview.made[0].shared),
        (StoreId::Fact, 1, 1)
    );
    let preview = accept::preview(&home.core, &home.asker, &erase(&home, items(&[one, two]))).await.unwrap();
    assert_eq!((preview.made[0].things, preview.made[0].shared), (2, 0));

    home.delete(&erase(&home, items(&[one]))).await;
    assert_eq!(facts(&home).await, ["talks in the morning"]);
    assert!(home.usable().await[0].has(StoreId::Fact), "the other has one of its own");
    let other = list(&home).await.items.remove(0);
    assert_eq!(other.recordings, [two]);
}

#[tokio::test]
async fn a_recording_does_not_say_that_it_has_what_went_with_another() {
    let home = Household::new().await;
    let one = home.record(0, "walnut", true).await;
    let both = [one, home.record(1, "walnuts again", true).await];
    home.derive(NewDerivation::Fact(home.made("allergic to walnuts", &both))).await;
    let request = NewErasure { waive_undo: false, ..erase(&home, items(&[one])) };
    let (sealed, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    // Meanwhile the other one goes, and takes the fact along.
    let derived = Scope::Class { class: Class::Derived, from: Some(home.at(1)), to: None };
    home.delete(&erase(&home, derived)).await;
    accept::cancel(&home.core, &home.asker, sealed.id).await.unwrap();
    assert_eq!(home.holds(StoreId::Fact).await, 0);
    assert!(
        home.usable().await.iter().all(|usable| !usable.has(StoreId::Fact)),
        "nothing is shown for nothing"
    );
    assert_eq!(home.usable().await[0], home.usable().await[0].with(StoreId::Media), "the rest is back");
}

#[tokio::test]
async fn an_undo_brings_back_what_was_made() {
    let home = Household::new().await;
    let id = home.record_whole(0, "walnut", true).await;
    let (before, shown) = (home.rows().await, list(&home).await);
    let dataset = home.dataset("speech-1", Consent::Given, &[(id, "is there already")]).await;
    let request = NewErasure { waive_undo: false, ..erase(&home, Scope::Child {}) };
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    assert!(list(&home).await.items.is_empty());
    assert_eq!(derived::dataset::get(&home.core, dataset).await.unwrap().rows, 0);
    accept::cancel(&home.core, &home.asker, erasure.id).await.unwrap();
    assert_eq!((home.rows().await, list(&home).await), (before, shown));
}

#[tokio::test]
async fn a_place_takes_along_what_was_made_from_it_and_leaves_the_rest() {
    let home = Household::new().await;
    let id = home.record(0, "walnut", true).await;
    let from = |from: &[Class]| vec![Source { recording: id, from: from.to_vec() }];
    for (text, parts) in [
        ("allergic to walnuts", &[Class::Transcript][..]),
        ("goes to school in Hamburg", &[Class::Location]),
        ("is at home when she sleeps", &[Class::Media, Class::Location]),
    ] {
        let new = NewMade { recordings: from(parts), ..home.made(text, &[]) };
        home.derive(NewDerivation::Fact(new)).await;
    }
    let class = |class| Scope::Class { class, from: None, to: None };
    home.delete(&erase(&home, class(Class::Location))).await;
    assert_eq!(facts(&home).await, ["allergic to walnuts"]);
    home.delete(&erase(&home, class(Class::Transcript))).await;
    assert_eq!(facts(&home).await, [""; 0]);

    // The other way round: what was made from the place stays where the sound goes.
    let home = Household::new().await;
    let id = home.record(0, "walnut", true).await;
    let new = NewMade {
        recordings: vec![Source { recording: id, from: vec![Class::Location] }],
        ..home.made("goes to school in Hamburg", &[])
    };
    home.derive(NewDerivation::Fact(new)).await;
    home.delete(&erase(&home, class(Class::Media))).await;
    assert_eq!(facts(&home).await, ["goes to school in Hamburg"]);
    assert_eq!(home.usable().await, [Stores::reached_by(Class::Location).with(StoreId::Catalogue)]);
}

/// Two classes of one recording, the first of them sealed while the second is deleted, and then taken back.
#[tokio::test]
async fn what_was_deleted_with_its_class_no_undo_of_another_brings_back() {
    for first in Class::ALL {
        for second in Class::ALL {
            let home = Household::new().await;
            home.record_whole(0, &canary(0), true).await;
            home.record_whole(1, &canary(1), true).await;
            let before = home.usable().await[0];
            let of_one = Scope::Class { class: first, from: None, to: Some(home.at(1)) };
            let request = NewErasure { waive_undo: false, ..erase(&home, of_one) };
            let (sealed, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
            home.delete(&erase(&home, Scope::Class { class: second, from: None, to: None })).await;
            let undone = accept::cancel(&home.core, &home.asker, sealed.id).await;

            let gone = Stores::reached_by(second);
            // There are keys as long as anything else is there.
            for store in gone.iter().filter(|store| *store != StoreId::Keys) {
                assert_eq!(home.holds(store).await, 0, "{store:?} of {second:?}, sealed with {first:?}");
            }
            let usable = home.usable().await;
            assert!(
                usable.iter().all(|usable| usable.and(gone).is_empty()),
                "{first:?} {second:?}: {usable:?}"
            );
            match undone {
                Ok(_) => {
                    assert_eq!(usable[0], before.without(gone), "the rest is back: {first:?} {second:?}")
                }
                Err(error) => assert!(matches!(error, ErasureError::Covered), "{error:?}"),
            }
            home.assert_no_orphans().await;
        }
    }
}

#[tokio::test]
async fn what_is_named_goes_with_what_another_erasure_has_sealed_of_it() {
    let home = Household::new().await;
    let id = home.record_whole(0, &canary(0), true).await;
    let request = NewErasure {
        waive_undo: false,
        ..erase(&home, Scope::Class { class: Class::Derived, from: None, to: None })
    };
    let (sealed, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    home.delete(&erase(&home, items(&[id]))).await;
    assert!(!home.files_contain(&canary(0)), "“deleted” was said");
    let undone = accept::cancel(&home.core, &home.asker, sealed.id).await;
    assert!(matches!(undone, Err(ErasureError::Covered)), "{undone:?}");
    // Asked for again while all of it is sealed, there is nothing to ask for.
    let home = Household::new().await;
    let id = home.record_whole(0, "walnut", true).await;
    let request = NewErasure { waive_undo: false, ..erase(&home, items(&[id])) };
    accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    let again = accept::accept(&home.core, &home.asker, &request, None).await;
    assert!(matches!(again, Err(ErasureError::NothingMatches)), "{again:?}");
    let preview = accept::preview(&home.core, &home.asker, &request).await.unwrap();
    assert_eq!((preview.recordings, preview.stores.len(), preview.made.len()), (0, 0, 0));
}

#[tokio::test]
async fn what_was_made_at_second_hand_goes_too() {
    let home = Household::new().await;
    let (one, two) = (home.record(0, "walnut", true).await, home.record(1, "peanut", true).await);
    let first = home.derive(NewDerivation::Fact(home.made("allergic to walnuts", &[one]))).await;
    let made_from = |content: &str, things: &[String], recordings: &[RecordingId]| NewMade {
        derivations: things.iter().map(|id| id.parse().unwrap()).collect(),
        ..home.made(content, recordings)
    };
    let second = home.derive(NewDerivation::Fact(made_from("allergic to nuts", &[first], &[two]))).await;
    home.derive(NewDerivation::Voiceprint(made_from("a print", &[second], &[]))).await;
    home.derive(NewDerivation::Fact(home.made("says peanut", &[two]))).await;
    assert_eq!(home.holds(StoreId::Voiceprint).await, 1);
    home.delete(&erase(&home, items(&[one]))).await;
    assert_eq!(facts(&home).await, ["says peanut"]);
    assert_eq!(home.holds(StoreId::Voiceprint).await, 0);
    home.assert_no_orphans().await;
}

#[tokio::test]
async fn a_job_that_was_under_way_leaves_nothing_behind() {
    let home = Household::new().await;
    let id = home.record(0, "walnut", true).await;
    let late = home.made("allergic to walnuts", &[id]);
    home.clock.advance(60);
    let derived = Scope::Class { class: Class::Derived, from: None, to: None };
    let request = NewErasure { waive_undo: false, ..erase(&home, derived) };
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    // The words are still there; what began to be made of them before the request is refused all the same.
    for done in [false, true] {
        if done {
            home.clock.advance(72 * 3600);
            engine::tick(&home.core).await.unwrap();
            assert_eq!(home.state(erasure.id).await, ErasureState::Deleted);
        }
        let refused = derived::register(&home.core, &NewDerivation::Fact(late.clone())).await;
        assert!(matches!(refused, Err(DeriveError::Overtaken)), "{refused:?}");
        assert_eq!(home.holds(StoreId::Fact).await, 0);
    }
    home.clock.advance(1);
    home.derive(NewDerivation::Fact(home.made("allergic to walnuts", &[id]))).await;
    // While what was made is about to go, nothing is added to it.
    let derived = Scope::Class { class: Class::Derived, from: None, to: None };
    let request = NewErasure { waive_undo: false, ..erase(&home, derived) };
    accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    home.clock.advance(1);
    let added = derived::register(&home.core, &NewDerivation::Fact(home.made("hates walnuts", &[id]))).await;
    assert!(matches!(added, Err(DeriveError::Unusable)), "{added:?}");
}

#[tokio::test]
async fn an_export_that_runs_stops_giving_out_what_is_sealed_meanwhile() {
    let home = Household::new().await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(home.record(n, &format!("word {n}"), true).await);
    }
    let rows: Vec<_> = ids.iter().map(|id| (*id, "content")).collect();
    let dataset = home.dataset("speech-1", Consent::Given, &rows).await;
    let mut export = Export::of(&home.core, dataset).await.unwrap();
    assert_eq!(export.next(&home.core).await.unwrap().unwrap().recording, ids[0]);
    let request = NewErasure { waive_undo: false, ..erase(&home, items(&ids[1..3])) };
    accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    // Rows that come meanwhile belong to the next snapshot.
    let later = home.record(9, "later", true).await;
    home.dataset("speech-1", Consent::Given, &[(later, "content")]).await;
    assert_eq!(export.next(&home.core).await.unwrap().unwrap().recording, ids[3]);
    assert!(export.next(&home.core).await.unwrap().is_none());
}

#[tokio::test]
async fn the_same_bytes_with_another_moment_are_not_trained_with_either() {
    let home = Household::new().await;
    let (one, two) = (home.record(0, "walnut", true).await, home.record(1, "walnut", true).await);
    let dataset = home.dataset("speech-1", Consent::Given, &[(one, "a"), (two, "b")]).await;
    home.delete(&erase(&home, items(&[one]))).await;
    let mut export = Export::of(&home.core, dataset).await.unwrap();
    assert!(export.next(&home.core).await.unwrap().is_none(), "a tombstone says so of these bytes");
    assert_eq!(derived::dataset::get(&home.core, dataset).await.unwrap().rows, 0, "nor counted");
}

#[tokio::test]
async fn nothing_is_added_by_way_of_a_thing_to_what_is_about_to_go() {
    let home = Household::new().await;
    let id = home.record(0, "walnut", true).await;
    let print = home.derive(NewDerivation::Voiceprint(home.made("a print", &[id]))).await;
    home.derive(NewDerivation::Fact(home.made("allergic to walnuts", &[id]))).await;
    let request = NewErasure { waive_undo: false, ..erase(&home, class(Class::Transcript)) };
    accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    home.clock.advance(1);
    let new = NewMade { derivations: vec![print.parse().unwrap()], ..home.made("speaks softly", &[]) };
    let refused = derived::register(&home.core, &NewDerivation::Fact(new)).await;
    assert!(matches!(refused, Err(DeriveError::Unusable)), "{refused:?}");
    assert_eq!(facts(&home).await, [""; 0], "what is sealed is not listed again");
    assert_eq!(home.holds(StoreId::Fact).await, 1);
}

#[tokio::test]
async fn a_voiceprint_is_not_made_from_words() {
    let home = Household::new().await;
    let id = home.record(0, "walnut", true).await;
    let from = |class| NewMade {
        recordings: vec![Source { recording: id, from: vec![class] }],
        ..home.made("a print", &[])
    };
    for new in [NewDerivation::Voiceprint, NewDerivation::Thumbnail] {
        let refused = derived::register(&home.core, &new(from(Class::Transcript))).await;
        assert!(matches!(refused, Err(DeriveError::Invalid(_))), "{refused:?}");
        home.derive(new(from(Class::Media))).await;
        home.derive(new(from(Class::Location))).await;
    }
}

#[tokio::test]
async fn a_vendors_clock_may_not_run_ahead() {
    let home = Household::new().await;
    let id = home.record(0, "walnut", true).await;
    let ahead = NewMade { made_at: home.clock.now().plus_seconds(60), ..home.made("a fact", &[id]) };
    let refused = derived::register(&home.core, &NewDerivation::Fact(ahead)).await;
    assert!(
        matches!(refused, Err(DeriveError::Invalid(_))),
        "what is deleted till then would not overtake it"
    );
}

#[tokio::test]
async fn a_preview_counts_each_thing_once_and_all_that_go() {
    let home = Household::new().await;
    let (one, two) = (home.record(0, "walnut", true).await, home.record(1, "walnuts again", true).await);
    let fact = home.derive(NewDerivation::Fact(home.made("allergic to walnuts", &[one]))).await;
    let print = NewMade { derivations: vec![fact.parse().unwrap()], ..home.made("a print", &[]) };
    home.derive(NewDerivation::Voiceprint(print)).await;
    let source = |recording, class| Source { recording, from: vec![class] };
    let recordings = vec![source(one, Class::Transcript), source(two, Class::Location)];
    home.derive(NewDerivation::Fact(NewMade { recordings, ..home.made("says so at school", &[]) })).await;
    let recordings = vec![source(two, Class::Location)];
    home.derive(NewDerivation::Fact(NewMade { recordings, ..home.made("goes to school", &[]) })).await;

    let of_all = accept::preview(&home.core, &home.asker, &erase(&home, Scope::Child {})).await.unwrap();
    let counts: Vec<_> = of_all.made.iter().map(|made| (made.store, made.things, made.shared)).collect();
    let all = [(StoreId::Fact, 2, 0), (StoreId::Voiceprint, 1, 0), (StoreId::FromLocation, 1, 0)];
    assert_eq!(counts, all);
    let request = erase(&home, class(Class::Transcript));
    let preview = accept::preview(&home.core, &home.asker, &request).await.unwrap();
    let mut before = Vec::new();
    for store in service::store::DERIVED {
        before.push(home.holds(store).await);
    }
    home.delete(&request).await;
    for (store, before) in service::store::DERIVED.into_iter().zip(before) {
        let said = preview.made.iter().find(|made| made.store == store).map_or(0, |made| made.things);
        assert_eq!(before - home.holds(store).await, said, "{store:?}");
    }
    assert_eq!(home.holds(StoreId::FromLocation).await, 1, "what was made from the place alone stays");
}

#[tokio::test]
async fn the_lineage_of_a_thing_has_a_bound() {
    let home = Household::new().await;
    let order: Vec<i64> = (0..=MAX_LINEAGE as i64).collect();
    home.record_many(&order, canary).await;
    let ids = home.ids_where(|_| true).await;
    let mut things: Vec<DerivationId> = Vec::new();
    for some in ids.chunks(100) {
        things.push(home.derive(NewDerivation::Fact(home.made("a fact", some))).await.parse().unwrap());
    }
    let of_all = NewMade { derivations: things.clone(), ..home.made("of all", &[]) };
    let refused = derived::register(&home.core, &NewDerivation::Fact(of_all)).await;
    assert!(matches!(refused, Err(DeriveError::Invalid(_))), "{refused:?}");
    things.pop();
    home.derive(NewDerivation::Fact(NewMade { derivations: things, ..home.made("of most", &[]) })).await;
}

#[tokio::test]
async fn a_list_of_things_reads_no_more_than_its_page() {
    let home = Household::new().await;
    let sql =
        "EXPLAIN QUERY PLAN SELECT d.id FROM derivation d WHERE d.child = 1 ORDER BY d.id DESC LIMIT 10";
    let plan: Vec<String> = sqlx::query(sql)
        .map(|row: sqlx::sqlite::SqliteRow| row.get(3))
        .fetch_all(home.core.db.read())
        .await
        .unwrap();
    assert!(plan.len() == 1 && plan[0].contains("derivation_by_child_id"), "{plan:?}");
}

/// Loses the lineage of things instead of the things.
struct Careless {
    inner: Box<dyn Store>,
    db: service::db::Db,
    careless: AtomicBool,
}

#[async_trait::async_trait]
impl Store for Careless {
    fn id(&self) -> StoreId {
        self.inner.id()
    }
    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        self.inner.list(child).await
    }
    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        if !self.careless.swap(false, Ordering::SeqCst) {
            return self.inner.erase(items).await;
        }
        let mut tx = self.db.write().await?;
        sqlx::query("DELETE FROM derivation_source").execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }
    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        self.inner.probe(items).await
    }
}

#[tokio::test]
async fn a_thing_that_lost_its_lineage_is_still_found_by_the_check() {
    let mut home = Household::new().await;
    let db = home.core.db.clone();
    home.wrap(StoreId::Fact, |inner| Box::new(Careless { inner, db, careless: true.into() }));
    let id = home.record(0, "walnut", true).await;
    home.derive(NewDerivation::Fact(home.made("allergic to walnuts", &[id]))).await;
    let request = erase(&home, Scope::Child {});
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, ErasureState::Erasing, "“deleted” is not said of what is there");
}
