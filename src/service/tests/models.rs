//! Models that learned from what is deleted, before, while and after it is: each is named, and what becomes of it.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;

use household::Household;
use proof::leaf::{Kind, Leaf};
use rules::{
    DatasetId, ErasureId, ModelId, RecordingId, Scope, Timestamp,
    contract::{DerivationCreated, ModelOutcome, NewDerivation, NewModel},
    derived::{Consent, ModelState},
};
use service::{
    clock::Clock,
    derived::{self, DeriveError, model},
    erasure::{engine, view},
};
use sqlx::query_scalar;

async fn ask(home: &Household, recording: RecordingId) -> ErasureId {
    home.ask(Scope::Items { recordings: vec![recording] }, true).await.id
}

async fn train(home: &Household, name: &str, dataset: DatasetId, made_at: Timestamp) -> DerivationCreated {
    let new = NewModel { name: name.into(), datasets: vec![dataset], made_at };
    derived::register(&home.core, &NewDerivation::Model(new)).await.unwrap()
}

/// The models that an erasure names.
async fn named(home: &Household, erasure: ErasureId) -> Vec<(String, ModelState)> {
    let models = view::get(&home.core, &home.asker, erasure).await.unwrap().models;
    models.into_iter().map(|model| (model.name, model.outcome)).collect()
}

/// How many entries the ledger has of what became of models.
async fn entered(home: &Household) -> usize {
    let leaves: Vec<String> =
        query_scalar("SELECT leaf FROM ledger_entry").fetch_all(home.core.db.read()).await.unwrap();
    leaves.iter().filter(|leaf| Leaf::parse(leaf).unwrap().kind == Kind::Model).count()
}

#[tokio::test]
async fn a_model_in_training_when_something_is_deleted_is_named() {
    let home = Household::new().await;
    let (one, stays) = (home.record(0, "walnut", true).await, home.record(1, "stays", true).await);
    let dataset = home.dataset("speech-1", Consent::Given, &[(one, "a"), (stays, "b")]).await;
    let exported_at = home.clock.now();
    home.clock.advance(300);
    let erasure = ask(&home, one).await;
    home.clock.advance(300);
    assert!(!train(&home, "under-way", dataset, exported_at).await.already_there);
    let left_out = |name: &str| (name.to_owned(), ModelState::LeftOutOfNextBuild);
    assert_eq!(named(&home, erasure).await, [left_out("under-way")]);
    assert_eq!(entered(&home).await, 0, "its end tells of it");
    engine::tick(&home.core).await.unwrap();
    assert_eq!(entered(&home).await, 1);
    // Also where the training took longer than the deletion, and not where it began after it.
    train(&home, "slower", dataset, exported_at).await;
    train(&home, "younger", dataset, home.clock.now()).await;
    assert_eq!(named(&home, erasure).await, [left_out("slower"), left_out("under-way")]);
    assert_eq!(entered(&home).await, 2);
    assert!(train(&home, "slower", dataset, exported_at).await.already_there);
    assert_eq!(entered(&home).await, 2);
}

#[tokio::test]
async fn trained_again_under_its_name_it_has_learned_what_came_meanwhile() {
    let home = Household::new().await;
    let (one, two) = (home.record(0, "walnut", true).await, home.record(1, "peanut", true).await);
    let dataset = home.dataset("speech-1", Consent::Given, &[(one, "a")]).await;
    let first = train(&home, "voice-3", dataset, home.clock.now()).await;
    home.clock.advance(60);
    home.dataset("speech-1", Consent::Given, &[(two, "b")]).await;
    let again = train(&home, "voice-3", dataset, home.clock.now()).await;
    assert_eq!((again.id, again.already_there), (first.id, false));
    home.clock.advance(60);
    let erasure = ask(&home, two).await;
    assert_eq!(named(&home, erasure).await, [("voice-3".into(), ModelState::LeftOutOfNextBuild)]);
}

/// A model that learned from one recording without consent, which is deleted; another recording is in a dataset that
/// was agreed to.
struct Learned {
    home: Household,
    other: RecordingId,
    agreed: DatasetId,
    model: ModelId,
    erasure: ErasureId,
}

async fn learned_without_consent() -> Learned {
    let home = Household::new().await;
    let (one, other) = (home.record(0, "walnut", true).await, home.record(1, "peanut", true).await);
    let never_agreed = home.dataset("never", Consent::None, &[(one, "a")]).await;
    let agreed = home.dataset("agreed", Consent::Given, &[(other, "b")]).await;
    let model = home.model("voice-3", &[never_agreed]).await;
    home.clock.advance(60);
    let erasure = ask(&home, one).await;
    engine::tick(&home.core).await.unwrap();
    home.clock.advance(60);
    Learned { home, other, agreed, model, erasure }
}

#[tokio::test]
async fn trained_anew_with_what_was_deleted_meanwhile_is_not_believed() {
    let Learned { home, other, agreed, model: id, erasure } = learned_without_consent().await;
    let exported_at = home.clock.now();
    home.clock.advance(60);
    ask(&home, other).await;
    engine::tick(&home.core).await.unwrap();
    home.clock.advance(60);
    let retrained = |made_at| ModelOutcome::Retrained { dataset: agreed, made_at };
    let refused = model::outcome(&home.core, id, &retrained(exported_at)).await;
    assert!(matches!(refused, Err(DeriveError::Overtaken)), "{refused:?}");
    assert_eq!(named(&home, erasure).await, [("voice-3".into(), ModelState::RetireOrRetrainBy)]);
    model::outcome(&home.core, id, &retrained(home.clock.now())).await.unwrap();
    assert_eq!(named(&home, erasure).await, [("voice-3".into(), ModelState::Retrained)]);
}

#[tokio::test]
async fn what_became_of_a_model_is_what_was_said_last() {
    let Learned { home, agreed, model: id, erasure, .. } = learned_without_consent().await;
    let mut entries = entered(&home).await;
    for state in [ModelState::Retired, ModelState::Retrained, ModelState::Retired] {
        let said = match state {
            ModelState::Retrained => ModelOutcome::Retrained { dataset: agreed, made_at: home.clock.now() },
            _ => ModelOutcome::Retired {},
        };
        model::outcome(&home.core, id, &said).await.unwrap();
        entries += 1;
        assert_eq!(named(&home, erasure).await, [("voice-3".into(), state)]);
        assert_eq!(entered(&home).await, entries, "{state:?}");
        home.clock.advance(60);
    }
    // Registered again it is not in use again: that it was trained anew has to be said.
    let new = NewModel { name: "voice-3".into(), datasets: vec![agreed], made_at: home.clock.now() };
    let refused = derived::register(&home.core, &NewDerivation::Model(new)).await;
    assert!(matches!(refused, Err(DeriveError::Invalid(_))), "{refused:?}");
}
