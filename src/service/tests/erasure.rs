//! Erasures on the real database and folder, with a clock that the tests move.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;

use household::{Household, canary};
use rules::{
    Class, ErasureState, Scope, StepState, StoreId, Stores,
    contract::{NewErasure, Requester, StepProblem},
    scope::{BadScope, Filter},
};
use service::{
    erasure::{Asker, ErasureError, Idempotency, accept, engine, view},
    store::{Holds, Item, Store, StoreError, Subject},
};

fn of(scope: Scope, home: &Household) -> NewErasure {
    let child = (scope != Scope::Everything {}).then_some(home.child);
    NewErasure { child, scope, include_kept: false, waive_undo: true, as_of: None }
}

fn search(q: &str) -> Scope {
    Scope::Search { filter: Filter { q: Some(q.into()), ..Filter::default() } }
}

#[tokio::test]
async fn accepting_stops_all_use_at_once_and_undo_brings_back_exactly_what_was() {
    let home = Household::new().await;
    home.record_whole(0, "one walnut", true).await;
    home.record_whole(1, "two walnuts", true).await;
    home.record_whole(2, "bedtime", false).await;
    let before = home.rows().await;
    let request = NewErasure { waive_undo: false, ..of(search("walnut"), &home) };

    let (erasure, created) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    assert!(created);
    assert_eq!((erasure.state, erasure.recordings), (ErasureState::Sealed, 2));
    assert_eq!(erasure.requested_by, Requester::You);
    assert_eq!(
        home.usable().await,
        vec![Stores::NONE, Stores::NONE, Stores::ALL.without(Stores::reached_by(Class::Location))]
    );
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.holds(StoreId::Media).await, 3, "nothing is erased while it can be taken back");

    let undone = accept::cancel(&home.core, &home.asker, erasure.id).await.unwrap();
    assert_eq!(undone.state, ErasureState::Cancelled);
    assert_eq!(home.rows().await, before);
    let again = accept::cancel(&home.core, &home.asker, erasure.id).await;
    assert!(matches!(again, Err(ErasureError::NotSealed(ErasureState::Cancelled))), "{again:?}");
}

#[tokio::test]
async fn the_seal_ends_by_the_clock_and_then_there_is_no_way_back() {
    let home = Household::new().await;
    home.record_whole(0, "hello", true).await;
    let request = NewErasure { waive_undo: false, ..of(Scope::Child {}, &home) };
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    assert_eq!(erasure.sealed_until, erasure.requested_at.plus_seconds(72 * 3600));

    home.clock.advance(72 * 3600 - 1);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, ErasureState::Sealed);
    home.clock.advance(1);
    engine::tick(&home.core).await.unwrap();
    let done = view::get(&home.core, &home.asker, erasure.id).await.unwrap();
    assert_eq!(done.state, ErasureState::Deleted);
    assert_eq!(done.phrase(), rules::erasure::Phrase::Deleted);
    assert_eq!(done.steps.len(), StoreId::ALL.len());
    for step in &done.steps {
        assert_eq!((step.state, step.erased, step.copies), (StepState::VerifiedAbsent, 1, 1));
        assert!(step.verified_at.is_some());
    }
    assert!(accept::cancel(&home.core, &home.asker, erasure.id).await.is_err());
}

#[tokio::test]
async fn every_scope_and_class_erases_exactly_what_it_says() {
    for class in Class::ALL {
        let home = Household::new().await;
        home.record_whole(0, "alpha", true).await;
        home.record_whole(1, "beta", true).await;
        home.record_whole(2, "gamma", false).await;
        let scope = Scope::Class { class, from: None, to: Some(home.at(2)) };
        home.delete(&of(scope, &home)).await;
        let left = Stores::ALL.without(Stores::reached_by(class));
        let no_place = Stores::ALL.without(Stores::reached_by(Class::Location));
        assert_eq!(home.usable().await, vec![left, left, no_place], "{class:?}");
        for store in StoreId::ALL {
            // Keys are there as long as anything is that lies under them.
            let part = store.takes_part_in();
            let held = [left, left, no_place].into_iter().filter(|stores| !stores.and(part).is_empty());
            let expected = held.count() as u64;
            assert_eq!(home.holds(store).await, expected, "{class:?} {store:?}");
        }
    }
}

#[tokio::test]
async fn each_scope_takes_its_recordings_and_leaves_the_rest() {
    for (scope, left) in [
        ("items", vec!["beta", "gamma"]),
        ("range", vec!["alpha", "gamma"]),
        ("search", vec!["alpha", "beta"]),
        ("device", vec!["alpha", "beta"]),
        ("child", vec![]),
        ("everything", vec![]),
    ] {
        let home = Household::new().await;
        let alpha = home.record_whole(0, "alpha", true).await;
        home.record_whole(1, "beta", true).await;
        home.record_whole_on(2, "gamma ray", true, "Toy").await;
        let toy = home.device("Toy").await;
        let scope = match scope {
            "items" => Scope::Items { recordings: vec![alpha, alpha] },
            "range" => Scope::Range { from: home.at(1), to: home.at(2) },
            "search" => search("GAM"),
            "device" => Scope::Search { filter: Filter { device: Some(toy), ..Filter::default() } },
            "child" => Scope::Child {},
            _ => Scope::Everything {},
        };
        home.delete(&of(scope.clone(), &home)).await;
        let texts: Vec<String> = home.texts().await;
        let words: Vec<&str> = texts.iter().map(|text| text.split(' ').next().unwrap()).collect();
        assert_eq!(words, left, "{scope:?}");
        assert_eq!(
            home.devices().await,
            2 - usize::from(!left.contains(&"gamma")) - usize::from(left.is_empty())
        );
    }
}

#[tokio::test]
async fn no_byte_of_it_is_left_in_any_file() {
    let home = Household::new().await;
    for n in 0..40 {
        home.record_whole(n, &canary(n), true).await;
    }
    let kept: Vec<i64> = (0..40).filter(|n| n % 4 == 0).collect();
    let scope = Scope::Items { recordings: home.ids_where(|n| n % 4 != 0).await };
    for n in 0..40 {
        assert!(home.files_contain(&canary(n)), "the scan would find it: {n}");
    }
    home.delete(&of(scope, &home)).await;
    for n in 0..40 {
        assert_eq!(home.files_contain(&canary(n)), kept.contains(&n), "canary {n}");
    }
    home.delete(&of(Scope::Child {}, &home)).await;
    for n in kept {
        assert!(!home.files_contain(&canary(n)), "canary {n}");
    }
    assert!(!home.files_contain("Kitchen"), "the device's name went with its recordings");
}

#[tokio::test]
async fn what_uploads_have_left_unfinished_goes_with_the_recording() {
    let home = Household::new().await;
    let [gone, kept] = [home.record(0, "gone", true).await, home.record(1, "kept", true).await];
    let folder = home.folder.path().join("media").join(home.child.to_string());
    for name in [format!("{gone}#1"), format!("{gone}#2")] {
        std::fs::write(folder.join(name), "half").unwrap();
    }
    home.delete(&of(Scope::Items { recordings: vec![gone] }, &home)).await;
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [&*kept.to_string()]);
}

/// A copy by hand, or of two that wrote at once.
#[tokio::test]
async fn unfinished_uploads_of_unexpected_names_are_found_by_the_check_and_go_at_the_next_try() {
    let home = Household::new().await;
    let [gone, kept] = [home.record(0, "gone", true).await, home.record(1, "kept", true).await];
    let folder = home.folder.path().join("media").join(home.child.to_string());
    for name in [format!("{gone}#2"), format!("{gone}#copying"), format!("{kept}#2")] {
        std::fs::write(folder.join(name), "half").unwrap();
    }
    let request = of(Scope::Items { recordings: vec![gone] }, &home);
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, ErasureState::Erasing);
    home.clock.advance(3600);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, ErasureState::Deleted);
    let mut left: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, [kept.to_string(), format!("{kept}#2")]);
}

#[tokio::test]
async fn a_preview_says_what_then_happens() {
    let home = Household::new().await;
    home.record_whole(0, "walnut", true).await;
    home.record_whole(1, "walnut", false).await;
    home.record_whole(2, "bedtime", true).await;
    let request = of(search("walnut"), &home);
    let preview = accept::preview(&home.core, &home.asker, &request).await.unwrap();
    assert_eq!(preview.recordings, 2);
    assert_eq!((preview.oldest, preview.newest), (Some(home.at(0)), Some(home.at(1))));
    // What arrives between the preview and the yes was not shown, and stays.
    home.clock.advance(60);
    home.record_whole(3, "walnut again", true).await;
    let (erasure, _) =
        accept::accept(&home.core, &home.asker, &NewErasure { as_of: Some(preview.as_of), ..request }, None)
            .await
            .unwrap();
    engine::tick(&home.core).await.unwrap();
    let done = view::get(&home.core, &home.asker, erasure.id).await.unwrap();
    let copies: Vec<_> = done.steps.iter().map(|step| (step.store, step.copies)).collect();
    let shown: Vec<_> = preview.stores.iter().map(|count| (count.store, count.copies)).collect();
    assert_eq!(copies, shown);
    assert_eq!(home.texts().await, ["bedtime", "walnut again"]);
}

#[tokio::test]
async fn a_retry_finds_what_the_first_try_made_and_a_reused_key_is_refused() {
    let home = Household::new().await;
    home.record_whole(0, "one", true).await;
    home.record_whole(1, "two", true).await;
    let key = |hash| Some(Idempotency { key: "k".into(), request_hash: [hash; 32] });
    let request = NewErasure { waive_undo: false, ..of(search("one"), &home) };
    let (first, created) = accept::accept(&home.core, &home.asker, &request, key(1)).await.unwrap();
    let (second, again) = accept::accept(&home.core, &home.asker, &request, key(1)).await.unwrap();
    assert_eq!((created, again, first.id), (true, false, second.id));
    let other = accept::accept(&home.core, &home.asker, &request, key(2)).await;
    assert!(matches!(other, Err(ErasureError::KeyReused)), "{other:?}");
    assert!(!household::contains(home.folder.path(), &[1; 32]), "words could be guessed from a hash of them");
}

#[tokio::test]
async fn another_familys_child_recording_device_and_erasure_are_not_there() {
    let home = Household::new().await;
    let mine = home.record_whole(0, "mine", true).await;
    let stranger = home.another_family().await;
    let (erasure, _) = accept::accept(
        &home.core,
        &home.asker,
        &NewErasure { waive_undo: false, ..of(Scope::Child {}, &home) },
        None,
    )
    .await
    .unwrap();
    let theirs = stranger.children[0].1;
    let device = home.device("Kitchen").await;
    for scope in [
        Scope::Items { recordings: vec![mine] },
        Scope::Search { filter: Filter { device: Some(device), ..Filter::default() } },
    ] {
        let request = NewErasure { child: Some(theirs), ..of(scope, &home) };
        let refused = accept::accept(&home.core, &stranger, &request, None).await;
        assert!(matches!(refused, Err(ErasureError::NotFound)), "{refused:?}");
        let refused = accept::preview(&home.core, &stranger, &request).await;
        assert!(matches!(refused, Err(ErasureError::NotFound)), "{refused:?}");
    }
    let refused = accept::accept(&home.core, &stranger, &of(Scope::Child {}, &home), None).await;
    assert!(matches!(refused, Err(ErasureError::NotFound)), "{refused:?}");
    assert!(matches!(view::get(&home.core, &stranger, erasure.id).await, Err(ErasureError::NotFound)));
    assert!(matches!(accept::cancel(&home.core, &stranger, erasure.id).await, Err(ErasureError::NotFound)));
    assert!(view::list(&home.core, &stranger, None, None, 10).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn bad_requests_change_nothing() {
    let home = Household::new().await;
    home.record_whole(0, "one", true).await;
    let before = home.rows().await;
    let refused =
        accept::accept(&home.core, &home.asker, &of(Scope::Items { recordings: vec![] }, &home), None).await;
    assert!(matches!(refused, Err(ErasureError::BadScope(BadScope::NoItems))));
    let nothing = accept::accept(&home.core, &home.asker, &of(search("nowhere"), &home), None).await;
    assert!(matches!(nothing, Err(ErasureError::NothingMatches)));
    assert_eq!(home.rows().await, before);
    assert!(view::list(&home.core, &home.asker, None, None, 10).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn my_keep_holds_back_a_search_and_not_everything() {
    let home = Household::new().await;
    let kept = home.record_whole(0, "walnut one", true).await;
    home.record_whole(1, "walnut two", true).await;
    home.keep(kept, home.asker.guardian, 30).await;
    let preview = accept::preview(&home.core, &home.asker, &of(search("walnut"), &home)).await.unwrap();
    assert_eq!((preview.recordings, preview.kept.unwrap().recordings), (1, 1));
    home.delete(&of(search("walnut"), &home)).await;
    assert_eq!(home.texts().await, ["walnut one"]);
    home.delete(&of(Scope::Child {}, &home)).await;
    assert!(home.texts().await.is_empty());
    assert_eq!(home.keeps().await, 0, "a keep goes with its recording");
}

#[tokio::test]
async fn another_guardians_keep_contests_for_a_week_but_use_stops_at_once() {
    let home = Household::new().await;
    let kept = home.record_whole(0, "walnut", true).await;
    let other = home.second_guardian().await;
    home.keep(kept, other.guardian, 30).await;
    let (erasure, _) =
        accept::accept(&home.core, &home.asker, &of(search("walnut"), &home), None).await.unwrap();
    assert!(erasure.contested, "although the undo window was waived");
    assert_eq!(erasure.sealed_until, erasure.requested_at.plus_seconds(7 * 86_400));
    assert_eq!(home.usable().await, [Stores::NONE]);
    let theirs = view::get(&home.core, &other, erasure.id).await.unwrap();
    assert_eq!(theirs.requested_by, Requester::AnotherGuardian);
    assert!(matches!(accept::cancel(&home.core, &other, erasure.id).await, Err(ErasureError::NotYours)));
    home.clock.advance(7 * 86_400);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, ErasureState::Deleted);
}

#[tokio::test]
async fn the_inactivity_rule_asks_on_its_day_and_a_keep_answers_it() {
    let home = Household::new().await;
    let kept = home.record_whole(0, "kept", true).await;
    home.record_whole(1, "not kept", true).await;
    let last_use = home.at(1).date();
    let starts = rules::retention::inactivity_deletion_starts_on(last_use);
    let days = starts.days_since(home.core.clock.now().date());
    home.clock.advance((days - 1) * 86_400);
    home.keep(kept, home.asker.guardian, 400).await;
    home.run_engine_once().await;
    assert!(
        view::list(&home.core, &home.asker, None, None, 10).await.unwrap().items.is_empty(),
        "a day too early"
    );

    home.clock.advance(86_400);
    home.run_engine_once().await;
    let asked = view::list(&home.core, &home.asker, None, None, 10).await.unwrap().items;
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].requested_by, asked[0].recordings), (Requester::Rule, 1));
    accept::cancel(&home.core, &home.asker, asked[0].id).await.unwrap();
    home.run_engine_once().await;
    assert_eq!(
        view::list(&home.core, &home.asker, None, None, 10).await.unwrap().items.len(),
        1,
        "answered by a keep"
    );
    assert_eq!(home.keeps().await, 2);
}

/// A store that fails `fails` times, before or after its effect, and then works.
struct Faulty {
    inner: Box<dyn Store>,
    fails: std::sync::atomic::AtomicU32,
    persists: bool,
    lies: bool,
}

#[async_trait::async_trait]
impl Store for Faulty {
    fn id(&self) -> StoreId {
        self.inner.id()
    }
    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        self.inner.list(child).await
    }
    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        use std::sync::atomic::Ordering::SeqCst;
        if self.fails.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_err() {
            return self.inner.erase(items).await;
        }
        if self.persists {
            self.inner.erase(items).await?;
        }
        if self.lies { Ok(()) } else { Err(StoreError::Folder(std::io::Error::other("the disk says no"))) }
    }
    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        self.inner.probe(items).await
    }
}

#[tokio::test]
async fn a_store_that_fails_or_lies_is_tried_again_until_it_is_verified() {
    for faulty in StoreId::ALL {
        for (persists, lies) in [(false, false), (true, false), (false, true)] {
            let mut home = Household::new().await;
            home.wrap(faulty, |inner| Box::new(Faulty { inner, fails: 2.into(), persists, lies }));
            home.record_whole(0, "walnut", true).await;
            let (erasure, _) =
                accept::accept(&home.core, &home.asker, &of(Scope::Child {}, &home), None).await.unwrap();
            for attempt in 1..=2 {
                engine::tick(&home.core).await.unwrap();
                let now = view::get(&home.core, &home.asker, erasure.id).await.unwrap();
                let step = now.steps.iter().find(|step| step.store == faulty).unwrap();
                assert_eq!(now.state, ErasureState::Erasing);
                assert_ne!(now.phrase(), rules::erasure::Phrase::Deleted);
                assert_eq!((step.state, step.failed_attempts), (StepState::Retrying, attempt), "{faulty:?}");
                let problem = if lies { StepProblem::StillThere } else { StepProblem::Failed };
                assert_eq!(step.problem, Some(problem));
                let catalogue = now.steps.last().unwrap();
                assert!(
                    faulty == StoreId::Catalogue || lies || catalogue.state == StepState::Waiting,
                    "the entry goes last"
                );
                engine::tick(&home.core).await.unwrap();
                let same = view::get(&home.core, &home.asker, erasure.id).await.unwrap();
                assert_eq!(same.steps, now.steps, "no second try before its time");
                home.clock.advance(3600);
            }
            engine::tick(&home.core).await.unwrap();
            assert_eq!(home.state(erasure.id).await, ErasureState::Deleted, "{faulty:?} {persists} {lies}");
            for store in StoreId::ALL {
                assert_eq!(home.holds(store).await, 0);
            }
        }
    }
}

#[tokio::test]
async fn a_reader_that_holds_the_log_delays_the_word_deleted() {
    let home = Household::new().await;
    home.record_whole(0, &canary(0), true).await;
    let mut reader = home.core.db.read().begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM recording").fetch_one(&mut *reader).await.unwrap();
    let (erasure, _) =
        accept::accept(&home.core, &home.asker, &of(Scope::Child {}, &home), None).await.unwrap();
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, ErasureState::Erasing);
    drop(reader);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, ErasureState::Deleted);
    assert!(!home.files_contain(&canary(0)));
}

#[tokio::test]
async fn an_asker_without_children_sees_and_deletes_nothing() {
    let home = Household::new().await;
    home.record_whole(0, "one", true).await;
    let nobody = Asker { guardian: home.asker.guardian, children: vec![] };
    let refused = accept::accept(&home.core, &nobody, &of(Scope::Everything {}, &home), None).await;
    assert!(matches!(refused, Err(ErasureError::NothingMatches)));
    assert_eq!(home.texts().await.len(), 1);
}

fn sealed(scope: Scope, home: &Household) -> NewErasure {
    NewErasure { waive_undo: false, ..of(scope, home) }
}

#[tokio::test]
async fn everything_takes_along_what_another_erasure_has_only_sealed() {
    let home = Household::new().await;
    home.record_whole(0, &canary(0), true).await;
    home.record_whole(1, &canary(1), true).await;
    let media = Scope::Class { class: Class::Media, from: None, to: None };
    let (first, _) = accept::accept(&home.core, &home.asker, &sealed(media, &home), None).await.unwrap();
    let preview = accept::preview(&home.core, &home.asker, &of(Scope::Child {}, &home)).await.unwrap();
    assert!(preview.stores.iter().all(|count| count.copies == 2), "{preview:?}");

    home.delete(&of(Scope::Child {}, &home)).await;
    for n in 0..2 {
        assert!(!home.files_contain(&canary(n)), "“deleted” was said, and canary {n} is there");
    }
    let undone = accept::cancel(&home.core, &home.asker, first.id).await;
    assert!(matches!(undone, Err(ErasureError::Covered)), "{undone:?}");
    home.clock.advance(72 * 3600);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(first.id).await, ErasureState::Deleted);
    home.assert_no_orphans().await;
}

#[tokio::test]
async fn overlapping_erasures_end_without_orphans_in_whatever_order() {
    // Sounds, then places: together they leave nothing, so the entry goes with the second.
    let home = Household::new().await;
    home.record_whole(0, "walnut", true).await;
    let class = |class| Scope::Class { class, from: None, to: None };
    let (sounds, _) =
        accept::accept(&home.core, &home.asker, &sealed(class(Class::Media), &home), None).await.unwrap();
    home.delete(&of(class(Class::Location), &home)).await;
    let undone = accept::cancel(&home.core, &home.asker, sounds.id).await;
    assert!(matches!(undone, Err(ErasureError::Covered)), "{undone:?}");
    assert_eq!(home.holds(StoreId::Transcript).await, 1, "a store lists what the catalogue forgot");
    home.clock.advance(72 * 3600);
    engine::tick(&home.core).await.unwrap();
    for store in StoreId::ALL {
        assert_eq!(home.holds(store).await, 0);
    }

    // Undone in either order, two sealed ones give back what each of them took.
    for first_back in [0, 1] {
        let home = Household::new().await;
        home.record_whole(0, "walnut", true).await;
        let before = home.rows().await;
        let mut ids = Vec::new();
        for scope in [class(Class::Media), Scope::Child {}] {
            let (erasure, _) =
                accept::accept(&home.core, &home.asker, &sealed(scope, &home), None).await.unwrap();
            ids.push(erasure.id);
        }
        let (a, b) = (ids[first_back], ids[1 - first_back]);
        let first = accept::cancel(&home.core, &home.asker, a).await;
        assert_eq!(first.is_err(), first_back == 0, "the one that is covered waits for the other");
        accept::cancel(&home.core, &home.asker, b).await.unwrap();
        if first_back == 0 {
            accept::cancel(&home.core, &home.asker, a).await.unwrap();
        }
        assert_eq!(home.rows().await, before);
    }
}

#[tokio::test]
async fn thousands_in_any_order_leave_no_byte_and_no_orphan() {
    let home = Household::new().await;
    home.clock.advance(2 * 86_400);
    // Shuffled: rows move between pages, and SQLite leaves copies in the gaps.
    let order: Vec<i64> = (0..2300).map(|n| n * 1009 % 2300).collect();
    home.record_many(&order, |n| format!("{} tells of {}", canary(n), "walnuts ".repeat((n % 37) as usize)))
        .await;
    let mut gone = Vec::new();
    for round in [20, 300, 900] {
        let ids = home.ids_where(|n| !gone.contains(&n) && n * 7919 % 2300 < round).await;
        let left = home.numbers().await;
        home.delete(&of(Scope::Items { recordings: ids }, &home)).await;
        let now = home.numbers().await;
        gone.extend(left.into_iter().filter(|n| !now.contains(n)));
        let bytes = home.all_bytes();
        for n in 0..2300 {
            let found = household::holds(&bytes, canary(n).as_bytes());
            assert_eq!(found, !gone.contains(&n), "canary {n} after {} were deleted", gone.len());
        }
    }
    // More than a page of the plan and a batch of the engine, all in one.
    home.delete(&of(Scope::Child {}, &home)).await;
    let bytes = home.all_bytes();
    for n in 0..2300 {
        assert!(!household::holds(&bytes, canary(n).as_bytes()), "canary {n}");
    }
}

#[tokio::test]
async fn far_periods_mean_what_they_say() {
    let home = Household::new().await;
    home.record_whole(0, "walnut", true).await;
    let period = |from: &str, to: &str| Scope::Range { from: from.parse().unwrap(), to: to.parse().unwrap() };
    for (from, to, found) in [
        ("1970-01-01T00:00:00Z", "2300-01-01T00:00:00Z", 1),
        ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", 1),
        ("2530-01-01T00:00:00Z", "2600-01-01T00:00:00Z", 0),
        ("0001-01-01T00:00:00Z", "1900-01-01T00:00:00Z", 0),
    ] {
        let request = of(period(from, to), &home);
        let preview = accept::preview(&home.core, &home.asker, &request).await.unwrap();
        assert_eq!(preview.recordings, found, "{from} {to}");
    }
}

#[tokio::test]
async fn there_is_no_undo_after_the_window_even_before_the_engine_comes() {
    let home = Household::new().await;
    home.record_whole(0, "walnut", true).await;
    let (erasure, _) =
        accept::accept(&home.core, &home.asker, &sealed(Scope::Child {}, &home), None).await.unwrap();
    home.clock.advance(72 * 3600);
    let late = accept::cancel(&home.core, &home.asker, erasure.id).await;
    assert!(matches!(late, Err(ErasureError::NotSealed(ErasureState::Erasing))), "{late:?}");
}

#[tokio::test]
async fn a_large_database_is_cleaned_at_most_once_an_hour_and_nothing_counts_before() {
    let home = Household::new().await;
    let order: Vec<i64> = (0..500).collect();
    home.record_many(&order, |n| format!("{} {}", canary(n), "x".repeat(150_000))).await;
    for (n, verified_at_once) in [(0, true), (1, false)] {
        let ids = home.ids_where(|k| k == 0).await;
        let request = of(Scope::Items { recordings: ids }, &home);
        let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
        engine::tick(&home.core).await.unwrap();
        let expected = if verified_at_once { ErasureState::Deleted } else { ErasureState::Erasing };
        assert_eq!(home.state(erasure.id).await, expected, "erasure {n}");
        if !verified_at_once {
            home.clock.advance(3600);
            engine::tick(&home.core).await.unwrap();
            assert_eq!(home.state(erasure.id).await, ErasureState::Deleted);
        }
    }
    assert!(home.core.db.size().await.unwrap() > 64 << 20, "large enough for the test to mean something");
}
