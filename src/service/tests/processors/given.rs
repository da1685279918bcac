//! What may be given to whom, and who can be left out of the settings.

use std::sync::Arc;

use rules::{Class, ProcessorState, RecordingId, Scope, contract::NewDisclosure, scope::Filter};
use service::{
    clock::ManualClock,
    core::{Core, Policy as Deciding},
    erasure::{engine, view},
    processors::{
        disclose::{self, DiscloseError},
        run,
    },
};
use sqlx::query_scalar;

use crate::{
    fake::Fake,
    household::{Household, canary},
    world::{give, rows, start, world},
};

#[tokio::test]
async fn what_is_sealed_or_deleted_is_handed_to_nobody() {
    let (home, _fake) = world().await;
    let going = home.record(0, &canary(0), true).await;
    let staying = home.record(1, &canary(1), true).await;
    let try_to_give = async |recordings: &[RecordingId], classes: &[Class], processor: &str| {
        let new = NewDisclosure {
            processor: processor.into(),
            recordings: recordings.to_vec(),
            classes: classes.to_vec(),
        };
        disclose::disclose(&home.core, &new).await.map(|_| ())
    };
    let media = [Class::Media];
    home.ask(Scope::Items { recordings: vec![going] }, true).await;
    for _ in 0..2 {
        let refused = try_to_give(&[staying, going], &media, "speech").await;
        assert!(
            matches!(refused, Err(DiscloseError::NotInUse | DiscloseError::NotFound)),
            "sealed, then gone: {refused:?}"
        );
        engine::tick(&home.core).await.unwrap();
    }
    assert_eq!(rows(&home, "disclosure").await, 0, "all or nothing");
    let refused = try_to_give(&[staying], &[Class::Location], "speech").await;
    assert!(matches!(refused, Err(DiscloseError::NotForThem)));
    assert!(matches!(try_to_give(&[staying], &media, "nobody").await, Err(DiscloseError::NoProcessor)));
    assert!(matches!(try_to_give(&[], &media, "speech").await, Err(DiscloseError::HowMany)));
    assert!(matches!(try_to_give(&[staying], &[], "speech").await, Err(DiscloseError::HowMany)));
    home.ask(Scope::Class { class: Class::Transcript, from: None, to: None }, false).await;
    let words = try_to_give(&[staying], &[Class::Transcript], "speech").await;
    assert!(matches!(words, Err(DiscloseError::NotInUse)), "the words are sealed, the sound is not");
    try_to_give(&[staying], &media, "speech").await.unwrap();
}

#[tokio::test]
async fn what_was_given_is_entered_in_the_childs_history_without_its_name() {
    let (home, _fake) = world().await;
    let first = home.record(0, &canary(0), true).await;
    let second = home.record(1, &canary(1), true).await;
    give(&home, &[first, second]).await;
    give(&home, &[first, second]).await;
    let bodies: Vec<String> = query_scalar("SELECT body FROM ledger_entry WHERE body LIKE '%disclosure%'")
        .fetch_all(home.core.db.read())
        .await
        .unwrap();
    assert_eq!(
        bodies,
        [
            "forget-me-not/disclosure/v1\nat 2026-11-21T14:00:00Z\nprocessor speech\nclass media\nclass transcript\n\
          recordings 2\n"
        ]
    );
    let search = Scope::Search { filter: Filter { q: Some(canary(0)), ..Filter::default() } };
    assert_eq!(home.ask(search, true).await.processors[0].recordings, 1);
}

#[tokio::test]
async fn nobody_who_was_given_something_can_be_left_out() {
    let fake = Fake::start().await;
    let home = Household::giving_to(start(), fake.processors()).await;
    let recording = home.record(0, &canary(0), true).await;
    give(&home, &[recording]).await;
    let erasure = home.ask(Scope::Child {}, true).await;
    engine::tick(&home.core).await.unwrap();
    home.core.db.close().await;
    let Household { core, folder, asker, .. } = home;
    drop(core);
    let clock = Arc::new(ManualClock::at(start().plus_seconds(3600)));
    let open = async |list| Core::open_to(folder.path(), Deciding::default(), clock.clone(), list).await;
    let inventory = async |core: &Core| -> (i64, String) {
        sqlx::query_as("SELECT version, body FROM inventory ORDER BY version DESC LIMIT 1")
            .fetch_one(core.db.read())
            .await
            .unwrap()
    };

    // An import beside the service has no list, and changes none.
    let core = open(None).await.unwrap();
    let (version, body) = inventory(&core).await;
    assert_eq!(version, 1);
    assert!(body.ends_with("processor speech https://speech.example/privacy\n"), "{body}");
    core.db.close().await;
    let refused = open(Some(Vec::new())).await.err().unwrap().to_string();
    assert!(refused.contains("speech"), "{refused}");

    // It confirms; then it can go, and the inventory says so.
    fake.says("completed", Some(0));
    let core = open(Some(fake.processors())).await.unwrap();
    for _ in 0..3 {
        run::tick(&core).await.unwrap();
        clock.advance(3600);
    }
    core.db.close().await;
    let core = open(Some(Vec::new())).await.unwrap();
    let (version, body) = inventory(&core).await;
    assert_eq!(version, 2);
    assert!(!body.contains("processor "), "{body}");
    let past = view::get(&core, &asker, erasure.id).await.unwrap();
    assert_eq!(past.processors[0].state, ProcessorState::Completed, "what it confirmed stays said");
}
