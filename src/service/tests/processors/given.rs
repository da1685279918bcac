//! What may be given to whom, and who can be left out of the settings.

use std::sync::Arc;

use rules::{
    Class, ProcessorState, RecordingId, Scope,
    contract::{NewDisclosure, NewErasure},
    scope::Filter,
};
use service::{
    clock::ManualClock,
    core::{Core, Policy as Deciding},
    erasure::{accept, engine, view},
    listing,
    processors::{
        disclose::{self, DiscloseError},
        run,
    },
};
use sqlx::query_scalar;

use crate::{
    fake::{Fake, parse},
    household::{Household, canary},
    world::{give, give_sound, rows, start, wait_for_turns, world},
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
    let clock = Arc::new(ManualClock::at(start().plus_seconds(2 * 3600)));
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

#[tokio::test]
async fn a_parent_sees_before_she_asks_whom_it_will_ask_and_afterwards_who_still_has_something() {
    let (speech, mail) = (Fake::start().await, Fake::start().await);
    let entries = [speech.settings("speech"), mail.settings("mail")].concat();
    let home = Household::giving_to(start(), parse(&entries)).await;
    let first = home.record(0, &canary(0), true).await;
    let second = home.record(1, &canary(1), true).await;
    let third = home.record(2, &canary(2), true).await;
    let held = async || -> Vec<(String, u64)> {
        let holdings = listing::holdings(&home.core, &home.asker, home.child).await.unwrap();
        holdings.recipients.into_iter().map(|it| (it.processor, it.recordings)).collect()
    };
    assert_eq!(held().await, []);
    give(&home, &[first, second]).await;
    give_sound(&home, "mail", second).await;
    home.clock.advance(900);
    let of = |mail, speech| {
        let all = [("mail".to_owned(), mail), ("speech".to_owned(), speech)];
        all.into_iter().filter(|(_, recordings)| *recordings > 0).collect::<Vec<_>>()
    };
    assert_eq!(held().await, of(1, 2));
    let class = |class| Scope::Class { class, from: None, to: None };
    let words = Filter { q: Some(canary(0)), ..Filter::default() };
    let items = |recordings: &[RecordingId]| Scope::Items { recordings: recordings.to_vec() };
    for (scope, expected) in [
        (items(&[third]), of(0, 0)),
        (class(Class::Location), of(0, 0)),
        (Scope::Search { filter: words }, of(0, 1)),
        (items(&[first, third]), of(0, 1)),
        (class(Class::Transcript), of(1, 2)),
        (Scope::Child {}, of(1, 2)),
    ] {
        let request = NewErasure {
            child: Some(home.child),
            scope: scope.clone(),
            include_kept: false,
            waive_undo: false,
            as_of: None,
        };
        let preview = accept::preview(&home.core, &home.asker, &request).await.unwrap();
        assert!(preview.recipients.iter().all(|it| it.about.ends_with(".example/privacy")), "{scope:?}");
        let named: Vec<_> = preview.recipients.into_iter().map(|it| (it.processor, it.recordings)).collect();
        assert_eq!(named, expected, "{scope:?}");
        // They are those who are asked.
        let erasure = home.ask(scope, false).await;
        let asked: Vec<_> = erasure.processors.into_iter().map(|it| (it.processor, it.recordings)).collect();
        assert_eq!(asked, expected);
        accept::cancel(&home.core, &home.asker, erasure.id).await.unwrap();
    }

    let erasure = home.ask(Scope::Child {}, true).await;
    engine::tick(&home.core).await.unwrap();
    assert_eq!(held().await, of(1, 2), "nothing is left here, and nobody else has confirmed");
    speech.says("completed", Some(0));
    wait_for_turns(&home);
    for _ in 0..3 {
        run::tick(&home.core).await.unwrap();
        home.clock.advance(60);
    }
    assert_eq!(view::get(&home.core, &home.asker, erasure.id).await.unwrap().not_confirmed(), 1);
    assert_eq!(held().await, of(1, 0));
}
