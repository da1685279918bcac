//! Who is asked, for what, and when.

use std::{sync::Arc, time::Duration};

use rules::{
    Class, ProcessorState, Scope,
    contract::{Erasure, NewErasure},
    erasure::Phrase,
    processor::FIRST_ASKED_WITHIN_SECONDS,
};
use serde_json::{Value, json};
use service::{
    clock::Clock,
    erasure::{accept, engine},
    processors::{plan, run},
};

use crate::{
    fake::{self, CALLBACK, Fake, Manner, parse},
    household::{Household, canary},
    world::{
        DAY, call_back, deleted_here, give, give_sound, now, rows, start, status, tick, wait_for_turns, world,
    },
};

#[tokio::test]
async fn it_is_asked_for_exactly_what_it_was_given_and_told_nobodys_name() {
    let (home, fake) = world().await;
    let first = home.record(0, &canary(0), true).await;
    let second = home.record(1, &canary(1), true).await;
    let third = home.record(2, &canary(2), true).await;
    let given = give(&home, &[first, second]).await;
    assert_eq!(
        give(&home, &[first, second]).await.items,
        given.items,
        "told twice is told once, under the same names"
    );

    let erasure = home.ask(Scope::Items { recordings: vec![first, third] }, false).await;
    let step = tick(&home, &erasure).await;
    assert_eq!((step.state, step.recordings), (ProcessorState::NotSent, 1));
    assert_eq!(fake.calls(), 0, "it can still be undone, so nobody is asked");

    home.clock.advance(3 * DAY);
    engine::tick(&home.core).await.unwrap();
    wait_for_turns(&home);
    let step = tick(&home, &erasure).await;
    assert_eq!(step.state, ProcessorState::Acknowledged);
    let posted = fake.posted();
    assert_eq!(posted.len(), 1);
    let asked = &posted[0];
    assert_eq!(asked["subject_request_type"], "erasure");
    assert_eq!((&asked["api_version"], &asked["regulation"]), (&json!("2.0"), &json!("gdpr")));
    assert_eq!(
        asked["submitted_time"], "2026-11-21T00:00:00Z",
        "the day: siblings have the moment in common"
    );
    assert_eq!(asked["status_callback_urls"], json!([CALLBACK]));
    assert_eq!(
        asked["subject_identities"],
        json!([{ "identity_type": "controller_customer_id", "identity_value": given.items[0].subject,
                 "identity_format": "raw" }])
    );
    assert_eq!(
        asked["extensions"][fake::DOMAIN]["subject"],
        given.items[0].subject,
        "a scope says whose it is"
    );
    assert_eq!(
        asked["extensions"][fake::DOMAIN]["scope"],
        json!([{ "classes": ["media", "transcript"], "recordings": [given.items[0].name] }])
    );
    let text = asked.to_string();
    for secret in ["Mia", "parent-1", &home.child.to_string(), &first.to_string(), &canary(0)] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert_eq!(rows(&home, "disclosure").await, 1, "what was given of the first goes with it");
}

#[tokio::test]
async fn a_class_is_asked_back_from_who_was_given_it() {
    let (home, fake) = world().await;
    let recording = home.record(0, &canary(0), true).await;
    give(&home, &[recording]).await;
    let of = |class| Scope::Class { class, from: None, to: None };
    let location = home.ask(of(Class::Location), true).await;
    assert!(location.processors.is_empty(), "it never got the place");
    let words = home.ask(of(Class::Transcript), true).await;
    engine::tick(&home.core).await.unwrap();
    wait_for_turns(&home);
    tick(&home, &words).await;
    assert_eq!(
        fake.posted()[0]["extensions"][fake::DOMAIN]["scope"][0]["classes"],
        json!(["transcript", "derived"])
    );
    // Nothing that it never got is asked of it.
    engine::tick(&home.core).await.unwrap();
    assert_eq!(now(&home, &location).await.phrase(), Phrase::Deleted);
}

#[tokio::test]
async fn what_it_made_of_what_it_got_is_asked_back() {
    let (home, fake) = world().await;
    let recording = home.record(0, &canary(0), true).await;
    give_sound(&home, "speech", recording).await;
    let words = home.ask(Scope::Class { class: Class::Transcript, from: None, to: None }, true).await;
    assert_eq!(words.processors.len(), 1, "a recogniser is given sound and makes words");
    home.clock.advance(DAY);
    engine::tick(&home.core).await.unwrap();
    tick(&home, &words).await;
    let classes = &fake.posted()[0]["extensions"][fake::DOMAIN]["scope"][0]["classes"];
    assert!(classes.as_array().unwrap().contains(&json!("transcript")), "{classes}");
    assert!(!classes.as_array().unwrap().contains(&json!("media")), "{classes}");
}

#[tokio::test]
async fn siblings_are_two_requests_that_nobody_can_put_together() {
    let (mut home, fake) = world().await;
    let other = home.another_family().await;
    let (number, child) = other.children[0];
    let first = home.record(0, &canary(0), true).await;
    (home.child, home.number) = (child, number);
    let second = home.record(5, &canary(5), true).await;
    let given = give(&home, &[first, second]).await;
    assert_ne!(given.items[0].subject, given.items[1].subject);
    let mut asker = home.asker.clone();
    asker.children.extend(other.children);
    let request = NewErasure {
        child: None,
        scope: Scope::Everything {},
        include_kept: false,
        waive_undo: true,
        as_of: None,
    };
    let (erasure, _) = accept::accept(&home.core, &asker, &request, None).await.unwrap();
    assert_eq!(erasure.processors.len(), 2);
    assert_eq!(erasure.not_confirmed(), 1, "one processor, of two children");
    engine::tick(&home.core).await.unwrap();
    wait_for_turns(&home);
    run::tick(&home.core).await.unwrap();
    let posted = fake.posted();
    assert_eq!(posted.len(), 2);
    assert_ne!(posted[0]["subject_request_id"], posted[1]["subject_request_id"]);
    for asked in &posted {
        assert_eq!(asked["subject_identities"].as_array().unwrap().len(), 1);
        let scope = &asked["extensions"][fake::DOMAIN]["scope"];
        assert_eq!(scope[0]["recordings"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn nobody_is_asked_while_something_may_be_on_its_way_to_them() {
    let (home, fake) = world().await;
    let recording = home.record(0, &canary(0), true).await;
    give_sound(&home, "speech", recording).await;
    home.clock.advance(600);
    // Told again, it may be handed over again.
    let given = give_sound(&home, "speech", recording).await;
    assert_eq!(given.until, home.clock.now().plus_seconds(900));
    let erasure = home.ask(Scope::Child {}, true).await;
    home.clock.advance(899);
    engine::tick(&home.core).await.unwrap();
    tick(&home, &erasure).await;
    assert_eq!(fake.calls(), 0);
    home.clock.advance(1);
    wait_for_turns(&home);
    tick(&home, &erasure).await;
    assert_eq!(fake.posted().len(), 1);
}

#[tokio::test]
async fn taken_back_nobody_is_asked() {
    let (home, fake) = world().await;
    let recording = home.record(0, &canary(0), true).await;
    give(&home, &[recording]).await;
    let erasure = home.ask(Scope::Child {}, false).await;
    accept::cancel(&home.core, &home.asker, erasure.id).await.unwrap();
    home.clock.advance(40 * DAY);
    engine::tick(&home.core).await.unwrap();
    run::tick(&home.core).await.unwrap();
    assert_eq!(fake.calls(), 0);
    assert!(now(&home, &erasure).await.processors.is_empty());
    assert_eq!((rows(&home, "processor_item").await, rows(&home, "disclosure").await), (0, 1));
}

#[tokio::test]
async fn an_erasure_that_is_repeated_on_a_backup_asks_the_same_of_the_same() {
    let (home, fake) = world().await;
    let first = home.record(0, &canary(0), true).await;
    let second = home.record(1, &canary(1), true).await;
    let given = give(&home, &[first, second]).await;
    let erasure = home.ask(Scope::Items { recordings: vec![first] }, true).await;
    // The backup knows what was given, and not that it was asked back.
    let mut tx = home.core.db.write().await.unwrap();
    plan::take_back(&mut tx, erasure.id).await.unwrap();
    plan::open_again(&mut tx, erasure.id, home.clock.now(), erasure.sealed_until).await.unwrap();
    tx.commit().await.unwrap();
    engine::tick(&home.core).await.unwrap();
    wait_for_turns(&home);
    assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Acknowledged);
    let scope = &fake.posted()[0]["extensions"][fake::DOMAIN]["scope"];
    assert_eq!(scope[0]["recordings"], json!([given.items[0].name]));
}

#[tokio::test]
async fn one_that_hangs_holds_up_no_other() {
    let (slow, quick) = (Fake::start().await, Fake::start().await);
    let entries = [slow.settings("slow"), quick.settings("speech")].concat();
    let mut home = Household::giving_to(start(), parse(&entries)).await;
    Arc::get_mut(&mut home.core).unwrap().processors.patient_for(Duration::from_millis(500));
    for n in 0..3 {
        let recording = home.record(n, &canary(n), true).await;
        give(&home, &[recording]).await;
        give_sound(&home, "slow", recording).await;
        home.ask(Scope::Items { recordings: vec![recording] }, true).await;
    }
    home.clock.advance(900);
    engine::tick(&home.core).await.unwrap();
    wait_for_turns(&home);
    slow.next([Manner::Hanging]);
    run::tick(&home.core).await.unwrap();
    assert_eq!(slow.posted().len(), 1, "not reached once, it is left alone for now");
    assert_eq!(quick.posted().len(), 3);
    run::tick(&home.core).await.unwrap();
    assert_eq!(slow.posted().len(), 3, "the others' turn comes");
}

#[tokio::test]
async fn a_clock_that_was_wrong_puts_nobody_off() {
    let (home, fake, erasure) = deleted_here().await;
    fake.next([Manner::Hanging]);
    home.clock.advance(400 * DAY);
    tick(&home, &erasure).await;
    home.clock.advance(-400 * DAY);
    tick(&home, &erasure).await;
    assert_eq!(fake.posted().len(), 2);
}

#[tokio::test]
async fn what_was_confirmed_while_another_was_asked_is_not_asked_about_nothing() {
    let fake = Fake::start().await;
    let settings = parse(&format!("{}probe = false\n", fake.settings("speech")));
    let home = Household::giving_to(start(), settings).await;
    for n in 0..2 {
        let recording = home.record(n, &canary(n), true).await;
        give(&home, &[recording]).await;
        home.clock.advance(DAY);
        home.ask(Scope::Items { recordings: vec![recording] }, true).await;
    }
    engine::tick(&home.core).await.unwrap();
    wait_for_turns(&home);
    for _ in 0..2 {
        fake.next([Manner::Failing, Manner::Failing]);
        run::tick(&home.core).await.unwrap();
    }
    assert_eq!(fake.posted().len(), 2);
    home.clock.advance(DAY);
    fake.next([Manner::WhenTold]);
    let id = |asked: &Value| asked["subject_request_id"].clone();
    let meanwhile = async {
        while fake.posted().len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let posted = fake.posted();
        let other = posted[..2].iter().map(id).find(|it| *it != id(&posted[2])).unwrap();
        call_back(&home, fake.callback(&status(&other, "completed"))).await.unwrap();
        fake.inner.lock().unwrap().told = true;
    };
    let (done, ()) = tokio::join!(run::tick(&home.core), meanwhile);
    done.unwrap();
    assert_eq!(rows(&home, "processor_item").await, 1, "nothing more is kept of the one that is confirmed");
    let posted = fake.posted();
    assert_eq!(posted.len(), 3, "nor asked");
    assert!(posted.iter().all(|it| it["extensions"][fake::DOMAIN]["scope"][0]["recordings"][0].is_string()));
}

#[tokio::test]
async fn each_is_first_asked_at_a_moment_of_its_own_that_a_restart_does_not_change() {
    let fakes = [Fake::start().await, Fake::start().await, Fake::start().await, Fake::start().await];
    let names = ["a", "b", "c", "d"];
    let entries: String = fakes.iter().zip(names).map(|(fake, name)| fake.settings(name)).collect();
    let home = Household::giving_to(start(), parse(&entries)).await;
    let recording = home.record(0, &canary(0), true).await;
    for name in names {
        give_sound(&home, name, recording).await;
    }
    home.clock.advance(DAY);
    let erasure = home.ask(Scope::Child {}, false).await;
    let moments = |erasure: &Erasure| -> Vec<_> {
        erasure.processors.iter().map(|step| step.next_attempt_at.unwrap()).collect()
    };
    let due = moments(&erasure);
    let last = erasure.sealed_until.plus_seconds(FIRST_ASKED_WITHIN_SECONDS);
    assert!(due.iter().all(|due| (erasure.sealed_until..last).contains(due)), "{due:?}");
    assert!(due.windows(2).any(|pair| pair[0] != pair[1]), "all of them at once: {due:?}");
    let home = home.reopened_to(Some(parse(&entries))).await;
    assert_eq!(moments(&now(&home, &erasure).await), due);

    let mut order: Vec<_> = due.iter().zip(&fakes).collect();
    order.sort_by_key(|(due, _)| **due);
    let (middle, _) = order[1];
    home.clock.advance((erasure.sealed_until.ms() - home.clock.now().ms()) / 1000);
    engine::tick(&home.core).await.unwrap();
    // To the second, as the clock goes.
    home.clock.advance((middle.ms() - home.clock.now().ms()).div_euclid(1000) + 1);
    run::tick(&home.core).await.unwrap();
    for (due, fake) in order {
        assert_eq!(fake.posted().len(), usize::from(*due <= home.clock.now()), "{due}");
    }
}
